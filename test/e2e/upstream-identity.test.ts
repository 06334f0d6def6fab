// An upstream, DoT or DoH, that cannot prove who it is gets nothing (RFC 8310 strict): the client is told SERVFAIL and
// which proof failed, and the log of the upstream, a real server that would have answered gladly, shows that no query
// arrived. A second server with the same certificates counts the octets inside TLS: there are none.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import { isFull } from '../support/is-full.ts';
import { startNoonmark } from '../support/noonmark.ts';
import { dig } from '../support/peers/dig.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import type { IssuedCertificate } from '../support/pki.ts';
import { REAL_UPSTREAMS, UPSTREAM_KINDS, type UpstreamKind } from '../support/upstream-kinds.ts';
import { makePki, UPSTREAM_NAME, type UpstreamEntry, upstreamCertificate } from '../support/upstreams.ts';

const DAY_MS = 86_400_000;
/** RFC 8914: Network Error, which is what DESIGN's table gives an upstream that is not trusted. */
const NETWORK_ERROR = 23;
/** A query that is sent late, after the refusal, would still be seen. */
const LATE_MS = 300;

const pki = makePki();
const foreign = makePki();
const names = [UPSTREAM_NAME];
const daysFromNow = (days: number) => new Date(Date.now() + days * DAY_MS);
const good = upstreamCertificate(pki);

interface Impostor {
  readonly what: string;
  readonly certificate: IssuedCertificate;
  readonly entry?: Partial<UpstreamEntry>;
  /** What the extended error must say. */
  readonly says: RegExp;
}

const impostors: readonly Impostor[] = [
  {
    what: 'the wrong name',
    certificate: pki.issue({ names: ['dns.other.example'] }),
    says: /identity|name/i,
  },
  {
    what: 'an expired certificate',
    certificate: pki.issue({ names, notBefore: daysFromNow(-90), notAfter: daysFromNow(-1) }),
    says: /dates|expired/i,
  },
  {
    what: 'a certificate that is not valid yet',
    certificate: pki.issue({ names, notBefore: daysFromNow(2), notAfter: daysFromNow(90) }),
    says: /dates|not yet/i,
  },
  {
    what: 'a certificate of a foreign CA',
    certificate: foreign.issue({ names }),
    says: /chain|issuer|CA\b|trust/i,
  },
  {
    what: 'a certificate that it signed itself',
    certificate: pki.issue({ names, issuer: 'self' }),
    says: /chain|self.signed|issuer|trust/i,
  },
  {
    what: 'a key that is not the pinned one',
    certificate: good,
    entry: { pins: [`sha256/${randomBytes(32).toString('base64')}`] },
    says: /pin/i,
  },
];

const rows = impostors.map((impostor) => [impostor.what, impostor] as const);

function startOver({ entry }: UpstreamKind, ports: readonly number[], more?: Partial<UpstreamEntry>) {
  return startNoonmark({ config: { upstreams: ports.map((port) => entry(port, pki.rootFile, more)) } });
}

/** A real DoT upstream always; those of DoH, whose impostors are played below as well, in the long run. */
const REAL_ONES = REAL_UPSTREAMS.filter(({ name }) => isFull || name === 'DoT');

// Side by side: each has its own upstream and its own server, which try again for seconds.
describe.concurrent.each(REAL_ONES)('A $name upstream, a real $peer, with', (real) => {
  const peerTest = test.skipIf(!havePeers(real.peer, 'dig'));

  peerTest.each(rows)('%s is sent no query, and the client learns why', async (_, impostor) => {
    await using upstream = await real.start(impostor.certificate);
    await using noonmark = await startOver(real, [upstream.port], impostor.entry);
    for (const turn of ['first', 'second']) {
      const refused = await dig(noonmark.ports.dns, `${turn}.${WILD_ZONE}`);
      expect(refused.status, refused.text).toBe('SERVFAIL');
      expect(refused.extendedErrors, refused.text).toContain(NETWORK_ERROR);
      expect(refused.text.split('\n').find((line) => line.includes(`EDE: ${NETWORK_ERROR}`))).toMatch(
        impostor.says,
      );
    }
    await pause(LATE_MS);
    expect(upstream.queries()).toEqual([]);
  });

  peerTest.each<[string, Partial<UpstreamEntry>]>([
    ['the right name, CA and dates', {}],
    ['the pinned key as well', { pins: [good.pin] }],
    ['one of two pinned keys', { pins: [`sha256/${randomBytes(32).toString('base64')}`, good.pin] }],
  ])('%s is asked and answers', async (_, entry) => {
    await using upstream = await real.start(good);
    await using noonmark = await startOver(real, [upstream.port], entry);
    expect((await noonmark.ask(`good.${WILD_ZONE}`)).answers).toEqual([`A ${WILD_ADDRESS}`]);
    const ofTheWorld = upstream.queries().filter((query) => query.includes(WILD_ZONE)); // not our own probe
    expect(ofTheWorld).toEqual([`good.${WILD_ZONE} A`]);
  });

  peerTest('the wrong name beside an honest one is passed over', async () => {
    await using impostor = await real.start(impostors[0]!.certificate);
    await using honest = await real.start(good);
    await using noonmark = await startOver(real, [impostor.port, honest.port]);
    for (let turn = 0; turn < 8; turn++) {
      expect((await noonmark.ask(`beside-${turn}.${WILD_ZONE}`)).answers).toEqual([`A ${WILD_ADDRESS}`]);
    }
    expect(impostor.queries()).toEqual([]);
  });
});

describe.concurrent.each(UPSTREAM_KINDS)('A $name upstream with', (kind) => {
  test.each(rows)('%s is sent not one octet inside TLS', async (_, impostor) => {
    await using server = await kind.startHostile(impostor.certificate);
    await using noonmark = await startOver(kind, [server.port], impostor.entry);
    expect((await noonmark.ask(`octets.${WILD_ZONE}`)).rcode).toBe('SERVFAIL');
    await pause(LATE_MS);
    expect(server.octetsInside).toBe(0);
    expect(server.attempts).toBeGreaterThan(0);
  });
});
