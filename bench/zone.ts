// The names that are asked, and the files of queries for dnsperf. The upstream has an address for every name of the zone,
// so that a miss is a name that nobody has asked before.

import { closeSync, openSync, writeSync } from 'node:fs';

export const ZONE = 'bench.example';
export const HIT_NAMES = 10_000;
/** In the mixed file, one query in so many is a miss. */
export const MISS_EVERY = 10;

/** Of the house: answered by each server itself. */
export const HOUSE_NAME = 'nas.home.arpa';
export const HOUSE_ADDRESS = '192.168.1.20';

const LINES_A_WRITE = 10_000;

export const hitName = (at: number) => `hit${at}.${ZONE}`;

/** @param lineOf the name on each line; all are asked for A */
export function writeNames(file: string, count: number, nameOf: (at: number) => string): void {
  const descriptor = openSync(file, 'w');
  for (let from = 0; from < count; from += LINES_A_WRITE) {
    let text = '';
    for (let at = from; at < Math.min(count, from + LINES_A_WRITE); at += 1) text += `${nameOf(at)} A\n`;
    writeSync(descriptor, text);
  }
  closeSync(descriptor);
}

/** A query for an A record, RD set, with an OPT record (RFC 6891) unless said otherwise; ID 0, as RFC 8484 wants it. */
export function wireQuery(name: string, { edns = true, id = 0 } = {}): Buffer {
  const labels = name.split('.').map((label) => String.fromCharCode(label.length) + label);
  const head = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns ? 1 : 0]);
  const question = Buffer.from(`${labels.join('')}\0\0\x01\0\x01`, 'latin1');
  // Root owner, type 41, 1,232 octets of payload, no flags, no options.
  const opt = edns ? Buffer.from([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]) : Buffer.alloc(0);
  return Buffer.concat([head, question, opt]);
}

/** Octets of the answer to such a query without its OPT record: header, question, one A record behind a pointer. */
export function answerOctets(name: string): number {
  return wireQuery(name, { edns: false }).length + 16;
}
