// Dates and pauses of others: HTTP dates, RFC 3339, Retry-After, renewal windows (src/timesync/http-date.ts,
// clock/rfc3339.ts, acme/ledger.ts, renewal-info.ts). Read back, and never a pause beyond its bounds.

import fc from 'fast-check';
import { retryAfterMs, retryPauseMs } from '../../../src/acme/ledger.ts';
import { nextCheckMs, parseRenewalInfo, RenewalInfoUnusable } from '../../../src/acme/renewal-info.ts';
import { parseRfc3339, writeRfc3339 } from '../../../src/clock/rfc3339.ts';
import { parseHttpDate } from '../../../src/timesync/http-date.ts';
import { anyText, piecesOf } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual, unlessRefused } from '../target.ts';

export interface DateTexts {
  readonly epochSeconds: number;
  readonly text: string;
  readonly nowMs: number;
  readonly failures: number;
  readonly lifeMs: number | null;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
/** The last second that four digits of a year have. */
const LAST_SECOND = 253_402_300_799;

export const dates: FuzzTarget<DateTexts> = {
  name: 'dates',
  oracle: 'reading back what Date writes, and the bounds of the RFCs',
  runs: 5000,
  input: fc.record({
    epochSeconds: fc.nat(LAST_SECOND),
    text: fc.oneof(
      piecesOf(
        [
          'Sun, ',
          '06 Nov ',
          '1994 ',
          '08:49:37',
          ' GMT',
          '2026-',
          '02-29',
          'T',
          '10:00:00',
          ':60',
          '.5',
          'Z',
          '+23:59',
          '-00:00',
          '9'.repeat(30),
          '-1',
          '0',
          '1e9',
        ],
        8,
        ' ',
      ),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      anyText,
    ),
    nowMs: fc.integer({ min: 0, max: LAST_SECOND * 1000 }),
    failures: fc.integer({ min: -1, max: 40 }),
    lifeMs: fc.option(fc.integer({ min: -DAY_MS, max: 400 * DAY_MS }), { nil: null }),
  }),
  holds({ epochSeconds, text, nowMs, failures, lifeMs }) {
    const epochMs = epochSeconds * 1000;
    mustEqual(parseHttpDate(new Date(epochMs).toUTCString()), epochMs, 'a date of HTTP');
    mustEqual(parseRfc3339(writeRfc3339(epochMs)), epochMs, 'a date of RFC 3339');
    const http = parseHttpDate(text);
    must(http === null || HTTP_DATE.test(text), `${JSON.stringify(text)} is a date of HTTP`);
    const pauseMs = retryAfterMs(text, nowMs);
    must(pauseMs === null || (pauseMs >= 0 && pauseMs <= 7 * DAY_MS), 'a pause of a week at most');
    const checkMs = nextCheckMs(pauseMs, Math.max(0, failures));
    must(checkMs >= MINUTE_MS && checkMs <= DAY_MS, 'renewal information is asked for again within a day');
    const retryMs = retryPauseMs(failures, lifeMs);
    must(retryMs >= MINUTE_MS && retryMs <= DAY_MS, 'an order is tried again within a day');
    const body = Buffer.from(
      JSON.stringify({ suggestedWindow: { start: writeRfc3339(epochMs), end: text } }),
    );
    const window = unlessRefused(() => parseRenewalInfo(body), RenewalInfoUnusable);
    must(
      window === null || (window.startMs === epochMs && window.endMs > epochMs),
      'a window ends after it begins',
    );
  },
};
