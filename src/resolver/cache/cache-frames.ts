// The form of the cache file (pure): a line that says what it is, then frames, each its length, its CRC-32 and its
// payload. The first frame is the head, the last is empty: a file without it is torn. Big-endian.
//   head:    when it was written (6 octets, milliseconds since 1970), the configuration's key (UTF-8)
//   others:  entries: length of the key (2), of the packed answer (4), 1 for a popular one (1), key, packed answer
// The checksum is against torn writes and bad disks. Whoever can write the file can forge it, so every answer is looked
// at (dns/packed-answer.ts), but only for its form.

import { crc32 } from 'node:zlib';
import { isPacked } from '../../dns/packed-answer.ts';
import type { KeptAnswer } from './answer-store.ts';

/** Its number changes with the form, that of Query.cacheKey and of a packed answer included. */
export const FIRST_LINE = 'noonmark cache 1\n';

/** A frame is begun anew beyond this: some hundred answers, a millisecond's work. */
export const FRAME_OCTETS = 64 * 1024;
/** With an answer of 64 KiB, its offsets and errors at the end of one. */
const MAX_FRAME_OCTETS = 4 * FRAME_OCTETS;
export const FRAME_HEAD_OCTETS = 8;
const ENTRY_HEAD_OCTETS = 7;
const DATE_OCTETS = 6;
/** Flags, type and class, and a name (Query.cacheKey). */
const KEY_OCTETS = { least: 6, most: 260 } as const;

export interface FileHead {
  readonly savedAtMs: number;
  readonly configKey: string;
}

export function writeHead({ savedAtMs, configKey }: FileHead): Buffer {
  const date = Buffer.alloc(DATE_OCTETS);
  date.writeUIntBE(Math.max(0, Math.floor(savedAtMs)), 0, DATE_OCTETS);
  return frame(Buffer.concat([date, Buffer.from(configKey)]));
}

/** Null: too short to be one. */
export function readHead(payload: Buffer): FileHead | null {
  if (payload.length < DATE_OCTETS) return null;
  return { savedAtMs: payload.readUIntBE(0, DATE_OCTETS), configKey: payload.toString('utf8', DATE_OCTETS) };
}

export function writeEntry({ key, packed, isPopular }: KeptAnswer): Buffer {
  const entry = Buffer.allocUnsafe(ENTRY_HEAD_OCTETS + key.length + packed.length);
  entry.writeUInt16BE(key.length, 0);
  entry.writeUInt32BE(packed.length, 2);
  entry[6] = isPopular ? 1 : 0;
  entry.write(key, ENTRY_HEAD_OCTETS, 'latin1');
  entry.set(packed, ENTRY_HEAD_OCTETS + key.length);
  return entry;
}

/** The entries of a frame; one that is no answer to its key's question is left out. */
export function* readEntries(payload: Buffer): Generator<KeptAnswer> {
  for (let at = 0; at + ENTRY_HEAD_OCTETS <= payload.length; ) {
    const keyAt = at + ENTRY_HEAD_OCTETS;
    const packedAt = keyAt + payload.readUInt16BE(at);
    const end = packedAt + payload.readUInt32BE(at + 2);
    if (end > payload.length) return;
    const key = payload.toString('latin1', keyAt, packedAt);
    const packed = payload.subarray(packedAt, end);
    if (isCacheKey(key) && isPacked(packed, questionOf(key)))
      yield { key, packed, isPopular: payload[at + 6] === 1 };
    at = end;
  }
}

function isCacheKey(key: string): boolean {
  return key.length >= KEY_OCTETS.least && key.length <= KEY_OCTETS.most;
}

/** Name, type and class as they stand in a message. */
function questionOf(key: string): string {
  return key.slice(5) + key.slice(1, 5);
}

export function frame(payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(FRAME_HEAD_OCTETS);
  head.writeUInt32BE(payload.length, 0);
  head.writeUInt32BE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

export const LAST_FRAME = frame(Buffer.alloc(0));

/** How long a frame's payload is, by its head; null: no frame of ours is that long. */
export function payloadOctets(head: Buffer): number | null {
  const octets = head.readUInt32BE(0);
  return octets <= MAX_FRAME_OCTETS ? octets : null;
}

export function isIntact(head: Buffer, payload: Buffer): boolean {
  return crc32(payload) === head.readUInt32BE(4);
}
