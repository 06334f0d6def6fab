// Outbound TLS against real servers on loopback: who is let in, who is not, and that a stranger gets no octet.
// Everything runs twice, with OpenSSL's judgement and with Node's own as the fall back.

import { mkdtempSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Agent, request } from 'undici';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  ClockUntrusted,
  ConnectTimedOut,
  createTlsConnector,
  type TlsConnector,
  type TlsTarget,
} from '../../../src/tls/connect.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { undiciConnect } from '../../../src/tls/undici-connect.ts';
import { PeerUntrusted } from '../../../src/tls/verdict.ts';
import { type CertificateSpec, createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { credentials, listen, NAME, startPeer, targetAt } from './tls-peers.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now(); // Node's own verification knows no other clock.

const directory = mkdtempSync(join(tmpdir(), 'noonmark-connect-'));
afterAll(() => rmSync(directory, { recursive: true }));

const pki = createPki(directory);
const anchors = TrustAnchors.fromFile(pki.rootFile);
const good = pki.issue({ names: [NAME], addresses: ['127.0.0.1'] });

const target = (port: number, more: Partial<TlsTarget> = {}) => targetAt(port, anchors, more);

const withoutOpenSsl = () => ({ openssl: null, reason: 'a test says so' });

/** Connects, and sends a query the moment it may: what a stranger would see of it is what the peer counts. */
async function ask(connector: TlsConnector, to: TlsTarget): Promise<string> {
  const { socket } = await connector.connect(to);
  socket.write('a query');
  const answer = await new Promise<string>((resolve) =>
    socket.once('data', (octets) => resolve(octets.toString())),
  );
  socket.destroy();
  return answer;
}

describe.each(['openssl', 'native'] as const)('with %s verification', (verification) => {
  const clock = new SimulatedClock({ epochMs: NOW });
  const connector = createTlsConnector({
    clock,
    ...(verification === 'native' ? { loadOpenSsl: withoutOpenSsl } : {}),
  });

  it('says which it is, and why', () => {
    expect(connector.verification).toBe(verification);
    expect(connector.reason).toBe(
      verification === 'openssl'
        ? 'OpenSSL judges certificates at the date of our own clock'
        : 'a test says so',
    );
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (version) => {
    const over = { minVersion: version, maxVersion: version } as const;

    it.each<[string, CertificateSpec, Partial<TlsTarget>]>([
      ['by its name', {}, {}],
      ['by its address', {}, { serverName: '127.0.0.1' }],
      ['by a wildcard', { names: ['*.example.test'] }, { serverName: 'dns.example.test' }],
      ['straight below the root', { issuer: pki.root }, {}],
      ['by the pin of its intermediate', {}, { pins: [pki.intermediate.pin] }],
    ])('a good peer is asked %s', async (_, spec, more) => {
      const peer = await startPeer(pki.issue({ names: [NAME], addresses: ['127.0.0.1'], ...spec }), over);
      expect(await ask(connector, target(peer.port, more))).toBe('a query');
      expect(peer.octets).toBe('a query'.length);
      expect(clock.pendingTimers).toBe(0);
    });

    it('a good peer is asked by the pin of its own key', async () => {
      const peer = await startPeer(good, over);
      expect(await ask(connector, target(peer.port, { pins: [good.pin] }))).toBe('a query');
    });

    const foreign = pki.authority({ subject: 'Foreign', issuer: 'self' });
    it.each<[string, CertificateSpec, Partial<TlsTarget>, RegExp]>([
      [
        'a wrong name',
        { names: ['other.example'] },
        {},
        /identity: the certificate is for other\.example, not dns\.example/,
      ],
      [
        'a wrong address',
        { addresses: ['127.0.0.2'] },
        { serverName: '127.0.0.1' },
        /identity: .*127\.0\.0\.2/,
      ],
      ['a common name only', { names: [], subject: NAME }, {}, /identity: the certificate names no host/],
      [
        'a partial wildcard',
        { names: ['d*.example.test'] },
        { serverName: 'dns.example.test' },
        /identity: /,
      ],
      [
        'a certificate that has expired',
        { notBefore: new Date(NOW - 9 * DAY_MS), notAfter: new Date(NOW - DAY_MS) },
        {},
        /dates: /,
      ],
      ['a certificate that is not valid yet', { notBefore: new Date(NOW + DAY_MS) }, {}, /dates: /],
      ['a foreign CA', { issuer: foreign }, {}, /chain: /],
      ['a certificate signed by itself', { issuer: 'self' }, {}, /chain: /],
      ['a certificate for clients', { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }, {}, /chain: /],
      [
        'another key than the pinned one',
        {},
        { pins: [`sha256/${Buffer.alloc(32).toString('base64')}`] },
        /identity: no key of its chain is pinned/,
      ],
      ['public roots that do not know it', {}, { anchors: TrustAnchors.public() }, /chain: /],
    ])('a peer with %s is refused, and gets no octet', async (_, spec, more, message) => {
      const peer = await startPeer(pki.issue({ names: [NAME], ...spec }), over);
      const refusal = await ask(connector, target(peer.port, more)).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(PeerUntrusted);
      expect((refusal as PeerUntrusted).message).toMatch(message);
      expect((refusal as PeerUntrusted).message).toContain(`127.0.0.1 port ${peer.port} is not trusted`);
      await peer.quiet();
      expect(peer.octets).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    });
  });

  it('a pinned certificate beside the chain, but not in it, is refused', async () => {
    const stranger = pki.issue({ names: ['stranger.example'] });
    const { cert, key } = credentials(good);
    const peer = await startPeer(good, { cert: Buffer.concat([cert, credentials(stranger).cert]), key });
    await expect(connector.connect(target(peer.port, { pins: [stranger.pin] }))).rejects.toBeInstanceOf(
      PeerUntrusted,
    );
  });

  it('tells the validity of the certificate', async () => {
    const [notBeforeMs, notAfterMs] = [NOW - DAY_MS, NOW + DAY_MS].map(
      (ms) => Math.floor(ms / 1000) * 1000,
    ) as [number, number];
    const dated = { notBefore: new Date(notBeforeMs), notAfter: new Date(notAfterMs) };
    const peer = await startPeer(pki.issue({ names: [NAME], ...dated }));
    const { socket, leaf } = await connector.connect(target(peer.port));
    socket.destroy();
    expect(leaf).toEqual({ notBeforeMs, notAfterMs });
  });

  it('sends a name as SNI, and no address', async () => {
    const peer = await startPeer(good);
    await ask(connector, target(peer.port));
    await ask(connector, target(peer.port, { serverName: '127.0.0.1' }));
    expect(peer.serverNames).toEqual([NAME, false]);
  });

  it('offers its protocols, and none when there are none', async () => {
    const peer = await startPeer(good, { ALPNProtocols: ['dot'] });
    for (const [alpn, chosen] of [
      [['dot'], 'dot'],
      [undefined, false],
    ] as const) {
      const { socket } = await connector.connect(target(peer.port, { alpn }));
      expect(socket.alpnProtocol).toBe(chosen);
      socket.destroy();
    }
  });

  it('resumes no session', async () => {
    const peer = await startPeer(good, { maxVersion: 'TLSv1.2' });
    for (let round = 0; round < 3; round++) await ask(connector, target(peer.port));
    expect(peer.resumed).toEqual([false, false, false]);
  });

  it('speaks nothing older than TLS 1.2', async () => {
    const peer = await startPeer(good, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    });
    await expect(ask(connector, target(peer.port))).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_SSL_/),
    });
  });

  it('survives a peer that hangs up right after the handshake', async () => {
    const server = createTlsServer(credentials(good), (socket) => socket.destroy());
    const { socket } = await connector.connect(target(await listen(server)));
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
    expect(socket.destroyed).toBe(true);
  });

  it('lets no error escape from a socket that was handed out', async () => {
    const peer = await startPeer(good);
    const { socket } = await connector.connect(target(peer.port));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // No listener for 'error' here: without one of its own, the socket would end the process.
    socket.destroy(new Error('cut off'));
    await closed;
  });

  it('passes on that nobody listens', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    await expect(connector.connect(target(port))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('passes on that a peer hangs up in the handshake', async () => {
    const port = await listen(createTcpServer((socket) => socket.destroy()));
    await expect(connector.connect(target(port))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('passes on that a peer does not speak TLS', async () => {
    const port = await listen(createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    await expect(connector.connect(target(port))).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_SSL_|EPROTO/),
    });
  });

  it('gives up on a silent peer when its time is over', async () => {
    const { port, greeted, hungUp } = await silentPeer();
    const attempt = connector.connect(target(port, { timeoutMs: 3000 }));
    attempt.catch(() => {});
    await greeted;
    clock.advance(2999);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    await expect(attempt).rejects.toThrow(ConnectTimedOut);
    await expect(attempt).rejects.toThrow(
      `${NAME} at 127.0.0.1 port ${port} did not finish its TLS handshake within 3000 ms`,
    );
    await hungUp;
  });

  it('says of a peer that is not there that it cannot be reached, and nothing of TLS', async () => {
    const attempt = connector.connect(target(853, { timeoutMs: 3000 }));
    clock.advance(3000); // before anything could come back
    await expect(attempt).rejects.toThrow(
      /^\S+ at 127\.0\.0\.1 port \d+ cannot be reached: no answer within 3000 ms$/,
    );
  });

  it('gives up when it is told to, with the reason that it was told', async () => {
    const { port, greeted, hungUp } = await silentPeer();
    const controller = new AbortController();
    const attempt = connector.connect(target(port, { signal: controller.signal }));
    attempt.catch(() => {});
    await greeted;
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(attempt).rejects.toBe(reason);
    await hungUp;
    expect(clock.pendingTimers).toBe(0);
    await expect(connector.connect(target(port, { signal: controller.signal }))).rejects.toBe(reason);
  });

  it('leaves a socket alone that was handed out before the signal', async () => {
    const peer = await startPeer(good);
    const controller = new AbortController();
    const { socket } = await connector.connect(target(peer.port, { signal: controller.signal }));
    controller.abort();
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it.each(['localhost', '127.0.0.1.', '', '127.0.0.1:53'])('connects to no name: %j', async (address) => {
    await expect(connector.connect(target(53, { address }))).rejects.toThrow(TypeError);
  });
});

/** Accepts and says nothing; `greeted` resolves when its client has spoken, `hungUp` when it is gone. */
async function silentPeer() {
  const greeted = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  const server = createTcpServer((socket) => {
    socket.on('data', () => greeted.resolve());
    socket.on('error', () => {});
    socket.once('close', () => hungUp.resolve());
  });
  return { port: await listen(server), greeted: greeted.promise, hungUp: hungUp.promise };
}

describe('the clock', () => {
  it.each([
    [
      '2045',
      Date.UTC(2045, 0, 1),
      /dates: the certificate ended on .*, and it was judged at 2045-01-01T00:00:00Z$/,
    ],
    ['1970', 0, /dates: the certificate begins on .*, and it was judged at 1970-01-01T00:00:00Z$/],
  ])('in the year %s fails the dates of a genuine peer, and nothing else', async (_, epochMs, message) => {
    const peer = await startPeer(good);
    const connector = createTlsConnector({ clock: new SimulatedClock({ epochMs }) });
    const refusal = await connector.connect(target(peer.port)).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      verdict: { identity: { ok: true }, chain: { ok: true }, dates: { ok: false } },
    });
    expect((refusal as Error).message).toMatch(message);
  });

  it('is the one that judges: an expired peer is good at its own time', async () => {
    const old = pki.issue({
      names: [NAME],
      notBefore: new Date(NOW - 9 * DAY_MS),
      notAfter: new Date(NOW - DAY_MS),
    });
    const peer = await startPeer(old);
    const connector = createTlsConnector({ clock: new SimulatedClock({ epochMs: NOW - 2 * DAY_MS }) });
    expect(await ask(connector, target(peer.port))).toBe('a query');
  });

  it.each([
    ['openssl', {}],
    ['native', { loadOpenSsl: withoutOpenSsl }],
  ])('forbids every connection while it is untrusted, with %s verification', async (_, parts) => {
    const peer = await startPeer(good);
    const clock = new SimulatedClock({ epochMs: NOW, state: 'untrusted' });
    const connector = createTlsConnector({ clock, ...parts });
    const refusal = await connector.connect(target(peer.port)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ClockUntrusted);
    expect(refusal).toMatchObject({
      code: 'clock-untrusted',
      message: expect.stringContaining('a test says so'),
    });
    expect(peer.serverNames).toEqual([]);
  });

  it('forbids a connection too that is under way when it becomes untrusted', async () => {
    const peer = await startPeer(good);
    const clock = new SimulatedClock({ epochMs: NOW });
    const attempt = ask(createTlsConnector({ clock }), target(peer.port));
    clock.setState('untrusted');
    await expect(attempt).rejects.toThrow(ClockUntrusted);
    await peer.quiet();
    expect(peer.octets).toBe(0);
  });
});

describe('undici over verified connections', () => {
  const connector = createTlsConnector({ clock: new SimulatedClock({ epochMs: NOW }) });
  const agent = (peers: Partial<Parameters<typeof undiciConnect>[1]> = {}, allowH2 = false) => {
    const addressOf = (host: string) => (host.endsWith('.example') ? '127.0.0.1' : undefined);
    const connect = undiciConnect(connector, { anchors, timeoutMs: 5000, addressOf, ...peers });
    const made = new Agent({ connect, allowH2 });
    onTestFinished(() => void made.destroy());
    return made;
  };
  const startHttps = async () => {
    const requests: string[] = [];
    const server = createHttpsServer(credentials(good), (incoming, response) => {
      requests.push(incoming.httpVersion);
      response.end('answer');
    });
    return { port: await listen(server), requests };
  };

  it('asks a good server, by name and by address', async () => {
    const { port } = await startHttps();
    for (const host of [NAME, '127.0.0.1']) {
      const { body } = await request(`https://${host}:${port}/dns-query`, { dispatcher: agent() });
      expect(await body.text()).toBe('answer');
    }
  });

  it('speaks HTTP/2 when both want it', async () => {
    const versions: string[] = [];
    const server = createSecureServer(credentials(good), (incoming, response) => {
      versions.push(incoming.httpVersion);
      response.end('answer');
    });
    const port = await listen(server);
    const { body } = await request(`https://${NAME}:${port}/`, {
      dispatcher: agent({ alpn: ['h2', 'http/1.1'] }, true),
    });
    expect(await body.text()).toBe('answer');
    expect(versions).toEqual(['2.0']);
  });

  it.each([
    [
      'a server of another name',
      (port: number) => `https://other.example:${port}/`,
      /is for dns\.example and 127\.0\.0\.1, not other\.example/,
    ],
    [
      'a host without a known address',
      (port: number) => `https://localhost:${port}/`,
      /no address is known for localhost/,
    ],
    [
      'a server without TLS',
      (port: number) => `http://${NAME}:${port}/`,
      /refused to connect to dns\.example without TLS/,
    ],
  ])('sends no request to %s', async (_, url, message) => {
    const { port, requests } = await startHttps();
    await expect(request(url(port), { dispatcher: agent() })).rejects.toThrow(message);
    expect(requests).toEqual([]);
  });
});
