// A publisher of a list that has turned bad, beside a server that is answering: whatever it sends, or does not send,
// clients notice nothing, the list of before goes on blocking, and memory stays where it was.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import { type Behaviour, honest, type ListServer, startListServer } from '../support/list-server.ts';
import { startLoad } from '../support/load.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { makePki } from '../support/upstreams.ts';

const PUBLISHER = 'lists.home.arpa';
const BLOCKED = 'ads.example';
const MEGABYTE = 1_000_000;
const GROWTH_MAX_OCTETS = 100 * MEGABYTE;
const SAMPLE_EVERY_MS = 50;
/** Long enough for some hundred queries, and for a fetch to begin. */
const LOAD_MS = 1_000;
/** A stalled fetch is given up after 15 s (docs/filtering.md). */
const GIVEN_UP_MS = 30_000;

const LINES = `${'# a comment that goes on and on\n'.repeat(2_000)}||other.example^\n`;

/** Each with what the log says when it has been seen through. */
const BAD: readonly (readonly [string, Behaviour, RegExp])[] = [
  [
    'promises more than it sends',
    (_, response) => {
      response.writeHead(200, { 'content-length': 10 * LINES.length }).write(LINES);
      setImmediate(() => response.socket?.end());
    },
    /broke off|closed the connection/,
  ],
  [
    'sends without end',
    (_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(LINES));
      };
      response.on('drain', pour);
      pour();
    },
    /it is longer than 67108864 octets/,
  ],
  ['stalls in the middle', (_, response) => void response.write(LINES), /nothing came for 15 s/],
];

describe('A publisher', () => {
  let publisher: ListServer;
  let noonmark: Noonmark;

  beforeAll(async () => {
    const pki = makePki();
    publisher = await startListServer(pki.issue({ names: [PUBLISHER] }), honest(`||${BLOCKED}^\n`));
    const url = `https://${PUBLISHER}:${publisher.port}/list`;
    noonmark = await startNoonmark({
      config: {
        zones: { 'home.arpa': { records: ['nas 300 A 192.168.1.20', 'lists A 127.0.0.1'] } },
        filter: { lists: [{ name: 'theirs', url, ca_file: pki.rootFile }] },
      },
    });
    await noonmark.process.waitForLine(/list read/);
  });

  afterAll(async () => {
    await noonmark?.stop();
    publisher?.close();
  });

  test.each(BAD)('that %s changes nothing', async (_, behave, told) => {
    const memory = watchMemory(noonmark.process.pid);
    publisher.behave = behave;
    const { length } = publisher.requests;
    noonmark.process.signal('SIGHUP');
    const clients = await Promise.all([noonmark.open('UDP'), noonmark.open('DoH')]);
    const load = startLoad(clients);
    await pause(LOAD_MS);
    const { asked, wrong } = await load.finish();
    for (const client of clients) client.close();
    expect(publisher.requests).toHaveLength(length + 1);
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(100);
    await noonmark.process.waitForLine(told, GIVEN_UP_MS);
    expect(memory.grownMost()).toBeLessThan(GROWTH_MAX_OCTETS);
    expect((await noonmark.ask(`www.${BLOCKED}`)).extendedErrors).toMatchObject([{ text: 'list "theirs"' }]);
  });
});

/** Resident memory of a process, looked at again and again until asked by how much it has grown at most. */
function watchMemory(pid: number): { grownMost(): number } {
  const octets = () =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
  const before = octets();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, octets());
  }, SAMPLE_EVERY_MS);
  return {
    grownMost() {
      clearInterval(timer);
      return most - before;
    },
  };
}
