// The way in for a CA that looks for tls-alpn-01, in front of the DoH listener: who sees the challenge's certificate, that
// all others are served as ever meanwhile, and every bound on those who are looked at. Real sockets, and a clock that the
// test moves.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SocketAddress } from '../../../src/config/config.ts';
import { DohListener } from '../../../src/listener/doh.ts';
import type { ListenerParts } from '../../../src/listener/listener.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { makeAlpnCertificate } from '../../../src/tls/alpn-certificate.ts';
import { ACME_TLS_PROTOCOL } from '../../../src/tls/alpn-challenges.ts';
import type { CertificateStore } from '../../../src/tls/certificate-store.ts';
import {
  ADDRESS,
  DEFAULT_LIMITS,
  DOORS,
  SERVER_NAME,
  storeOf,
  TinyResolver,
  type Visitor,
} from '../../contract/front-doors.ts';
import { makeQuery, readReply } from '../../support/dns-message.ts';
import { eventually } from '../../support/eventually.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const LOOK_MS = 10_000;
const LOOKED_AT_MAX = 64;
const GRACE_MS = 4500;
/** Longer than anything else here. */
const IDLE_MS = 60_000;
const SWEEP_MS = 1000;
/** id-pe-acmeIdentifier (RFC 8737 section 6.1) as an OBJECT IDENTIFIER, and "critical" behind it. */
const CRITICAL_ACME_IDENTIFIER = Buffer.from('06082b0601050507011f0101ff', 'hex');

const pki = createPki(temporaryDirectory('challenge-door'));
const ordinary = pki.issue({ names: [SERVER_NAME] });
const ca = readFileSync(pki.rootFile, 'utf8');
const httpDoors = DOORS.filter(({ transport }) => transport === 'doh');

let clock: SimulatedClock;
let certificates: CertificateStore;
let listener: DohListener;
let address: SocketAddress;
let takeDown: () => void;
let sockets: net.Socket[];
let visitors: Visitor[];

beforeEach(() => {
  clock = new SimulatedClock();
  certificates = storeOf(ordinary);
  sockets = [];
  visitors = [];
});
afterEach(async () => {
  for (const { close } of visitors) close();
  for (const socket of sockets) socket.destroy();
  await stop();
});

async function open(limits: Partial<ListenerParts['limits']> = {}): Promise<void> {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  listener = new DohListener({
    ...{
      addresses: [{ address: '127.0.0.1', port: 0, family: 4 }],
      resolver: new TinyResolver(),
      clock,
      log,
      limitLog: new LimitLog(log, clock),
    },
    ...{
      limits: { ...DEFAULT_LIMITS, connectionsPerClient: 200, connectionIdleMs: IDLE_MS, ...limits },
      certificates,
    },
  });
  await listener.start();
  address = listener.addresses[0]!;
}

async function stop(): Promise<void> {
  const stopped = listener.stop(GRACE_MS);
  await new Promise(setImmediate);
  clock.advance(GRACE_MS);
  await stopped;
}

/** The certificate that is shown now. */
async function showChallenge(): Promise<X509Certificate> {
  const made = await makeAlpnCertificate(SERVER_NAME, 'token.thumbprint');
  takeDown = certificates.challenges.show(SERVER_NAME, made);
  return new X509Certificate(made.certificatePem);
}

/** A raw connection that the server has taken in hand. */
async function connect(): Promise<net.Socket> {
  const timers = clock.pendingTimers;
  const socket = net.connect({ host: address.address, port: address.port });
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  if (!certificates.challenges.isEmpty)
    await eventually(() => clock.pendingTimers > timers || socket.destroyed);
  return socket;
}

/** However it comes about. */
function closeOf(socket: net.Socket): Promise<unknown> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
}

const CA = { ALPNProtocols: [ACME_TLS_PROTOCOL], servername: SERVER_NAME };

interface Seen {
  /** DER of the certificate that was shown; null: none. */
  readonly certificate: Buffer | null;
  readonly protocol: string | false | null;
  /** Octets that came over the connection until it closed. */
  readonly said: number;
}

/** What a client sees who waits until the server closes, or until it has seen the certificate. */
async function visitAs(options: tls.ConnectionOptions, isPatient = false): Promise<Seen> {
  const { address: host, port } = address;
  const socket = tls.connect({ host, port, rejectUnauthorized: false, ...options });
  sockets.push(socket);
  socket.on('error', () => {});
  let said = 0;
  socket.on('data', (octets) => (said += octets.length));
  const closed = closeOf(socket);
  await Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), closed]);
  const certificate = socket.getPeerX509Certificate()?.raw ?? null;
  const protocol = socket.alpnProtocol;
  if (isPatient) await closed;
  else socket.destroy();
  return { certificate, protocol, said };
}

const isOrdinary = ({ certificate }: Seen) => certificate?.equals(ordinary.der[0]!) ?? false;

async function expectAnswered(): Promise<void> {
  for (const door of httpDoors) {
    const visitor = await door.visit(address, ca);
    visitors.push(visitor);
    const reply = await visitor.ask(makeQuery('www.example'));
    expect(readReply(reply!).answers, door.name).toEqual([`A ${ADDRESS}`]);
  }
}

describe('while a challenge is shown', () => {
  let shown: X509Certificate;
  beforeEach(async () => {
    await open();
    shown = await showChallenge();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a CA sees its certificate and nothing else, over %s',
    async (version) => {
      const seen = await visitAs({ ...CA, minVersion: version, maxVersion: version }, true);
      expect(seen).toMatchObject({ protocol: ACME_TLS_PROTOCOL, said: 0 });
      expect(seen.certificate!.includes(CRITICAL_ACME_IDENTIFIER)).toBe(true);
      expect(seen.certificate!.equals(shown.raw)).toBe(true);
      await eventually(() => clock.pendingTimers === 0);
    },
  );

  it('a CA that does not close its side is let go of all the same', async () => {
    const raw = net.connect({ host: address.address, port: address.port, allowHalfOpen: true });
    sockets.push(raw);
    const socket = tls.connect({ socket: raw, rejectUnauthorized: false, ...CA });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    await eventually(() => clock.pendingTimers === 0);
  });

  it('a CA that falls silent in mid-handshake is cut like any idle client', async () => {
    const socket = await connect();
    socket.write(await helloOf(CA));
    const [answer] = await once(socket, 'data');
    expect(answer[0]).toBe(22); // the server's hello
    clock.advance(IDLE_MS + SWEEP_MS);
    await closeOf(socket);
  });

  it('DoH is answered over both versions of HTTP', async () => {
    await expectAnswered();
  });

  it.each<[string, tls.ConnectionOptions]>([
    ['DoH', { ALPNProtocols: ['h2', 'http/1.1'], servername: SERVER_NAME }],
    ['that protocol beside another', { ALPNProtocols: ['h2', ACME_TLS_PROTOCOL], servername: SERVER_NAME }],
    ['that protocol behind another', { ALPNProtocols: [ACME_TLS_PROTOCOL, 'h2'], servername: SERVER_NAME }],
    ['something like it', { ALPNProtocols: ['http/1.1', 'acme-tls/10'], servername: SERVER_NAME }],
    ['nothing', { servername: SERVER_NAME }],
    ['nothing, and asks for no name', {}],
  ])('who offers %s sees the ordinary certificate', async (_what, options) => {
    expect(isOrdinary(await visitAs(options))).toBe(true);
  });

  it.each<[string, tls.ConnectionOptions]>([
    ['no name', {}],
    ['another name', { servername: 'other.example' }],
    ['a name below', { servername: `www.${SERVER_NAME}` }],
  ])('a CA that asks for %s sees no certificate', async (_what, options) => {
    const seen = await visitAs({ ALPNProtocols: [ACME_TLS_PROTOCOL], ...options }, true);
    expect(seen.certificate).toBeNull();
    await eventually(() => clock.pendingTimers === 0);
  });

  it('a name is found in whichever case', async () => {
    expect(
      (await visitAs({ ...CA, servername: SERVER_NAME.toUpperCase() }, true)).certificate,
    ).not.toBeNull();
  });

  it.each([
    ['a CA', CA],
    ['another client', { ALPNProtocols: ['h2'], servername: SERVER_NAME }],
  ])('a hello that comes octet by octet is waited for: %s', async (_who, options) => {
    const raw = await connect();
    raw.setNoDelay(true);
    const slow = new Duplex({
      read: () => {},
      async write(octets: Buffer, _encoding, done) {
        for (const octet of octets) {
          raw.write(Uint8Array.of(octet));
          await new Promise(setImmediate);
        }
        done();
      },
    });
    raw.on('data', (octets) => slow.push(octets));
    raw.on('close', () => slow.push(null));
    const seen = await visitAs({ socket: slow, ...options });
    expect(seen.protocol).toBe(options.ALPNProtocols[0]);
    expect(isOrdinary(seen)).toBe(options !== CA);
  });

  it.each([0, 1, 40])('who sends %i octets and then nothing is cut after ten seconds', async (octets) => {
    const socket = await connect();
    socket.write((await helloOf(CA)).subarray(0, octets));
    await new Promise(setImmediate);
    clock.advance(LOOK_MS - 1);
    await expectAnswered();
    expect(socket.closed).toBe(false);
    socket.resume();
    clock.advance(1);
    await closeOf(socket);
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['with a FIN', (socket) => socket.end()],
    ['with a RST', (socket) => socket.resetAndDestroy()],
  ])('who leaves in mid-hello, %s, leaves nothing behind', async (_how, leave) => {
    for (let one = 0; one <= LOOKED_AT_MAX; one += 1) {
      const socket = await connect();
      socket.write(Buffer.of(22, 3, 1, 2));
      leave(socket);
      await eventually(() => clock.pendingTimers === 0, { pauseMs: 1 });
    }
    expect((await visitAs(CA)).certificate).not.toBeNull();
  });

  it('sixty-four are looked at, and the next is let through unread', async () => {
    const silent: net.Socket[] = [];
    for (let one = 0; one < LOOKED_AT_MAX; one += 1) silent.push(await connect());
    expect(isOrdinary(await visitAs({ servername: SERVER_NAME }))).toBe(true);
    const overflowing = await visitAs(CA);
    expect(overflowing.protocol).not.toBe(ACME_TLS_PROTOCOL);
    await expectAnswered();
    silent[7]!.destroy();
    await eventually(async () => (await visitAs(CA)).protocol === ACME_TLS_PROTOCOL);
  });

  it('once it is withdrawn, a CA that is being looked at sees no certificate, and others are answered', async () => {
    const hello = await helloOf(CA);
    const late = await connect();
    late.write(hello.subarray(0, 40));
    const finish = await visitHalf();
    takeDown();
    expect(certificates.challenges.isEmpty).toBe(true);
    let answer = Buffer.alloc(0);
    late.on('data', (octets: Buffer) => (answer = Buffer.concat([answer, octets])));
    late.write(hello.subarray(40));
    await closeOf(late);
    expect(answer[0] ?? 21).toBe(21); // an alert, or not even that
    expect(isOrdinary(await finish())).toBe(true);
    await expectAnswered();
  });
});

/** An ordinary client that stops within its hello; finishes when called. */
async function visitHalf(): Promise<() => Promise<Seen>> {
  const raw = await connect();
  let rest: (() => void) | null = null;
  const halting = new Duplex({
    read: () => {},
    write(octets: Buffer, _encoding, done) {
      if (rest !== null) {
        raw.write(octets, () => done());
        return;
      }
      raw.write(octets.subarray(0, 40));
      rest = () => raw.write(octets.subarray(40), () => done());
    },
  });
  raw.on('data', (octets) => halting.push(octets));
  const seen = visitAs({ socket: halting, servername: SERVER_NAME, ALPNProtocols: ['http/1.1'] });
  await eventually(() => rest !== null);
  return () => {
    rest!();
    return seen;
  };
}

/** The octets of a whole hello. */
async function helloOf(options: tls.ConnectionOptions): Promise<Buffer> {
  const hello = Promise.withResolvers<Buffer>();
  const client = tls.connect({
    socket: new Duplex({ read: () => {}, write: (octets: Buffer) => hello.resolve(octets) }),
    ...options,
  });
  client.on('error', () => {});
  return hello.promise;
}

describe('while none is shown', () => {
  it('nobody is looked at, and a CA sees no protocol of its own', async () => {
    await open();
    await connect();
    await eventually(() => clock.pendingTimers > 0);
    expect(clock.pendingTimers).toBe(1); // the connection table's
    await expectAnswered();
    expect((await visitAs(CA)).protocol).not.toBe(ACME_TLS_PROTOCOL);
  });

  it('connections that stood before a challenge came go on', async () => {
    await open();
    const visitor = await httpDoors[0]!.visit(address, ca);
    visitors.push(visitor);
    await showChallenge();
    expect(readReply((await visitor.ask(makeQuery('www.example')))!).answers).toEqual([`A ${ADDRESS}`]);
  });
});

describe('those who are looked at', () => {
  it('count once, also when they turn out to be ordinary clients', async () => {
    await open({ connectionsPerClient: 1 });
    await showChallenge();
    for (const door of httpDoors) {
      const visitor = await door.visit(address, ca);
      expect(readReply((await visitor.ask(makeQuery('www.example')))!).answers).toEqual([`A ${ADDRESS}`]);
      visitor.close();
      await eventually(() => clock.pendingTimers === 0);
    }
  });

  it('count as connections of their client: the idlest makes room', async () => {
    await open({ connectionsPerClient: 2 });
    await showChallenge();
    const first = await connect();
    clock.advance(1);
    const second = await connect();
    clock.advance(1);
    await expectAnswered();
    first.resume();
    second.resume();
    await eventually(() => first.closed);
  });

  it('are cut when the server stops, which then holds nothing any more', async () => {
    let followers = 0;
    certificates.onReplace = () => {
      followers += 1;
      return () => {
        followers -= 1;
      };
    };
    await open();
    expect(followers).toBe(1);
    await showChallenge();
    const silent = [await connect(), await connect()];
    silent[1]!.write(Buffer.of(22, 3));
    for (const socket of silent) socket.resume();
    await listener.stop(GRACE_MS);
    await Promise.all(silent.map(closeOf));
    await eventually(() => followers === 0);
    expect(clock.pendingTimers).toBe(0);
    const [refused] = await once(net.connect({ host: address.address, port: address.port }), 'error');
    expect(refused.code).toBe('ECONNREFUSED');
  });
});
