// An NTP source against a scripted server on loopback: what it asks, what it takes, what it ignores and how it gives up.
// The clock stands still, so that a wait ends when the story says so.

import { createSocket, type Socket } from 'node:dgram';
import { getEventListeners, once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import type { NtpKey } from '../../../src/timesync/ntp-mac.ts';
import { NtpSource, type NtpSourceParts } from '../../../src/timesync/ntp-source.ts';
import { ANSWER_WITHIN_MS, TimeSourceFailure } from '../../../src/timesync/source.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';
import {
  kissOf,
  NTP_SCRIPTS,
  type NtpScript,
  type NtpServer,
  type NtpServerOptions,
  replayed,
  replyWith,
  sourceParts,
  startNtpServer,
} from '../../support/ntp-server.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const HEADER_OCTETS = 48;
const NOON_MS = HARD_FLOOR_MS + 30 * 86_400_000;
const KEY: NtpKey = { id: 5, type: 'SHA1', secret: Buffer.from('tulip') };

const servers: NtpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const never = () => new AbortController().signal;

async function stage(options: NtpServerOptions = {}, parts: Partial<NtpSourceParts> = {}) {
  const clock = new SimulatedClock();
  const server = await startNtpServer({ now: () => NOON_MS, ...options });
  servers.push(server);
  const source = new NtpSource(sourceParts(server, clock, parts));
  return { clock, server, source };
}

async function failureOf(sampling: Promise<unknown>): Promise<TimeSourceFailure> {
  const failure = await sampling.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TimeSourceFailure);
  return failure as TimeSourceFailure;
}

describe('whom it asks', () => {
  it('is told by address and port, with the name in front where one was configured', () => {
    const clock = new SimulatedClock();
    const at = { address: '192.0.2.1', port: 123 };
    const v6 = { address: '2001:db8::1', port: 123 };
    expect(new NtpSource(sourceParts(at, clock)).peer).toBe('192.0.2.1:123');
    expect(new NtpSource(sourceParts(v6, clock, { url: 'ntp://[2001:db8::1]' })).peer).toBe(
      '[2001:db8::1]:123',
    );
    const named = sourceParts(at, clock, { url: 'ntp://time.example' });
    expect(new NtpSource(named).peer).toBe('time.example at 192.0.2.1:123');
  });

  it('has a vote of its own, or that of its operator', () => {
    const clock = new SimulatedClock();
    const at = { address: '192.0.2.1', port: 123 };
    expect(new NtpSource(sourceParts(at, clock)).vote).toBe('192.0.2.1:123');
    expect(new NtpSource(sourceParts(at, clock, { operator: 'torix' })).vote).toBe('torix');
  });
});

describe('a question', () => {
  it('shows nothing but a nonce, another one each time, from another port', async () => {
    const { server, source } = await stage();
    for (let round = 0; round < 3; round += 1) await source.sample(never());
    const [first, ...others] = server.questions;
    const blank = Buffer.from(first!.packet).fill(0, 40);
    expect(blank).toEqual(Buffer.concat([Buffer.of(0x23), Buffer.alloc(HEADER_OCTETS - 1)]));
    const nonces = server.questions.map(({ packet }) => packet.subarray(40).toString('hex'));
    expect(new Set(nonces).size).toBe(3);
    expect(others.some(({ from }) => from.port !== first!.from.port)).toBe(true);
  });

  it('is never put to a name, whatever the system could make of it', async () => {
    const clock = new SimulatedClock();
    const source = new NtpSource(sourceParts({ address: 'localhost', port: 123 }, clock));
    const failure = await failureOf(source.sample(never()));
    expect(failure).toMatchObject({ code: 'silent', message: 'localhost is not an address' });
  });
});

describe('a sample', () => {
  it.each([['127.0.0.1'], ['::1']])('comes from an honest server at %s', async (address) => {
    const { source, clock } = await stage({ address });
    const atMs = clock.monotonic();
    await expect(source.sample(never())).resolves.toMatchObject({ utcMs: NOON_MS, atMs, delayMs: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('says what the server believes, even before the floor and after 2036', async () => {
    for (const epochMs of [Date.UTC(1970, 0, 1, 0, 0, 9), Date.UTC(2037, 5, 1)]) {
      const { source } = await stage({ now: () => epochMs });
      expect((await source.sample(never())).utcMs).toBe(epochMs);
    }
  });

  it('leaves nothing behind on a signal that many rounds share', async () => {
    const { source } = await stage();
    const signal = never();
    await source.sample(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('is measured between the sending and the coming', async () => {
    const { source, server, clock } = await stage();
    server.script = (_question, write) => {
      clock.advance(200);
      return [write()];
    };
    const atMs = clock.monotonic() + 100;
    await expect(source.sample(never())).resolves.toMatchObject({ atMs, delayMs: 200 });
  });

  it('is refused where the answer took over a second', async () => {
    const { source, server, clock } = await stage();
    server.script = (_question, write) => {
      clock.advance(1100);
      return [write()];
    };
    const failure = await failureOf(source.sample(never()));
    expect(failure).toMatchObject({ code: 'refused', message: 'its answer took 1100 ms, more than 1000 ms' });
  });

  it('is refused where the server takes its time from us, by the addresses of this moment', async () => {
    const own: string[] = [];
    const { source } = await stage({}, { ownAddresses: () => own });
    await source.sample(never());
    own.push('192.0.2.99');
    expect((await failureOf(source.sample(never()))).message).toContain('from this very host (192.0.2.99)');
  });

  it('is no sample but a kiss where the server sends one', async () => {
    const { source } = await stage({ script: kissOf('RATE') });
    expect(await failureOf(source.sample(never()))).toMatchObject({ code: 'kiss', kiss: 'RATE' });
  });
});

const FORGED: readonly (readonly [string, NtpScript, RegExp])[] = [
  ['of another origin', NTP_SCRIPTS.wrongOrigin, /not to our question/],
  ['of another mode', replyWith({ mode: 5 }), /no server's reply/],
  ['that is too short', NTP_SCRIPTS.short, /too short/],
  ['that is too long', (_question, write) => [Buffer.concat([write(), Buffer.alloc(20)])], /too long/],
  ['of garbage', NTP_SCRIPTS.garbage, /too short; no server's reply/],
  [
    'with a kiss and another origin',
    replyWith({ stratum: 0, origin: Buffer.alloc(8) }),
    /not to our question/,
  ],
];

describe('a forged reply', () => {
  it.each(FORGED)('%s is ignored, and the right one behind it taken', async (_what, forge) => {
    const { source, server } = await stage();
    server.script = async (question, write) => [...(await forge(question, write)), write()];
    expect((await source.sample(never())).utcMs).toBe(NOON_MS);
  });

  it.each(FORGED)(
    '%s does not end the wait, and is told of when it has ended',
    async (_what, forge, words) => {
      const { source, server, clock } = await stage();
      server.script = forge;
      const failing = failureOf(source.sample(never()));
      await eventually(() => server.repliesSent > 0);
      await sweep(server);
      clock.advance(ANSWER_WITHIN_MS);
      const failure = await failing;
      expect(failure.code).toBe('silent');
      expect(failure.message).toMatch(words);
    },
  );

  it('that repeats an old answer is ignored', async () => {
    const { source, server, clock } = await stage();
    server.script = replayed();
    await source.sample(never());
    const failing = failureOf(source.sample(never()));
    await eventually(() => server.repliesSent === 2);
    await sweep(server);
    clock.advance(ANSWER_WITHIN_MS);
    expect((await failing).message).toContain('not to our question');
  });

  it('from another port of the same address never arrives', async () => {
    const { source, server } = await stage();
    const forger = createSocket('udp4');
    server.script = async (_question, write) => {
      const { port, address } = server.questions.at(-1)!.from;
      const forged = write({ receiveMs: NOON_MS + 9e9, transmitMs: NOON_MS + 9e9 });
      await new Promise((sent) => forger.send(forged, port, address, sent));
      return [write()];
    };
    expect((await source.sample(never())).utcMs).toBe(NOON_MS);
    await closed(forger);
  });

  it('that comes twice, or after the end, harms nobody', async () => {
    const { source, server } = await stage();
    server.script = (_question, write) => [write(), write(), write()];
    const [one, two] = [await source.sample(never()), await source.sample(never())];
    expect(one.utcMs).toBe(NOON_MS);
    expect(two.utcMs).toBe(NOON_MS);
  });
});

describe('with a key', () => {
  const signed = { key: KEY };

  it('the question carries its MAC, and a reply with the right one is a sample', async () => {
    const { source, server } = await stage(signed, signed);
    expect(source.isAuthenticated).toBe(true);
    expect((await source.sample(never())).utcMs).toBe(NOON_MS);
    const { packet } = server.questions[0]!;
    expect(packet.readUInt32BE(HEADER_OCTETS)).toBe(KEY.id);
    expect(packet).toHaveLength(HEADER_OCTETS + 24);
  });

  it.each<[string, NtpScript]>([
    ['without a MAC', replyWith({ key: null })],
    ['with the MAC of another text', replyWith({ key: { ...KEY, secret: Buffer.from('rose') } })],
    ['with the MAC of another number', replyWith({ key: { ...KEY, id: 6 } })],
    ['with the MAC of another type', replyWith({ key: { ...KEY, type: 'MD5' } })],
    ['of a kiss without a MAC', replyWith({ key: null, stratum: 0, refid: Buffer.from('DENY') })],
    ['of a MAC over other octets', (_question, write) => [flipped(write(), 1)]],
  ])('a reply %s is ignored, and the wait ends with the reason', async (_what, script) => {
    const { source, server, clock } = await stage({ ...signed, script }, signed);
    const failing = failureOf(source.sample(never()));
    await eventually(() => server.repliesSent === 1);
    await sweep(server);
    clock.advance(ANSWER_WITHIN_MS);
    expect((await failing).message).toContain('ignored: without the right MAC of key 5');
    server.script = async (question, write) => [...(await script(question, write)), write()];
    expect((await source.sample(never())).utcMs).toBe(NOON_MS);
  });

  it('a crypto-NAK is told of in words, and forged ones keep nothing from us', async () => {
    const nak: NtpScript = (_question, write) => [Buffer.concat([write({ key: null }), Buffer.alloc(4)])];
    const { source, server, clock } = await stage({ ...signed, script: nak }, signed);
    const failing = failureOf(source.sample(never()));
    await eventually(() => server.repliesSent === 1);
    await sweep(server);
    clock.advance(ANSWER_WITHIN_MS);
    expect((await failing).message).toContain('a crypto-NAK: it does not know our key 5');
    server.script = async (question, write) => [...(await nak(question, write)), write()];
    expect((await source.sample(never())).utcMs).toBe(NOON_MS);
  });

  it('and only then, a source is authenticated', async () => {
    const { source } = await stage();
    expect(source.isAuthenticated).toBe(false);
  });
});

describe('the end of a wait', () => {
  it('comes in time, when the server is silent', async () => {
    const { source, server, clock } = await stage({ script: NTP_SCRIPTS.silent });
    const failing = failureOf(source.sample(never()));
    await eventually(() => server.questions.length === 1);
    clock.advance(ANSWER_WITHIN_MS - 1);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    expect(await failing).toMatchObject({ code: 'silent', message: 'no answer within 1500 ms' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('comes at once, when the port is closed', async () => {
    const clock = new SimulatedClock();
    const source = new NtpSource(sourceParts({ address: '127.0.0.1', port: await freePort() }, clock));
    const failure = await failureOf(source.sample(never()));
    expect(failure.code).toBe('silent');
    expect(failure.message).toMatch(/ECONNREFUSED \(nothing listens there\)/);
    expect(clock.pendingTimers).toBe(0);
  });

  it('comes at once, when the address cannot be sent to', async () => {
    const clock = new SimulatedClock();
    // Broadcast is refused to a socket that did not ask for it.
    const source = new NtpSource(sourceParts({ address: '255.255.255.255', port: 123 }, clock));
    expect((await failureOf(source.sample(never()))).code).toBe('silent');
  });

  it('comes at once by the signal, with its reason, and closes the socket', async () => {
    const { source, server, clock } = await stage({ script: NTP_SCRIPTS.silent });
    const giveUp = new AbortController();
    const sampling = source.sample(giveUp.signal);
    await eventually(() => server.questions.length === 1);
    giveUp.abort(new Error('the round is over'));
    await expect(sampling).rejects.toThrow('the round is over');
    expect(clock.pendingTimers).toBe(0);
    await isFree(server.questions[0]!.from.port);
  });

  it('comes before anything is sent, when the signal was there first', async () => {
    const { source, server } = await stage();
    await expect(source.sample(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(server.questions).toHaveLength(0);
  });
});

/** Everything sent to the source before this has been read: the loop has turned with its datagrams in the queue. */
async function sweep(server: NtpServer): Promise<void> {
  const echo = createSocket('udp4');
  echo.bind(0, '127.0.0.1');
  await once(echo, 'listening');
  const arrived = once(echo, 'message');
  echo.send('turn', echo.address().port, server.address);
  await arrived;
  await new Promise(setImmediate);
  await closed(echo);
}

/** Resolves when the port can be bound. */
function isFree(port: number): Promise<unknown> {
  return eventually(async () => {
    const socket = createSocket('udp4');
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    await closed(socket);
    return true;
  });
}

async function closed(socket: Socket): Promise<void> {
  const over = once(socket, 'close');
  socket.close();
  await over;
}

function flipped(packet: Buffer, at: number): Buffer {
  packet[at]! ^= 1;
  return packet;
}
