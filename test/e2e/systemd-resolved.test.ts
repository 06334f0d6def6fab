// systemd-resolved with DNSSEC=yes behind us, over plain DNS and over strict DNS over TLS: it validates from a signed
// root down, so an internal name passes only where the parent's proof that it is not signed comes through us.
// What it refuses is here too, and why: that is the limit of what an internal zone can be.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNetwork } from '../lab/network.ts';
import { INTERNAL_ADDRESS, type Noonmark, SERVER_NAME, startNoonmark } from '../support/noonmark.ts';
import { read } from '../support/peers/dig.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { startSignedWorld, WORLD } from '../support/peers/signed-world.ts';
import { findResolved, type Resolved, startResolved } from '../support/peers/systemd-resolved.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';

const peers = ['unbound', 'dig', 'ldns-signzone', 'ip', 'unshare'] as const;
const canRun = isRoot && havePeers(...peers);
const program = canRun ? findResolved() : undefined;

const HOUSE = { records: [`nas 300 A ${INTERNAL_ADDRESS}`] };
const REVERSE_NAME = '20.1.168.192.in-addr.arpa';

describe.skipIf(program === undefined).each([
  ['plain DNS', false],
  ['DNS over TLS', true],
] as const)('systemd-resolved with DNSSEC=yes, asking us over %s,', (_, overTls) => {
  const closing = new AsyncDisposableStack();
  let noonmark: Noonmark;
  let resolved: Resolved;

  beforeAll(async () => {
    const network = closing.use(await openNetwork());
    const pki = makePki();
    const world = await startSignedWorld(upstreamCertificate(pki));
    closing.defer(async () => void (await world.stop()));
    const zones = ['home.arpa', 'lan', 'made-up', 'never.signed', WORLD.unsignedChild, WORLD.signedChild];
    noonmark = closing.use(
      await startNoonmark({
        listenAlso: network.house.here,
        config: {
          upstreams: [upstreamEntry(world.port, pki.rootFile)],
          zones: Object.fromEntries(zones.map((zone) => [zone, HOUSE])),
        },
      }),
    );
    const { dns, dot } = noonmark.ports;
    const server = `${network.house.here}:${overTls ? `${dot}#${SERVER_NAME}` : dns}`;
    const { caFile } = noonmark;
    const { rootDs } = world;
    resolved = closing.use(
      await startResolved({ program: program!, network: network.file, server, overTls, caFile, rootDs }),
    );
  });
  afterAll(() => closing.disposeAsync());

  const ask = (...args: string[]) => read(...resolved.ask(...args));

  test('finds a signed name secure', async () => {
    const answer = await ask(WORLD.signedName);
    expect(answer.answer, answer.text).toEqual([expect.stringContaining(WORLD.signedAddress)]);
    expect(answer.flags).toContain('ad');
  });

  test('finds the absence of a signed name secure', async () => {
    const answer = await ask('nobody.signed');
    expect(answer.status, answer.text).toBe('NXDOMAIN');
    expect(answer.flags).toContain('ad');
  });

  test('takes an unsigned name, whose parent proves that it is not signed', async () => {
    const answer = await ask(WORLD.unsignedName);
    expect(answer.answer, answer.text).toEqual([expect.stringContaining(WORLD.unsignedAddress)]);
    expect(answer.flags).not.toContain('ad');
  });

  test.each([
    ['home.arpa', 'which is not signed in public (RFC 8375)'],
    ['lan', 'where the root proves that there is none'],
    ['made-up', 'where the root proves that there is none'],
    ['never.signed', 'where a signed parent proves that there is none'],
    [WORLD.unsignedChild, 'which its parent delegates unsigned'],
  ])('takes an internal name in %s, %s', async (zone) => {
    const answer = await ask(`nas.${zone}`);
    expect(answer.answer, answer.text).toEqual([expect.stringContaining(INTERNAL_ADDRESS)]);
    expect(answer.flags).not.toContain('ad');
    const absent = await ask(`nobody.${zone}`);
    expect(absent.status, absent.text).toBe('NXDOMAIN');
  });

  test('takes the name of an internal address, and its absence', async () => {
    const found = await ask(REVERSE_NAME, 'PTR');
    expect(found.answer[0], found.text).toMatch(/ PTR nas\./);
    const absent = await ask(`9${REVERSE_NAME}`, 'PTR');
    expect(absent.status, absent.text).toBe('NXDOMAIN');
  });

  test('takes our own name', async () => {
    const answer = await ask(SERVER_NAME);
    expect(answer.status, answer.text).toBe('NOERROR');
    expect(answer.answer).toHaveLength(1);
  });

  test('refuses an internal name in a zone that is signed in public, since we cannot sign for it', async () => {
    const answer = await ask(`nas.${WORLD.signedChild}`);
    expect(answer.status, answer.text).toBe('SERVFAIL');
    const reason = `DNSSEC validation failed for question nas.${WORLD.signedChild} IN A: no-signature`;
    await resolved.waitForLine((line) => line.includes(reason));
  });
});
