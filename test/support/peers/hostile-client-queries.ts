// Queries that lie about themselves (RFC 9267), that ask for what nobody should be given, and that cost their reader much:
// octets only, made by hand, since no library would write them. Each is the work of a hostile client of its own kind.

const HEADER_OCTETS = 12;
const RD = 0x0100;
const TYPE = {
  A: 1,
  SOA: 6,
  SIG: 24,
  OPT: 41,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
} as const;
const IN = 1;
const OPTION = { NSID: 3, SUBNET: 8, COOKIE: 10, KEEPALIVE: 11, PADDING: 12, UNKNOWN: 0xfde9 } as const;
const MAX_MESSAGE_OCTETS = 65_535;
/** Of a COOKIE option that may be (RFC 7873 section 4): a client's, or with a server's behind it. */
const isCookieLength = (octets: number) => octets === 8 || (octets >= 16 && octets <= 40);

/**
 * What may come back. `refusal`: nothing, or a response without records that says FORMERR, NOTIMP or REFUSED. `silence`:
 * nothing. `badvers`: a response without records. `any`: odd but allowed, so that a proper answer may come too.
 */
export type Due = 'refusal' | 'silence' | 'badvers' | 'any';

export interface OddQuery {
  readonly kind: string;
  /** With ID 0; see `withId`. */
  readonly wire: Buffer;
  readonly due: Due;
}

/** The same query under another ID; one that is too short for an ID stays as it is. */
export function withId(wire: Uint8Array, id: number): Buffer {
  const copy = Buffer.from(wire);
  if (copy.length >= 2) copy.writeUInt16BE(id);
  return copy;
}

interface Parts {
  readonly flags?: number;
  /** Of the four sections; default: one question and the records that are given as additional. */
  readonly counts?: readonly number[];
  readonly question?: Buffer;
  /** Behind the question. */
  readonly records?: readonly Buffer[];
}

export function message({ flags = RD, counts, question = asked(), records = [] }: Parts = {}): Buffer {
  const header = Buffer.alloc(HEADER_OCTETS);
  header.writeUInt16BE(flags, 2);
  for (const [at, count] of (counts ?? [1, 0, 0, records.length]).entries())
    header.writeUInt16BE(count, 4 + 2 * at);
  return Buffer.concat([header, question, ...records]);
}

export function asked(
  name: Buffer = written('odd.wild.example.net'),
  type: number = TYPE.A,
  cls = IN,
): Buffer {
  return Buffer.concat([name, u16(type), u16(cls)]);
}

export function written(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.map((label) => Buffer.from(` ${label}`).fill(label.length, 0, 1)), ROOT]);
}

export function record(
  owner: Buffer,
  type: number,
  cls: number,
  rdata: Buffer,
  octets = rdata.length,
): Buffer {
  return Buffer.concat([owner, u16(type), u16(cls), Buffer.alloc(4), u16(octets), rdata]);
}

interface OptWish {
  readonly owner?: Buffer;
  readonly payloadOctets?: number;
  readonly version?: number;
  readonly rdata?: Buffer;
  /** What RDLENGTH says. */
  readonly octets?: number;
}

export function opt({
  owner = ROOT,
  payloadOctets = 1232,
  version = 0,
  rdata = EMPTY,
  octets,
}: OptWish = {}) {
  const made = record(owner, TYPE.OPT, payloadOctets, rdata, octets ?? rdata.length);
  made[owner.length + 5] = version;
  return made;
}

export function option(code: number, content: Buffer = EMPTY, octets = content.length): Buffer {
  return Buffer.concat([u16(code), u16(octets), content]);
}

function u16(value: number): Buffer {
  const octets = Buffer.alloc(2);
  octets.writeUInt16BE(value);
  return octets;
}

const EMPTY = Buffer.alloc(0);
const ROOT = Buffer.of(0);
const pointerTo = (at: number) => u16(0xc000 | at);
const labels = (count: number, octets: number) =>
  Buffer.concat(Array.from({ length: count }, () => Buffer.alloc(1 + octets, 0x61).fill(octets, 0, 1)));
const withQuestion = (kind: string, question: Buffer, due: Due = 'refusal'): OddQuery => ({
  kind,
  wire: message({ question }),
  due,
});
const withRecords = (kind: string, records: readonly Buffer[], due: Due = 'refusal'): OddQuery => ({
  kind,
  wire: message({ records }),
  due,
});
const withCounts = (kind: string, counts: readonly number[], parts: Parts = {}): OddQuery => ({
  kind,
  wire: message({ counts, ...parts }),
  due: 'refusal',
});
const withOptions = (kind: string, options: Buffer, due: Due = 'any') =>
  withRecords(kind, [opt({ rdata: options })], due);

const HEADERS: readonly OddQuery[] = [
  { kind: 'is a response', wire: message({ flags: 0x8000 | RD }), due: 'silence' },
  ...([1, 2, 3, 4, 5, 6, 15] as const).map(
    (opcode): OddQuery => ({
      kind: `opcode ${opcode}`,
      wire: message({ flags: (opcode << 11) | RD }),
      due: 'refusal',
    }),
  ),
  { kind: 'all flags but QR and the opcode', wire: message({ flags: 0x07ff }), due: 'any' },
  withCounts('no question', [0, 0, 0, 0], { question: EMPTY }),
  withCounts('a question that is not counted', [0, 0, 0, 0]),
  withCounts('two questions', [2, 0, 0, 0], { records: [asked()] }),
  withCounts('65,535 questions announced', [65_535, 0, 0, 0]),
  withCounts('an answer announced', [1, 1, 0, 0]),
  withCounts('65,535 authorities announced', [1, 0, 65_535, 0]),
  withCounts('65,535 additionals announced', [1, 0, 0, 65_535], { records: [opt()] }),
];

const NAMES: readonly OddQuery[] = [
  withQuestion('a pointer to itself', asked(pointerTo(HEADER_OCTETS))),
  withQuestion('two pointers in a circle', asked(Buffer.concat([pointerTo(14), pointerTo(12)]))),
  withQuestion('a label and a pointer back to it', asked(Buffer.concat([labels(1, 3), pointerTo(12)]))),
  withQuestion('a pointer ahead', asked(Buffer.concat([pointerTo(20), Buffer.alloc(8), ROOT]))),
  withQuestion('a pointer into the header', asked(pointerTo(4))),
  withQuestion('a pointer beyond the end', asked(pointerTo(0x3fff))),
  withQuestion('half a pointer', Buffer.of(0xc0)),
  withQuestion('a name of 257 octets', asked(Buffer.concat([labels(4, 63), ROOT]))),
  withQuestion('a name of 128 labels', asked(Buffer.concat([labels(128, 1), ROOT]))),
  withQuestion('a name of 60,000 octets', asked(Buffer.concat([labels(937, 63), ROOT]))),
  withQuestion('a name of 255 octets', asked(Buffer.concat([labels(3, 63), labels(1, 61), ROOT])), 'any'),
  withQuestion('a label of type 0x40', asked(Buffer.concat([labels(1, 0x41), ROOT]))),
  withQuestion('a label of type 0x80', asked(Buffer.concat([labels(1, 0x81), ROOT]))),
  withQuestion('a label of the bits that RFC 6891 took back', asked(Buffer.of(0x41, 8, 0xff, 0))),
  withQuestion('a label that runs past the end', Buffer.of(63, 0x61)),
  withQuestion('a name without an end', labels(3, 3)),
  withQuestion('no type', written('odd.wild.example.net')),
  withQuestion('half a class', asked().subarray(0, -1)),
  withQuestion('labels of zeros, dots and 0xff', asked(Buffer.of(3, 0, 0x2e, 0xff, 2, 0x5c, 0x0a, 0)), 'any'),
];

const RECORDS: readonly OddQuery[] = [
  withRecords('OPT twice', [opt(), opt()]),
  { kind: 'OPT among the answers', wire: message({ counts: [1, 1, 0, 0], records: [opt()] }), due: 'any' },
  { kind: 'OPT in authority', wire: message({ counts: [1, 0, 1, 0], records: [opt()] }), due: 'any' },
  withRecords('OPT with an owner', [opt({ owner: written('x') })]),
  withRecords('OPT owned by a pointer ahead', [opt({ owner: pointerTo(0x3000) })]),
  withRecords('OPT that says 65,535 octets', [opt({ octets: 65_535 })]),
  withRecords('OPT that ends within an option', [opt({ rdata: Buffer.of(0, 10, 0) })]),
  withRecords('an option that says 65,535 octets', [opt({ rdata: option(OPTION.UNKNOWN, EMPTY, 65_535) })]),
  withRecords('half an OPT', [opt().subarray(0, 6)]),
  ...[1, 2, 255].map((version) => withRecords(`EDNS version ${version}`, [opt({ version })], 'badvers')),
  ...[0, 1, 511, 65_535].map((payloadOctets) =>
    withRecords(`${payloadOctets} octets of UDP payload`, [opt({ payloadOctets })], 'any'),
  ),
  ...[0, 1, 7, 8, 9, 15, 16, 32, 40, 41, 400].map((octets) =>
    withOptions(
      `a cookie of ${octets} octets`,
      option(OPTION.COOKIE, Buffer.alloc(octets, 7)),
      isCookieLength(octets) ? 'any' : 'refusal',
    ),
  ),
  withOptions('two cookies', Buffer.concat(Array(2).fill(option(OPTION.COOKIE, Buffer.alloc(8, 7))))),
  withOptions('a subnet of no family', option(OPTION.SUBNET, Buffer.of(0, 9, 255, 255, 1, 2, 3))),
  withOptions('a subnet cut short', option(OPTION.SUBNET, Buffer.of(0, 1, 32))),
  withOptions('keepalive of 65,535', option(OPTION.KEEPALIVE, u16(65_535))),
  withOptions('padding of 500 octets that are not zero', option(OPTION.PADDING, Buffer.alloc(500, 1))),
  withOptions('NSID with content', option(OPTION.NSID, Buffer.alloc(300, 0x41))),
  withRecords('TSIG of a key that nobody has', [tsig()], 'any'),
  withRecords('TSIG that is not last', [tsig(), opt()], 'any'),
  withRecords('SIG(0)', [record(ROOT, TYPE.SIG, 255, Buffer.alloc(80, 3))], 'any'),
  withRecords('a record that says 65,535 octets', [record(ROOT, TYPE.A, IN, Buffer.alloc(4), 65_535)]),
  withRecords('a record whose owner points at itself', [record(pointerTo(38), TYPE.A, IN, Buffer.alloc(4))]),
  { kind: 'an octet behind the end', wire: Buffer.concat([message(), ROOT]), due: 'any' },
  {
    kind: '500 octets behind the end',
    wire: Buffer.concat([message(), Buffer.alloc(500, 0xa5)]),
    due: 'any',
  },
];

const QUESTIONS: readonly OddQuery[] = [
  withQuestion('AXFR', asked(undefined, TYPE.AXFR)),
  {
    kind: 'IXFR with its SOA',
    wire: message({
      question: asked(undefined, TYPE.IXFR),
      counts: [1, 0, 1, 0],
      records: [record(pointerTo(HEADER_OCTETS), TYPE.SOA, IN, Buffer.alloc(22))],
    }),
    due: 'refusal',
  },
  ...[TYPE.MAILB, 254, TYPE.OPT, TYPE.TKEY, TYPE.TSIG].map((type) =>
    withQuestion(`type ${type}`, asked(undefined, type), 'any'),
  ),
  ...[0, 255, 65_535].map((type) => withQuestion(`type ${type}`, asked(undefined, type), 'any')),
  ...[0, 3, 254, 255, 65_535].map((cls) =>
    withQuestion(`class ${cls}`, asked(undefined, TYPE.A, cls), 'any'),
  ),
];

/** Every kind that fits into a datagram. */
export const ODD_QUERIES: readonly OddQuery[] = [...HEADERS, ...NAMES, ...RECORDS, ...QUESTIONS];

/** Too short to be answered: datagrams, or messages on a stream, of 0 to 11 octets. */
export const STUMPS: readonly Buffer[] = Array.from({ length: HEADER_OCTETS }, (_, octets) =>
  message().subarray(0, octets),
);

function tsig(): Buffer {
  const rdata = Buffer.concat([written('hmac-sha256'), Buffer.alloc(6), u16(300), u16(32), Buffer.alloc(38)]);
  return record(written('key.example'), TYPE.TSIG, 255, rdata);
}

/** As long as a message may be, and dear to read (CVE-2024-8508, CVE-2026-41292). */
export const DEAR_QUERIES: readonly OddQuery[] = [
  { kind: '16,000 empty options', wire: manyOptions(16_000, EMPTY), due: 'any' },
  { kind: '5,400 cookies', wire: manyOptions(5_400, Buffer.alloc(8, 7), OPTION.COOKIE), due: 'any' },
  { kind: '5,900 records of the root', wire: manyRecords(5_900, () => ROOT), due: 'any' },
  { kind: '4,900 records under a name of 127 labels', wire: underLongName(4_900), due: 'any' },
  { kind: 'a chain of 5,400 pointers', wire: chainOfPointers(5_400), due: 'any' },
  { kind: '65,535 octets of zeros', wire: Buffer.alloc(MAX_MESSAGE_OCTETS), due: 'any' },
  {
    kind: '65,535 octets, most of them behind the end',
    wire: Buffer.concat([message(), Buffer.alloc(MAX_MESSAGE_OCTETS - message().length, 0xa5)]),
    due: 'any',
  },
];

function manyOptions(count: number, content: Buffer, code: number = OPTION.UNKNOWN): Buffer {
  return message({
    records: [opt({ rdata: Buffer.concat(Array<Buffer>(count).fill(option(code, content))) })],
  });
}

function manyRecords(count: number, owner: (at: number) => Buffer): Buffer {
  let at = message().length;
  const records = Array.from({ length: count }, () => {
    const made = record(owner(at), TYPE.A, IN, EMPTY);
    at += made.length;
    return made;
  });
  return message({ records });
}

/** The first owner has 127 labels, all others point at it. */
function underLongName(count: number): Buffer {
  const first = message().length;
  return manyRecords(count, (at) =>
    at === first ? Buffer.concat([labels(127, 1), ROOT]) : pointerTo(first),
  );
}

/** Each owner points at the pointer before it, as far as pointers reach. */
function chainOfPointers(count: number): Buffer {
  const ownOctets = record(pointerTo(0), TYPE.A, IN, EMPTY).length;
  const first = message().length;
  return manyRecords(count, (at) =>
    pointerTo(at === first ? HEADER_OCTETS : Math.min(0x3fff, at - ownOctets)),
  );
}
