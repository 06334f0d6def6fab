// The admin listener beyond loopback: TLS with certificates that are swapped while it runs, plain HTTP led to it, and every
// bound on who shakes hands. Real sockets, and a clock that the test moves. 0.0.0.0 is no loopback address; we come from one.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jsonAnswer } from '../../../src/admin/admin-answer.ts';
import { AdminConnection } from '../../../src/admin/admin-connection.ts';
import { AdminListener, type AdminListenerParts } from '../../../src/admin/admin-listener.ts';
import type { AdminRoutes } from '../../../src/admin/route.ts';
import { OPEN_ACCESS } from '../../../src/admin/routes.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import type { CertificateStore } from '../../../src/tls/certificate-store.ts';
import { DEFAULT_LIMITS, SERVER_NAME, served, storeOf } from '../../contract/front-doors.ts';
import { eventually } from '../../support/eventually.ts';
import { visit, visitRaw } from '../../support/http-visit.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const EVERYWHERE = { address: '0.0.0.0', port: 0, family: 4 } as const;
const LOOPBACK = { address: '127.0.0.1', port: 0, family: 4 } as const;
const LOOK_MS = 10_000;

const pki = createPki(temporaryDirectory('encrypted-admin'));
const ca = readFileSync(pki.rootFile, 'utf8');
const [first, second] = [pki.issue({ names: [SERVER_NAME] }), pki.issue({ names: [SERVER_NAME] })];

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
let clock: SimulatedClock;
let certificates: CertificateStore;
let listener: AdminListener;
let sockets: net.Socket[];

beforeEach(() => {
  clock = new SimulatedClock({ state: 'synchronized' });
  certificates = storeOf(first);
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listener.stop(0);
  vi.clearAllMocks();
});

const routes: AdminRoutes = {
  '/who': {
    method: 'GET',
    doors: 'both',
    access: 'anybody',
    answer: ({ isEncrypted, client, localAddress }) => jsonAnswer({ isEncrypted, client, localAddress }),
  },
};

async function open(parts: Partial<AdminListenerParts> = {}, limits = {}): Promise<number> {
  listener = new AdminListener({
    ...{ addresses: [EVERYWHERE], routes, access: OPEN_ACCESS, clock, log },
    allowedHosts: () => [SERVER_NAME],
    ...parts,
  });
  await listener.start();
  const limitLog = new LimitLog(log, clock);
  await listener.openEncrypted({ certificates, limits: { ...DEFAULT_LIMITS, ...limits }, limitLog });
  return listener.addresses.find(({ address }) => address === '0.0.0.0')?.port ?? 0;
}

/** A finished handshake; rejects where it is cut. */
async function shakeHands(port: number, options: tls.ConnectionOptions & net.TcpNetConnectOpts = { port }) {
  const socket = tls.connect({ host: '127.0.0.1', ca, servername: SERVER_NAME, ...options, port });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: net.Socket, path: string): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (part) => (text += part));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${SERVER_NAME}\r\n\r\n`);
  return eventually(() => (text.includes('\r\n\r\n') ? text : ''));
}

describe('loopback', () => {
  it('is served at once and without TLS; everything else once there is a certificate', async () => {
    listener = new AdminListener({
      ...{ addresses: [LOOPBACK, EVERYWHERE], routes, access: OPEN_ACCESS, clock, log },
      allowedHosts: () => [],
    });
    await listener.start();
    expect(listener.addresses.map(({ address }) => address)).toEqual(['127.0.0.1']);
    expect(listener.waiting).toEqual([]);
    const here = await visit(listener.addresses[0]!.port, '/who');
    expect(JSON.parse(here.body)).toMatchObject({ isEncrypted: false });
    await listener.listenOn([LOOPBACK, EVERYWHERE]); // a reload before that changes nothing
    expect(listener.addresses).toHaveLength(1);
    const limitLog = new LimitLog(log, clock);
    await listener.openEncrypted({ certificates, limits: DEFAULT_LIMITS, limitLog });
    expect(listener.addresses.map(({ address }) => address)).toEqual(['127.0.0.1', '0.0.0.0']);
  });
});

describe('over TLS', () => {
  it('it answers, and knows that it is TLS and who asks', async () => {
    const socket = await shakeHands(await open());
    const text = await ask(socket, '/who');
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toEqual({
      isEncrypted: true,
      client: '127.0.0.1',
      localAddress: '127.0.0.1',
    });
  });

  it('it speaks HTTP/1.1 and nothing else', async () => {
    const port = await open();
    const socket = await shakeHands(port, { port, ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    await expect(shakeHands(port, { port, ALPNProtocols: ['h2'] })).rejects.toThrow(/protocol/i);
  });

  it('it refuses TLS 1.1', async () => {
    const port = await open();
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(shakeHands(port, { port, ...old })).rejects.toThrow();
  });

  it('it shows a new certificate at once, and goes on with who is there', async () => {
    const port = await open();
    const before = await shakeHands(port);
    certificates.replace(served(second));
    const after = await shakeHands(port);
    const serial = (socket: tls.TLSSocket) => socket.getPeerCertificate().serialNumber;
    expect(serial(after)).not.toBe(serial(before));
    expect(await ask(before, '/who')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('it lets go of the certificates when it closes, and when an address cannot be bound', async () => {
    const unsubscribed = vi.fn();
    const onReplace = vi.spyOn(certificates, 'onReplace').mockImplementation(() => unsubscribed);
    const busy = net.createServer().listen(0, '0.0.0.0');
    await once(busy, 'listening');
    const { port } = busy.address() as net.AddressInfo;
    await open({ addresses: [EVERYWHERE, { ...EVERYWHERE, port }] });
    expect(onReplace).toHaveBeenCalledTimes(2);
    await eventually(() => unsubscribed.mock.calls.length === 1);
    expect(listener.waiting).toMatchObject([{ address: { port } }]);
    await listener.stop(0);
    await eventually(() => unsubscribed.mock.calls.length === 2);
    busy.close();
  });
});

describe('plain HTTP where TLS is spoken', () => {
  const get = (target: string, host = SERVER_NAME) =>
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

  it('is led to where it should be, and nothing is asked of it', async () => {
    const port = await open();
    const text = await visitRaw(port, get('/who?a=b', `${SERVER_NAME}:${port}`));
    expect(text).toMatch(/^HTTP\/1\.1 308 /);
    expect(text).toContain(`\r\nlocation: https://${SERVER_NAME}:${port}/who?a=b\r\n`);
    expect(text).not.toContain('isEncrypted');
  });

  it.each([
    ['a name that is not ours', get('/', 'rebound.example'), 421],
    ['a page elsewhere', get('/').replace('\r\n\r\n', '\r\nOrigin: http://a.example\r\n\r\n'), 403],
    ['no name at all', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a target that is none', get('http://a.example/'), 400],
    [
      'a form',
      `POST /login HTTP/1.1\r\nHost: ${SERVER_NAME}\r\nConnection: close\r\nContent-Length: 10\r\n\r\npassword=x`,
      400,
    ],
    ['what is no HTTP', 'hello\r\n\r\n', 400],
  ])('is refused with %s', async (_what, octets, status) => {
    const text = await visitRaw(await open(), octets);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).not.toMatch(/^location:/im);
  });
});

describe('the bounds', () => {
  const limits = { connections: 8, connectionsPerClient: 3, connectionIdleMs: 5000 };
  const quiet = (port: number) => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    return socket;
  };
  const closedOf = (sockets: readonly net.Socket[]) =>
    sockets.filter((socket) => socket.destroyed || socket.closed).length;

  it('count who says nothing, who is shaking hands, and who is served, all alike', async () => {
    const port = await open({ limits });
    const silent = quiet(port);
    const halfway = quiet(port);
    halfway.write(Buffer.from([22, 3, 1]));
    const waiting = [silent, halfway];
    for (const socket of waiting) socket.resume().on('end', () => socket.destroy());
    await shakeHands(port);
    await shakeHands(port);
    await eventually(() => closedOf(waiting) === 1);
    expect(log.warn).toHaveBeenCalledWith(
      'a limit is reached',
      expect.objectContaining({ limit: 'admin: connectionsPerClient' }),
    );
  });

  it.each(['over TLS', 'in plain HTTP'])('cut who sends requests without end %s', async (how) => {
    const taken = vi.spyOn(AdminConnection.prototype, 'take');
    const port = await open();
    const socket = how === 'over TLS' ? await shakeHands(port) : quiet(port);
    const closed = new Promise((resolve) => socket.resume().on('close', resolve));
    socket.on('error', () => {}).write('GET / HTTP/1.1\r\n\r\n'.repeat(3600));
    await closed;
    expect(taken.mock.calls.length).toBeGreaterThan(0);
    expect(taken.mock.calls.length).toBeLessThan(30);
    taken.mockRestore();
  });

  it('are counted apart for loopback: what comes from elsewhere takes no room there', async () => {
    const few = { connections: 1, connectionsPerClient: 1, connectionIdleMs: 5000 };
    const idle = await shakeHands(await open({ addresses: [LOOPBACK, EVERYWHERE], limits: few }));
    const loopback = listener.addresses.find(({ address }) => address === LOOPBACK.address)!;
    expect(await visit(loopback.port, '/who')).toMatchObject({ status: 200 });
    expect(await ask(idle, '/who')).toMatch(/^HTTP\/1\.1 200 /);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('cut who says nothing, who does not finish a handshake, and who asks nothing', async () => {
    const port = await open({ limits: { ...limits, connectionsPerClient: 8, connectionIdleMs: 60_000 } });
    const idle = await shakeHands(port);
    const [silent, slow, halfway] = [quiet(port), quiet(port), quiet(port)];
    slow.write('GET / HT');
    halfway.write(Buffer.from([22, 3, 1]));
    const all = [idle, silent, slow, halfway].map((socket) => socket.resume());
    const passesUntil = (count: number) => {
      const begunMs = clock.monotonic();
      const look = () => {
        clock.advance(1000);
        return closedOf(all) === count ? clock.monotonic() - begunMs : 0;
      };
      return eventually(look, { pauseMs: 5 });
    };
    expect(await passesUntil(1)).toBeGreaterThanOrEqual(LOOK_MS);
    expect(silent.destroyed).toBe(true);
    expect(await passesUntil(4)).toBeGreaterThan(LOOK_MS);
  });

  it('bound the handshakes of one client in a second', async () => {
    const port = await open({}, { handshakesPerClient: 2 });
    const from = { port, localAddress: '127.0.0.2' }; // 127.0.0.1 has no rate
    await shakeHands(port, from);
    await shakeHands(port, from);
    await expect(shakeHands(port, from)).rejects.toThrow();
    expect(log.warn).toHaveBeenCalledWith(
      'a limit is reached',
      expect.objectContaining({ limit: 'limits.handshakes_per_client' }),
    );
    clock.advance(1000);
    await shakeHands(port, from);
  });
});
