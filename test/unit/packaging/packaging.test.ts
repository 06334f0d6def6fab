// What ships beside the program: the systemd unit, as systemd itself reads it where it is installed, and the Dockerfile
// and compose file, held to the commands and files that there are. No container is built here.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

describe('the systemd unit', () => {
  const unit = read('packaging/noonmark.service');
  /** Whose scoring the quoted figure is. */
  const SCORED_BY = /^systemd 252\b/;
  const analyze = (...args: string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const version = analyze('--version').stdout ?? '';

  /** With the program where it is here, or systemd would miss it. */
  const unitFile = () => {
    const file = join(temporaryDirectory('unit'), 'noonmark.service');
    writeFileSync(file, unit.replaceAll('/opt/noonmark', REPOSITORY));
    return file;
  };

  test.skipIf(version === '')('passes systemd-analyze verify without a word', () => {
    const { status, stdout, stderr } = analyze('verify', unitFile());
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  test.skipIf(!SCORED_BY.test(version))(
    'is as exposed as docs/install.md quotes, if systemd 252 scores',
    () => {
      const { stdout } = analyze('security', '--offline=true', '--no-pager', unitFile());
      const score = /Overall exposure level for noonmark\.service: [\d.]+ [A-Z]+/.exec(stdout)?.[0];
      expect(score).toBeDefined();
      expect(read('docs/install.md')).toContain(score);
    },
  );

  test.each([
    ['is started again, always and for ever', ['Restart=always', 'StartLimitIntervalSec=0']],
    ['has one capability', ['CapabilityBoundingSet=CAP_NET_BIND_SERVICE']],
  ])('%s', (_, lines) => {
    expect(unit.split('\n')).toEqual(expect.arrayContaining(lines));
  });

  test.each([
    ['waits for no network', /^(?:Wants|After|Requires)=.*network-online/m],
    ['lets V8 write machine code', /^MemoryDenyWriteExecute=/m],
  ])('%s', (_, pattern) => {
    expect(unit).not.toMatch(pattern);
  });
});

describe('the container', () => {
  const dockerfile = read('Dockerfile');
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '));
  const commands = [...dockerfile.matchAll(/(?:CMD|ENTRYPOINT) (\[.+\])$/gm)].map(
    ([, list]) => JSON.parse(list!) as string[],
  );

  test('copies files that there are, and .dockerignore lets exactly those in', () => {
    expect(copied.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
    const [everything, ...letIn] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(everything).toBe('*');
    expect(letIn.map((line) => line.slice(1)).sort()).toEqual(copied.sort());
  });

  test('runs commands that there are', () => {
    const [health, , serve] = commands;
    expect(health).toEqual(expect.arrayContaining(['/app/src/main.ts', 'health']));
    expect(serve).toContain('serve');
    const found = read('src/cli/command-line.ts');
    for (const name of ['health', 'serve']) expect(found).toMatch(new RegExp(`^ {2}${name}: \\{`, 'm'));
  });

  test('keeps in its volume what home.yaml keeps', () => {
    const volume = /^VOLUME (\S+)$/m.exec(dockerfile)?.[1];
    const home = parse(read('config/home.yaml')) as { certs_dir: string; state_dir: string };
    expect([home.certs_dir, home.state_dir]).toEqual([`${volume}/certs`, `${volume}/state`]);
  });

  test('gets from the compose file the host network, one capability and a root that is read-only', () => {
    const { noonmark } = (parse(read('packaging/compose.yaml')) as { services: Record<string, object> })
      .services;
    expect(noonmark).toMatchObject({
      network_mode: 'host',
      cap_drop: ['ALL'],
      cap_add: ['NET_BIND_SERVICE'],
      read_only: true,
      restart: 'always',
    });
    expect(noonmark, 'it would take the file capability away').not.toHaveProperty('security_opt');
  });
});

test.each(['docs/install.md', 'docs/clients.md', 'docs/comparison.md'])(
  '%s links to what is there',
  (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
    expect(targets.filter((target) => !existsSync(join(REPOSITORY, 'docs', target)))).toEqual([]);
  },
);
