// What the date of a certificate may and may not do: relaxed connections while the clock is untrusted, and handshakes
// that only hear what a peer's certificate says. Real servers on loopback; everything else about connecting is in
// connect.test.ts.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClockState } from '../../../src/clock/clock.ts';
import {
  ClockUntrusted,
  createTlsConnector,
  type GenuinePeer,
  type TlsConnector,
  type TlsTarget,
} from '../../../src/tls/connect.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { PeerUntrusted } from '../../../src/tls/verdict.ts';
import { type CertificateSpec, createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { NAME, startPeer, targetAt } from './tls-peers.ts';

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
const AT = Math.floor(Date.now() / SECOND_MS) * SECOND_MS; // Node's own verification knows no other clock.
const FLOOR_MS = AT - 40 * DAY_MS;

const directory = mkdtempSync(join(tmpdir(), 'noonmark-relaxed-'));
afterAll(() => rmSync(directory, { recursive: true }));

const pki = createPki(directory, { at: AT });
const anchors = TrustAnchors.fromFile(pki.rootFile);
const foreign = pki.authority({ subject: 'Foreign', issuer: 'self' });
const issue = (spec: CertificateSpec = {}) => pki.issue({ names: [NAME], ...spec });
const good = issue();
const target = (port: number, more: Partial<TlsTarget> = {}) => targetAt(port, anchors, more);

let clock: SimulatedClock;
let connector: TlsConnector;
let genuine: GenuinePeer[];
let stopHearing: () => void;
beforeEach(() => {
  use(new SimulatedClock({ epochMs: 0, state: 'untrusted' }));
});

function use(next: SimulatedClock, parts = {}): void {
  clock = next;
  connector = createTlsConnector({ clock, ...parts });
  genuine = [];
  stopHearing = connector.onGenuinePeer((peer) => genuine.push(peer));
}

const withoutOpenSsl = { loadOpenSsl: () => ({ openssl: null, reason: 'a test says so' }) };

/** Connects relaxed and sends a query the moment it may. */
async function askRelaxed(to: TlsTarget, floorMs = FLOOR_MS): Promise<string> {
  const { socket } = await connector.connectRelaxed(to, floorMs);
  socket.write('a query');
  const answer = await new Promise<string>((resolve) =>
    socket.once('data', (octets) => resolve(octets.toString())),
  );
  socket.destroy();
  return answer;
}

const dates = (fromMs: number, toMs: number): CertificateSpec => ({
  notBefore: new Date(fromMs),
  notAfter: new Date(toMs),
});

describe('a relaxed connection', () => {
  it.each<[string, CertificateSpec]>([
    ['holds at the floor', dates(FLOOR_MS - DAY_MS, FLOOR_MS + DAY_MS)],
    ['holds at the floor, and for one second more', dates(FLOOR_MS - DAY_MS, FLOOR_MS + SECOND_MS)],
    ['begins at the floor', dates(FLOOR_MS, FLOOR_MS + DAY_MS)],
    ['begins after the floor, and so is judged at its beginning', dates(AT + 9 * DAY_MS, AT + 10 * DAY_MS)],
  ])('is made where the certificate %s', async (_, spec) => {
    const peer = await startPeer(issue(spec));
    expect(await askRelaxed(target(peer.port))).toBe('a query');
  });

  const late = { subject: 'Over already', ...dates(AT - 99 * DAY_MS, AT - DAY_MS) };
  it.each<[string, CertificateSpec, Partial<TlsTarget>, RegExp]>([
    [
      'has ended before the floor',
      dates(FLOOR_MS - 90 * DAY_MS, FLOOR_MS - DAY_MS),
      {},
      /dates: .* ended on/,
    ],
    ['ends at the floor', dates(FLOOR_MS - 90 * DAY_MS, FLOOR_MS), {}, /dates: .* ended on/],
    [
      'began when its issuer had ended',
      { issuer: pki.authority(late), ...dates(AT, AT + DAY_MS) },
      {},
      /expired/,
    ],
    ['is for another name', { names: ['other.example'] }, {}, /identity: /],
    ['is for another address', { addresses: ['127.0.0.2'] }, { serverName: '127.0.0.1' }, /identity: /],
    ['descends from a foreign CA', { issuer: foreign }, {}, /chain: /],
    ['is signed by itself', { issuer: 'self' }, {}, /chain: /],
    ['is for clients', { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }, {}, /chain: /],
    ['has another key than the pinned one', {}, { pins: [foreign.pin] }, /identity: no key of its chain/],
  ])('is refused where the certificate %s, and not one octet is sent', async (_, spec, more, message) => {
    const peer = await startPeer(issue(spec));
    const refusal = await askRelaxed(target(peer.port, more)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PeerUntrusted);
    expect((refusal as Error).message).toMatch(message);
    await peer.quiet();
    expect(peer.octets).toBe(0);
  });

  it.each<ClockState>(['synchronized', 'holdover', 'provisional'])(
    'is refused outright while the clock is %s, and nobody is connected to',
    async (state) => {
      use(new SimulatedClock({ epochMs: AT, state }));
      const peer = await startPeer(good);
      await expect(connector.connectRelaxed(target(peer.port), FLOOR_MS)).rejects.toThrow(
        'a relaxed connection was asked for while the clock can be trusted',
      );
      expect(peer.serverNames).toEqual([]);
    },
  );

  it('is refused where the state is left while hands are being shaken', async () => {
    const peer = await startPeer(good);
    const attempt = askRelaxed(target(peer.port));
    clock.setState('provisional');
    await expect(attempt).rejects.toThrow('while the clock can be trusted');
    await peer.quiet();
    expect(peer.octets).toBe(0);
  });

  it('is not to be had where Node judges, at a system clock that is in doubt', async () => {
    use(new SimulatedClock({ epochMs: AT, state: 'untrusted' }), withoutOpenSsl);
    const peer = await startPeer(good);
    const refusal = await connector
      .connectRelaxed(target(peer.port), FLOOR_MS)
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ClockUntrusted);
    expect((refusal as Error).message).toContain('a test says so');
    expect(peer.serverNames).toEqual([]);
  });

  it.each<ClockState>(['synchronized', 'holdover', 'provisional'])(
    'ends when the state is left for %s, and is not promoted',
    async (state) => {
      const peer = await startPeer(good);
      const { socket } = await connector.connectRelaxed(target(peer.port), FLOOR_MS);
      expect(socket.destroyed).toBe(false);
      clock.setState(state);
      expect(socket.destroyed).toBe(true);
      await peer.quiet();
    },
  );

  it('ends at once where its own certificate is what ends the state', async () => {
    const peer = await startPeer(good);
    connector.onGenuinePeer(() => clock.setState('provisional'));
    const { socket } = await connector.connectRelaxed(target(peer.port), FLOOR_MS);
    expect(socket.destroyed).toBe(true);
  });

  it('tells when its chain is valid, for the Date that came over it', async () => {
    const [fromMs, toMs] = [AT - DAY_MS, AT + DAY_MS];
    const peer = await startPeer(issue(dates(fromMs, toMs)));
    const { socket, isValidAt, leaf } = await connector.connectRelaxed(target(peer.port), FLOOR_MS);
    socket.destroy();
    expect([fromMs - 1, fromMs, toMs - 1, toMs].map(isValidAt)).toEqual([false, true, true, false]);
    expect(leaf).toEqual({ notBeforeMs: fromMs, notAfterMs: toMs });
  });
});

describe('a strict connection', () => {
  it('ends at once where its own certificate is what takes away the date', async () => {
    use(new SimulatedClock({ epochMs: AT }));
    const peer = await startPeer(good);
    connector.onGenuinePeer(() => clock.setState('untrusted'));
    const { socket } = await connector.connect(target(peer.port));
    expect(socket.destroyed).toBe(true);
  });

  it.each([
    ['has expired', dates(AT - 9 * DAY_MS, AT - DAY_MS)],
    ['is not valid yet', dates(AT + DAY_MS, AT + 9 * DAY_MS)],
  ])(
    'to a genuine peer whose certificate %s is refused, and the peer is heard as a witness',
    async (_, spec) => {
      use(new SimulatedClock({ epochMs: AT }));
      const peer = await startPeer(issue(spec));
      await expect(connector.connect(target(peer.port))).rejects.toThrow(/dates: /);
      expect(genuine).toMatchObject([
        { serverName: NAME, port: peer.port, leaf: { notBeforeMs: spec.notBefore!.valueOf() } },
      ]);
      expect(genuine[0]!.isValidAt(AT)).toBe(false);
      await peer.quiet();
      expect(peer.octets).toBe(0);
    },
  );
});

describe('an inspection', () => {
  const expired = dates(AT - 9 * DAY_MS, AT - DAY_MS);

  it.each<[string, CertificateSpec]>([
    ['good', {}],
    ['expired', expired],
    ['early', dates(AT + DAY_MS, AT + 9 * DAY_MS)],
  ])('of a peer with a %s certificate says when it is valid, sends nothing and hangs up', async (_, spec) => {
    const certificate = issue(spec);
    const peer = await startPeer(certificate);
    for (const state of ['untrusted', 'provisional'] as const) {
      clock.setState(state);
      const seen = await connector.inspect(target(peer.port));
      expect(seen).toMatchObject({ serverName: NAME, port: peer.port, isPublic: false });
      const { notBeforeMs, notAfterMs } = seen.leaf;
      expect([notBeforeMs - 1, notBeforeMs, notAfterMs].map(seen.isValidAt)).toEqual([false, true, false]);
      expect(genuine.pop()).toBe(seen);
    }
    await peer.quiet();
    expect(peer.octets).toBe(0);
  });

  it.each<[string, CertificateSpec]>([
    ['of another name', { names: ['other.example'] }],
    ['of a foreign CA', { issuer: foreign }],
    ['of another name that has expired as well', { names: ['other.example'], ...expired }],
    ['of a foreign CA that has expired as well', { issuer: foreign, ...expired }],
  ])('of a stranger %s says that it is one, and the stranger is no witness', async (_, spec) => {
    const peer = await startPeer(issue(spec));
    await expect(connector.inspect(target(peer.port))).rejects.toThrow(PeerUntrusted);
    expect(genuine).toEqual([]);
    await peer.quiet();
    expect(peer.octets).toBe(0);
  });

  it('is heard by those who listen, and no more when they have stopped', async () => {
    const peer = await startPeer(good);
    stopHearing();
    await connector.inspect(target(peer.port));
    expect(genuine).toEqual([]);
  });

  it('by Node itself hears only what is valid at the system clock', async () => {
    use(new SimulatedClock({ epochMs: 0, state: 'untrusted' }), withoutOpenSsl);
    const [sound, old] = [await startPeer(good), await startPeer(issue(expired))];
    await expect(connector.inspect(target(sound.port))).resolves.toMatchObject({ serverName: NAME });
    await expect(connector.inspect(target(old.port))).rejects.toThrow(/dates: /);
    expect(genuine).toHaveLength(1);
  });

  it('tells the public roots from others, since only they speak for the date of the world', async () => {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(pki.rootFile, 'latin1')]);
    const peer = await startPeer(good);
    const publicly = target(peer.port, { anchors: TrustAnchors.public() });
    expect((await connector.inspect(publicly)).isPublic).toBe(true);
    expect((await connector.inspect(target(peer.port))).isPublic).toBe(false);
  });
});
