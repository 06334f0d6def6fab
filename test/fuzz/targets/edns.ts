// The OPT record (src/dns/edns.ts): options of a stranger's are read as a plain walk over them says, and those of our
// own are read back by dns-packet, within the octets that were foretold.

import packet from 'dns-packet';
import fc from 'fast-check';
import { isCookieLength } from '../../../src/dns/cookie.ts';
import { type OptParts, optOctets, readEdns, readExtendedErrors, writeOpt } from '../../../src/dns/edns.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface OptRecords {
  /** RDATA of an OPT record, perhaps with a mistake. */
  readonly rdata: Buffer;
  readonly own: OptParts;
}

const [COOKIE, KEEPALIVE, PADDING, EDE, NSID] = [10, 11, 12, 15, 3];
const OPT_FIXED_OCTETS = 10;
const MAX_ERRORS = 4;
const MAX_TEXT_OCTETS = 250;

const option = fc.tuple(
  fc.constantFrom(NSID, 8, COOKIE, KEEPALIVE, PADDING, EDE, 65_001),
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(0, 0, 0, 0, 0, 1, -1, 300),
);
const rdata = fc
  .tuple(fc.array(option, { maxLength: 8 }), fc.uint8Array({ maxLength: 3 }))
  .map(([options, tail]) => {
    const parts = options.map(([code, data, lie]) => {
      const head = Buffer.alloc(4);
      head.writeUInt16BE(code, 0);
      head.writeUInt16BE(Math.max(0, data.length + lie), 2);
      return Buffer.concat([head, data]);
    });
    return Buffer.concat([...parts, ...(tail.length > 1 ? [tail] : [])]);
  });
const own: fc.Arbitrary<OptParts> = fc.record({
  payloadOctets: fc.nat(0xffff),
  dnssecOk: fc.boolean(),
  extendedRcode: fc.nat(255),
  errors: fc.array(
    fc.record({
      code: fc.nat(0xffff),
      text: fc.oneof(
        anyText,
        fc.constantFrom('ü'.repeat(200), `x${'ü'.repeat(200)}`, '\u{1f9ed}'.repeat(80)),
      ),
    }),
    { maxLength: 3 },
  ),
  options: fc.uniqueArray(
    fc.record({ code: fc.integer({ min: 65_001, max: 65_534 }), octets: fc.uint8Array() }),
    {
      maxLength: 3,
      selector: ({ code }) => code,
    },
  ),
  keepaliveMs: fc.option(fc.nat(10_000_000), { nil: null }),
  padToOctets: fc.constantFrom(0, 128, 468),
});

export const edns: FuzzTarget<OptRecords> = {
  name: 'edns',
  oracle: 'a plain walk over the options, and dns-packet',
  runs: 3000,
  input: fc.record({ rdata, own }),
  holds({ rdata, own }) {
    mustReadAsWalked(rdata);
    mustComeBack(own);
  },
};

function mustReadAsWalked(rdata: Buffer): void {
  const message = Buffer.concat([Buffer.alloc(OPT_FIXED_OCTETS), rdata]);
  message.writeUInt16BE(rdata.length, OPT_FIXED_OCTETS - 2);
  const walked = walk(rdata);
  const first = walked?.find(({ code }) => code === COOKIE);
  const isGood = walked !== null && (first === undefined || isCookieLength(first.data.length));
  const read = readEdns(message, 0);
  mustEqual(read !== null, isGood, 'well-formed options');
  if (read === null || walked === null) return;
  const has = (wanted: number) => walked.some(({ code }) => code === wanted);
  mustEqual(
    [read.asksForPadding, read.asksForKeepalive, read.asksForNsid, hex(read.cookie)],
    [has(PADDING), has(KEEPALIVE), has(NSID), hex(first?.data ?? null)],
    'what the options ask for',
  );
  const errors = walked.filter(({ code, data }) => code === EDE && data.length >= 2).slice(0, MAX_ERRORS);
  mustEqual(
    readExtendedErrors(message, 0).map(({ code }) => code),
    errors.map(({ data }) => data.readUInt16BE(0)),
    'errors',
  );
}

function mustComeBack(own: OptParts): void {
  const target = Buffer.alloc(optOctets(own) + 4 + own.padToOctets, 0xee);
  const end = writeOpt(target, 0, own);
  if (own.padToOctets === 0) mustEqual(end, optOctets(own), 'the octets that were foretold');
  else must(end % own.padToOctets === 0, 'padded to whole blocks');
  const message = Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), target.subarray(0, end)]);
  const [seen] = (packet.decode(message).additionals ?? []) as unknown as [
    { options: { code: number; data: Buffer }[] },
  ];
  const dataOf = (wanted: number) =>
    seen.options.filter(({ code }) => code === wanted).map(({ data }) => data);
  for (const { code, octets } of own.options ?? [])
    mustEqual(dataOf(code).map(hex), [hex(octets)], 'an option');
  const words = dataOf(EDE).map((data) => data.subarray(2));
  mustEqual(
    dataOf(EDE).map((data) => data.readUInt16BE(0)),
    own.errors.map(({ code }) => code),
    'codes of errors',
  );
  for (const [at, text] of words.entries()) {
    const whole = Buffer.from(own.errors[at]!.text);
    must(
      text.length <= MAX_TEXT_OCTETS && whole.subarray(0, text.length).equals(text),
      'words are the head of the text',
    );
    must(
      !text.toString().endsWith('\ufffd') || whole.toString().includes('\ufffd'),
      'no character is cut in two',
    );
  }
}

/** Null where the lengths do not fit. */
function walk(rdata: Buffer): { code: number; data: Buffer }[] | null {
  const options: { code: number; data: Buffer }[] = [];
  let rest = rdata;
  while (rest.length > 0) {
    if (rest.length < 4 || rest.length < 4 + rest.readUInt16BE(2)) return null;
    const end = 4 + rest.readUInt16BE(2);
    options.push({ code: rest.readUInt16BE(0), data: rest.subarray(4, end) });
    rest = rest.subarray(end);
  }
  return options;
}

function hex(octets: Uint8Array | null): string | null {
  return octets === null ? null : Buffer.from(octets).toString('hex');
}
