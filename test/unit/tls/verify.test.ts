// The judgement against the table of chains.ts, and both against `openssl verify -attime`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadOpenSsl, type OpenSsl } from '../../../src/tls/openssl.ts';
import { loadProvenOpenSsl } from '../../../src/tls/self-test.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { describeVerdict, isTrusted, type Verdict } from '../../../src/tls/verdict.ts';
import { verifyChain } from '../../../src/tls/verify.ts';
import { createOracle } from '../../support/openssl-verify.ts';
import { createPki } from '../../support/pki.ts';
import { AT, type ChainCase, makeChains } from './chains.ts';

const directory = mkdtempSync(join(tmpdir(), 'noonmark-verify-'));
afterAll(() => rmSync(directory, { recursive: true }));

const oracle = createOracle(directory);
const chains = makeChains(createPki(directory, { at: AT }));
const openssl = demandOpenSsl();

function demandOpenSsl(): OpenSsl {
  const loaded = loadOpenSsl();
  if (loaded.openssl === null) throw new Error(loaded.reason);
  return loaded.openssl;
}

function judge({ chain, name, at, anchors, pins }: ChainCase, library = openssl): Verdict {
  return verifyChain(library, { chain, name, at, pins, anchors: TrustAnchors.fromPem(anchors) });
}

function outline(verdict: Verdict): string {
  return (['identity', 'chain', 'dates'] as const).filter((aspect) => verdict[aspect].ok).join(' ');
}

describe('each chain gets its verdict', () => {
  it.each(chains)('$what: $holds', (entry) => {
    expect(outline(judge(entry)), describeVerdict(judge(entry))).toBe(entry.holds);
  });

  it('and every reason is one line of printable characters', () => {
    for (const entry of chains) expect(describeVerdict(judge(entry))).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe('openssl verify says the same, with the name and without', () => {
  const within = chains.filter(({ beyondOracle }) => beyondOracle === null);

  it.each(within)('$what', async (entry) => {
    const { chain, anchors, at, name } = entry;
    const verdict = judge(entry);
    const [named, unnamed] = await Promise.all([
      oracle({ chain, anchors, at, name }),
      oracle({ chain, anchors, at }),
    ]);
    expect({ named, unnamed }).toEqual({
      named: isTrusted(verdict),
      unnamed: verdict.chain.ok && verdict.dates.ok,
    });
  });

  it('of at least sixty chains, each under a name of its own', () => {
    expect(within.length).toBeGreaterThanOrEqual(60);
    expect(new Set(chains.map(({ what }) => what)).size).toBe(chains.length);
  });
});

describe("OpenSSL's memory", () => {
  const pairs = [
    ['BIO_new', 'BIO_free'],
    ['d2i_X509_bio', 'X509_free'],
    ['OPENSSL_sk_new_null', 'OPENSSL_sk_free'],
    ['X509_STORE_CTX_new', 'X509_STORE_CTX_free'],
  ] as const;

  it('holds nothing after a judgement that was not there before', () => {
    const { library, calls } = counting(openssl);
    for (const entry of chains) {
      // Only the judgement is counted; the store stays with its anchors.
      const anchors = TrustAnchors.fromPem(entry.anchors);
      anchors.store(openssl);
      verifyChain(library, { ...entry, anchors });
      for (const [make, free] of pairs) expect(calls.get(free) ?? 0, entry.what).toBe(calls.get(make) ?? 0);
    }
    for (const [make] of pairs) expect(calls.get(make)).toBeGreaterThan(0);
  });

  it('does not grow over 20,000 judgements', { timeout: 120_000 }, () => {
    const kinds = [
      'a leaf straight below the root',
      'a foreign root',
      'an expired leaf',
      'noise for an intermediate',
    ];
    const evidence = kinds.map((what) => {
      const entry = chains.find((candidate) => candidate.what === what)!;
      return { ...entry, anchors: TrustAnchors.fromPem(entry.anchors) };
    });
    const judgeAll = (rounds: number) => {
      for (let round = 0; round < rounds; round++) for (const item of evidence) verifyChain(openssl, item);
    };
    judgeAll(1000);
    const before = process.memoryUsage().rss;
    judgeAll(5000);
    // One certificate forgotten in each judgement would be 60 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(24_000_000);
  });
});

/** The same library, with what it makes and frees counted; an object that was not made is not counted. */
function counting(real: OpenSsl) {
  const calls = new Map<string, number>();
  const library = Object.fromEntries(
    Object.entries(real).map(([name, call]) => [
      name,
      (...values: never[]) => {
        const result = (call as (...values: never[]) => unknown)(...values);
        if (result !== null) calls.set(name, (calls.get(name) ?? 0) + 1);
        return result;
      },
    ]),
  ) as unknown as OpenSsl;
  return { library, calls };
}

describe('the self-test', () => {
  it('passes with the OpenSSL of this Node', () => {
    expect(loadProvenOpenSsl().openssl).not.toBeNull();
  });

  it.each<[string, Partial<OpenSsl>]>([
    ['accepts everything', { X509_verify_cert: () => 1, X509_STORE_CTX_get_error: () => 0 }],
    ['accepts nothing', { X509_verify_cert: () => 0, X509_STORE_CTX_get_error: () => 20 }],
    ['accepts every name', { X509_check_host: () => 1 }],
    ['ignores the date', { X509_VERIFY_PARAM_set_time: (parameters) => ignoreDate(parameters) }],
    ['sees nothing but the date', { X509_verify_cert: () => 0, X509_STORE_CTX_get_error: () => 10 }],
    [
      'throws',
      {
        X509_verify_cert: () => {
          throw new Error('no such function');
        },
      },
    ],
  ])('refuses a library that %s', (_, lies) => {
    const result = loadProvenOpenSsl(() => ({ openssl: { ...openssl, ...lies } }));
    expect(result).toEqual({ openssl: null, reason: expect.stringContaining('self-test') });
  });

  it('passes on why there is no library', () => {
    const result = loadProvenOpenSsl(() => loadOpenSsl(['libnoonmark-is-not-there.so']));
    expect(result).toEqual({ openssl: null, reason: expect.stringContaining('libnoonmark-is-not-there.so') });
  });
});

/** Judges at an instant at which every certificate of the self-test is valid or was. */
function ignoreDate(parameters: Parameters<OpenSsl['X509_VERIFY_PARAM_set_time']>[0]): void {
  openssl.X509_VERIFY_PARAM_set_time(parameters, Date.UTC(2025, 6, 1) / 1000);
}
