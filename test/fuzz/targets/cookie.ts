// DNS cookies (src/dns/cookie.ts): one of ours is known again within its time and by nobody else; any other octets are
// not.

import fc from 'fast-check';
import { isCookieLength, responseCookie, serverCookieAge } from '../../../src/dns/cookie.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface CookieStory {
  readonly asked: Uint8Array;
  readonly secret: Uint8Array;
  readonly client: Uint8Array;
  readonly nowSeconds: number;
  readonly laterSeconds: number;
  /** Where an octet is changed, and by what. */
  readonly at: number;
  readonly flip: number;
}

const MAX_AGE_SECONDS = 3600;
const MAX_AHEAD_SECONDS = 300;
const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

export const cookie: FuzzTarget<CookieStory> = {
  name: 'cookie',
  oracle: 'RFC 9018: its window of time, and no other client, secret or octet',
  runs: 3000,
  input: fc.record({
    asked: fc.oneof(octets(8), octets(24), fc.uint8Array({ minLength: 8, maxLength: 40 })),
    secret: octets(16),
    client: fc.oneof(octets(4), octets(16)),
    nowSeconds: fc.oneof(fc.nat(2 ** 31 - 1), fc.integer({ min: 2 ** 32 - 4000, max: 2 ** 32 + 4000 })),
    laterSeconds: fc.integer({ min: -400, max: 4000 }),
    at: fc.nat(23),
    flip: fc.integer({ min: 1, max: 255 }),
  }),
  holds({ asked, secret, client, nowSeconds, laterSeconds, at, flip }) {
    const ground = { secret, client, nowSeconds };
    mustEqual(serverCookieAge(asked, ground), null, 'the age of a cookie that nobody made');
    const made = Buffer.from(responseCookie(asked, ground));
    must(isCookieLength(made.length), 'a cookie that is given has a right length');
    mustEqual(
      made.toString('hex', 0, 8),
      Buffer.from(asked.subarray(0, 8)).toString('hex'),
      "the client's cookie",
    );
    const isGood = laterSeconds <= MAX_AGE_SECONDS && laterSeconds >= -MAX_AHEAD_SECONDS;
    const later = { ...ground, nowSeconds: nowSeconds + laterSeconds };
    mustEqual(serverCookieAge(made, later), isGood ? laterSeconds : null, 'the age of a cookie');
    const changed = Buffer.from(made);
    changed[at]! ^= flip;
    mustEqual(serverCookieAge(changed, ground), null, 'the age of a cookie that was changed');
    const otherClient = Uint8Array.from(client, (octet) => octet ^ flip);
    mustEqual(serverCookieAge(made, { ...ground, client: otherClient }), null, "the age of another's cookie");
    const otherSecret = Uint8Array.from(secret, (octet) => octet ^ flip);
    mustEqual(
      serverCookieAge(made, { ...ground, secret: otherSecret }),
      null,
      "the age of another server's cookie",
    );
  },
};
