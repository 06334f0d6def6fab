// DNS messages for properties (fast-check): sound ones, compressed as real servers do, and the same with octets broken.
// Written octet by octet here, so that neither src/dns nor dns-packet decides what a sound message is.

import fc from 'fast-check';

const HEADER_OCTETS = 12;
const POINTER_TO_QUESTION = 0xc000 | HEADER_OCTETS;
const CLASS_IN = 1;
const NONE = new Uint8Array(0);
const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  RRSIG: 46,
  HTTPS: 65,
} as const;
/** Octets of letters in both cases, a dot and a NUL inside a label, and one above 127. */
const LABEL_OCTETS = [0x61, 0x5a, 0x41, 0x7a, 0x2d, 0x30, 0x2e, 0x00, 0xc3, 0x5b];

/** The same numbers in every run. */
export const SEED = 20261122;

export const labels: fc.Arbitrary<Buffer[]> = fc.array(
  fc
    .array(fc.constantFrom(...LABEL_OCTETS), { minLength: 1, maxLength: 12 })
    .map((octets) => Buffer.from(octets)),
  { maxLength: 5 },
);

export const plainName: fc.Arbitrary<Buffer> = labels.map(writeName);

/** A name as it may stand behind the question: plain, the question itself, or labels and then the question's name. */
const laterName: fc.Arbitrary<Buffer> = fc.oneof(
  plainName,
  fc.constant(uint16(POINTER_TO_QUESTION)),
  labels.map((some) => Buffer.concat([writeName(some).subarray(0, -1), uint16(POINTER_TO_QUESTION)])),
);

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toBuffer);
const rdata: fc.Arbitrary<readonly [type: number, rdata: Buffer]> = fc.oneof(
  fc.tuple(fc.constant(TYPE.A), octets(4)),
  fc.tuple(fc.constant(TYPE.AAAA), octets(16)),
  fc.tuple(fc.constantFrom(TYPE.NS, TYPE.CNAME), laterName),
  fc.tuple(fc.constant(TYPE.MX), joined(octets(2), laterName)),
  fc.tuple(fc.constant(TYPE.SRV), joined(octets(6), laterName)),
  fc.tuple(fc.constant(TYPE.SOA), joined(laterName, laterName, octets(20))),
  fc.tuple(fc.constantFrom(TYPE.HTTPS, 65_280), fc.uint8Array({ maxLength: 40 }).map(toBuffer)),
  fc.tuple(
    fc.constant(TYPE.TXT),
    octets(7).map((text) => Buffer.concat([Buffer.of(7), text])),
  ),
);

const ttl = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.nat(0xffffffff));

const record: fc.Arbitrary<Buffer> = fc
  .tuple(laterName, rdata, ttl)
  .map(([owner, [type, data], ttlSeconds]) => writeRecord(owner, type, CLASS_IN, ttlSeconds, data));

/** A cookie has one of few lengths (RFC 7873 section 4), every other option any. */
const option = fc
  .oneof(
    fc.tuple(fc.constantFrom(3, 11, 12, 15, 65_001), fc.uint8Array({ maxLength: 20 })),
    fc.tuple(fc.constant(10), fc.oneof(octets(8), octets(16), octets(24), octets(40))),
  )
  .map(([code, data]) => Buffer.concat([uint16(code), uint16(data.length), data]));

const opt: fc.Arbitrary<Buffer> = fc
  .tuple(fc.array(option, { maxLength: 4 }), fc.nat(0xffff), fc.constantFrom(0, 0x8000, 0x01000000))
  .map(([options, payload, flags]) =>
    writeRecord(Buffer.of(0), TYPE.OPT, payload, flags, Buffer.concat(options)),
  );

export interface SoundMessage {
  readonly wire: Buffer;
  readonly question: Buffer;
  readonly sections: readonly [answers: number, authorities: number, additionals: number];
  readonly hasOpt: boolean;
}

/** A message that any reader accepts; flags are arbitrary, OPT comes last. */
export const soundMessage: fc.Arbitrary<SoundMessage> = fc
  .record({
    header: fc.tuple(fc.nat(0xffff), fc.nat(0xffff)),
    name: plainName,
    type: fc.constantFrom(...Object.values(TYPE)),
    sections: fc.tuple(...([0, 1, 2] as const).map(() => fc.array(record, { maxLength: 4 }))),
    opt: fc.option(opt, { nil: null }),
  })
  .map(({ header: [id, flags], name, type, sections, opt: last }) => {
    const question = Buffer.concat([name, uint16(type), uint16(CLASS_IN)]);
    const [answers, authorities, additionals] = sections.map(({ length }) => length) as [
      number,
      number,
      number,
    ];
    const counts = [id, flags, 1, answers, authorities, additionals + (last === null ? 0 : 1)].map(uint16);
    const wire = Buffer.concat([...counts, question, ...sections.flat(), ...(last === null ? [] : [last])]);
    return { wire, question, sections: [answers, authorities, additionals], hasOpt: last !== null };
  });

/** A sound message with up to four octets replaced and perhaps its end cut off or prolonged. */
export const brokenMessage: fc.Arbitrary<Buffer> = fc
  .record({
    message: soundMessage,
    changes: fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 0xc0, 0x3f, 0x40))), {
      maxLength: 4,
    }),
    cut: fc.option(fc.nat(), { nil: null, freq: 1 }), // every second time: nearly every cut is refused at once
    tail: fc.oneof(
      { weight: 4, arbitrary: fc.constant(NONE) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2 }) },
    ),
  })
  .map(({ message: { wire }, changes, cut, tail }) => {
    const bytes = Buffer.from(wire);
    for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
    return Buffer.concat([cut === null ? bytes : bytes.subarray(0, cut % bytes.length), tail]);
  });

export const anyOctets: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 80 }).map(toBuffer),
  // One question in the header, so that the walk gets further than the first test.
  fc.uint8Array({ maxLength: 120 }).map((tail) => Buffer.concat([Buffer.of(0, 1, 0, 0, 0, 1), tail])),
  brokenMessage,
);

export function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255);
}

export function writeName(some: readonly Buffer[]): Buffer {
  return Buffer.concat([...some.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
}

export function writeRecord(
  owner: Buffer,
  type: number,
  cls: number,
  ttlSeconds: number,
  data: Buffer,
): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(cls, 2);
  fixed.writeUInt32BE(ttlSeconds, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}

function joined(...parts: fc.Arbitrary<Buffer>[]): fc.Arbitrary<Buffer> {
  return fc.tuple(...parts).map((all) => Buffer.concat(all));
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}
