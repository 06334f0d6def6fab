// Blocking and rewriting in the real server, with a list from a file, one from an HTTPS server of the test's own, and a
// group of clients that has none of them. Every syntax and every lie of a list server is in test/unit/lists.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { honest, type ListServer, startListServer } from '../support/list-server.ts';
import {
  type ConfigTree,
  MAIN_FILE,
  NODE,
  type Noonmark,
  startNoonmark,
  TRANSPORTS,
} from '../support/noonmark.ts';
import { dig } from '../support/peers/dig.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import { run } from '../support/running.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

const EDE_BLOCKED = 15;
/** The host of the list that is fetched: a name of the house, so that our own resolver finds it. */
const PUBLISHER = 'lists.home.arpa';
const ADS = `ads.${WILD_ZONE}`;
const TRACKER = `tracker.${WILD_ZONE}`;
const FINE = `fine.${ADS}`;

describe.skipIf(!havePeers('unbound', 'dig'))('A filter', () => {
  let upstream: TrustedUnbound;
  let publisher: ListServer;
  let noonmark: Noonmark;
  let config: ConfigTree;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    publisher = await startListServer(
      upstream.pki.issue({ names: [PUBLISHER] }),
      honest(`! a list\n||${TRACKER}^\n`),
    );
    config = {
      upstreams: upstream.upstreams,
      zones: { 'home.arpa': { records: ['lists A 127.0.0.1', 'portal A 192.168.1.9'] } },
      filter: {
        lists: [
          { name: 'mine', file: 'mine.txt' },
          {
            ...{ name: 'theirs', ca_file: upstream.pki.rootFile },
            url: `https://${PUBLISHER}:${publisher.port}/list`,
          },
        ],
        rewrites: { [`portal.${WILD_ZONE}`]: 'portal.home.arpa' },
        groups: [{ name: 'workshop', clients: ['127.0.0.2'], lists: [] }],
      },
    };
    noonmark = await startNoonmark({
      config,
      prepare: (directory) => writeFileSync(join(directory, 'mine.txt'), `||${ADS}^\n@@||${FINE}^\n`),
    });
    await noonmark.process.waitForLine(/list read.*theirs/);
  });

  afterAll(async () => {
    await noonmark?.stop();
    publisher?.close();
    await upstream?.unbound.stop();
  });

  const configFile = () => join(noonmark.directory, 'noonmark.yaml');

  test.each(TRANSPORTS)('blocks by both lists over %s, says which, and asks nobody', async (transport) => {
    for (const [name, list] of [
      [`${transport}.${ADS}`, 'mine'],
      [`${transport}.${TRACKER}`, 'theirs'],
    ] as const) {
      const reply = await noonmark.ask(name, 'A', { transport });
      expect([reply.rcode, reply.answers]).toEqual(['NXDOMAIN', []]);
      expect(reply.extendedErrors).toEqual([{ code: EDE_BLOCKED, text: `list "${list}"` }]);
      expect(upstream.unbound.saw(name.toLowerCase())).toBe(false);
    }
  });

  test('leaves exceptions and all other names alone', async () => {
    for (const name of [FINE, `other.${WILD_ZONE}`])
      expect((await noonmark.ask(name)).answers).toEqual([`A ${WILD_ADDRESS}`]);
  });

  test('follows a rewrite to a name of the house', async () => {
    const { answers } = await noonmark.ask(`portal.${WILD_ZONE}`);
    expect(answers).toEqual(['CNAME portal.home.arpa', 'A 192.168.1.9']);
  });

  test('does not concern a client whose group has no lists', async () => {
    const from = async (client: string) =>
      (await dig(noonmark.ports.dns, `group.${ADS}`, 'A', '-b', client)).status;
    expect([await from('127.0.0.1'), await from('127.0.0.2')]).toEqual(['NXDOMAIN', 'NOERROR']);
  });

  test('is explained: list, rule and group', async () => {
    const explained = async (client: string) => {
      const args = ['query', `x.${ADS}`, '--explain', '--client', client, '--config', configFile()];
      return (await run(NODE, [MAIN_FILE, ...args])).stdout;
    };
    expect(await explained('127.0.0.1')).toContain(`list "mine" blocks x.${ADS}. (rule ||${ADS}^)`);
    expect(await explained('127.0.0.2')).not.toContain('mine');
  });

  test('asks for the list again on SIGHUP, for changes only, and not when the configuration has changed', async () => {
    noonmark.writeConfig({ ...config, limits: { udp_payload: 1000 } });
    await noonmark.process.waitForLine(/reloaded.*limits/);
    expect(publisher.requests).toHaveLength(1);
    noonmark.process.signal('SIGHUP');
    await eventually(() => publisher.requests.length === 2, { what: 'a second request' });
    expect(publisher.requests[1]!.headers).toMatchObject({ 'if-none-match': '"1"' });
    publisher.behave = honest(`||${TRACKER}^\n||later.${WILD_ZONE}^\n`, '"2"');
    expect((await noonmark.ask(`a.later.${WILD_ZONE}`)).rcode).toBe('NOERROR');
    noonmark.process.signal('SIGHUP');
    await eventually(async () => (await noonmark.ask(`b.later.${WILD_ZONE}`)).rcode === 'NXDOMAIN');
  });

  test('keeps the list through a restart without its publisher, and takes a changed file over', async () => {
    publisher.close();
    await using again = await startNoonmark({
      config: {
        upstreams: upstream.upstreams,
        state_dir: join(noonmark.directory, 'state'),
        filter: {
          lists: [
            { name: 'mine', file: join(noonmark.directory, 'mine.txt') },
            {
              ...{ name: 'theirs', ca_file: upstream.pki.rootFile },
              url: `https://${PUBLISHER}:${publisher.port}/list`,
            },
          ],
        },
      },
    });
    const rcodeOf = async (name: string) => (await again.ask(name)).rcode;
    await eventually(async () => (await rcodeOf(`kept.${TRACKER}`)) === 'NXDOMAIN');
    expect(await rcodeOf(`new.${WILD_ZONE}`)).toBe('NOERROR');
    writeFileSync(join(noonmark.directory, 'mine.txt'), `||new.${WILD_ZONE}^\n`);
    await eventually(async () => (await rcodeOf(`new.${WILD_ZONE}`)) === 'NXDOMAIN');
    expect(await rcodeOf(`old.${ADS}`)).toBe('NOERROR');
  });
});
