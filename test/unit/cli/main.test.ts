// The command line as a process: help, exit codes, and what stands on stdout and on stderr.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MAIN_FILE, NODE, REPOSITORY } from '../../support/noonmark.ts';

const directory = mkdtempSync(join(tmpdir(), 'noonmark-main-'));
afterAll(() => rmSync(directory, { recursive: true }));

function noonmark(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(NODE, [MAIN_FILE, ...args], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

function configFile(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

const COMMANDS = [
  ...['serve', 'check', 'rehearse', 'explain', 'time'],
  ...['status', 'query', 'certificate', 'cache', 'health', 'version'],
];

describe('help', () => {
  it('without a command lists them all', () => {
    const { code, out, err } = noonmark();
    expect([code, err]).toEqual([0, '']);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  it.each(COMMANDS)('of %s is a page with its usage, and nothing is done', (command) => {
    const { code, out, err } = noonmark(command, '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^Usage: noonmark ${command}\\b`));
  });
});

describe('a wrong command line ends with 64, says one sentence on stderr, and nothing on stdout', () => {
  it.each([
    [['chekc'], 'noonmark: there is no command "chekc"; did you mean `noonmark check`?\n'],
    [['xyzzy'], 'noonmark: there is no command "xyzzy"; `noonmark help` lists them all\n'],
    [['toString'], 'noonmark: there is no command "toString"; `noonmark help` lists them all\n'],
    [['query'], 'noonmark query: the name to ask for is missing; `noonmark query --help` shows how.\n'],
    [
      ['check', 'home.yaml'],
      'noonmark check: "home.yaml" is one word too many; write --config home.yaml; `noonmark check --help` shows how.\n',
    ],
    [
      ['serve', '--confg', 'x'],
      'noonmark serve: unknown option --confg; did you mean --config? `noonmark serve --help` shows how.\n',
    ],
  ])('%j', (args, sentence) => {
    expect(noonmark(...args)).toEqual({ code: 64, out: '', err: sentence });
  });
});

describe('check', () => {
  const good = configFile('good.yaml', 'listen: {dns: ["127.0.0.1:5353"]}\n');
  const bad = configFile('bad.yaml', 'listen:\n  dns: ["127.0.0.300"]\n  dto: []\n');

  it('of a configuration that can be served says so and ends with 0', () => {
    const { code, out } = noonmark('check', '--config', good);
    expect(code).toBe(0);
    expect(out).toContain(`${good}: can be served`);
    expect(JSON.parse(noonmark('check', '--config', good, '--json').out)).toMatchObject({
      file: good,
      ok: true,
      errors: [],
    });
  });

  it('of one that cannot says every problem with its line on stderr and ends with 78', () => {
    const { code, out, err } = noonmark('check', '--config', bad);
    expect([code, out]).toEqual([78, '']);
    expect(err).toContain(`${bad}:2: listen.dns[0]: `);
    expect(err).toContain(`${bad}:3: listen`);
  });

  it('has the same problems with --json, on stdout', () => {
    const { code, out } = noonmark('check', '--config', bad, '--json');
    expect(code).toBe(78);
    const { ok, errors } = JSON.parse(out);
    expect(ok).toBe(false);
    expect(errors.map(({ line }: { line: number }) => line)).toEqual([2, 3]);
  });

  it('of one whose time hangs on one name warns of the circle, and ends with 0', () => {
    const upstreams = 'upstreams: [{url: tls://9.9.9.9}]\n';
    const circle = configFile('circle.yaml', `${upstreams}time: {sources: [{url: ntp://time.example}]}\n`);
    const { code, out, err } = noonmark('check', '--config', circle);
    expect(code).toBe(0);
    expect(out).toBe(`${circle}: can be served, with the warnings above\n`);
    expect(err).toContain(
      `warning: ${circle}: time.sources: every time source is a name (time.example): after a power cut`,
    );
    const { ok, warnings } = JSON.parse(noonmark('check', '--config', circle, '--json').out);
    expect(ok).toBe(true);
    expect(warnings).toContainEqual({
      path: 'time.sources',
      line: 0,
      message: expect.stringMatching(/^every time source is a name/),
    });
  });

  it('of a file that is not there ends with 78 and says so', () => {
    const { code, err } = noonmark('check', '--config', join(directory, 'none.yaml'));
    expect(code).toBe(78);
    expect(err).toContain('there is no such file');
  });
});

it('serve with a bad configuration ends with 78 and the same problems', () => {
  const bad = configFile('serve.yaml', 'listne: {}\n');
  const { code, out, err } = noonmark('serve', '--config', bad);
  expect([code, out]).toEqual([78, '']);
  expect(err).toContain(`${bad}:1: `);
});

it('version says what is running, as text and as JSON', () => {
  expect(noonmark('--version').out).toMatch(/^noonmark \d+\.\d+\.\d+, released \d{4}-\d\d-\d\d\n/);
  expect(JSON.parse(noonmark('version', '--json').out)).toMatchObject({
    version: expect.stringMatching(/^\d/),
  });
});
