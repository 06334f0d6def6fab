// The renewal decision: a table of certificates and windows, and what must hold for all of them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRenewal, type RenewalInputs } from '../../../src/acme/renewal.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BEGAN = Date.UTC(2026, 10, 1);
const ENDS = BEGAN + 90 * DAY_MS;

type Certificate = NonNullable<RenewalInputs['certificate']>;
type Window = NonNullable<RenewalInputs['window']>;

const certificate = (change: Partial<Certificate> = {}): Certificate => ({
  notBeforeMs: BEGAN,
  notAfterMs: ENDS,
  names: ['dns.example'],
  fingerprint: 'aa:bb',
  ...change,
});
const inputs = (change: Partial<RenewalInputs> = {}): RenewalInputs => ({
  certificate: certificate(),
  wantedNames: ['dns.example'],
  wantedOrigin: { directory: 'https://ca.example/dir', profile: null },
  window: null,
  nowMs: BEGAN + DAY_MS,
  ...change,
});
/** Days of the certificate's life. */
const span = (from: number, to: number, explanationUrl: string | null = null): Window => ({
  startMs: BEGAN + from * DAY_MS,
  endMs: BEGAN + to * DAY_MS,
  explanationUrl,
});

describe('a new certificate is due at once', () => {
  const nowMs = BEGAN + DAY_MS;

  it('where there is none', () => {
    expect(decideRenewal(inputs({ certificate: null }))).toEqual({
      due: true,
      atMs: nowMs,
      reason: 'there is none yet',
    });
  });

  it.each([
    [['dns.example', 'b.example'], 'it does not carry b.example'],
    [['*.example'], 'it does not carry *.example'],
    [
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((x) => `${x}.x`),
      'it does not carry a.x, b.x, c.x, d.x, e.x and 2 more',
    ],
  ])('where names are wanted that it lacks: %j', (wantedNames, reason) => {
    expect(decideRenewal(inputs({ wantedNames }))).toEqual({ due: true, atMs: nowMs, reason });
  });

  it.each([
    [
      { directory: 'https://staging.example/dir', profile: null },
      'it is from https://staging.example/dir, and https://ca.example/dir is configured now',
    ],
    [
      { directory: 'https://ca.example/dir', profile: 'shortlived' },
      'it was ordered with the profile shortlived, and no profile is configured now',
    ],
  ])('where it was ordered otherwise: %j', (origin, reason) => {
    expect(decideRenewal(inputs({ certificate: certificate({ origin }) }))).toEqual({
      due: true,
      atMs: nowMs,
      reason,
    });
  });

  it('but not where nobody knows how, or it was ordered likewise', () => {
    const { wantedOrigin } = inputs();
    for (const origin of [undefined, wantedOrigin])
      expect(decideRenewal(inputs({ certificate: certificate({ origin }) })).due).toBe(false);
  });

  it('but not for their case, their order, or an address written otherwise', () => {
    const names = ['DNS.example', '*.Example', '2001:db8::1'];
    const wantedNames = ['2001:DB8:0::1', '*.example', 'dns.EXAMPLE'];
    expect(decideRenewal(inputs({ certificate: certificate({ names }), wantedNames })).due).toBe(false);
    // A wildcard carries itself, and nothing that a browser would let it stand for.
    const wildcard = certificate({ names: ['*.example'] });
    expect(decideRenewal(inputs({ certificate: wildcard })).reason).toBe('it does not carry dns.example');
  });

  it('where it has ended, window or not', () => {
    for (const window of [null, span(60, 62), span(95, 99)]) {
      expect(decideRenewal(inputs({ nowMs: ENDS, window }))).toEqual({
        due: true,
        atMs: ENDS,
        reason: 'it ended on 2027-01-30T00:00:00Z',
      });
    }
    expect(decideRenewal(inputs({ nowMs: ENDS, wantedNames: ['b.example'] })).reason).toBe(
      'it does not carry b.example; it ended on 2027-01-30T00:00:00Z',
    );
  });

  it('where its dates are none', () => {
    const dateless = certificate({ notAfterMs: Number.NaN });
    expect(decideRenewal(inputs({ certificate: dateless }))).toMatchObject({ due: true, atMs: nowMs });
  });
});

describe('without a window', () => {
  it.each([
    ['90 days', 90 * DAY_MS],
    ['45 days', 45 * DAY_MS],
    ['6 days', 6 * DAY_MS],
    ['1 hour', HOUR_MS],
  ])('of %s, two thirds are its time, less up to a twentieth', (_life, lifeMs) => {
    const instants = Array.from({ length: 200 }, (_, index) => {
      const one = certificate({ notAfterMs: BEGAN + lifeMs, fingerprint: String(index) });
      const { atMs } = decideRenewal(inputs({ certificate: one, nowMs: BEGAN }));
      return (atMs - BEGAN) / lifeMs;
    });
    expect(Math.min(...instants)).toBeGreaterThanOrEqual(2 / 3 - 1 / 20 - 1e-6);
    expect(Math.max(...instants)).toBeLessThanOrEqual(2 / 3);
    // Spread, and not a whole day or hour for everybody.
    expect(Math.max(...instants) - Math.min(...instants)).toBeGreaterThan(0.045);
  });

  it('says when, why, and until when it lasts', () => {
    const { due, atMs, reason } = decideRenewal(inputs());
    const at = `${new Date(atMs).toISOString().slice(0, 19)}Z`;
    expect(due).toBe(false);
    expect(reason).toBe(
      `it ends on 2027-01-30T00:00:00Z, and about two thirds of its life are over on ${at}`,
    );
    expect(decideRenewal(inputs({ nowMs: atMs - 1 })).due).toBe(false);
    expect(decideRenewal(inputs({ nowMs: atMs })).due).toBe(true);
  });

  it('is not due for a beginning in the future, and says that it is one', () => {
    const { due, reason } = decideRenewal(inputs({ nowMs: BEGAN - HOUR_MS }));
    expect(due).toBe(false);
    expect(reason).toMatch(/; it begins only on 2026-11-01T00:00:00Z by our clock, which alone is no reason/);
  });

  it('is due at its end where that comes before its beginning', () => {
    const reversed = certificate({ notBeforeMs: ENDS, notAfterMs: BEGAN });
    expect(decideRenewal(inputs({ certificate: reversed, nowMs: BEGAN - 1 }))).toMatchObject({
      due: false,
      atMs: BEGAN,
    });
    expect(decideRenewal(inputs({ certificate: reversed, nowMs: BEGAN })).due).toBe(true);
  });
});

describe("with the CA's window", () => {
  it('an instant within it is drawn, the same each time, and the reason names window and page', () => {
    const window = span(58, 60, 'https://ca.example/why');
    const first = decideRenewal(inputs({ window }));
    expect(first).toMatchObject({ due: false });
    expect(first.atMs).toBeGreaterThanOrEqual(window.startMs);
    expect(first.atMs).toBeLessThan(window.endMs);
    expect(first.reason).toMatch(
      /^the CA wants it renewed in its window from 2026-12-29T00:00:00Z to 2026-12-31T00:00:00Z \(its reason: https:\/\/ca\.example\/why\), of which 2026-12-\S+Z was drawn$/,
    );
    const later = decideRenewal(inputs({ window, nowMs: first.atMs }));
    expect(later).toEqual({ ...first, due: true });
  });

  it('one that is wholly past means now', () => {
    // Such as Boulder names for a revoked certificate: from an hour ago to half an hour ago.
    const nowMs = BEGAN + DAY_MS;
    const window = { startMs: nowMs - HOUR_MS, endMs: nowMs - HOUR_MS / 2, explanationUrl: null };
    expect(decideRenewal(inputs({ window, nowMs })).due).toBe(true);
    // Also for a certificate that is younger than that.
    const fresh = certificate({ notBeforeMs: nowMs - 60_000 });
    expect(decideRenewal(inputs({ certificate: fresh, window, nowMs })).due).toBe(true);
  });

  it('one that reaches beyond the end is cut there', () => {
    for (let index = 0; index < 50; index += 1) {
      const one = certificate({ fingerprint: String(index) });
      const { atMs } = decideRenewal(inputs({ certificate: one, window: span(80, 160) }));
      expect(atMs).toBeLessThan(ENDS);
    }
  });

  it.each([
    ['begins when the certificate has ended', span(90, 91)],
    ['does not end after it begins', span(60, 59)],
    ['does not end after it begins', span(60, 60)],
    ['ended long before the certificate began', span(-3, -1.5)],
    ["is longer than the certificate's life", span(-20, 80)],
    ['has no dates', { startMs: Number.NaN, endMs: ENDS, explanationUrl: null }],
    ['has no dates', { startMs: BEGAN, endMs: Number.POSITIVE_INFINITY, explanationUrl: null }],
  ])('one that %s is not believed', (why, window) => {
    const without = decideRenewal(inputs());
    const { due, atMs, reason } = decideRenewal(inputs({ window }));
    expect({ due, atMs }).toEqual({ due: without.due, atMs: without.atMs });
    expect(reason.startsWith(without.reason)).toBe(true);
    expect(reason).toContain(`is not believed: it ${why}`);
  });

  it('instants of many certificates are spread over all of it', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let index = 0; index < 2_000; index += 1) {
      const one = certificate({ fingerprint: `certificate ${index}` });
      const { atMs } = decideRenewal(inputs({ certificate: one, window: span(50, 60) }));
      tenths[Math.floor((atMs - BEGAN) / DAY_MS) - 50]! += 1;
    }
    // 200 are expected in each; 130 is five standard deviations away.
    for (const count of tenths) expect(count).toBeGreaterThan(130);
  });
});

describe('whatever the inputs', () => {
  const second = fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) / 1000 }).map((seconds) => seconds * 1000);
  const anyCertificate = fc
    .record({
      begins: second,
      lifeMs: fc.integer({ min: 1000, max: 400 * DAY_MS }),
      fingerprint: fc.string(),
    })
    .map(({ begins, lifeMs, fingerprint }) =>
      certificate({ notBeforeMs: begins, notAfterMs: begins + lifeMs, fingerprint }),
    );
  const near = fc.integer({ min: -500 * DAY_MS, max: 500 * DAY_MS });
  const anyWindow = fc.option(
    fc.record({ from: near, to: near, explanationUrl: fc.constantFrom(null, 'https://ca.example/') }),
  );
  const windowOf = (chosen: { from: number; to: number; explanationUrl: string | null } | null, at: number) =>
    chosen && {
      startMs: at + chosen.from,
      endMs: at + chosen.to,
      explanationUrl: chosen.explanationUrl,
    };

  it('it is never due before half of its life without a window', () => {
    fc.assert(
      fc.property(anyCertificate, fc.double({ min: -1, max: 0.5, noNaN: true }), (one, part) => {
        const nowMs = one.notBeforeMs + Math.floor((one.notAfterMs - one.notBeforeMs) * part);
        expect(decideRenewal(inputs({ certificate: one, nowMs })).due).toBe(false);
      }),
    );
  });

  it('it is due from its end on', () => {
    fc.assert(
      fc.property(anyCertificate, anyWindow, fc.nat(1000 * DAY_MS), (one, chosen, afterMs) => {
        const window = windowOf(chosen, one.notBeforeMs);
        const nowMs = one.notAfterMs + afterMs;
        expect(decideRenewal(inputs({ certificate: one, window, nowMs })).due).toBe(true);
      }),
    );
  });

  it('it stays due, the instant is the same until then, and there is always a reason', () => {
    fc.assert(
      fc.property(anyCertificate, anyWindow, near, near, (one, chosen, a, b) => {
        const window = windowOf(chosen, one.notBeforeMs);
        const [before, after] = [Math.min(a, b), Math.max(a, b)].map((ms) =>
          decideRenewal(inputs({ certificate: one, window, nowMs: one.notBeforeMs + ms })),
        ) as [ReturnType<typeof decideRenewal>, ReturnType<typeof decideRenewal>];
        if (before.due) expect(after.due).toBe(true);
        if (!after.due) expect(after.atMs).toBe(before.atMs);
        for (const decision of [before, after]) {
          expect(decision.reason).toMatch(/^[ -~]+$/);
          expect(Number.isInteger(decision.atMs)).toBe(true);
        }
      }),
    );
  });

  it('a believed window decides, and its instant lies within it', () => {
    fc.assert(
      fc.property(anyCertificate, anyWindow, (one, chosen) => {
        const window = windowOf(chosen, one.notBeforeMs);
        const { atMs, reason } = decideRenewal(inputs({ certificate: one, window, nowMs: one.notBeforeMs }));
        if (window === null || !reason.startsWith('the CA wants')) return;
        expect(atMs).toBeGreaterThanOrEqual(window.startMs);
        expect(atMs).toBeLessThanOrEqual(Math.min(window.endMs, one.notAfterMs));
      }),
    );
  });
});
