// Kea's lease files (memfile, "persist": true), kea-leases4.csv and kea-leases6.csv: a line of column names, then a line
// for each change of a lease. Commas within a value are written "&#x2c". The forms are those of Kea's csv_lease_file4.cc
// and csv_lease_file6.cc; columns are found by their names, since their number has grown with the versions. Pure.

import { epochMsOf, type LeaseItem, NOTHING } from './lease.ts';
import { linesOf } from './lines.ts';

/** Lease::STATE_DEFAULT: assigned; the others are declined, reclaimed, released. */
const STATE_ASSIGNED = '0';
/** Lease::INFINITY_LFT in seconds. */
const INFINITE_LIFETIME = '4294967295';
/** Lease::TYPE_PD: a prefix, and no address. */
const TYPE_PREFIX = '2';

/**
 * The files that Kea's leases are in, oldest first. Its clean-up (LFC) moves the journal aside every hour and begins a
 * new one, so that the present file alone misses all who have not renewed since.
 */
export function keaFiles(path: string): string[] {
  return [`${path}.completed`, `${path}.2`, `${path}.1`, path];
}

export function* keaLeases(text: string): Generator<LeaseItem> {
  let columns: ReadonlyMap<string, number> = new Map();
  for (const { number, text: line, isWhole } of linesOf(text)) {
    const values = line?.split(',') ?? [];
    if (values[0] === 'address') columns = new Map(values.map((name, at) => [name, at]));
    const value = (column: string) => values[columns.get(column) ?? -1];
    if (line === '' || values[0] === 'address' || value('lease_type') === TYPE_PREFIX) {
      yield NOTHING;
      continue;
    }
    const address = value('address');
    const host = value('hostname');
    const lifetime = value('valid_lifetime');
    const lifetimeMs = epochMsOf(lifetime);
    const expiryMs = epochMsOf(value('expire'));
    if (
      !isWhole ||
      address === undefined ||
      host === undefined ||
      lifetimeMs === undefined ||
      expiryMs === undefined
    ) {
      yield { kind: 'unread', line: number };
    } else if (host === '' || lifetimeMs === 0 || (value('state') ?? STATE_ASSIGNED) !== STATE_ASSIGNED) {
      yield { kind: 'gone', address };
    } else {
      const expiresMs = lifetime === INFINITE_LIFETIME ? Number.POSITIVE_INFINITY : expiryMs;
      yield { kind: 'lease', lease: { address, host, expiresMs, sinceMs: expiryMs - lifetimeMs } };
    }
  }
}
