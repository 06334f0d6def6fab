// The house rules as pure functions (DESIGN, "The house" and "House style"). Each violation says what to use instead.

import { basename, dirname, join } from 'node:path';
import {
  codeOnly,
  findAll,
  type Rule,
  type SourceFile,
  type Violation,
  withoutComments,
} from './source-files.ts';

/** From the ground up: a file imports from its own layer and from those before it. */
const LAYERS = [
  'src/octets',
  'src/clock',
  'src/dns',
  'src/http2',
  'src/observe',
  'src/files',
  'src/bundle',
  'src/config',
  'src/tls',
  'src/timesync',
  'src/upstream',
  'src/lists',
  'src/resolver',
  'src/listener',
  'src/acme',
  'src/status',
  'src/history',
  'src/notify',
  'src/devices',
  'src/web',
  'src/admin',
  'src/app',
  'src/cli',
  'src/main.js',
] as const;

/** Walls between rooms whose heights alone would allow a door. */
const CLOSED_DOORS: readonly { readonly from: string; readonly to: string; readonly because: string }[] = [
  { from: 'src/tls', to: 'src/dns', because: 'tls knows no DNS; pass in what it needs as plain values' },
  { from: 'src/http2', to: 'src/dns', because: 'http2 knows no DNS; pass in what it needs as plain values' },
  { from: 'src/http2', to: 'src/clock', because: 'http2 is pure; pass in what time it is' },
  {
    from: 'src/timesync',
    to: 'src/resolver',
    because: 'the time must not depend on the resolver; meet in src/app',
  },
  { from: 'src/resolver', to: 'src/timesync', because: 'ask the Clock (src/clock/clock.ts)' },
  {
    from: 'src/acme',
    to: 'src/resolver',
    because: 'certificates must not depend on the resolver; meet in src/app',
  },
  { from: 'src/resolver', to: 'src/acme', because: 'what both need is passed in by src/app' },
];

export const importsPointDown: Rule = (files) =>
  files.flatMap((file) => {
    const own = layerOf(file.path);
    if (own === -1 && file.path !== 'src/require-node.js') {
      const what = `belongs to no layer; put it into one of ${LAYERS.join(', ')}`;
      return [{ where: file.path, what }];
    }
    return importsOf(file).flatMap(({ where, target }) => {
      const door = CLOSED_DOORS.find(({ from, to }) => isIn(file.path, from) && isIn(target, to));
      if (door !== undefined) return [{ where, what: `imports ${target}: ${door.because}` }];
      if (own === -1 || layerOf(target) <= own) return [];
      const what = `imports ${target}, which is above it; let src/app pass in what is needed, or move the shared part down`;
      return [{ where, what }];
    });
  });

function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => isIn(path, layer));
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/;

/** Relative imports, static, dynamic and of types alike, resolved to paths from the repository's root. */
function importsOf(file: SourceFile): { where: string; target: string }[] {
  const code = { ...file, text: withoutComments(file.text) };
  return findAll(code, IMPORT)
    .filter(({ match }) => match[1]!.startsWith('.'))
    .map(({ where, match }) => ({ where, target: join(dirname(file.path), match[1]!) }));
}

interface Ban {
  readonly pattern: RegExp;
  /** Places where it is allowed. */
  readonly allowed: readonly string[];
  readonly instead: string;
}

/** Scripts of the pages run elsewhere, where the clock is the reader's. */
const BROWSER = 'src/web/assets';
const TIMERS = 'use after() or every() of the Clock (src/clock/clock.ts), so that a test can let time pass';
const TIME = 'use monotonic() or now() of the Clock (src/clock/clock.ts)';

const BANS_IN_CODE: readonly Ban[] = [
  { pattern: /\bDate\s*\.\s*now\b/, allowed: ['src/clock'], instead: TIME },
  { pattern: /\bnew\s+Date\s*(?:\(\s*\)|(?!\s*\(|\w))/, allowed: ['src/clock'], instead: TIME },
  { pattern: /\bDate\s*\(\s*\)/, allowed: ['src/clock'], instead: TIME },
  { pattern: /\bperformance\s*\.\s*now\b/, allowed: ['src/clock'], instead: TIME },
  { pattern: /\bprocess\s*\.\s*(?:hrtime|uptime)\b/, allowed: ['src/clock'], instead: TIME },
  { pattern: /\bset(?:Timeout|Interval)\b(?!\s*\?)/, allowed: ['src/clock', BROWSER], instead: TIMERS },
  { pattern: /\bAbortSignal\s*\.\s*timeout\b/, allowed: ['src/clock'], instead: TIMERS },
  {
    pattern: /\bprocess\s*\.\s*env\b/,
    allowed: ['src/config'],
    instead: 'read it in src/config and pass it on as part of Config',
  },
  {
    pattern: /\bconsole\b/,
    allowed: [],
    instead: 'use the Log of src/observe/log.ts, or print() of src/cli/command.ts',
  },
  {
    pattern: /\bgetaddrinfo\b|\bdns\s*\.\s*(?:lookup|resolve)\w*\b/,
    allowed: [],
    instead: 'never look a name up elsewhere; connect to an address',
  },
  {
    pattern: /\bfetch\s*\(/,
    allowed: [BROWSER],
    instead: 'it looks names up by getaddrinfo; use undici with undiciConnect (src/tls/undici-connect.ts)',
  },
];

const ADDRESS_ONLY = 'it connects to names; use TlsConnector.connect (src/tls/connect.ts) with an address';

/** Modules by the name that is imported; `names`: only these exports of it are banned. */
const BANNED_MODULES: readonly {
  readonly modules: readonly string[];
  readonly names?: readonly string[];
  readonly allowed: readonly string[];
  readonly instead: string;
}[] = [
  { modules: ['timers/promises'], allowed: ['src/clock'], instead: TIMERS },
  { modules: ['timers'], allowed: ['src/clock'], instead: TIMERS },
  { modules: ['perf_hooks'], allowed: ['src/clock'], instead: TIME },
  {
    modules: ['dns', 'dns/promises'],
    allowed: [],
    instead: 'never look a name up elsewhere; connect to an address',
  },
  { modules: ['http', 'https'], names: ['request', 'get'], allowed: [], instead: ADDRESS_ONLY },
  {
    modules: ['tls'],
    allowed: ['src/tls', 'src/listener'],
    instead: 'use TlsConnector (src/tls/connect.ts) or a listener of src/listener',
  },
  { modules: ['tls'], names: ['connect'], allowed: ['src/tls'], instead: ADDRESS_ONLY },
  { modules: ['http2'], names: ['connect'], allowed: [], instead: ADDRESS_ONLY },
];

export const nothingBanned: Rule = (files) =>
  files.flatMap((file) => [...bannedCode(file), ...bannedImports(file)]);

function bannedCode(file: SourceFile): Violation[] {
  const code = { ...file, text: codeOnly(file.text) };
  return BANS_IN_CODE.flatMap(({ pattern, allowed, instead }) =>
    allowed.some((place) => isIn(file.path, place))
      ? []
      : findAll(code, pattern).map(({ where, match }) => ({
          where,
          what: `has ${match[0].trim()}; ${instead}`,
        })),
  );
}

const IMPORT_LINE =
  /\bimport\s+(type\s+)?([^'"]*?)\s*from\s*['"](?:node:)?([^'"]+)['"]|\bimport\s*\(\s*['"](?:node:)?([^'"]+)['"]/;

function bannedImports(file: SourceFile): Violation[] {
  const code = { ...file, text: withoutComments(file.text) };
  return findAll(code, IMPORT_LINE).flatMap(({ where, match }) => {
    const [, isType, names = '*', module = match[4]!] = match;
    return BANNED_MODULES.filter((ban) => ban.modules.includes(module))
      .filter((ban) => !ban.allowed.some((place) => isIn(file.path, place)))
      .filter((ban) => ban.names === undefined || isType === undefined)
      .filter(
        (ban) =>
          ban.names === undefined ||
          !/^\{/.test(names) ||
          ban.names.some((name) => importsValue(names, name)),
      )
      .map((ban) => ({
        where,
        what: `imports ${ban.names?.join(' or ') ?? 'from'} ${module}; ${ban.instead}`,
      }));
  });
}

/** `{ type request }` names a type and is harmless. */
function importsValue(names: string, name: string): boolean {
  return new RegExp(`(?<!type\\s)\\b${name}\\b`).test(names);
}

const MAX_LINES = 400;

export const filesAreShort: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    if (lines <= MAX_LINES) return [];
    return [
      {
        where: path,
        what: `has ${lines} lines, more than ${MAX_LINES}; split it by what its parts are about`,
      },
    ];
  });

const HEADER_LINES = { least: 2, most: 6 } as const;

export const filesOpenWithHeader: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const lines = text.replace(/^#![^\n]*\n/, '').split('\n');
    const length = lines.findIndex((line) => !line.startsWith('//'));
    if (length >= HEADER_LINES.least && length <= HEADER_LINES.most) return [];
    const what = `opens with ${length} comment lines; say in 2 to 6 what it is, which RFC section, what it does not do`;
    return [{ where: path, what }];
  });

/** Words that say nothing, each with a way out. */
const EMPTY_WORDS: readonly { readonly word: string; readonly instead: string }[] = [
  { word: 'manager', instead: 'name what it holds or decides' },
  { word: 'helper', instead: 'name what it does' },
  { word: 'util', instead: 'name what its functions are about' },
  { word: 'utils', instead: 'name what its functions are about' },
  { word: 'service', instead: 'name what it gives' },
];

/** Names that protocols have given (RFC 8555 section 7.1.2). */
const GIVEN_NAMES: ReadonlySet<string> = new Set(['termsOfServiceAgreed']);

export const namesSaySomething: Rule = (files) =>
  files.flatMap((file) => [
    ...wordsOf(file.path.replace(/\.[jt]s$/, '')).flatMap((word) => emptyWord(word, file.path, 'its name')),
    ...findAll({ ...file, text: codeOnly(file.text) }, /[A-Za-z_$][\w$]*/).flatMap(({ where, match }) =>
      GIVEN_NAMES.has(match[0]) ? [] : wordsOf(match[0]).flatMap((word) => emptyWord(word, where, match[0])),
    ),
    ...findAll(
      { ...file, text: codeOnly(file.text) },
      /(?:\bfunction\s+|^\s*(?:(?:async|protected|override|static)\s+)*#?|\bconst\s+)process\s*(?:\([^)]*\)\s*(?::[^{;]*)?\{|=)/m,
    ).map(({ where }) => ({ where, what: 'defines process(); name what it does to what' })),
  ]);

function wordsOf(identifier: string): string[] {
  return identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function emptyWord(word: string, where: string, what: string): Violation[] {
  const found = EMPTY_WORDS.find((one) => one.word === word);
  return found === undefined ? [] : [{ where, what: `says "${word}" in ${what}; ${found.instead}` }];
}

const MAP_LINE = /^- \[`?([^\]`]+)`?\]\(([^)]+)\): \S.*$/;

/** Does the map have exactly one line for each file, and no other? */
export function mapIsComplete(map: string, files: readonly SourceFile[]): Violation[] {
  const where = 'src/README.md';
  const listed = map.split('\n').flatMap((line) => {
    const match = MAP_LINE.exec(line);
    return match === null ? [] : [`src/${match[2]}`];
  });
  const wanted = files.map(({ path }) => path);
  return [
    ...wanted
      .filter((path) => !listed.includes(path))
      .map((path) => ({
        where,
        what: `has no line for ${path}; add "- [\`${basename(path)}\`](${path.slice(4)}): what it is"`,
      })),
    ...listed
      .filter((path) => !wanted.includes(path))
      .map((path) => ({ where, what: `has a line for ${path}, which is not there; take it out` })),
    ...listed
      .filter((path, index) => listed.indexOf(path) !== index)
      .map((path) => ({ where, what: `has two lines for ${path}; leave one` })),
  ];
}

const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

/** Do the links of a Markdown file lead to something? `exists` takes paths from the repository's root. */
export function linksResolve(path: string, text: string, exists: (path: string) => boolean): Violation[] {
  return [...text.matchAll(LINK)]
    .map((match) => match[1]!)
    .filter((target) => !exists(join(dirname(path), target)))
    .map((target) => ({
      where: path,
      what: `links to ${target}, which is not there; mend the link or write the page`,
    }));
}

export interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const MODULE_HOOK = /(?<=^|\n)(?:before|after)(?:All|Each)\(/;

/** What tests share registers no hook where it is loaded: unit tests share a process, in which that is for the first file alone. */
export const helpersHookNothing: Rule = (files) =>
  files
    .filter(({ path }) => !path.endsWith('.test.ts'))
    .flatMap((file) => findAll(file, MODULE_HOOK))
    .map(({ where }) => ({
      where,
      what: 'is a hook of one test file; use onTestFinished() where something is made, or temporaryDirectory()',
    }));

/** Has every direct dependency a line with its reason? */
export function dependenciesHaveReasons(manifest: PackageFile, page: string): Violation[] {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const isNamed = (name: string) => page.split('\n').some((line) => line.includes(`\`${name}\``));
  return names
    .filter((name) => !isNamed(name))
    .map((name) => ({
      where: 'docs/dependencies.md',
      what: `has no line for \`${name}\`; say why it is needed`,
    }));
}

export interface Lockfile {
  readonly packages?: Readonly<
    Record<string, { readonly resolved?: string; readonly integrity?: string; readonly link?: boolean }>
  >;
}

/** No registry in the lockfile, a hash for every package, and no script run at install. */
export function installIsSafe(lockfile: Lockfile, npmrc: string): Violation[] {
  const packages = Object.entries(lockfile.packages ?? {}).filter(([path]) => path !== '');
  const where = 'package-lock.json';
  const hardened = npmrc.split('\n').map((line) => line.replaceAll(' ', ''));
  return [
    ...packages
      .filter(([, { resolved }]) => resolved !== undefined)
      .map(([path]) => ({
        where,
        what: `names a registry for ${path}; set omit-lockfile-registry-resolved=true and lock anew`,
      })),
    ...packages
      .filter(([, { integrity, link }]) => integrity === undefined && link !== true)
      .map(([path]) => ({ where, what: `has no integrity for ${path}; lock it anew with npm install` })),
    ...(hardened.includes('ignore-scripts=true')
      ? []
      : [{ where: '.npmrc', what: 'lets packages run scripts at install; set ignore-scripts=true' }]),
  ];
}
