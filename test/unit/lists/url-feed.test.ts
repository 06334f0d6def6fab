// A list from a URL, over real TLS on loopback, from servers honest and hostile. Whatever they do, what was there before
// stays, in use and on disk.

import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { keptFile } from '../../../src/lists/kept-list.ts';
import { List } from '../../../src/lists/list.ts';
import { pauseMs, UrlFeed } from '../../../src/lists/url-feed.ts';
import { createTlsConnector } from '../../../src/tls/connect.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { type Behaviour, honest, type ListServer, startListServer } from '../../support/list-server.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NAME = 'lists.example';
const HOUR_MS = 3_600_000;
const EVERY_MS = 24 * HOUR_MS;
/** Longer than any first pause with its jitter, shorter than any time-out. */
const FIRST_MS = 1_200;
const STALL_MS = 15_000;
const LIST = '0.0.0.0 a.example\n||b.example^\n';

const at = new SimulatedClock().now().epochMs;
const pki = createPki(temporaryDirectory('list-pki'), { at });
const good = pki.issue({ names: [NAME] });

let clock: SimulatedClock;
let stateDir: string;
let log: RecordedLog;
const closers: (() => void)[] = [];
beforeEach(() => {
  clock = new SimulatedClock();
  stateDir = temporaryDirectory('list-state');
  log = new RecordedLog();
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(
  behave: Behaviour,
  version?: 'h2' | 'http/1.1',
  certificate = good,
): Promise<ListServer> {
  const server = await startListServer(certificate, behave, version);
  closers.push(() => server.close());
  return server;
}

interface FeedOptions {
  readonly path?: string;
  readonly lookup?: (host: string) => Promise<string[]>;
}

function feed(
  { port }: ListServer,
  { path = '/ads.txt', lookup = async () => ['127.0.0.1'] }: FeedOptions = {},
) {
  const url = `https://${NAME}:${port}${path}`;
  const source = { kind: 'url', url, caFile: pki.rootFile } as const;
  const list = new List({ name: 'ads', allows: false, source, everyMs: EVERY_MS }, { clock, log });
  const tls = createTlsConnector({ clock });
  const fed = new UrlFeed({ url, caFile: pki.rootFile, list, stateDir, tls, lookup, clock, log });
  closers.push(() => fed.close());
  return { url, list, close: () => fed.close(), refetch: () => fed.refetch() };
}

const isScheduled = () => eventually(() => clock.pendingTimers > 0, { what: 'a next fetch' });
/** Lets the pause pass that is there before a first fetch. */
async function startFetch(): Promise<void> {
  await isScheduled();
  clock.advance(FIRST_MS);
}
/** Lets the pause pass that is there before the next fetch, and little more: a fetch has time-outs of its own. */
async function startNextFetch(): Promise<void> {
  await isScheduled();
  for (const waiting = clock.pendingTimers; clock.pendingTimers === waiting; ) clock.advance(FIRST_MS);
}
const hasProblem = (list: List, problem: string | RegExp) =>
  eventually(() => expect(list.report.problem).toMatch(problem) ?? true);
const isRead = (list: List, entries = 2) =>
  eventually(() => list.report.problem === null && list.report.entries === entries);

test.each(['h2', 'http/1.1'] as const)(
  'it is fetched over %s, kept on disk for this user alone, and asked for conditionally',
  async (version) => {
    const server = await serve(honest(LIST), version);
    const { list, url } = feed(server, { path: '/ads.txt?format=hosts' });
    await startFetch();
    await isRead(list);
    expect(list.report).toMatchObject({
      updatedAtMs: clock.now().epochMs,
      unread: 0,
      source: `https://${NAME}:${server.port}/ads.txt?…`,
    });
    const { path, headers } = server.requests[0]!;
    expect(path).toBe('/ads.txt?format=hosts');
    expect(headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['user-agent']));
    expect(headers['if-none-match']).toBeUndefined();

    const file = keptFile(stateDir, url);
    await eventually(() => statSync(file).isFile());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').startsWith(LIST)).toBe(true);
    expect(readdirSync(join(stateDir, 'lists'))).toHaveLength(1);

    const before = list.table;
    await startNextFetch();
    await eventually(() => list.report.updatedAtMs === clock.now().epochMs);
    expect(server.requests[1]!.headers).toMatchObject({
      'if-none-match': '"1"',
      'if-modified-since': 'Sun, 22 Nov 2026 18:00:00 GMT',
    });
    expect(list.table, 'unchanged').toBe(before);
    server.behave = honest(`${LIST}c.example\n`, '"2"');
    await startNextFetch();
    await isRead(list, 3);
  },
);

test('after a restart the copy counts at once, without the network, until it is due', async () => {
  const server = await serve(honest(LIST));
  const first = feed(server);
  await startFetch();
  await eventually(() => statSync(keptFile(stateDir, first.url)).isFile());
  first.close();
  server.close();
  const { list } = feed(server);
  await isRead(list);
  expect(list.report.updatedAtMs).toBeGreaterThan(0);
  await isScheduled();
  clock.advance(HOUR_MS);
  expect(server.requests).toHaveLength(1);
});

describe('somebody who wants it again', () => {
  it('has it asked for at once, conditionally, and the next fetch comes when it would have after that', async () => {
    const server = await serve(honest(LIST));
    const { list, refetch } = feed(server);
    await startFetch();
    await isRead(list);
    await isScheduled();
    clock.advance(HOUR_MS);
    refetch();
    await eventually(() => list.report.updatedAtMs === clock.now().epochMs);
    expect(server.requests[1]!.headers).toMatchObject({ 'if-none-match': '"1"' });
    await isScheduled();
    expect(clock.pendingTimers).toBe(1);
    clock.advance(EVERY_MS - 1);
    expect(server.requests).toHaveLength(2);
  });

  it('waits for no pause after a failure', async () => {
    const server = await serve((_, response) => void response.writeHead(503).end());
    const { list, refetch } = feed(server);
    await startFetch();
    await hasProblem(list, /503/);
    server.behave = honest(LIST);
    await isScheduled();
    refetch();
    await isRead(list);
  });

  it('gets no second fetch beside one that is under way, nor one before the time is known, nor after its end', async () => {
    const server = await serve(() => {});
    const { list, refetch, close } = feed(server);
    refetch(); // the copy is still being looked for
    await startFetch();
    await eventually(() => server.requests.length === 1);
    for (let time = 0; time < 10; time += 1) refetch();
    clock.advance(STALL_MS);
    await hasProblem(list, 'nothing came for 15 s');
    await isScheduled();
    clock.setState('untrusted');
    refetch();
    await hasProblem(list, 'before the time is known');
    clock.setState('synchronized');
    close();
    refetch();
    expect(clock.pendingTimers).toBe(0);
    expect(server.requests).toHaveLength(1);
  });
});

test('a torn copy is told of and fetched anew; a foreign file is left unread', async () => {
  const server = await serve(honest(LIST));
  const first = feed(server);
  await startFetch();
  const file = keptFile(stateDir, first.url);
  await eventually(() => statSync(file).isFile());
  first.close();
  for (const spoil of [
    () => truncateSync(file, 20),
    () => writeFileSync(file, Buffer.alloc(5000, 0xff)),
    () => writeFileSync(file, readFileSync(file, 'utf8').replace(NAME, 'other.example')),
    () => truncateSync(file),
  ]) {
    spoil();
    const requests = server.requests.length;
    const again = feed(server);
    await startFetch();
    await isRead(again.list);
    expect(server.requests[requests]!.headers['if-none-match']).toBeUndefined();
    await eventually(() => readFileSync(file, 'utf8').includes('# noonmark list 1'));
    again.close();
  }
  expect(log.lines.filter(({ line }) => line.includes('is torn or not ours'))).toHaveLength(4);
});

test('nothing is fetched while the clock is untrusted, and it is fetched when it is not any more', async () => {
  clock.setState('untrusted');
  const server = await serve(honest(LIST));
  const { list } = feed(server);
  await startFetch();
  await hasProblem(list, 'before the time is known');
  clock.advance(10 * EVERY_MS);
  expect(server.requests).toHaveLength(0);
  clock.setState('synchronized');
  await startFetch();
  await isRead(list);
});

test('a directory that cannot be written costs the copy and not the list', async () => {
  writeFileSync(join(stateDir, 'lists'), 'a file in its place');
  const server = await serve(honest(LIST));
  const { list } = feed(server);
  await startFetch();
  await isRead(list);
  await eventually(() =>
    log.lines.some(({ line }) => line.includes('a restart will have to fetch it again')),
  );
});

const redirect =
  (location: string, status = 302): Behaviour =>
  (_, response) =>
    void response.writeHead(status, { location }).end('moved');

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('of status %i are followed, each host verified', async (status) => {
    const server = await serve(honest(LIST));
    const mirror = pki.issue({ names: ['mirror.example'] });
    const elsewhere = await serve(honest(LIST), 'http/1.1', mirror);
    server.behave = redirect(`https://mirror.example:${elsewhere.port}/there.txt`, status);
    const { list } = feed(server);
    await startFetch();
    await isRead(list);
    expect(elsewhere.requests.map(({ path }) => path)).toEqual(['/there.txt']);
  });

  it('within a host may be relative, and three are followed', async () => {
    const server = await serve((request, response) => {
      const hop = Number(request.url!.slice(1));
      (hop < 3 ? redirect(String(hop + 1)) : honest(LIST))(request, response);
    });
    const { list } = feed(server, { path: '/0' });
    await startFetch();
    await isRead(list);
    expect(server.requests).toHaveLength(4);
  });

  it('to a host with another name in its certificate are refused', async () => {
    const elsewhere = await serve(honest(LIST));
    const server = await serve(redirect(`https://mirror.example:${elsewhere.port}/`));
    const { list } = feed(server);
    await startFetch();
    await hasProblem(list, /mirror\.example cannot be connected to/);
    expect(elsewhere.requests).toHaveLength(0);
  });
});

const HOSTILE: readonly (readonly [string, Behaviour, RegExp])[] = [
  ['redirects in a circle', redirect('/ads.txt'), /redirects more than 3 times/],
  ['redirects to plain HTTP', redirect('http://lists.example/'), /only https:\/\/ is followed/],
  ['redirects to a file', redirect('file:///etc/hosts'), /only https:\/\/ is followed/],
  ['redirects with a user name', redirect('https://a:b@lists.example/'), /only https:\/\/ is followed/],
  ['redirects to nowhere', redirect('https://['), /redirects to nowhere/],
  ['serves HTML', (_, response) => void response.end('<!DOCTYPE html><p>\nc.example\n'), /page of HTML/],
  [
    'serves a text without a name',
    (_, response) => void response.end('Service unavailable\n'),
    /holds no name/,
  ],
  ['serves nothing', (_, response) => void response.end(), /holds no name/],
  ['fails', (_, response) => void response.writeHead(503).end('c.example\n'), /HTTP status 503/],
  ['serves a part', (_, response) => void response.writeHead(206).end('c.example\n'), /HTTP status 206/],
  [
    'compresses',
    (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('c.example\n'),
    /compressed, which was not asked for/,
  ],
  [
    'ends before the length that it promised',
    (_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('c.example\n');
      setImmediate(() => response.socket?.end());
    },
    /broke off|closed/,
  ],
  [
    'hangs up in the middle of a chunked body',
    (_, response) => {
      response.write('c.example\n');
      setImmediate(() => response.socket?.destroy());
    },
    /broke off|closed/,
  ],
  ['hangs up at once', (_, response) => void response.socket?.destroy(), /broke off|closed/],
  [
    'promises more than is taken',
    (_, response) => void response.writeHead(200, { 'content-length': 2 ** 40 }).write('c.example\n'),
    /longer than/,
  ],
];

describe('a server that turns bad changes nothing: one that', () => {
  it.each(HOSTILE)('%s', async (_what, behave, problem) => {
    const server = await serve(honest(LIST));
    const { list, url } = feed(server);
    await startFetch();
    await isRead(list);
    const kept = readFileSync(keptFile(stateDir, url));
    server.behave = behave;
    await startNextFetch();
    await hasProblem(list, problem);
    expect(list.report.entries).toBe(2);
    expect(readFileSync(keptFile(stateDir, url)).equals(kept)).toBe(true);
    server.behave = honest(`${LIST}d.example\n`, '"2"');
    await startNextFetch();
    await isRead(list, 3);
  });

  it.each([
    ['never answers', (() => {}) as Behaviour],
    [
      'sends a header and no more',
      (_: unknown, response: Parameters<Behaviour>[1]) => void response.writeHead(200).flushHeaders(),
    ],
    [
      'stops in the middle',
      (_: unknown, response: Parameters<Behaviour>[1]) => void response.write('c.example\n'),
    ],
  ])('%s is left after a while', async (_what, behave) => {
    const server = await serve(behave);
    const { list } = feed(server);
    await startFetch();
    await eventually(() => server.requests.length === 1);
    clock.advance(STALL_MS);
    await hasProblem(list, 'nothing came for 15 s');
    expect(list.report.entries).toBe(0);
  });

  it('drips is left after five minutes', async () => {
    let drip = () => {};
    const server = await serve((_, response) => {
      drip = () => void response.write('c.example\n');
    });
    const { list } = feed(server);
    await startFetch();
    const look = () => {
      drip();
      clock.advance(3_000);
      return list.report.problem?.includes('within 300 s');
    };
    await eventually(look, { pauseMs: 10 });
  });

  it.each(['h2', 'http/1.1'] as const)(
    'never ends, over %s, is cut off at the limit, and nothing of it is left',
    async (version) => {
      const piece = `${'# a comment that goes on and on\n'.repeat(2000)}c.example\n`;
      const server = await serve((_, response) => {
        const pour = () => {
          while (!response.destroyed && response.write(piece));
        };
        response.on('drain', pour);
        pour();
      }, version);
      const { list } = feed(server);
      await startFetch();
      await hasProblem(list, /longer than 67108864 octets/);
      expect(list.report.entries).toBe(0);
      expect(readdirSync(join(stateDir, 'lists'))).toEqual([]);
    },
    60_000,
  );

  it('ends one octet behind the limit is refused as well', async () => {
    const piece = Buffer.alloc(2 ** 20, '#');
    const server = await serve((_, response) => {
      let pieces = 0;
      const pour = () => {
        while (pieces < 64) {
          pieces += 1;
          if (!response.write(piece)) return;
        }
        response.end('\n');
      };
      response.on('drain', pour);
      pour();
    });
    const { list } = feed(server);
    await startFetch();
    await hasProblem(list, /longer than 67108864 octets/);
  }, 60_000);

  it.each(['100', '5'])('promises %s octets over HTTP/2 and sends ten is refused', async (promised) => {
    const server = await serve(
      (_, response) => void response.writeHead(200, { 'content-length': promised }).end('c.example\n'),
      'h2',
    );
    const { list } = feed(server);
    await startFetch();
    await hasProblem(list, 'does not match content-length');
    expect(list.report.entries).toBe(0);
  });

  it('says that nothing has changed when nothing was fetched is not believed', async () => {
    const server = await serve((_, response) => void response.writeHead(304).end());
    const { list } = feed(server);
    await startFetch();
    await hasProblem(list, 'nothing was fetched before');
  });

  it('has a certificate of another name is never asked', async () => {
    const server = await serve(honest(LIST), 'http/1.1', pki.issue({ names: ['other.example'] }));
    const { list } = feed(server);
    await startFetch();
    await hasProblem(list, /lists\.example cannot be connected to/);
    expect(server.requests).toHaveLength(0);
  });
});

describe('a host that', () => {
  it('cannot be looked up is a problem in words', async () => {
    const server = await serve(honest(LIST));
    const { list } = feed(server, { lookup: () => Promise.reject(new Error('the name does not exist')) });
    await startFetch();
    await hasProblem(list, 'lists.example cannot be looked up: the name does not exist');
  });

  it('has no address is one too', async () => {
    const server = await serve(honest(LIST));
    const { list } = feed(server, { lookup: async () => [] });
    await startFetch();
    await hasProblem(list, 'lists.example has no address');
  });

  it('is never found is not waited for', async () => {
    const server = await serve(honest(LIST));
    const { list } = feed(server, { lookup: () => new Promise(() => {}) });
    await startFetch();
    clock.advance(STALL_MS);
    await hasProblem(list, 'nothing came for 15 s');
  });
});

test('when it is closed in the middle of a fetch, no timer, no file and no word is left', async () => {
  const server = await serve((_, response) => void response.write('c.example\n'));
  const { close } = feed(server);
  await startFetch();
  await eventually(() => readdirSync(stateDir).length > 0);
  close();
  await eventually(() => clock.pendingTimers === 0 && readdirSync(join(stateDir, 'lists')).length === 0);
  expect(log.lines).toEqual([]);
});

test.each([
  [EVERY_MS, 0, EVERY_MS],
  [EVERY_MS, 1, 15_000],
  [EVERY_MS, 4, 120_000],
  [EVERY_MS, 50, HOUR_MS],
  [HOUR_MS / 2, 50, HOUR_MS / 2],
])('with a period of %i ms and %i failures the pause is %i ms', (everyMs, failures, expected) => {
  expect(pauseMs(everyMs, failures)).toBe(expected);
});
