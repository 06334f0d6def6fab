// Records as people write them (src/dns/record-text.ts, rdata-text.ts): what is written is read back, of every type and
// with any octets; and any text is a record of sound octets, or a sentence about it.

import fc from 'fast-check';
import { typeName } from '../../../src/dns/codes.ts';
import {
  formatName,
  isAtOrBelow,
  lowerName,
  NameSyntaxError,
  nameKey,
  nameOctets,
} from '../../../src/dns/names.ts';
import { formatRdata } from '../../../src/dns/rdata-text.ts';
import { RDATA_SHAPES } from '../../../src/dns/rdata-types.ts';
import { parseRecordText, RecordSyntaxError } from '../../../src/dns/record-text.ts';
import type { ResourceRecord } from '../../../src/dns/records.ts';
import { plainNameEnd } from '../../../src/dns/wire.ts';
import { labels, writeName } from '../../support/arbitrary-messages.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual, unlessRefused } from '../target.ts';

export interface RecordTexts {
  readonly record: ResourceRecord;
  readonly text: string;
}

export const ZONE = nameKey('home.arpa.');
const EXAMPLES = [...RDATA_SHAPES].map(([type, { example }]) => ({ type, example }));
/** RDATA as an example of its type has it, with some octets changed; or any. */
const rdataOfType = fc
  .tuple(fc.constantFrom(...EXAMPLES), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
  .map(([{ type, example }, changes]) => {
    const rdata = Buffer.from(parseRecordText(`x 1 ${typeName(type)} ${example}`, ZONE).rdata);
    for (const [at, octet] of changes) rdata[at % rdata.length] = octet;
    return { type, rdata };
  });

/** A record of the zone; RDATA fits its type, or its type is unknown. */
export const zoneRecord: fc.Arbitrary<ResourceRecord> = fc
  .record({
    owner: labels,
    ttlSeconds: fc.nat(0x7fff_ffff),
    content: fc.oneof(
      rdataOfType,
      fc.record({ type: fc.integer({ min: 1000, max: 65_000 }), rdata: fc.uint8Array({ maxLength: 50 }) }),
    ),
  })
  .map(({ owner, ttlSeconds, content }) => {
    const wire = writeName(owner).toString('latin1').slice(0, -1) + ZONE;
    return { owner: wire, ttlSeconds, ...content };
  })
  .filter(({ type, rdata }) => !RDATA_SHAPES.has(type) || !formatRdata(type, rdata).startsWith('\\#'));

/** Words of records, in any order and with any marks between them. */
const words = fc.constantFrom(
  ...[
    'nas',
    '@',
    '*',
    '.',
    '300',
    '1h',
    '4294967296',
    'IN',
    'CH',
    'A',
    'AAAA',
    'TXT',
    'MX',
    'SOA',
    'TYPE65280',
    'ANY',
  ],
  ...[
    '10.0.0.1',
    '::1',
    '"',
    '"a b"',
    '\\',
    '\\#',
    '\\"',
    '\\300',
    '(',
    ')',
    ';',
    '\n',
    '2',
    '00ff',
    'key1="x"',
    'ü',
  ],
  ...EXAMPLES.map(({ example }) => example),
);
export const recordTexts: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.array(words, { maxLength: 10 }), fc.constantFrom(' ', '', '\t'))
    .map(([some, by]) => some.join(by)),
  fc
    .tuple(fc.constantFrom(...EXAMPLES), fc.nat(60), fc.constantFrom('', 'x', '"', '\\', ' ', '9', '('))
    .map(([{ type, example }, at, mark]) => {
      const whole = `nas ${typeName(type)} ${example}`;
      return whole.slice(0, at) + mark + whole.slice(at + 1);
    }),
  anyText,
);

export const recordText: FuzzTarget<RecordTexts> = {
  name: 'record-text',
  oracle: 'reading back what is written',
  runs: 3000,
  input: fc.record({ record: zoneRecord, text: recordTexts }),
  holds({ record, text }) {
    mustEqual(shown(parseRecordText(written(record), ZONE)), shown(record), 'a record read back');
    const read = unlessRefused(() => parseRecordText(text, ZONE), RecordSyntaxError, NameSyntaxError);
    if (read === null) return;
    mustBeSound(read);
    mustEqual(
      shown(parseRecordText(written(read), ZONE)),
      shown(read),
      'a record read back from what it says',
    );
  },
};

export function written({ owner, ttlSeconds, type, rdata }: ResourceRecord): string {
  return `${formatName(owner)} ${ttlSeconds} ${typeName(type)} ${formatRdata(type, rdata)}`;
}

export function shown({ owner, ttlSeconds, type, rdata }: ResourceRecord): string {
  return `${Buffer.from(owner, 'latin1').toString('hex')} ${ttlSeconds} ${type} ${Buffer.from(rdata).toString('hex')}`;
}

/** @throws Broken */
export function mustBeSound({ owner, ttlSeconds, rdata }: ResourceRecord): void {
  mustEqual(plainNameEnd(nameOctets(owner), 0), owner.length, 'the end of the owner');
  must(isAtOrBelow(lowerName(owner), ZONE), 'the owner lies in its zone');
  must(ttlSeconds >= 0 && ttlSeconds <= 0x7fff_ffff, 'the TTL is one');
  must(rdata.length <= 0xffff, 'the RDATA fits a record');
}
