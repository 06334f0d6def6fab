// Webhook and ntfy against real servers on loopback, friendly and hostile: what they are sent, what each answer is worth,
// and that no word about any of it tells where a message goes beyond scheme and host.

import { chmodSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { NotifyUrlConfig } from '../../../src/config/config.ts';
import { type Channel, channelDigest, type Delivery } from '../../../src/notify/channel.ts';
import type { Message } from '../../../src/notify/message.ts';
import { Ntfy, ntfyForm } from '../../../src/notify/ntfy.ts';
import { Webhook, webhookBody } from '../../../src/notify/webhook.ts';
import { createTlsConnector } from '../../../src/tls/connect.ts';
import { eventually } from '../../support/eventually.ts';
import type { Behaviour } from '../../support/list-server.ts';
import {
  listenOn,
  type Received,
  type Sink,
  startPlainSink,
  startSecureSink,
} from '../../support/message-sink.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NAME = 'hooks.example';
const SECRET = 'kV7-secret';
const TARGET = `/api/${SECRET}?key=${SECRET}`;
const TOKEN = 'tk_abcdefgh1234';
const WHOLE_MS = 30_000;

const at = new SimulatedClock().now().epochMs;
const pki = createPki(temporaryDirectory('notify-pki'), { at });
const good = pki.issue({ names: [NAME], addresses: ['127.0.0.1'] });

const MESSAGE: Message = {
  ...{
    id: 'an-id',
    event: 'opened',
    title: 'dns: the time is not known',
    text: 'The time is not known.\nDo this',
  },
  priority: 'high',
  troubles: [
    {
      ...{ kind: 'clock', subject: 'untrusted', what: 'the time is not known' },
      ...{ since: '2027-01-01T00:00:00.000Z', sinceMs: 5_000, until: null, isOver: false },
      ...{ isSinceSure: true, isUntilSure: false },
      ...{ evidence: 'it says 1970', doThis: 'set it', lasted: null, lastedMs: null },
    },
  ],
  works: { works: ['internal names'], waits: ['all others'] },
  ...{ server: 'dns', version: '0.3.0' },
};

let clock: SimulatedClock;
const closers: (() => void)[] = [];
beforeEach(() => {
  clock = new SimulatedClock();
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const answer =
  (status: number, fields = {}): Behaviour =>
  (_, response) =>
    response.writeHead(status, fields).end('a body');

async function secureSink(behave: Behaviour, version?: 'h2' | 'http/1.1', certificate = good): Promise<Sink> {
  const sink = await startSecureSink(certificate, behave, version);
  closers.push(() => sink[Symbol.dispose]());
  return sink;
}

async function plainSink(behave: Behaviour, host?: string): Promise<Sink> {
  const sink = await startPlainSink(behave, host);
  closers.push(() => sink[Symbol.dispose]());
  return sink;
}

async function listening(server: Server): Promise<number> {
  const { port, close } = await listenOn(server);
  closers.push(close);
  return port;
}

function urlOf(port: number, more: Partial<NotifyUrlConfig> = {}): NotifyUrlConfig {
  return {
    ...{ kind: 'webhook', protocol: 'https', host: NAME, port, target: TARGET },
    ...{ addresses: [], caFile: pki.rootFile, tokenFile: null },
    ...more,
  };
}

const plain = (port: number, host = '127.0.0.1') =>
  urlOf(port, { protocol: 'http', host, addresses: [host], caFile: null });

interface Options {
  readonly kind?: typeof Webhook | typeof Ntfy;
  readonly lookup?: (host: string) => Promise<string[]>;
}

function channelTo(
  to: NotifyUrlConfig,
  { kind = Webhook, lookup = async () => ['127.0.0.1'] }: Options = {},
): Channel {
  return new kind({ to, place: 'notify[0]', tls: createTlsConnector({ clock }), lookup, clock });
}

const never = new AbortController().signal;

async function sent(to: NotifyUrlConfig, options?: Options): Promise<Delivery> {
  const channel = channelTo(to, options);
  const delivery = await channel.send(MESSAGE, never);
  expect(JSON.stringify([delivery, channel.name])).not.toMatch(new RegExp(`${SECRET}|${TOKEN}`));
  expect(clock.pendingTimers).toBe(0);
  return delivery;
}

function tokenFile(mode = 0o600): string {
  const file = join(temporaryDirectory('notify-token'), 'token');
  writeFileSync(file, `${TOKEN}\n`);
  chmodSync(file, mode);
  return file;
}

describe('A webhook', () => {
  test.each(['h2', 'http/1.1'] as const)('is sent JSON over %s, with a token', async (version) => {
    const sink = await secureSink(answer(200), version);
    const lookedUp: string[] = [];
    const lookup = async (host: string) => {
      lookedUp.push(host);
      return ['127.0.0.1'];
    };
    const to = urlOf(sink.port, { tokenFile: tokenFile() });
    expect(await sent(to, { lookup })).toEqual({ kind: 'delivered' });
    expect(lookedUp).toEqual([NAME]);
    const [{ method, path, headers, body }] = sink.received as [Received];
    expect([method, path]).toEqual(['POST', TARGET]);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      authorization: `Bearer ${TOKEN}`,
      'user-agent': 'Noonmark',
    });
    expect(JSON.parse(body)).toEqual({
      ...{ id: 'an-id', event: 'opened', title: 'dns: the time is not known', priority: 'high' },
      ...{ what: 'the time is not known', since: '2027-01-01T00:00:00.000Z' },
      ...{ evidence: 'it says 1970', doThis: 'set it', lasted: null, troubles: MESSAGE.troubles },
      ...{ stillWorks: ['internal names'], doesNot: ['all others'] },
      ...{ server: 'dns', version: '0.3.0', text: MESSAGE.text },
    });
  });

  it('with written addresses is not looked up', async () => {
    const sink = await secureSink(answer(204));
    const lookup = async () => Promise.reject(new Error('nobody should ask'));
    expect(await sent(urlOf(sink.port, { addresses: ['127.0.0.1'] }), { lookup })).toEqual({
      kind: 'delivered',
    });
  });

  test.each(['127.0.0.1', '::1'])('over plain HTTP to %s', async (host) => {
    const sink = await plainSink(answer(201), host);
    expect(await sent({ ...plain(sink.port, host), tokenFile: tokenFile() })).toEqual({ kind: 'delivered' });
    expect(sink.received).toMatchObject([
      { method: 'POST', path: TARGET, headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
    expect(sink.received[0]!.headers.host).toBe(`${host === '::1' ? '[::1]' : host}:${sink.port}`);
    expect(JSON.parse(sink.received[0]!.body)).toMatchObject({ id: 'an-id' });
  });

  test('of several troubles has the first at the top', () => {
    const [first] = MESSAGE.troubles as [Message['troubles'][number]];
    const body = webhookBody({ ...MESSAGE, troubles: [first, { ...first, what: 'b' }] });
    expect(body).toMatchObject({ what: 'the time is not known; b', evidence: 'it says 1970' });
    expect(webhookBody({ ...MESSAGE, troubles: [], title: 'dns: a test' })).toMatchObject({
      ...{ what: 'dns: a test', since: null, evidence: '', doThis: '', lasted: null },
    });
  });
});

describe('ntfy', () => {
  it('is sent the text, with title, priority and tags', async () => {
    const sink = await plainSink(answer(200));
    expect(await sent({ ...plain(sink.port), kind: 'ntfy', target: `/${SECRET}` }, { kind: Ntfy })).toEqual({
      kind: 'delivered',
    });
    expect(sink.received).toMatchObject([
      {
        ...{ method: 'POST', path: `/${SECRET}`, body: MESSAGE.text },
        headers: { title: 'dns: the time is not known', priority: '4', tags: 'rotating_light' },
      },
    ]);
  });

  test.each([
    ['opened', 'normal', '3', 'warning'],
    ['ended', 'normal', '3', 'white_check_mark'],
    ['passed', 'normal', '3', 'white_check_mark'],
    ['instant', 'normal', '3', 'warning'],
    ['test', 'normal', '3', 'bell'],
  ] as const)('%s, %s', (event, priority, number, tags) => {
    expect(ntfyForm({ ...MESSAGE, event, priority }).headers).toMatchObject({ priority: number, tags });
  });

  test('a title that is not ASCII is encoded, and a text that is too long is cut between characters', () => {
    const { headers, body } = ntfyForm({ ...MESSAGE, title: 'dns: Ärger', text: 'ü'.repeat(3_000) });
    expect(headers.title).toBe(`=?UTF-8?B?${Buffer.from('dns: Ärger').toString('base64')}?=`);
    expect(body).toBe(`${'ü'.repeat(2_000)}…`);
    expect(ntfyForm({ ...MESSAGE, text: `x${'ü'.repeat(3_000)}` }).body).toBe(`x${'ü'.repeat(1_999)}…`);
  });
});

describe('An answer of', () => {
  const then = 'then `noonmark notify test`';
  test.each([
    [301, `redirects are not followed: write the URL that it leads to in notify[0]; ${then}`],
    [400, `look at the URL in notify[0], and at what that server expects; ${then}`],
    [401, `it wants to know who sends: write a token into a file, and \`token_file\` in notify[0]; ${then}`],
    [404, `look whether the URL in notify[0] is whole, and whether what it means is still there; ${then}`],
    [410, `look whether the URL in notify[0] is whole, and whether what it means is still there; ${then}`],
  ])('%i is given up, at once or when it is heard for a while', async (status, doThis) => {
    const sink = await secureSink(answer(status, { location: '/elsewhere' }));
    expect(await sent(urlOf(sink.port))).toEqual({
      ...{ kind: 'refused', reason: `it answers with the HTTP status ${status}`, doThis },
      ...(status === 404 || status === 410 ? { isPerhapsPassing: true } : {}),
    });
    expect(sink.received).toHaveLength(1);
  });

  it('403 to who has shown a token speaks of the token', async () => {
    const sink = await secureSink(answer(403));
    expect(await sent(urlOf(sink.port, { tokenFile: tokenFile() }))).toMatchObject({
      ...{ kind: 'refused', isPerhapsPassing: true },
      doThis: `look whether the token of notify[0] is still good, and good for this; ${then}`,
    });
  });

  test.each([408, 425, 429, 500, 502, 503])('%i is tried again', async (status) => {
    const sink = await plainSink(answer(status));
    expect(await sent(plain(sink.port))).toEqual({
      ...{ kind: 'failed', reason: `it answers with the HTTP status ${status}` },
    });
  });

  test.each([
    ['90', 90_000],
    ['999999', 3_600_000],
    ['-1', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('429 with Retry-After: %s', async (value, retryAfterMs) => {
    const sink = await secureSink(answer(429, { 'retry-after': value }));
    expect(await sent(urlOf(sink.port))).toEqual({
      ...{ kind: 'failed', reason: 'it answers with the HTTP status 429' },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  });
});

describe('A hostile or broken sink', () => {
  /** Never ends its body, and notices when nobody reads it any more. */
  function endless(): { readonly behave: Behaviour; readonly isLeft: () => boolean } {
    let isLeft = false;
    const behave: Behaviour = (_, response) => {
      response.on('close', () => {
        isLeft = true;
      });
      response.writeHead(200);
      const go = () => {
        while (!isLeft && response.write('x'.repeat(65_536)));
      };
      response.on('drain', go);
      go();
    };
    return { behave, isLeft: () => isLeft };
  }

  test.each(['h2', 'http/1.1'] as const)('whose body has no end over %s is left', async (version) => {
    const { behave, isLeft } = endless();
    const sink = await secureSink(behave, version);
    expect(await sent(urlOf(sink.port))).toEqual({ kind: 'delivered' });
    await eventually(isLeft, { what: 'an end of the connection' });
    expect(sink.received).toHaveLength(1);
  });

  test('the same over plain HTTP', async () => {
    const { behave, isLeft } = endless();
    const sink = await plainSink(behave);
    expect(await sent(plain(sink.port))).toEqual({ kind: 'delivered' });
    await eventually(isLeft, { what: 'an end of the connection' });
  });

  test.each(['https', 'http'] as const)(
    'that is silent over %s is waited for, and then not',
    async (protocol) => {
      const sink = protocol === 'https' ? await secureSink(() => {}) : await plainSink(() => {});
      const sending = channelTo(protocol === 'https' ? urlOf(sink.port) : plain(sink.port)).send(
        MESSAGE,
        never,
      );
      await eventually(() => sink.received.length === 1, { what: 'the message' });
      clock.advance(WHOLE_MS);
      expect(await sending).toEqual({ kind: 'failed', reason: 'it did not answer within 30 s' });
      expect(clock.pendingTimers).toBe(0);
    },
  );

  test.each([
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['hangs up on the question', (socket: Socket) => socket.on('data', () => socket.destroy())],
    ['speaks no HTTP', (socket: Socket) => socket.end('SSH-2.0-x\r\n')],
    ['has header fields without end', (socket: Socket) => fill(socket, 'HTTP/1.1 200 OK\r\n', 'a: b\r\n')],
    ['answers before it is asked, twice', (socket: Socket) => socket.end('HTTP/1.1 999 x\r\n\r\n'.repeat(2))],
  ])('that %s over plain HTTP is a failure', async (_, behave) => {
    const port = await listening(createTcpServer(behave));
    const delivery = await sent(plain(port));
    expect(delivery.kind).not.toBe('delivered');
    expect((delivery as { reason: string }).reason).toMatch(/^it /);
  });

  function fill(socket: Socket, head: string, line: string): void {
    socket.write(head);
    const go = () => {
      while (!socket.destroyed && socket.write(line.repeat(1_000)));
    };
    socket.on('drain', go);
    go();
  }

  test('nobody is there', async () => {
    const port = await listening(createTcpServer());
    for (const close of closers.splice(0)) close();
    expect(await sent(plain(port))).toEqual({
      kind: 'failed',
      reason: `it cannot be connected to: ECONNREFUSED 127.0.0.1:${port} (nothing listens there)`,
    });
    expect(await sent(urlOf(port))).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^hooks\.example cannot be connected to: /),
    });
  });

  test('a name that nobody knows', async () => {
    const lookup = async () => Promise.reject(new Error('the name does not exist'));
    expect(await sent(urlOf(443), { lookup })).toEqual({
      kind: 'failed',
      reason: 'hooks.example cannot be looked up: the name does not exist',
    });
  });

  test.each([
    ['of another name', { names: ['other.example'] }],
    ['that has ended', { names: [NAME], notAfter: new Date(at - 1_000) }],
    ['of another CA', { names: [NAME], issuer: 'self' as const }],
  ])('with a certificate %s is not told anything', async (_, spec) => {
    const sink = await secureSink(answer(200), 'http/1.1', pki.issue(spec));
    expect(await sent(urlOf(sink.port))).toMatchObject({ kind: 'failed' });
    expect(sink.received).toEqual([]);
  });
});

describe('Before anything is sent', () => {
  it('a token that everybody may read is refused', async () => {
    const sink = await secureSink(answer(200));
    expect(await sent(urlOf(sink.port, { tokenFile: tokenFile(0o644) }))).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/readable by everybody on the machine; run: chmod o-r/),
    });
    expect(sink.received).toEqual([]);
  });

  it('a CA file has to be there', async () => {
    expect(await sent(urlOf(1, { caFile: '/nowhere/ca.pem' }))).toMatchObject({ kind: 'failed' });
  });

  test.each(['https', 'http'] as const)('the server may stop: %s', async (protocol) => {
    const sink = protocol === 'https' ? await secureSink(() => {}) : await plainSink(() => {});
    const closing = new AbortController();
    const to = protocol === 'https' ? urlOf(sink.port) : plain(sink.port);
    const sending = channelTo(to).send(MESSAGE, closing.signal);
    await eventually(() => sink.received.length === 1, { what: 'the message' });
    closing.abort(new Error('the server stops'));
    await expect(sending).rejects.toThrow('the server stops');
    expect(clock.pendingTimers).toBe(0);
  });
});

test('two places have two digests, which tell nothing of them', () => {
  const digests = [
    channelDigest(urlOf(443)),
    channelDigest(urlOf(443, { target: '/other' })),
    channelDigest(urlOf(443, { kind: 'ntfy' })),
    channelDigest(urlOf(8443)),
    channelDigest({ kind: 'command', program: '/bin/true' }),
  ];
  expect(new Set(digests).size).toBe(5);
  for (const digest of digests) expect(digest).toMatch(/^[\da-f]{32}$/);
  expect(channelDigest(urlOf(443, { caFile: null, tokenFile: '/t' }))).toBe(digests[0]);
});
