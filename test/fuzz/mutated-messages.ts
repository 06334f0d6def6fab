// DNS messages that know the grammar and break it: sound ones and those of the real corpus, taken apart into records,
// and put together again with records moved, repeated, of another type or another message, names led elsewhere, counts
// and lengths that lie. The reading here is loose and its own: src/dns is what these messages are for.

import fc from 'fast-check';
import { anyOctets, soundMessage, uint16 } from '../support/arbitrary-messages.ts';
import { hasCorpus, wholeCorpus } from '../support/corpus.ts';

const HEADER_OCTETS = 12;
const FIXED_OCTETS = 10;
const MESSAGE_OCTETS_MAX = 65_535;
/** Behind it, a pointer of 14 bits leads nowhere. */
const LARGE_OCTETS = 16_400;
/** A root owner, a private type, class IN. */
const LARGE_RECORD = Buffer.concat([
  Buffer.of(0, 0xff, 0, 0, 1, 0, 0, 0, 60, LARGE_OCTETS >> 8, LARGE_OCTETS & 255),
  Buffer.alloc(LARGE_OCTETS),
]);
/** Types with names in their RDATA, with addresses, with options, and one that nobody knows. */
const TYPES = [1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 39, 41, 46, 47, 64, 65, 255, 65_280];
/** Octets where something turns: ends of labels, the longest label, both reserved label types, pointers. */
const TURNING_OCTETS = [0, 1, 0x0c, 0x3f, 0x40, 0x80, 0xc0, 0xff];

interface Parts {
  readonly head: Buffer;
  readonly question: Buffer;
  /** Whole records, one after the other; what cannot be read as one stands as the last of them. */
  records: Buffer[];
}

interface Change {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly value: number;
}

const KINDS = [
  'octet',
  'octet',
  'pointer',
  'cut',
  'insert',
  'drop record',
  'repeat record',
  'swap records',
  'foreign record',
  'type',
  'class',
  'ttl',
  'rdlength',
  'owner',
  'large record',
  'count',
  'flags',
] as const;

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(0xffff),
  value: fc.oneof(fc.nat(0xffff), fc.constantFrom(...TURNING_OCTETS, ...TYPES)),
});

const corpus: readonly Buffer[] = hasCorpus ? wholeCorpus().map(({ wire }) => wire) : [];
const sound = soundMessage.map(({ wire }) => wire);
/** Unchanged. */
export const wholeMessage: fc.Arbitrary<Buffer> =
  corpus.length === 0 ? sound : fc.oneof(sound, fc.constantFrom(...corpus));

export const mutatedMessage: fc.Arbitrary<Buffer> = fc
  .tuple(wholeMessage, wholeMessage, fc.array(change, { maxLength: 5 }))
  .map(([message, other, changes]) => {
    const parts = partsOf(message);
    const foreign = partsOf(other).records;
    let octets = assembled(parts);
    for (const one of changes) {
      if (!changeRecords(parts, one, foreign)) continue;
      octets = assembled(parts);
    }
    for (const one of changes) octets = changeOctets(octets, one);
    return octets.subarray(0, MESSAGE_OCTETS_MAX);
  });

/** All that may come as a message. */
export const anyMessage: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 3, arbitrary: mutatedMessage },
  { weight: 1, arbitrary: anyOctets },
);

/** False where this change is none of records. */
function changeRecords({ records }: Parts, { kind, at, value }: Change, foreign: readonly Buffer[]): boolean {
  const index = records.length === 0 ? 0 : at % records.length;
  const record = records[index];
  if (kind === 'foreign record' && foreign.length > 0) {
    records.splice(index, 0, foreign[value % foreign.length]!);
    return true;
  }
  if (kind === 'large record') {
    records.splice(index, 0, LARGE_RECORD);
    return true;
  }
  if (record === undefined) return false;
  const fixed = looseNameEnd(record, 0);
  const write = (offset: number, octets: Buffer) => {
    if (fixed + FIXED_OCTETS > record.length) return;
    records[index] = Buffer.from(record);
    octets.copy(records[index]!, fixed + offset);
  };
  if (kind === 'drop record') records.splice(index, 1);
  else if (kind === 'repeat record') records.splice(index, 0, record);
  else if (kind === 'swap records') records.push(...records.splice(index, 1));
  else if (kind === 'type') write(0, uint16(value));
  else if (kind === 'class') write(2, uint16(value));
  else if (kind === 'ttl') write(4, Buffer.concat([uint16(value), uint16(at)]));
  else if (kind === 'rdlength')
    write(
      8,
      uint16((record.readUInt16BE(Math.min(fixed + 8, record.length - 2)) + (value % 5) - 2) & 0xffff),
    );
  else if (kind === 'owner')
    records[index] = Buffer.concat([uint16(0xc000 | (value & 0x3fff)), record.subarray(fixed)]);
  else return false;
  return true;
}

function changeOctets(octets: Buffer, { kind, at, value }: Change): Buffer {
  if (octets.length === 0) return octets;
  const place = at % octets.length;
  const copy = Buffer.from(octets);
  if (kind === 'octet') copy[place] = value;
  else if (kind === 'pointer' && octets.length > place + 1)
    copy.writeUInt16BE(0xc000 | ((value % octets.length) & 0x3fff), place);
  else if (kind === 'cut') return copy.subarray(0, place);
  else if (kind === 'insert')
    return Buffer.concat([copy.subarray(0, place), Buffer.of(value), copy.subarray(place)]);
  else if (kind === 'count' && octets.length >= HEADER_OCTETS)
    copy.writeUInt16BE((copy.readUInt16BE(4 + 2 * (at % 4)) + (value % 5) - 2) & 0xffff, 4 + 2 * (at % 4));
  else if (kind === 'flags' && octets.length >= HEADER_OCTETS) copy.writeUInt16BE(value, 2);
  return copy;
}

/** Counts are made right again where sections could be told apart: lying ones are a change of their own. */
function assembled({ head, question, records }: Parts): Buffer {
  const copy = Buffer.from(head);
  if (copy.length === HEADER_OCTETS) {
    const before = copy.readUInt16BE(6) + copy.readUInt16BE(8) + copy.readUInt16BE(10);
    const more = records.length - before;
    for (const [at, sign] of [
      [10, 1],
      [8, 1],
      [6, 1],
    ] as const) {
      const now = copy.readUInt16BE(6) + copy.readUInt16BE(8) + copy.readUInt16BE(10);
      const count = copy.readUInt16BE(at) + sign * (before + more - now);
      copy.writeUInt16BE(Math.min(0xffff, Math.max(0, count)), at);
    }
  }
  return Buffer.concat([copy, question, ...records]);
}

function partsOf(message: Buffer): Parts {
  const head = message.subarray(0, HEADER_OCTETS);
  let at = head.length;
  const questions = head.length < HEADER_OCTETS ? 0 : Math.min(2, head.readUInt16BE(4));
  for (let left = questions; left > 0; left -= 1)
    at = Math.min(message.length, looseNameEnd(message, at) + 4);
  const question = message.subarray(head.length, at);
  const records: Buffer[] = [];
  while (at < message.length) {
    const fixed = looseNameEnd(message, at);
    const isWhole = fixed + FIXED_OCTETS <= message.length;
    const end = isWhole ? fixed + FIXED_OCTETS + message.readUInt16BE(fixed + 8) : message.length;
    records.push(message.subarray(at, end));
    at = end;
  }
  return { head, question, records };
}

/** Where a name that stands at `at` ends on the spot: at its root, behind its pointer, or at the end of everything. */
function looseNameEnd(octets: Buffer, at: number): number {
  for (let position = at; position < octets.length; ) {
    const length = octets[position]!;
    if (length >= 0xc0) return Math.min(octets.length, position + 2);
    position += 1 + length;
    if (length === 0) return position;
  }
  return octets.length;
}
