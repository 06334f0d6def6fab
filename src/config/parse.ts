// The text of a configuration file to a frozen Config, or every problem in it at once.
// In this order: YAML, forms (schema.ts), keys of later releases (not-yet.ts), rules between keys. The rules judge
// whatever has a right form, so that one typing error does not hide the others.
// No file is read here; load.ts does, and says which of the named files can be used.

import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { checkAccess } from './access-rules.ts';
import { readAdmin } from './admin-rules.ts';
import { readCertificate } from './certificate-rules.ts';
import type {
  AccessRange,
  Config,
  Limits,
  SocketAddress,
  TimeSourceConfig,
  UpstreamConfig,
} from './config.ts';
import { readFilter } from './filter-rules.ts';
import { reportForms } from './form-problems.ts';
import { readForwards } from './forward-rules.ts';
import { CACHE_OCTETS, LIMITS } from './limits.ts';
import { checkListen } from './listen-rules.ts';
import { readNameFiles } from './name-files-rules.ts';
import { filesUnseen, type NamedFiles } from './named-files.ts';
import { reportNotYet } from './not-yet.ts';
import { readNotify } from './notify-rules.ts';
import { type ConfigProblem, ConfigProblems, Report, sortByLine } from './problems.ts';
import { readRebinding } from './rebinding-schema.ts';
import { rightSections, type Sections } from './right-sections.ts';
import { configSchema } from './schema.ts';
import { DEFAULT_STATE_DIR } from './state-dir.ts';
import { readTimeSources } from './time-rules.ts';
import { readUpstreams } from './upstream-rules.ts';
import { readYaml } from './yaml-tree.ts';
import { ZoneFiles } from './zone-files.ts';
import { readZones } from './zone-rules.ts';

/** What `listen` is when the key is absent: answers for this machine, and nothing for the network unasked. */
const DEFAULT_LISTEN: Config['listen'] = {
  dns: [
    { address: '127.0.0.1', port: 53, family: 4 },
    { address: '::1', port: 53, family: 6 },
  ],
  dot: [],
  doh: [],
  admin: [],
};
/** What it is to the other rules when its form is wrong: no server is this one. */
const NOT_KNOWN_LISTEN: Config['listen'] = { dns: [], dot: [], doh: [], admin: [] };
const DEFAULT_ALLOW: readonly AccessRange[] = ['loopback', 'private', 'local'];
const DEFAULT_CERTS_DIR = 'certs';

export interface ParseOptions {
  /** As the person wrote it; messages begin with it, and relative paths start at its directory. */
  readonly file: string;
  /** Unless given, the files that it names are not looked at. */
  readonly files?: NamedFiles;
}

export interface ParsedConfig {
  readonly config: Config;
  /** Sorted by line. */
  readonly warnings: readonly ConfigProblem[];
  /** Absolute paths of the files that it was read from: itself, zone files and what those include, CA files, keyfiles. */
  readonly files: readonly string[];
}

/** @throws ConfigProblems */
export function parseConfig(text: string, { file, files = filesUnseen }: ParseOptions): ParsedConfig {
  const tree = readYaml(text);
  if (tree.broken) throw new ConfigProblems(file, tree.problems);
  const written = tree.value ?? {};
  const report = new Report(tree.lineOf);
  reportForms(written, report);
  reportNotYet(written, report);
  const zoneFiles = new ZoneFiles(files);
  const lookedAt = new Set<string>();
  const context = { files: notingLooks(files, lookedAt), zoneFiles };
  const config = buildConfig(written, resolve(file), context, report);
  const readFrom = [config.file, ...zoneFiles.paths, ...lookedAt];
  // Where YAML itself was misread, the form of what came out says nothing more.
  const misread = new Set(tree.problems.map(({ path }) => path));
  const errors = [...tree.problems, ...report.errors.filter(({ path }) => path === '' || !misread.has(path))];
  if (errors.length > 0) throw new ConfigProblems(file, errors, readFrom);
  return { config: deepFreeze(config), warnings: sortByLine(report.warnings), files: readFrom };
}

/** `files`, with the paths of CA files and keyfiles noted: they are read anew with the configuration, and only then. */
function notingLooks(files: NamedFiles, lookedAt: Set<string>): NamedFiles {
  return {
    ...files,
    caProblem(path) {
      lookedAt.add(path);
      return files.caProblem(path);
    },
    keyProblem(key) {
      lookedAt.add(key.file);
      return files.keyProblem(key);
    },
    passwordProblem(path) {
      lookedAt.add(path);
      return files.passwordProblem(path);
    },
    tokenProblem(path) {
      lookedAt.add(path);
      return files.tokenProblem(path);
    },
  };
}

/** Means something only when the report has no errors; parts with a wrong form have their defaults in it. */
function buildConfig(
  written: unknown,
  file: string,
  { files, zoneFiles }: { readonly files: NamedFiles; readonly zoneFiles: ZoneFiles },
  report: Report,
): Config {
  const sections = rightSections(written);
  const absolute = (path: string) => resolve(dirname(file), path);
  const { certificate, certs_dir: certsDir, state_dir: stateDir } = sections;
  const listen = readListen((written as { listen?: unknown }).listen, sections.listen, report);
  const ntp = sections.listen?.ntp ?? [];
  const zones = readZones((written as { zones?: unknown }).zones, { absolute, zoneFiles }, report);
  const forward = readForwards(sections.forward, { listen, zones }, report);
  const allow = sections.access?.allow ?? DEFAULT_ALLOW;
  checkAccess(allow, report);
  return {
    file,
    listen,
    admin: readAdmin(sections.admin, { absolute, files, listen }, report),
    access: { allow },
    upstreams: readUpstreamSection(written, { absolute, files, listen }, report),
    forward,
    zones,
    ...readNameFiles(sections, { absolute, files, forward, zones }, report),
    filter: readFilter(sections.filter, { absolute, files, forward, zones }, report),
    certificate: readCertificate(certificate, { absolute, files, listen }, report),
    time: { sources: readTimeSection(written, { absolute, files, listen: { ...listen, ntp } }, report) },
    cache: {
      maxBytes: sections.cache?.max_bytes ?? CACHE_OCTETS.default,
      persist: sections.cache?.persist ?? true,
    },
    rebinding: readRebinding(sections.rebinding),
    certsDir: certsDir === undefined ? resolve(DEFAULT_CERTS_DIR) : absolute(certsDir),
    stateDir: stateDir === undefined ? resolve(DEFAULT_STATE_DIR) : absolute(stateDir),
    workers: sections.workers ?? 'auto',
    log: {
      level: sections.log?.level ?? 'info',
      format: sections.log?.format ?? 'text',
      queries: sections.log?.queries ?? 'off',
    },
    limits: readLimits(sections.limits, report),
    notify: readNotify(sections.notify, { absolute, files }, report),
  };
}

function readListen(written: unknown, listen: Sections['listen'], report: Report): Config['listen'] {
  if (listen === undefined) return written === undefined ? DEFAULT_LISTEN : NOT_KNOWN_LISTEN;
  checkListen(listen as Record<string, SocketAddress[]>, report);
  return { dns: listen.dns ?? [], dot: listen.dot ?? [], doh: listen.doh ?? [], admin: listen.admin ?? [] };
}

function readUpstreamSection(
  written: unknown,
  context: Parameters<typeof readUpstreams>[1],
  report: Report,
): UpstreamConfig[] {
  const { upstreams } = written as { upstreams?: unknown };
  if (upstreams === undefined || (Array.isArray(upstreams) && upstreams.length === 0)) {
    report.warning(['upstreams'], 'no upstream is written, so only internal names are answered');
    return [];
  }
  const entries = rightEntries(upstreams, configSchema.shape.upstreams.unwrap().element);
  return readUpstreams(entries, context, report);
}

/** Null where nothing is written: the built-in sources. */
function readTimeSection(
  written: unknown,
  context: Parameters<typeof readTimeSources>[1],
  report: Report,
): TimeSourceConfig[] | null {
  const sources = (written as { time?: { sources?: unknown } }).time?.sources;
  if (sources === undefined) return null;
  const entrySchema = configSchema.shape.time.unwrap().shape.sources.unwrap().element;
  return readTimeSources(rightEntries(sources, entrySchema), context, report);
}

/** The entries of a list whose forms are right, by their position. */
function rightEntries<T extends z.ZodType>(list: unknown, schema: T): Map<number, z.output<T>> {
  const entries = (Array.isArray(list) ? list : []).flatMap((entry, position) => {
    const result = schema.safeParse(entry);
    return result.success ? [[position, result.data] as const] : [];
  });
  return new Map(entries);
}

/** Which limit is one client's share of which. */
const SHARES = [
  ['connectionsPerClient', 'connections'],
  ['pendingQueriesPerClient', 'pendingQueries'],
] as const;

function readLimits(written: Sections['limits'], report: Report): Limits {
  const entries = Object.entries(LIMITS).map(([name, row]) => [name, written?.[row.key] ?? row.default]);
  const limits: { -readonly [Name in keyof Limits]: number } = Object.fromEntries(entries);
  for (const [share, whole] of SHARES) {
    if (limits[share] <= limits[whole]) continue;
    const key = LIMITS[share].key;
    if (written?.[key] === undefined) {
      limits[share] = limits[whole]; // only the whole was lowered
      continue;
    }
    report.error(
      ['limits', key],
      `one client may have ${limits[share]}, and all together ${limits[whole]} (limits.${LIMITS[whole].key}); write at most ${limits[whole]}`,
    );
  }
  return limits;
}

/** Octets cannot be frozen in JavaScript; everything else is. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
