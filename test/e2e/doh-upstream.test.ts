// DoH upstreams (RFC 8484) and what only they can do: a real unbound, dnsdist and kresd, asked as they should be, and a
// server with every fault that HTTP has. Faults that DoT has as well are in upstream-faults.test.ts, impostors in
// upstream-identity.test.ts.

import { beforeAll, describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { DOH_PATH, startDnsdist } from '../support/peers/dnsdist.ts';
import { HTTP_FAULTS, startHostileDoh } from '../support/peers/hostile-doh.ts';
import { HOSTILE_ADDRESS } from '../support/peers/hostile-upstream.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import type { IssuedCertificate, Pki } from '../support/pki.ts';
import { dohEntry, REAL_UPSTREAMS } from '../support/upstream-kinds.ts';
import { makePki, UPSTREAM_NAME, upstreamCertificate } from '../support/upstreams.ts';

const AT_ONCE = 50;
const BACK_WITHIN_MS = 1_500;
/** Upstream queries that one client query may cause (reliability row 3); a redirect that is followed would double them. */
const SENDS_MAX = 3;
/** RFC 8484 forbids none, and none is needed. */
const FIELDS = ['accept', 'content-length', 'content-type'];
/** A body is read as far as any DNS message goes; the rest is what flow control and sockets hold. */
const TAKEN_OCTETS_MAX = 4 * 1024 * 1024;

/** What a client is told. */
const WORDS: Record<(typeof HTTP_FAULTS)[number], RegExp> = {
  'is done with the connection, unasked': /GOAWAY|done with the connection|closed/,
  'resets the stream': /stream|reset/i,
  'redirects to an upstream that answers': /status 307, and redirects are not followed/,
  'answers 500': /the HTTP status 500/,
  'answers with a web page': /something else than application\/dns-message/,
  'sends a body without end': /more than 65535 octets/,
  'compresses its answer': /compressed/,
  'sends cookies, and nothing else': /no reply to the query/,
};

let pki: Pki;
let certificate: IssuedCertificate;
let serial = 0;

const freshName = () => `d${++serial}.${WILD_ZONE}`;

beforeAll(() => {
  pki = makePki();
  certificate = upstreamCertificate(pki);
});

function start(port: number, path = DOH_PATH): Promise<Noonmark> {
  const url = `https://${UPSTREAM_NAME}:${port}${path}`;
  return startNoonmark({ config: { upstreams: [dohEntry(port, pki.rootFile, { url })] } });
}

const doh = REAL_UPSTREAMS.filter(({ name }) => name === 'DoH');
describe.each(doh)('A real $peer as the DoH upstream', (real) => {
  const peerTest = test.skipIf(!havePeers(real.peer));

  peerTest('is asked what clients ask, each name once, many at a time', async () => {
    await using upstream = await real.start(certificate);
    await using noonmark = await start(upstream.port);
    const names = Array.from({ length: AT_ONCE }, freshName);
    const replies = await Promise.all(names.map((name) => noonmark.ask(name)));
    for (const { answers } of replies) expect(answers).toEqual([`A ${WILD_ADDRESS}`]);
    expect((await noonmark.ask('no.such.example')).rcode).toBe('NXDOMAIN');
    const asked = upstream.queries().filter((query) => query.endsWith(`${WILD_ZONE} A`));
    expect(asked.sort()).toEqual(names.map((name) => `${name} A`).sort());
  });

  peerTest('at another path is refused in words', async () => {
    await using upstream = await real.start(certificate);
    await using noonmark = await start(upstream.port, '/elsewhere');
    const { rcode, extendedErrors } = await noonmark.ask(freshName());
    expect(rcode).toBe('SERVFAIL');
    expect(extendedErrors[0]?.text).toMatch(/answered with the HTTP status 40[04]; check its path/);
    expect(upstream.queries()).toEqual([]);
  });
});

test.skipIf(!havePeers('dnsdist'))(
  'A DoH upstream that closes idle connections costs no client its answer',
  async () => {
    await using dnsdist = await startDnsdist({ ...certificate, idleSeconds: 1 });
    await using noonmark = await start(dnsdist.port);
    for (const pauseMs of [0, 900, 1_000, 1_100, 2_500]) {
      await pause(pauseMs);
      expect((await noonmark.ask(freshName())).answers).toEqual([`A ${WILD_ADDRESS}`]);
    }
  },
);

test.each(HTTP_FAULTS)('A DoH upstream that %s: the client is told, and it comes back', async (fault) => {
  await using hostile = await startHostileDoh(certificate);
  await using noonmark = await start(hostile.port);
  const expectBack = () =>
    eventually(async () => (await noonmark.ask(freshName())).answers[0] === `A ${HOSTILE_ADDRESS}`, {
      withinMs: BACK_WITHIN_MS,
      what: 'an answer',
    });
  await expectBack();
  hostile.behaviour = fault;
  const name = freshName();
  const { rcode, extendedErrors } = await noonmark.ask(name);
  expect(rcode).toBe('SERVFAIL');
  expect([22, 23]).toContain(extendedErrors[0]?.code);
  expect(extendedErrors[0]?.text).toMatch(WORDS[fault]);
  expect(hostile.names.filter((asked) => asked === name).length).toBeLessThanOrEqual(SENDS_MAX);
  expect(hostile.endlessOctets).toBeLessThan(TAKEN_OCTETS_MAX);
  hostile.behaviour = 'answers';
  await expectBack();
  for (const fields of hostile.fields) expect(fields.sort()).toEqual(FIELDS);
});
