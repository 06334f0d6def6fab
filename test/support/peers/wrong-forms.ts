// Rows 7 and 8 of the wrong things that an upstream does: replies whose form is a lie, and replies that cost whoever reads
// them. Such a reply must never reach a client, not even in part.

import { HOSTILE_ADDRESS } from './hostile-upstream.ts';
import {
  ASKED,
  address,
  FLAG,
  HEADER_OCTETS,
  nameOctets,
  option,
  optRecord,
  POISON_ADDRESS,
  pointer,
  poisonFor,
  questionOf,
  record,
  replyTo,
  rightRecord,
  rightReply,
  TYPE,
  words,
} from './wrong-message.ts';
import { bankOf, type MessageWrong, ownName, type Sees } from './wrongs-vocabulary.ts';

const MAX_MESSAGE_OCTETS = 65_535;
const POISON = address(POISON_ADDRESS);
const A_LONG_LABEL = 'x'.repeat(63);
/** Of type, class, TTL and RDLENGTH: where the TTL stands in them. */
const TTL_AT = 4;

const lie = (
  label: string,
  does: string,
  message: (query: Buffer) => Buffer,
  sees: Sees = 'failed',
): MessageWrong => ({ ...{ row: 7, label, does, sees }, messages: (query) => [message(query)] });

const withOwner = (owner: (start: number) => Buffer) => (query: Buffer) =>
  replyTo(query, { answers: [poisonFor(owner(HEADER_OCTETS + questionOf(query).length))] });
const withAddress = (octets: number) => (query: Buffer) =>
  replyTo(query, {
    answers: [record(ASKED, TYPE.A, Buffer.concat([POISON, Buffer.of(0)]).subarray(0, octets))],
  });
const withOpt =
  (...records: readonly Buffer[]) =>
  (query: Buffer) =>
    replyTo(query, { answers: [rightRecord()], additionals: records });

/** 4 labels of 63 octets, by a pointer from one to the next. */
function overlong(query: Buffer): Buffer {
  const start = HEADER_OCTETS + questionOf(query).length;
  const label = Buffer.concat([Buffer.of(63), Buffer.from(A_LONG_LABEL)]);
  const text = (rest: Buffer) => record(ASKED, TYPE.TXT, Buffer.concat([label, rest]));
  const first = text(Buffer.of(0));
  const labelsAt = [start + first.length - label.length - 1];
  const records = [first];
  for (let links = 0; links < 4; links += 1) {
    const next = text(pointer(labelsAt.at(-1)!));
    labelsAt.push(start + Buffer.concat(records).length + next.length - label.length - 2);
    records.push(next);
  }
  return replyTo(query, { answers: [...records, poisonFor(pointer(labelsAt.at(-1)!))] });
}

/** The second owner is a pointer into the TTL of the first record, which says "a root name" today. */
function intoTtl(query: Buffer): Buffer {
  const ttlAt = HEADER_OCTETS + questionOf(query).length + ASKED.length + TTL_AT;
  return replyTo(query, { answers: [rightRecord(), poisonFor(pointer(ttlAt))] });
}

const LIES: readonly MessageWrong[] = [
  lie('question-by-pointer', 'a question that is a pointer to itself', (query) =>
    replyTo(query, { questions: [Buffer.concat([pointer(HEADER_OCTETS), words(TYPE.A, 1)])] }),
  ),
  lie('cut-in-question', 'a message that ends in the middle of the question', (query) =>
    rightReply(query).subarray(0, HEADER_OCTETS + 5),
  ),
  lie('truncated', 'a reply with TC over a stream', (query) =>
    replyTo(query, { flags: FLAG.QR | FLAG.TC, answers: [poisonFor(ASKED)] }),
  ),
  ...[0, 3, 5].map((octets) => lie(`a-of-${octets}`, `an address of ${octets} octets`, withAddress(octets))),
  lie('rdlength-beyond', 'an RDLENGTH beyond the end', (query) =>
    replyTo(query, { answers: [record(ASKED, TYPE.A, POISON, { length: 200 })] }),
  ),
  lie('rdlength-short', 'an RDLENGTH of less than there is', (query) =>
    replyTo(query, { answers: [record(ASKED, TYPE.A, POISON, { length: 2 })] }),
  ),
  lie('one-too-many', 'a count of one answer more than there is', (query) =>
    replyTo(query, { answers: [poisonFor(ASKED)], counts: { answers: 2 } }),
  ),
  lie('counts-largest', 'counts of 65,535', (query) =>
    replyTo(query, {
      answers: [poisonFor(ASKED)],
      counts: { answers: 0xffff, authorities: 0xffff, additionals: 0xffff },
    }),
  ),
  lie(
    'one-too-few',
    'a count of no answers, and one there',
    (query) => replyTo(query, { answers: [poisonFor(ASKED)], counts: { answers: 0 } }),
    'either',
  ),
  lie(
    'pointer-to-itself',
    'a name that is a pointer to itself',
    withOwner((start) => pointer(start)),
  ),
  lie(
    'pointer-loop',
    'two pointers that lead to each other',
    withOwner((start) => Buffer.concat([Buffer.of(1, 0x61), pointer(start)])),
  ),
  lie(
    'pointer-forward',
    'a pointer that leads on',
    withOwner((start) => pointer(start + 2)),
  ),
  lie(
    'pointer-header',
    'a pointer into the header',
    withOwner(() => pointer(4)),
    'either',
  ),
  lie(
    'pointer-outside',
    'a pointer beyond the end',
    withOwner(() => pointer(0x3fff)),
  ),
  lie('name-overlong', 'a name of over 255 octets by way of pointers', overlong),
  lie(
    'label-40',
    'a label of the type 0x40',
    withOwner(() => Buffer.from([0x41, 0x61, 0])),
  ),
  lie(
    'label-80',
    'a label of the type 0x80',
    withOwner(() => Buffer.from([0x81, 0x61, 0])),
  ),
  lie(
    'label-beyond',
    'a label that ends beyond the message',
    withOwner(() => Buffer.of(63)),
  ),
  lie('pointer-into-ttl', 'a pointer into a TTL, a name only until it has aged', intoTtl, 'either'),
  lie('cut', 'a message that ends in the middle of an address', (query) =>
    replyTo(query, { answers: [poisonFor(ASKED)] }).subarray(0, -2),
  ),
  lie(
    'trailing',
    'octets behind the last record',
    (query) => Buffer.concat([rightReply(query), POISON]),
    'either',
  ),
  lie('cname-beyond', 'a CNAME whose name ends beyond its data', (query) =>
    replyTo(query, {
      answers: [record(ASKED, TYPE.CNAME, Buffer.of(3, 0x61), { length: 2 }), poisonFor('ab')],
    }),
  ),
  lie(
    'soa-short',
    'a SOA without its numbers',
    (query) =>
      replyTo(query, { rcode: 3, authorities: [record(ASKED, TYPE.SOA, Buffer.concat([ASKED, ASKED]))] }),
    'either',
  ),
  lie(
    'rrsig-garbage',
    'the right answer and a signature of three octets',
    (query) => replyTo(query, { answers: [rightRecord(), record(ASKED, TYPE.RRSIG, Buffer.of(1, 2, 3))] }),
    'either',
  ),
  lie(
    'opt-twice',
    'two OPT records',
    withOpt(optRecord(Buffer.alloc(0)), optRecord(Buffer.alloc(0))),
    'either',
  ),
  lie(
    'opt-owner',
    'an OPT record that belongs to a name',
    withOpt(optRecord(Buffer.alloc(0), 0, ASKED)),
    'either',
  ),
  lie(
    'opt-option-beyond',
    'an option that ends beyond its record',
    withOpt(optRecord(words(15, 500))),
    'either',
  ),
  lie(
    'opt-as-answer',
    'an OPT record among the answers',
    (query) => replyTo(query, { answers: [rightRecord(), optRecord(Buffer.alloc(0))] }),
    'either',
  ),
];

/** As many of `one` as a message has room for behind the right answer. */
function filled(query: Buffer, one: (at: number) => Buffer, most = MAX_MESSAGE_OCTETS): Buffer[] {
  const records = [rightRecord()];
  let octets = HEADER_OCTETS + questionOf(query).length + records[0]!.length;
  for (let at = 0; at < most; at += 1) {
    const next = one(at);
    octets += next.length;
    if (octets > MAX_MESSAGE_OCTETS) break;
    records.push(next);
  }
  return records;
}

const costly = (label: string, does: string, message: (query: Buffer) => Buffer): MessageWrong => ({
  ...{ row: 8, label, does, sees: 'as it is', messages: (query) => [message(query)] },
});

const startOf = (query: Buffer) => HEADER_OCTETS + questionOf(query).length;
const longName = (query: Buffer) => nameOctets(`${Array(100).fill('a').join('.')}.${ownName(query)}`);

const COSTS: readonly MessageWrong[] = [
  costly('four-thousand-addresses', 'four thousand addresses', (query) =>
    replyTo(query, { answers: filled(query, (at) => record(ASKED, TYPE.A, words(0xc000, at)), 3_999) }),
  ),
  costly('longest', 'a message of 65,535 octets', (query) => {
    const text = Buffer.alloc(64_000, Buffer.concat([Buffer.of(255), Buffer.alloc(255, 0x61)]));
    return replyTo(query, { answers: [rightRecord(), record(ASKED, TYPE.TXT, text.subarray(0, 63_744))] });
  }),
  costly('pointers-to-a-long-name', 'thousands of names by pointers to one of 100 labels', (query) => {
    const first = record(ASKED, TYPE.PTR, longName(query));
    const at = startOf(query) + rightRecord().length + first.length - longName(query).length;
    return replyTo(query, {
      answers: filled(query, (nth) => (nth === 0 ? first : record(ASKED, TYPE.PTR, pointer(at)))),
    });
  }),
  costly(
    'owners-by-pointers',
    'thousands of records of other names, by pointers to one of 100 labels',
    (query) => {
      const first = record(longName(query), TYPE.A, POISON);
      const at = startOf(query) + rightRecord().length;
      return replyTo(query, {
        answers: filled(query, (nth) => (nth === 0 ? first : poisonFor(pointer(at)))),
      });
    },
  ),
  costly('other-names-between', 'thousands of records of other names, the right one last', (query) => {
    const others = filled(query, (nth) => record(`n${nth}`, TYPE.NS, ASKED)).slice(1, -3);
    return replyTo(query, { answers: [...others, rightRecord()] });
  }),
  costly('pointer-to-pointer', 'thousands of pointers, each to the last one', (query) => {
    const start = startOf(query) + rightRecord().length;
    const length = poisonFor(ASKED).length;
    return replyTo(query, {
      answers: filled(
        query,
        (nth) => poisonFor(nth === 0 ? ASKED : pointer(start + (nth - 1) * length)),
        1000,
      ),
    });
  }),
  costly('chain-backwards', 'two thousand CNAME records, the last link first', (query) => {
    const name = (nth: number) => (nth === 0 ? ownName(query) : `c${nth}`);
    const links = Array.from({ length: 2_000 }, (_, nth) =>
      record(name(nth), TYPE.CNAME, nameOctets(name(nth + 1))),
    );
    return replyTo(query, { answers: links.toReversed() });
  }),
  costly('dnames', 'thousands of DNAME records of names above', (query) =>
    replyTo(query, { answers: filled(query, () => record('', TYPE.DNAME, nameOctets('thief'))) }),
  ),
  costly('signatures', 'six hundred signatures', (query) =>
    replyTo(query, {
      answers: filled(
        query,
        (nth) => record(ASKED, TYPE.RRSIG, Buffer.concat([words(TYPE.A, nth), Buffer.alloc(90, 7)])),
        600,
      ),
    }),
  ),
  costly('ten-thousand-options', 'ten thousand EDNS options', (query) =>
    withOpt(optRecord(Buffer.concat(Array.from({ length: 10_000 }, () => option(65_001, Buffer.alloc(0))))))(
      query,
    ),
  ),
  costly('ten-thousand-errors', 'ten thousand extended errors', (query) =>
    withOpt(optRecord(Buffer.concat(Array.from({ length: 10_000 }, () => option(15, words(0))))))(query),
  ),
  costly('long-words', 'an extended error of sixty thousand octets', (query) =>
    withOpt(optRecord(option(15, Buffer.alloc(60_000, 'é'))))(query),
  ),
];

/** Row 3: what makes a resolver ask more than it was asked for. */
const provokes = (
  label: string,
  does: string,
  sees: Sees,
  parts: (query: Buffer) => Parameters<typeof replyTo>[1],
): MessageWrong => ({
  ...{ row: 3, label, does, sees, messages: (query) => [replyTo(query, parts(query))] },
});

const PROVOCATIONS: readonly MessageWrong[] = [
  provokes(
    'name-servers',
    'a delegation to 135 name servers without an address (NXNSAttack)',
    'as it is',
    (query) => ({
      authorities: Array.from({ length: 135 }, (_, at) =>
        record(ASKED, TYPE.NS, nameOctets(`ns${at}.${bankOf(query)}`)),
      ),
    }),
  ),
  provokes('cname-on', 'a CNAME without what it leads to', 'as it is', (query) => ({
    answers: [record(ASKED, TYPE.CNAME, nameOctets(`on.${bankOf(query)}`))],
  })),
  provokes('servfail-again', 'SERVFAIL', 'failed', () => ({ rcode: 2 })),
  provokes('refused-again', 'REFUSED', 'failed', () => ({ rcode: 5 })),
  provokes('formerr-again', 'FORMERR', 'failed', () => ({ rcode: 1 })),
  {
    ...{ row: 3, label: 'lie-again', does: 'an address of three octets', sees: 'failed' },
    messages: (query) => [
      replyTo(query, { answers: [record(ASKED, TYPE.A, address(HOSTILE_ADDRESS).subarray(0, 3))] }),
    ],
  },
];

export const WRONG_FORMS: readonly MessageWrong[] = [...LIES, ...COSTS, ...PROVOCATIONS];
