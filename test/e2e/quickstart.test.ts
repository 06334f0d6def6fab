// What a newcomer does first: `npm start`, with the machine's own Node leading the PATH, on the config that ships,
// on a machine without a network. Whatever it tells a person to type must work when typed.

import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshNetwork, freshNetwork } from '../support/fresh-network.ts';
import { REPOSITORY } from '../support/noonmark.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const NAS = 'nas.home.arpa';
const NAS_ADDRESS = '192.168.1.20';
/** Every record of the quick start lies in this network. */
const HOUSE_PREFIX = '192.168.1.';
/** curl(1): the name could not be resolved, which is right for a name of the world without a network. */
const CURL_COULD_NOT_RESOLVE = 6;
/** What a fresh clone holds that a start needs; certs and state must begin empty. */
const SHIPPED = ['package.json', '.npmrc', 'src', 'config'];

describe.skipIf(!isRoot || !havePeers('ip', 'unshare', 'dig', 'kdig', 'curl'))(
  'npm start, with no network',
  () => {
    let network: FreshNetwork;
    const printed = () => network.server.lines.join('\n');

    beforeAll(async () => {
      const clone = temporaryDirectory('clone');
      for (const item of SHIPPED)
        cpSync(join(REPOSITORY, item), join(clone, item), { recursive: true, verbatimSymlinks: true });
      symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
      network = freshNetwork('npm start', clone);
      await network.server.waitForLine(/names of the world:/i);
    });

    afterAll(() => network?.[Symbol.asyncDispose]());

    test('prints where it listens', () => {
      for (const address of ['127.0.0.1:5300', '127.0.0.1:8530', '127.0.0.1:8443']) {
        expect(printed()).toContain(address);
      }
      expect(printed()).toMatch(/Dashboard +http:\/\/127\.0\.0\.1:8080\/$/m);
      expect(printed()).toMatch(/ready.* admin=127\.0\.0\.1:8080$/m);
    });

    test('prints commands for dig, kdig and curl that work as printed, as far as they can without a network', async () => {
      const commands = network.server.lines.map(commandIn).filter((command) => command !== undefined);
      for (const client of ['dig', 'kdig', 'curl']) {
        expect(commands.join('\n'), printed()).toMatch(new RegExp(`^${client} `, 'm'));
      }
      for (const command of commands) {
        const { code, stdout, stderr } = await network.inside('sh', '-c', command);
        if (command.includes('example.com'))
          expect(code, `${command}\n${stderr}`).toBe(CURL_COULD_NOT_RESOLVE);
        else expect(stdout, `${command}\n${stderr}`).toContain(HOUSE_PREFIX);
      }
    });

    test('says in words that internal names work and the rest does not, and why', () => {
      expect(printed()).toMatch(/internal names: work/i);
      expect(printed()).toMatch(/names of the world: do not work.*(network|unreach)/i);
    });

    test('answers internal names on each transport', async () => {
      const trust = ['+tls-ca=certs/ca.pem', '+tls-hostname=dns.home.arpa'];
      for (const command of [
        ['dig', '@127.0.0.1', '-p', '5300', '+short', NAS],
        ['dig', '@127.0.0.1', '-p', '5300', '+tcp', '+short', NAS],
        ['kdig', '@127.0.0.1', '-p', '8530', ...trust, '+short', NAS],
        ['kdig', '@127.0.0.1', '-p', '8443', '+https', ...trust, '+short', NAS],
      ]) {
        const { stdout, stderr } = await network.inside(...command);
        expect(stdout.trim(), `${command.join(' ')}\n${stderr}`).toBe(NAS_ADDRESS);
      }
    });

    test('answers a name of the world in time, with SERVFAIL and the reason', async () => {
      const command = ['dig', '@127.0.0.1', '-p', '5300', '+tries=1', '+time=6', 'www.example.com'];
      const { stdout } = await network.inside(...command);
      expect(stdout).toContain('SERVFAIL');
      expect(stdout).toMatch(/EDE: 2[23]/);
    });
  },
);

/** A command for a person stands at the end of a line, perhaps behind a prompt or a label. */
function commandIn(line: string): string | undefined {
  return /(?:^|\s)((?:dig|kdig|curl) .+)$/.exec(line)?.[1];
}
