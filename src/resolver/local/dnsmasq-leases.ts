// dnsmasq.leases: a line each of EXPIRY MAC ADDRESS NAME CLIENT-ID; after a line "duid …" those of DHCPv6 follow, with
// the IAID in the place of the MAC. NAME is * for none, EXPIRY is 0 for never. The file is written anew at each change.
// The form is that of dnsmasq's src/lease.c; no document has it. Pure.

import { epochMsOf, type LeaseItem, NOTHING } from './lease.ts';
import { linesOf } from './lines.ts';

/** Smaller numbers are no dates: a build for machines without a clock (HAVE_BROKEN_RTC) writes how long a lease lasts. */
const FIRST_DATE_MS = Date.UTC(2001, 0);

export function* dnsmasqLeases(text: string): Generator<LeaseItem> {
  for (const { number, text: line, isWhole } of linesOf(text)) {
    const [expiry, , address, host, id] = line?.split(' ') ?? [];
    const expiryMs = epochMsOf(expiry);
    if (expiry === 'duid' || line === '') yield NOTHING;
    else if (!isWhole || expiryMs === undefined || id === undefined) yield { kind: 'unread', line: number };
    else if (host === '*') yield { kind: 'gone', address: address! };
    else {
      const expiresMs = expiryMs < FIRST_DATE_MS ? Number.POSITIVE_INFINITY : expiryMs;
      // When it began is not written; where leases are of one length, the order is that of their ends.
      yield { kind: 'lease', lease: { address: address!, host: host!, expiresMs, sinceMs: expiresMs } };
    }
  }
}
