// With which dates something may be ordered: the four states, and what a provisional one needs besides.

import { describe, expect, it } from 'vitest';
import { CA_DATE_WITHIN_MS, mayOrder } from '../../../src/acme/clock-gate.ts';
import type { ClockBasis, ClockState } from '../../../src/clock/clock.ts';

const NOW = Date.UTC(2026, 10, 3, 8);
const status = (state: ClockState, basis: ClockBasis = null) => ({
  state,
  basis,
  reason: 'no source answers',
});
const PROVISIONAL = status('provisional', 'system-clock');

describe('an order', () => {
  it.each([undefined, null, 0, NOW, Number.NaN])(
    "is free to go with a known time, the CA's date being %s",
    (ca) => {
      expect(mayOrder(status('synchronized'), NOW, ca)).toMatchObject({ ok: true });
      expect(mayOrder(status('holdover'), NOW, ca)).toMatchObject({ ok: true });
    },
  );

  it.each([undefined, null, NOW])("never goes out with an unknown time, the CA's date being %s", (ca) => {
    expect(mayOrder(status('untrusted'), NOW, ca)).toEqual({
      ok: false,
      needs: 'time',
      reason: 'the time is not known (no source answers)',
    });
  });

  it.each([0, 1, -1, CA_DATE_WITHIN_MS, -CA_DATE_WITHIN_MS])(
    "goes out with a provisional time that is %s ms from the CA's",
    (apart) => {
      expect(mayOrder(PROVISIONAL, NOW, NOW + apart)).toEqual({
        ok: true,
        reason: "the time is provisional (system-clock), and the CA's own date agrees with it within an hour",
      });
    },
  );

  it.each([CA_DATE_WITHIN_MS + 1, -CA_DATE_WITHIN_MS - 1, 1e13, Number.NaN, Number.POSITIVE_INFINITY])(
    "waits for a better clock with a provisional time that is %s ms from the CA's",
    (apart) => {
      const leave = mayOrder(PROVISIONAL, NOW, NOW + apart);
      expect(leave).toMatchObject({ ok: false, needs: 'time' });
      expect(leave.reason).toMatch(/ours 2026-11-03T08:00:00Z, over an hour apart$/);
    },
  );

  it('asks for the date of a CA that was not asked, and not again of one that sent none', () => {
    expect(mayOrder(PROVISIONAL, NOW, undefined)).toMatchObject({
      ok: false,
      needs: 'ca-date',
      reason: 'the time is provisional (system-clock), and the CA has not been asked for its date',
    });
    expect(mayOrder(PROVISIONAL, NOW, null)).toMatchObject({
      ok: false,
      needs: 'time',
      reason: 'the time is provisional (system-clock), and the CA sent no date to compare it with',
    });
  });
});
