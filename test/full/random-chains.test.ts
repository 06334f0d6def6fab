// Five thousand random chains, by a fixed seed, from a pool of certificates good and odd: our verdict against
// `openssl verify -attime`, with the name and without it; and whatever we call genuine though its dates fail, the
// command must accept at the instant when its leaf begins.

import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadOpenSsl, type OpenSsl } from '../../src/tls/openssl.ts';
import { TrustAnchors } from '../../src/tls/trust-anchors.ts';
import { describeVerdict, isTrusted } from '../../src/tls/verdict.ts';
import { verifyChain } from '../../src/tls/verify.ts';
import * as der from '../support/der.ts';
import { createOracle } from '../support/openssl-verify.ts';
import { type Authority, type CertificateSpec, createPki, extension, toPem } from '../support/pki.ts';

const CHAINS = 5000;
const SEED = 20_261_122;
const AT = Date.UTC(2026, 10, 15, 12);
const DAY_MS = 86_400_000;

const directory = mkdtempSync(join(tmpdir(), 'noonmark-chains-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** mulberry32: small, known, and the same everywhere. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const random = seeded(SEED);
const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)]!;
const chance = (percent: number) => random(100) < percent;

const HOSTS = ['dns.example.test', 'a.wild.test', 'a.b.wild.test', '127.0.0.1', '2001:db8::53', 'evil.test'];
const unknownCritical = extension('1.3.6.1.4.1.99999.1', true, der.nullValue());

function randomDates(): Pick<CertificateSpec, 'notBefore' | 'notAfter'> {
  const begin = AT - random(20) * DAY_MS + (chance(10) ? 25 * DAY_MS : 0);
  return { notBefore: new Date(begin), notAfter: new Date(begin + random(40) * DAY_MS) };
}

function randomAuthority(
  issuers: readonly Authority[],
  count: number,
): CertificateSpec & { subject: string } {
  return {
    // Few names, so that strangers often share one.
    subject: `CA ${random(6)}`,
    issuer: pick(issuers),
    key: pick(['p256', 'p256', 'p256', 'p384', 'ed25519', 'rsa1024']),
    ...(chance(40) ? randomDates() : {}),
    ...(chance(15) ? { pathLength: random(2) } : {}),
    ...(chance(8) ? { ca: pick([false, null]) } : {}),
    ...(chance(8) ? { keyUsage: pick([null, ['digitalSignature'] as const]) } : {}),
    ...(chance(8) ? { digest: 'sha1' as const } : {}),
    ...(chance(8) ? { permitted: [{ name: pick(['test', 'wild.test', 'other.test']) }] } : {}),
    ...(chance(5) ? { extensions: [unknownCritical] } : {}),
    ...(count % 10 === 9 ? { issuer: 'self' as const } : {}),
  };
}

function randomLeaf(issuers: readonly Authority[]): CertificateSpec {
  return {
    subject: 'A resolver',
    names: pick([['dns.example.test'], ['*.wild.test'], ['dns.example.test', '*.wild.test'], ['other.test']]),
    addresses: pick([[], [], ['127.0.0.1'], ['2001:db8::53', '127.0.0.1']]),
    issuer: chance(4) ? 'self' : pick(issuers),
    key: pick(['p256', 'p256', 'p256', 'p384', 'ed25519']),
    ...(chance(50) ? randomDates() : {}),
    ...(chance(5) ? { extendedKeyUsage: pick([null, ['1.3.6.1.5.5.7.3.2'], ['2.5.29.37.0']]) } : {}),
    ...(chance(5) ? { digest: 'sha1' as const } : {}),
    ...(chance(3) ? { extensions: [unknownCritical] } : {}),
  };
}

function makePool() {
  const pki = createPki(directory, { at: AT });
  const authorities = [pki.root, pki.intermediate];
  const roots = [pki.root];
  for (let count = 0; count < 40; count++) {
    const spec = randomAuthority(authorities, count);
    const authority = pki.authority(spec);
    authorities.push(authority);
    if (spec.issuer === 'self') roots.push(authority);
  }
  const leaves = Array.from({ length: 250 }, () => pki.issue(randomLeaf(authorities)));
  // The last set holds an intermediate too, which is no anchor without its root.
  const anchorSets = [roots.slice(0, 1), roots.slice(0, 2), roots, [roots[1]!, pki.intermediate]];
  return {
    authorities,
    leaves,
    anchorSets: anchorSets.map((set) => set.map(({ der }) => toPem(der[0]!)).join('')),
  };
}

function randomChain({ authorities, leaves }: ReturnType<typeof makePool>): Uint8Array[] {
  const [own, ...above] = pick(leaves).der as [Uint8Array, ...Uint8Array[]];
  const sent = above.filter(() => !chance(5));
  while (chance(20)) sent.splice(random(sent.length + 1), 0, pick(authorities).der[0]!);
  if (chance(15)) sent.sort(() => random(3) - 1);
  const chain = [own, ...sent].slice(0, 10);
  if (chance(6)) {
    const index = random(chain.length);
    const damaged = Buffer.from(chain[index]!);
    // The last octet is of the signature: the certificate stays readable.
    damaged[damaged.length - 1]! ^= 1 << random(8);
    chain[index] = damaged;
  }
  return chain;
}

it(`agrees with openssl verify on ${CHAINS} random chains`, async () => {
  const { openssl } = loadOpenSsl() as { openssl: OpenSsl };
  const oracle = createOracle(directory);
  const pool = makePool();
  const disagreements: string[] = [];
  const outlines = new Map<string, number>();

  const one = async (index: number) => {
    const question = {
      chain: randomChain(pool),
      anchors: pick(pool.anchorSets),
      at: AT + (random(41) - 20) * DAY_MS,
    };
    const name = pick(HOSTS);
    const anchors = TrustAnchors.fromPem(question.anchors);
    const verdict = verifyChain(openssl, { ...question, anchors, name });
    const [named, unnamed] = await Promise.all([oracle({ ...question, name }), oracle(question)]);
    if (named !== isTrusted(verdict) || unnamed !== (verdict.chain.ok && verdict.dates.ok)) {
      disagreements.push(
        `chain ${index}, ${name}: openssl ${named} and ${unnamed}, we: ${describeVerdict(verdict)}`,
      );
    }
    if (verdict.chain.ok && !verdict.dates.ok) {
      const begin = new X509Certificate(question.chain[0]!).validFromDate.getTime();
      if (!(await oracle({ ...question, at: begin })))
        disagreements.push(`chain ${index} is not genuine at its beginning`);
    }
    const outline = `${verdict.identity.ok} ${verdict.chain.ok} ${verdict.dates.ok}`;
    outlines.set(outline, (outlines.get(outline) ?? 0) + 1);
  };
  for (let index = 0; index < CHAINS; index += availableParallelism()) {
    await Promise.all(Array.from({ length: availableParallelism() }, (_, lane) => one(index + lane)));
  }

  expect(disagreements).toEqual([]);
  // A pool that only ever gives one verdict would prove nothing.
  expect(outlines.size).toBe(8);
  for (const [outline, count] of outlines) expect(count, outline).toBeGreaterThan(CHAINS / 200);
});
