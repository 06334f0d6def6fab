// A six-day certificate through twenty renewals under a simulated clock, behind real DoT and DoH listeners: somebody shakes
// hands all the time and judges what is shown at that clock's date, and two clients stay connected from the first day on.

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Issuance } from '../../../src/acme/issuance.ts';
import { MemoryStorage } from '../../../src/acme/memory-storage.ts';
import type { Clock } from '../../../src/clock/clock.ts';
import { TrueClock } from '../../../src/clock/true-clock.ts';
import { FrameReader } from '../../../src/dns/framing.ts';
import { DohListener } from '../../../src/listener/doh.ts';
import type { ListenerParts } from '../../../src/listener/listener.ts';
import { StreamListener } from '../../../src/listener/stream.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { createLog } from '../../../src/observe/log.ts';
import { CertificateStore } from '../../../src/tls/certificate-store.ts';
import { createTlsConnector, type TlsConnector } from '../../../src/tls/connect.ts';
import { loadOpenSsl } from '../../../src/tls/openssl.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { ADDRESS, DEFAULT_LIMITS, TinyResolver } from '../../contract/front-doors.ts';
import { makeQuery, readReply } from '../../support/dns-message.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedCa } from '../../support/simulated-ca.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIFETIME_MS = 6 * DAY_MS;
const RENEWALS = 20;
const STEP_MS = 4 * HOUR_MS;
const NAME = 'dns.home.example';

const simulated = new SimulatedClock({ state: 'synchronized' });
const real = new TrueClock();
/** The date of the story; time-outs of sockets are real. */
const mixed: Clock = {
  monotonic: () => real.monotonic(),
  now: () => simulated.now(),
  status: simulated.status,
  floorMs: simulated.floorMs,
  onStateChange: (listener) => simulated.onStateChange(listener),
  after: (ms, action) => real.after(ms, action),
  every: (ms, action) => real.every(ms, action),
};
const ca = new SimulatedCa({ clock: simulated, lifetimeMs: LIFETIME_MS });
const log = createLog(simulated, { level: 'error', format: 'text', write: (line) => problems.push(line) });
const problems: string[] = [];
const closing = new AsyncDisposableStack();

let connector: TlsConnector;
let anchors: TrustAnchors;
let ports: { readonly dot: number; readonly doh: number };
let issuance: Issuance;
let served = 0;
/** Of the certificate that was served last. */
let newestEndsMs = 0;

const isQuiet = () => eventually(() => issuance.report.nextLookInMs !== null, { pauseMs: 1 });

beforeAll(async () => {
  let store: CertificateStore | null = null;
  issuance = new Issuance({
    ...{ names: [NAME], storage: new MemoryStorage(), clock: simulated, log },
    config: {
      ...{ directory: ca.directory, staging: null, addresses: [], caFile: null, email: null, profile: null },
      ...{
        keyType: 'P-256',
        challenge: 'http-01',
        httpPort: 80,
        dns: null,
        propagationMs: 0,
        takeOver: null,
      },
    },
    holdBack: async () => null,
    tools: {
      openHttp: () => ca as never,
      solverFor: () => ({ type: 'http-01', show: async () => {}, clear: async () => {} }),
      openssl: () => loadOpenSsl().openssl,
    },
    serve: (certificate) => {
      served += 1;
      newestEndsMs = certificate.notAfterMs;
      if (store === null) store = new CertificateStore(certificate);
      else store.replace(certificate);
    },
  });
  closing.defer(() => issuance.close());
  await issuance.load();
  issuance.start();
  simulated.advance(1_000);
  await eventually(() => store !== null, { what: 'the first certificate' });
  anchors = TrustAnchors.fromPem(ca.rootPem);
  connector = createTlsConnector({ clock: mixed });
  const parts: Omit<ListenerParts, 'addresses'> = {
    ...{
      resolver: new TinyResolver(),
      clock: real,
      log,
      limits: { ...DEFAULT_LIMITS, connectionIdleMs: DAY_MS },
      limitLog: new LimitLog(log, real),
    },
  };
  const addresses = [{ address: '127.0.0.1', port: 0, family: 4 }] as const;
  const listeners = [
    new StreamListener({ ...parts, addresses, certificates: store! }),
    new DohListener({ ...parts, addresses, certificates: store! }),
  ];
  for (const listener of listeners) {
    await listener.start();
    closing.defer(() => listener.stop(0));
  }
  const [dot, doh] = listeners.map((listener) => listener.addresses[0]!.port);
  ports = { dot: dot!, doh: doh! };
});
afterAll(() => closing.disposeAsync());

const open = (port: number, alpn: string) =>
  connector.connect({
    address: '127.0.0.1',
    port,
    serverName: NAME,
    anchors,
    alpn: [alpn],
    timeoutMs: 10_000,
  });

/** Asks over DoT, and again over the same connection. */
async function stayOverDot(): Promise<() => Promise<unknown>> {
  const { socket } = await open(ports.dot, 'dot');
  closing.defer(() => void socket.destroy());
  return async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const reader = new FrameReader();
    const read = (octets: Buffer) => reader.push(octets, resolve);
    socket.on('data', read);
    const query = makeQuery('a.example');
    socket.write(Buffer.concat([Buffer.of(query.length >> 8, query.length & 0xff), query]));
    const reply = await promise;
    socket.off('data', read);
    return readReply(Buffer.from(reply)).answers[0];
  };
}

/** The same over HTTP/1.1. */
async function stayOverDoh(): Promise<() => Promise<unknown>> {
  const { socket } = await open(ports.doh, 'http/1.1');
  closing.defer(() => void socket.destroy());
  return async () => {
    socket.write(
      `GET /dns-query?name=a.example HTTP/1.1\r\nhost: ${NAME}\r\naccept: application/dns-json\r\n\r\n`,
    );
    const [octets] = (await once(socket, 'data')) as [Buffer];
    return octets.toString();
  };
}

test('not one handshake fails, and no connection is dropped', { timeout: 60_000 }, async () => {
  const askOverDot = await stayOverDot();
  const askOverDoh = await stayOverDoh();
  const failures: string[] = [];
  const seen = new Set<number>();
  let handshakes = 0;
  let isOver = false;
  const shakeHands = async (port: number, alpn: string) => {
    while (!isOver) {
      await open(port, alpn).then(
        ({ socket, leaf }) => {
          handshakes += 1;
          seen.add(leaf.notAfterMs);
          socket.destroy();
        },
        (error: Error) => failures.push(error.message),
      );
    }
  };
  const crowd = [
    shakeHands(ports.dot, 'dot'),
    shakeHands(ports.doh, 'h2'),
    shakeHands(ports.doh, 'http/1.1'),
  ];
  while (served < RENEWALS + 1) {
    const before = served;
    simulated.advance(STEP_MS);
    await isQuiet();
    if (served === before) continue;
    expect(await askOverDot()).toContain(ADDRESS);
    expect(await askOverDoh()).toContain(ADDRESS);
    await eventually(() => seen.has(newestEndsMs) || failures.length > 0, {
      what: 'a handshake with the new one',
    });
  }
  isOver = true;
  await Promise.all(crowd);
  expect(failures).toEqual([]);
  expect(problems).toEqual([]);
  expect(ca.orders).toHaveLength(RENEWALS + 1);
  expect(seen.size).toBeGreaterThanOrEqual(RENEWALS);
  expect(handshakes).toBeGreaterThan(RENEWALS);
  expect(simulated.now().epochMs).toBeGreaterThan(RENEWALS * 3 * DAY_MS);
});
