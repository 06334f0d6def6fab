// Dates of HTTP as octets have them: the one form that is read, and the many that are not.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHttpDate } from '../../../src/timesync/http-date.ts';

const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 9110 section 5.6.7, written down field by field. */
function imfFixdate(epochMs: number): string {
  const at = new Date(epochMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${DAYS[at.getUTCDay()]}, ${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]}`;
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  return `${day} ${String(at.getUTCFullYear()).padStart(4, '0')} ${time} GMT`;
}

describe('an HTTP date', () => {
  it('is read where it is the example of the RFC', () => {
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(784_111_777_000);
  });

  it('is read for every second of the years 1970 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LAST_SECOND }), (seconds) => {
        expect(parseHttpDate(imfFixdate(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });

  it.each([
    ['of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['of asctime', 'Sun Nov  6 08:49:37 1994'],
    ['with another weekday', 'Mon, 06 Nov 1994 08:49:37 GMT'],
    ['of a day that its month has not', 'Wed, 31 Nov 1994 08:49:37 GMT'],
    ['of hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT'],
    ['with a leap second', 'Sat, 31 Dec 2016 23:59:60 GMT'],
    ['in another zone', 'Sun, 06 Nov 1994 08:49:37 UTC'],
    ['with an offset', 'Sun, 06 Nov 1994 08:49:37 +0000'],
    ['with a day of one digit', 'Sun, 6 Nov 1994 08:49:37 GMT'],
    ['in lower case', 'sun, 06 nov 1994 08:49:37 gmt'],
    ['with a blank before it', ' Sun, 06 Nov 1994 08:49:37 GMT'],
    ['with a year of five digits', 'Sat, 01 Jan 10000 00:00:00 GMT'],
    ['in ISO 8601', '1994-11-06T08:49:37.000000000Z'],
    ['that says so itself', 'Invalid Date'],
    ['that is empty', ''],
  ])('%s is refused', (_, text) => {
    expect(parseHttpDate(text)).toBeNull();
  });
});
