// A real dnsdist as the DoH upstream (RFC 8484): names of the world over its verified HTTP/2, nothing to an impostor,
// and service again when it has closed its connection, has been killed, frozen or restarted.

import { test as anyTest, beforeAll, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { DOH_PATH, startDnsdist } from '../support/peers/dnsdist.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import type { IssuedCertificate, Pki } from '../support/pki.ts';
import { makePki, UPSTREAM_NAME, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';

const test = anyTest.skipIf(!havePeers('dnsdist'));
/** RFC 8914: Network Error. */
const NETWORK_ERROR = 23;
const AT_ONCE = 50;
const BACK_WITHIN_MS = 3_000;

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
  return startNoonmark({
    config: { upstreams: [upstreamEntry(port, pki.rootFile, { url })], time: { sources: [] } },
  });
}

async function expectAnswer(noonmark: Noonmark): Promise<void> {
  expect((await noonmark.ask(freshName())).answers).toEqual([`A ${WILD_ADDRESS}`]);
}

/** Names of the world are there, or come back soon. */
function expectBack(noonmark: Noonmark): Promise<unknown> {
  const look = async () => (await noonmark.ask(freshName())).answers[0] === `A ${WILD_ADDRESS}`;
  return eventually(look, { withinMs: BACK_WITHIN_MS, what: 'an answer of the world' });
}

test('A DoH upstream is asked what clients ask, each name once, many at a time', async () => {
  await using dnsdist = await startDnsdist(certificate);
  await using noonmark = await start(dnsdist.port);
  const names = Array.from({ length: AT_ONCE }, freshName);
  const replies = await Promise.all(names.map((name) => noonmark.ask(name)));
  for (const { answers } of replies) expect(answers).toEqual([`A ${WILD_ADDRESS}`]);
  expect((await noonmark.ask('no.such.example')).rcode).toBe('NXDOMAIN');
  const asked = dnsdist.queries().filter((query) => query.endsWith(`${WILD_ZONE} A`));
  expect(asked.sort()).toEqual(names.map((name) => `${name} A`).sort());
});

test('A DoH upstream that closes idle connections costs no client its answer', async () => {
  await using dnsdist = await startDnsdist({ ...certificate, idleSeconds: 1 });
  await using noonmark = await start(dnsdist.port);
  for (const pauseMs of [0, 900, 1_000, 1_100, 2_500]) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    await expectAnswer(noonmark);
  }
});

test('A DoH upstream at another path is refused in words', async () => {
  await using dnsdist = await startDnsdist(certificate);
  await using noonmark = await start(dnsdist.port, '/elsewhere');
  const { rcode, extendedErrors } = await noonmark.ask(freshName());
  expect(rcode).toBe('SERVFAIL');
  expect(extendedErrors[0]?.text).toContain('answered with the HTTP status 404; check its path');
});

test('A DoH upstream with another name gets no query', async () => {
  await using dnsdist = await startDnsdist(pki.issue({ names: ['dns.other.example'] }));
  await using noonmark = await start(dnsdist.port);
  const { rcode, extendedErrors } = await noonmark.ask(freshName());
  expect(rcode).toBe('SERVFAIL');
  expect(extendedErrors[0]).toMatchObject({
    code: NETWORK_ERROR,
    text: expect.stringContaining('identity'),
  });
  expect(dnsdist.queries()).toEqual([]);
});

test.each<NodeJS.Signals>(['SIGKILL', 'SIGTERM'])(
  'A DoH upstream ended by %s and started again is back',
  async (signal) => {
    const port = await freePort();
    await using first = await startDnsdist({ ...certificate, port });
    await using noonmark = await start(port);
    await expectAnswer(noonmark);
    first.signal(signal);
    await first.stop();
    expect((await noonmark.ask(freshName())).rcode).toBe('SERVFAIL');
    await using _second = await startDnsdist({ ...certificate, port });
    await expectBack(noonmark);
  },
);

test('A DoH upstream that was frozen is back when it thaws', async () => {
  await using dnsdist = await startDnsdist(certificate);
  await using noonmark = await start(dnsdist.port);
  await expectAnswer(noonmark);
  dnsdist.signal('SIGSTOP');
  expect((await noonmark.ask(freshName())).rcode).toBe('SERVFAIL');
  dnsdist.signal('SIGCONT');
  await expectBack(noonmark);
});
