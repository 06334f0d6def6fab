// What Noonmark may do where it is installed: it runs as a user without rights, with one capability, in the sandbox of its
// systemd unit, on the ports that DNS has. It serves everything there, and whoever takes it over can read and write no
// more than its own directories. Needs root and util-linux; the filter of system calls is not part of it (unit-sandbox.ts).

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atExit } from '../support/at-exit.ts';
import { eventually } from '../support/eventually.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  isReadyLine,
  MAIN_FILE,
  NODE,
  SERVER_NAME,
} from '../support/noonmark.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { CONFIG_FILE, NOBODY, PROGRAM, startUnitSandbox, type UnitSandbox } from '../support/unit-sandbox.ts';

/** CAP_NET_BIND_SERVICE is bit 10 (linux/capability.h). */
const BIND_ALONE = (1 << 10).toString(16).padStart(16, '0');
const HOME = '/home';
const STATE = '/opt/var/lib/noonmark';

const CONFIG = {
  listen: {
    dns: ['127.0.0.1:53'],
    dot: ['127.0.0.1:853'],
    doh: ['127.0.0.1:443'],
    admin: ['127.0.0.1:5380'],
  },
  zones: { 'home.arpa': { records: [`nas 300 A ${INTERNAL_ADDRESS}`] } },
  certificate: { names: [SERVER_NAME] },
  time: { sources: [] },
  certs_dir: `${STATE}/certs`,
  state_dir: `${STATE}/state`,
};

const isForOthers = (path: string) => (statSync(path).mode & 0o077) !== 0;

describe.skipIf(!isRoot || !havePeers('unshare', 'ip', 'setpriv'))('In the sandbox of its unit', () => {
  let sandbox: UnitSandbox;
  /** A directory that everybody may read, in the homes of this machine. */
  let home: string;
  let temporary: string;

  beforeAll(async () => {
    home = mkdtempSync(join(HOME, 'noonmark-test-'));
    atExit(() => rmSync(home, { recursive: true, force: true }));
    temporary = temporaryDirectory('foreign');
    for (const directory of [home, temporary]) {
      chmodSync(directory, 0o755);
      writeFileSync(join(directory, 'secret'), 'of another', { mode: 0o644 });
    }
    sandbox = startUnitSandbox(CONFIG);
    await sandbox.server.waitForLine(isReadyLine);
  });

  afterAll(async () => {
    await sandbox?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });

  test('it is nobody, with one capability, and can get no other', () => {
    const status = readFileSync(`/proc/${sandbox.server.pid}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1];
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect([set, field(set)]).toEqual([set, BIND_ALONE]);
    expect(field('NoNewPrivs')).toBe('1');
    expect(field('Uid')?.split('\t')).toEqual(Array(4).fill(String(NOBODY.user)));
    expect(field('Gid')?.split('\t')).toEqual(Array(4).fill(String(NOBODY.group)));
    expect(field('Groups')?.trim()).toBe('');
  });

  test('it serves all four transports on the ports that everybody knows', async () => {
    const secure = ['--ca', join(sandbox.state.here, 'certs/ca.pem'), '--name', SERVER_NAME];
    const answers = await Promise.all(
      ['udp://127.0.0.1', 'tcp://127.0.0.1', 'tls://127.0.0.1', 'https://127.0.0.1/dns-query'].map(
        async (server) => {
          const options = ['--server', server, '--short', ...(/^(tls|https)/.test(server) ? secure : [])];
          const { stdout, stderr } = await sandbox.inNetwork(
            ...[NODE, MAIN_FILE, 'query', INTERNAL_NAME, ...options],
          );
          return stdout.trim() || stderr;
        },
      ),
    );
    expect(answers).toEqual(Array(4).fill(INTERNAL_ADDRESS));
  });

  test('it keeps its state, which nobody else may read', async () => {
    await eventually(() => existsSync(join(sandbox.state.here, 'state/history.sqlite')), {
      what: 'the history',
    });
    const files = readdirSync(sandbox.state.here, { recursive: true, withFileTypes: true });
    const names = files.map(({ name }) => name);
    const isPublic = (name: string) => name.endsWith('.pem') && !name.endsWith('key.pem');
    const open = files.filter(
      (file) => !isPublic(file.name) && isForOthers(join(file.parentPath, file.name)),
    );
    expect(open.map(({ name }) => name)).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining(['ca-key.pem', 'cookie-secret', 'history.sqlite', 'noonmark.sock']),
    );
    const written = await sandbox.asServer(
      'sh',
      '-c',
      `echo state > ${STATE}/state/probe && cat ${STATE}/state/probe`,
    );
    expect(written).toMatchObject({ code: 0, stdout: 'state\n' });
    const complaints = sandbox.server.lines.filter(
      (line) => / (warn|error) /.test(line) && !/time source|upstream/.test(line),
    );
    expect(complaints).toEqual([]);
  });

  test('its commands work beside it', async () => {
    const command = ['noonmark', 'status', '--config', CONFIG_FILE];
    const { code, stdout, stderr } = await sandbox.asServer(
      `${PROGRAM}/node_modules/.bin/node`,
      `${PROGRAM}/src/main.ts`,
      ...command.slice(1),
    );
    expect(code, stdout + stderr).toBe(0);
  });

  test.each<[string, () => string]>([
    ['the passwords of this machine', () => '/etc/shadow'],
    ['what root has', () => '/root/.profile'],
    ['the home of another, though he lets everybody', () => join(home, 'secret')],
    ['the temporary files of another, though he lets everybody', () => join(temporary, 'secret')],
    ['the memory of another process', () => '/proc/1/environ'],
    ['what the kernel tells of the machine', () => '/proc/kallsyms'],
  ])('it cannot read %s', async (_, path) => {
    const { code, stdout } = await sandbox.asServer('cat', path());
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
  });

  test.each(['/etc', '/usr', '/usr/bin', '/var/lib', '/opt', PROGRAM, `${PROGRAM}/src`, '/'])(
    'it cannot write into %s: the file system is read-only, whatever the modes',
    async (directory) => {
      const { code, stderr } = await sandbox.asServer('touch', `${directory}/noonmark-probe`);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/Read-only file system/);
    },
  );

  test.each([
    ['change its own configuration', ['sh', '-c', `echo >> ${CONFIG_FILE}`]],
    ['change its own program', ['sh', '-c', `echo >> ${PROGRAM}/src/main.ts`]],
    ['write into a home', ['touch', '/home/noonmark-probe']],
    ['become root', ['setpriv', '--reuid=0', 'true']],
    ['give a file to root', ['chown', '0', `${STATE}/state/probe`]],
    ['mount anything', ['mount', '-t', 'tmpfs', 'tmpfs', STATE]],
    ['set the time', ['sh', '-c', 'date -s "$(date)"']],
    ['end a process of another', ['sh', '-c', 'kill -0 1']],
  ])('it cannot %s', async (_, command) => {
    expect((await sandbox.asServer(...command)).code).not.toBe(0);
  });
});
