// What a newcomer does first: `npm start`, with the machine's own Node leading the PATH, on the config that ships.
// It runs in a network namespace with nothing but loopback, so that "no network" is meant, and so that the
// quick start's fixed ports are free. Whatever it tells a person to type must work when typed.

import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { REPOSITORY } from '../support/noonmark.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { type Outcome, type Running, run, SYSTEM_PATH, start } from '../support/running.ts';

const NAS = 'nas.home.arpa';
const NAS_ADDRESS = '192.168.1.20';
/** What a fresh clone holds that a start needs; certs and state must begin empty. */
const SHIPPED = ['package.json', '.npmrc', 'src', 'config'];

describe.skipIf(!isRoot || !havePeers('ip', 'unshare', 'dig', 'kdig', 'curl'))(
  'npm start, with no network',
  () => {
    let clone: string;
    let server: Running;

    /** Runs a command inside the server's network namespace, in its directory. */
    function inside(...command: string[]): Promise<Outcome> {
      const enter = ['-n', '-t', String(server.pid), '--wdns', clone, ...command];
      return run('nsenter', enter);
    }

    beforeAll(async () => {
      clone = mkdtempSync(join(tmpdir(), 'noonmark-clone-'));
      for (const item of SHIPPED) cpSync(join(REPOSITORY, item), join(clone, item), { recursive: true });
      symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
      const env = { ...process.env, PATH: withoutOurNode(), npm_config_update_notifier: 'false' };
      const line = 'ip link set lo up && exec npm start';
      server = start('unshare', ['-n', 'sh', '-c', line], { cwd: clone, env });
      await server.waitForLine(/8443/);
      await eventually(
        async () => (await inside('dig', '@127.0.0.1', '-p', '5300', '+short', NAS)).stdout !== '',
      );
    });

    afterAll(async () => {
      await server?.stop();
    });

    const printed = () => server.lines.join('\n');

    test('prints where it listens', () => {
      for (const address of ['127.0.0.1:5300', '127.0.0.1:8530', '127.0.0.1:8443'])
        expect(printed()).toContain(address);
    });

    test('prints commands for dig, kdig and curl, and each of them works as printed', async () => {
      const commands = server.lines.map(commandIn).filter((command) => command !== undefined);
      for (const client of ['dig', 'kdig', 'curl']) {
        expect(
          commands.filter((command) => command.startsWith(`${client} `)),
          printed(),
        ).not.toEqual([]);
      }
      for (const command of commands) {
        const outcome = await inside('sh', '-c', command);
        expect(outcome.code, `${command}\n${outcome.stdout}${outcome.stderr}`).toBe(0);
      }
    });

    test('says in words that internal names work and the rest does not, and why', () => {
      expect(printed()).toMatch(/internal names/i);
      expect(printed()).toMatch(/no (route|network)|unreachable|not reachable|cannot be reached|offline/i);
    });

    test('answers internal names on each transport', async () => {
      const trust = ['+tls-ca=certs/ca.pem', '+tls-hostname=dns.home.arpa'];
      const asked: string[][] = [
        ['dig', '@127.0.0.1', '-p', '5300', '+short', NAS],
        ['dig', '@127.0.0.1', '-p', '5300', '+tcp', '+short', NAS],
        ['kdig', '@127.0.0.1', '-p', '8530', ...trust, '+short', NAS],
        ['kdig', '@127.0.0.1', '-p', '8443', '+https', ...trust, '+short', NAS],
      ];
      for (const command of asked) {
        const { stdout, stderr } = await inside(...command);
        expect(stdout.trim(), `${command.join(' ')}\n${stderr}`).toBe(NAS_ADDRESS);
      }
    });

    test('answers a name of the world in time, with SERVFAIL and the reason', async () => {
      const { stdout } = await inside(
        'dig',
        '@127.0.0.1',
        '-p',
        '5300',
        '+tries=1',
        '+time=6',
        'www.example.com',
      );
      expect(stdout).toContain('SERVFAIL');
      expect(stdout).toMatch(/EDE: 2[23]/);
    });
  },
);

/** The PATH of a person's shell: npm's own scripts add node_modules/.bin, which is what is to be shown. */
function withoutOurNode(): string {
  return SYSTEM_PATH.split(':')
    .filter((directory) => !directory.includes('node_modules'))
    .join(':');
}

/** A command for a person stands on a line of its own, perhaps behind a prompt or a label. */
function commandIn(line: string): string | undefined {
  return /(?:^|\s)((?:dig|kdig|curl) .*[^\s].*)$/.exec(line)?.[1];
}
