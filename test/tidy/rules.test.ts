// Each tidy rule fails on a bad snippet, lets the good one beside it pass, and says what to use instead.

import { describe, expect, it } from 'vitest';
import {
  dependenciesHaveReasons,
  filesAreShort,
  filesOpenWithHeader,
  helpersHookNothing,
  importsPointDown,
  installIsSafe,
  linksResolve,
  mapIsComplete,
  namesSaySomething,
  nothingBanned,
} from './rules.ts';
import type { Rule } from './source-files.ts';

const judge = (rule: Rule, path: string, text: string) =>
  rule([{ path, text }]).map(({ where, what }) => `${where} ${what}`);

describe('imports', () => {
  it.each([
    ['src/dns/wire.ts', '../clock/clock.ts'],
    ['src/resolver/forward.ts', '../upstream/pool.ts'],
    ['src/resolver/local/zone.ts', '../../dns/names.ts'],
    ['src/upstream/dot.ts', './pool.ts'],
    ['src/app/app.ts', '../listener/doh.ts'],
    ['src/cli/serve.ts', '../app/app.ts'],
    ['src/main.js', './cli/serve.ts'],
  ])('of %s from %s are fine', (path, target) => {
    expect(judge(importsPointDown, path, `import { x } from '${target}';`)).toEqual([]);
  });

  it.each([
    ['src/clock/clock.ts', '../dns/wire.ts', 'above it'],
    ['src/dns/wire.ts', '../observe/log.ts', 'above it'],
    ['src/config/parse.ts', '../tls/verify.ts', 'above it'],
    ['src/config/parse.ts', '../listener/udp.ts', 'above it'],
    ['src/tls/verify.ts', '../dns/names.ts', 'tls knows no DNS'],
    ['src/tls/verify.ts', '../listener/tls-front.ts', 'above it'],
    ['src/upstream/dot.ts', '../resolver/resolver.ts', 'above it'],
    ['src/resolver/local/zone.ts', '../../listener/interfaces.ts', 'above it'],
    ['src/listener/udp.ts', '../app/app.ts', 'above it'],
    ['src/app/app.ts', '../cli/serve.ts', 'above it'],
    ['src/cli/serve.ts', '../main.js', 'above it'],
    ['src/timesync/keeper.ts', '../resolver/resolver.ts', 'must not depend on the resolver'],
    ['src/resolver/cache.ts', '../timesync/keeper.ts', 'ask the Clock'],
    ['src/acme/order.ts', '../resolver/resolver.ts', 'must not depend on the resolver'],
    ['src/resolver/cache.ts', '../acme/order.ts', 'src/app'],
  ])('of %s from %s break a wall', (path, target, because) => {
    const forms = [
      `import { x } from '${target}';`,
      `import type { X } from "${target}";`,
      `export { x } from '${target}';`,
      `const x = await import('${target}');`,
      `import '${target}';`,
      `import {\n  x,\n} from '${target}';`,
    ];
    for (const form of forms) {
      const violations = judge(importsPointDown, path, form);
      expect(violations).toHaveLength(1);
      expect(violations[0]).toContain(because);
    }
  });

  it('in a comment are none', () => {
    expect(judge(importsPointDown, 'src/dns/wire.ts', "// import { x } from '../app.ts';")).toEqual([]);
  });

  it('are judged for files of known layers only, and a new room is noticed', () => {
    expect(judge(importsPointDown, 'src/extra/thing.ts', '')[0]).toContain('belongs to no layer');
  });
});

describe('bans', () => {
  it.each([
    ['Date.now()', 'Clock'],
    ['new Date()', 'Clock'],
    ['new Date', 'Clock'],
    ['new Date( )', 'Clock'],
    ['performance.now()', 'Clock'],
    ['process.hrtime.bigint()', 'Clock'],
    ['setTimeout(f, 5)', 'Clock'],
    ['const later = setTimeout', 'Clock'],
    ['setInterval(f, 5)', 'Clock'],
    ['globalThis.setTimeout(f)', 'Clock'],
    ['AbortSignal.timeout(5)', 'Clock'],
    ["import { setTimeout as pause } from 'node:timers/promises';", 'Clock'],
    ["import { performance } from 'node:perf_hooks';", 'Clock'],
    ["import tls from 'node:tls';", 'TlsConnector'],
    ["import { createServer } from 'tls';", 'TlsConnector'],
    ["import type { TLSSocket } from 'node:tls';", 'TlsConnector'],
    ["import dns from 'node:dns';", 'address'],
    ["import { lookup } from 'dns/promises';", 'address'],
    ["import { request } from 'node:https';", 'address'],
    ["import https from 'node:https';", 'address'],
    ["import { get } from 'http';", 'address'],
    ["import { connect } from 'node:http2';", 'address'],
    ["await import('node:dns')", 'address'],
    ['fetch(url)', 'undici'],
    ['process.env.HOME', 'config'],
    ["console.log('x')", 'Log'],
    [`\`$\{console.log(1)}\``, 'Log'],
  ])('find %s in a resolver', (text, instead) => {
    const violations = judge(nothingBanned, 'src/resolver/x.ts', text);
    expect(violations.length).toBeGreaterThan(0);
    expect(violations[0]).toMatch(/^src\/resolver\/x\.ts:1 /);
    expect(violations.join()).toContain(instead);
  });

  it.each([
    ['src/clock/x.ts', 'Date.now(); setTimeout(f, 5); new Date();'],
    ['src/resolver/x.ts', 'new Date(instant.epochMs)'],
    ['src/resolver/x.ts', 'class UpdateDate {}'],
    ['src/resolver/x.ts', '// Date.now() is banned, console too'],
    ['src/resolver/x.ts', "const text = 'console, Date.now()';"],
    ['src/resolver/x.ts', '/console|Date.now/.test(x)'.padStart(30, ' ').replace(/^ +/, 'const is = ')],
    ['src/tls/x.ts', "import { connect } from 'node:tls';"],
    ['src/listener/x.ts', "import { createServer } from 'node:tls';"],
    ['src/listener/x.ts', "import { createSecureServer } from 'node:http2';"],
    ['src/config/x.ts', 'process.env.HOME'],
    ['src/cli/x.ts', 'process.stdout.write(line); process.exit(0)'],
  ])('let %s have %s', (path, text) => {
    expect(judge(nothingBanned, path, text)).toEqual([]);
  });

  it('keep a listener from making TLS connections, though it may use node:tls', () => {
    expect(judge(nothingBanned, 'src/listener/x.ts', "import { connect } from 'node:tls';")).toHaveLength(1);
  });

  it('name the line', () => {
    expect(judge(nothingBanned, 'src/resolver/x.ts', '// a\n/* b\n*/\nconsole.log()')[0]).toMatch(/x\.ts:4 /);
  });
});

describe('the form of files', () => {
  it('ends at 400 lines', () => {
    expect(judge(filesAreShort, 'src/dns/x.ts', 'x;\n'.repeat(400))).toEqual([]);
    expect(judge(filesAreShort, 'src/dns/x.ts', 'x;\n'.repeat(401))[0]).toContain('split it');
  });

  it.each([
    ['no comment', 'import x;', false],
    ['one line', '// a\n\nx', false],
    ['two lines', '// a\n// b\n\nx', true],
    ['six lines', `${'// a\n'.repeat(6)}\nx`, true],
    ['seven lines', `${'// a\n'.repeat(7)}\nx`, false],
    ['an interpreter line first', '#!/usr/bin/env node\n// a\n// b\nx', true],
  ])('with %s at the top', (_what, text, isFine) => {
    expect(judge(filesOpenWithHeader, 'src/dns/x.ts', text).length === 0).toBe(isFine);
  });
});

describe('names', () => {
  it.each([
    ['src/dns/cache-manager.ts', ''],
    ['src/utils/x.ts', ''],
    ['src/dns/x.ts', 'class CertificateManager {}'],
    ['src/dns/x.ts', 'const dnsHelper = 1;'],
    ['src/dns/x.ts', 'const QUERY_SERVICE = 1;'],
    ['src/dns/x.ts', 'function process(query) {}'],
    ['src/dns/x.ts', '  process(query: Query): void {\n  }'],
    ['src/dns/x.ts', '  async process() {\n  }'],
    ['src/dns/x.ts', 'const process = (query) => query;'],
  ])('such as in %s: %s say nothing', (path, text) => {
    expect(judge(namesSaySomething, path, text)).toHaveLength(1);
  });

  it.each([
    '// a helper, a manager and a service',
    "log.info('service');",
    'process.exit(1);',
    'process.on("exit", f);',
    'const serviceable = utility;',
    "import { promisify } from 'node:util';",
  ])('such as in %s are fine', (text) => {
    expect(judge(namesSaySomething, 'src/dns/x.ts', text)).toEqual([]);
  });
});

describe('the map', () => {
  const files = ['src/dns/wire.ts', 'src/app/app.ts'].map((path) => ({ path, text: '' }));
  const lines = ['- [`wire.ts`](dns/wire.ts): octets', '- [`app.ts`](app/app.ts): the composition root'];
  const judgeMap = (map: readonly string[]) => mapIsComplete(map.join('\n'), files).map(({ what }) => what);

  it('is complete with one line a file', () => expect(judgeMap(['# The map', '', ...lines])).toEqual([]));
  it('lacks a line', () => expect(judgeMap(lines.slice(1))[0]).toContain('has no line for src/dns/wire.ts'));
  it('has a line too many', () =>
    expect(judgeMap([...lines, '- [`old.ts`](dns/old.ts): gone'])[0]).toContain('is not there'));
  it('has a line twice', () => expect(judgeMap([...lines, lines[0]!])[0]).toContain('two lines'));
  it('says nothing in a line', () =>
    expect(judgeMap([lines[0]!, '- [`app.ts`](app/app.ts): '])).toHaveLength(1));
});

describe('pages', () => {
  it('link to what exists, from their own folder', () => {
    const exists = (path: string) => path === 'docs/time.md';
    const text = '[a](time.md) [b](time.md#states) [c](https://x.example) [d](#here)';
    expect(linksResolve('docs/index.md', text, exists)).toEqual([]);
    expect(linksResolve('README.md', '[a](time.md)', exists)[0]!.what).toContain('not there');
  });

  it('give reasons for dependencies', () => {
    const manifest = { dependencies: { yaml: '1' }, devDependencies: { vitest: '1' } };
    expect(dependenciesHaveReasons(manifest, '| `yaml` | reads it |\n- `vitest`: runs it')).toEqual([]);
    expect(dependenciesHaveReasons(manifest, 'yaml and vitest')).toHaveLength(2);
  });
});

describe('what tests share', () => {
  const helper = (text: string) => helpersHookNothing([{ path: 'test/unit/tls/tls-peers.ts', text }]);

  it('may have hooks where a test asks for them', () => {
    expect(helper('export function use() {\n  afterEach(close);\n}')).toEqual([]);
    expect(helpersHookNothing([{ path: 'test/unit/a.test.ts', text: 'afterAll(() => {});' }])).toEqual([]);
  });

  it.each(['afterEach', 'beforeAll'])('has no %s of its own', (hook) => {
    expect(helper(`const open = [];\n${hook}(() => {});`)[0]!.where).toBe('test/unit/tls/tls-peers.ts:2');
  });
});

describe('the install', () => {
  const safe = { packages: { '': {}, 'node_modules/yaml': { integrity: 'sha512-x' } } };

  it('is safe without registries, with hashes and without scripts', () => {
    expect(installIsSafe(safe, 'ignore-scripts = true\n')).toEqual([]);
  });

  it('is not safe otherwise', () => {
    const resolved = {
      packages: { 'node_modules/yaml': { resolved: 'https://x.example', integrity: 'sha512-x' } },
    };
    expect(installIsSafe(resolved, 'ignore-scripts=true')[0]!.what).toContain('registry');
    expect(
      installIsSafe({ packages: { 'node_modules/yaml': {} } }, 'ignore-scripts=true')[0]!.what,
    ).toContain('integrity');
    expect(installIsSafe(safe, 'ignore-scripts=false')[0]!.where).toBe('.npmrc');
  });
});
