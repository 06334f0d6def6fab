// Row 1 of the wrong things that an upstream does: stray replies, and replies that say more than they were asked for.

import {
  ASKED,
  address,
  CHAINED_ADDRESS,
  CLASS,
  FLAG,
  nameOctets,
  option,
  optRecord,
  poisonFor,
  question,
  questionOf,
  RCODE,
  record,
  replyTo,
  rightRecord,
  rightReply,
  soaRecord,
  TYPE,
} from './wrong-message.ts';
import { bankOf, type MessageWrong, ownName, type Sees, WILD } from './wrongs-vocabulary.ts';

const THIEF = 'thief.example.org';
const EDE_OPTION = 15;
const EDE_OTHER = 0;
const SHORTEST_HEADER = 12;
/** More than any resolver follows. */
const CHAIN_LINKS = 60;

/** Over DoT the right reply comes after it; over HTTP there is one reply to a request, and it is this one. */
const stray = (
  label: string,
  does: string,
  strays: (query: Buffer, others: readonly Buffer[]) => Buffer[],
): MessageWrong => ({
  ...{ row: 1, label, does: `${does}, then the right reply`, sees: 'right', overDoh: 'failed' },
  messages: (query, others) => [...strays(query, others), rightReply(query)],
});

const poisoned = (query: Buffer, parts: Parameters<typeof replyTo>[1]) =>
  replyTo(query, { answers: [poisonFor(ASKED)], ...parts });

/** Of two queries in flight on one connection, which no two requests over HTTP are. */
const IN_FLIGHT: readonly MessageWrong[] = [
  stray(
    'question-in-flight',
    'an answer to the question of another query in flight, with the ID of this one',
    (query, [other]) => (other ? [poisoned(query, { questions: [questionOf(other)] })] : []),
  ),
  stray(
    'id-in-flight',
    'an answer to this question with the ID of another query in flight',
    (query, [other]) => (other ? [poisoned(query, { id: other.readUInt16BE(0) })] : []),
  ),
].map((wrong) => ({ ...wrong, overDoh: 'right' }));

const STRAYS: readonly MessageWrong[] = [
  stray('wrong-id', 'a reply with another ID', (query) => [
    poisoned(query, { id: query.readUInt16BE(0) + 1 }),
  ]),
  stray('wrong-name', 'a reply to another name', (query) => [
    poisoned(query, { questions: [question(bankOf(query))] }),
  ]),
  stray('parent-name', 'a reply to the name above', (query) => [
    poisoned(query, { questions: [question(WILD)] }),
  ]),
  stray('wrong-type', 'a reply to another type', (query) => [
    poisoned(query, { questions: [question(ownName(query), TYPE.AAAA)] }),
  ]),
  stray('wrong-class', 'a reply to another class', (query) => [
    poisoned(query, { questions: [question(ownName(query), TYPE.A, CLASS.CH)] }),
  ]),
  stray('no-response', 'a reply without QR', (query) => [poisoned(query, { flags: FLAG.RD })]),
  stray('notify', 'a reply with the opcode NOTIFY', (query) => [
    poisoned(query, { flags: FLAG.QR | (4 << 11) }),
  ]),
  stray('update', 'a reply with the opcode UPDATE', (query) => [
    poisoned(query, { flags: FLAG.QR | (5 << 11) }),
  ]),
  stray('no-question', 'an answer without a question', (query) => [
    poisoned(query, { questions: [], answers: [poisonFor(ownName(query))] }),
  ]),
  stray('two-questions', 'an answer to two questions', (query) => [
    poisoned(query, { questions: [questionOf(query), question(bankOf(query))] }),
  ]),
  stray('unsolicited', 'three answers that nobody has asked for', (query) =>
    [1, 2, 3].map((at) => {
      const bank = question(bankOf(query));
      return poisoned(query, { id: query.readUInt16BE(0) + 1000 * at, questions: [bank] });
    }),
  ),
  stray('empty', 'a message of no octets', () => [Buffer.alloc(0)]),
  stray('short', 'messages of one to eleven octets', (query) =>
    Array.from({ length: SHORTEST_HEADER - 1 }, (_, at) => rightReply(query).subarray(0, at + 1)),
  ),
  stray('noise', 'three hundred octets of noise', () => [Buffer.alloc(300, 0xa5)]),
  {
    ...{ row: 1, label: 'twice', does: 'the right reply, then another one to the same query', sees: 'right' },
    messages: (query) => [rightReply(query), poisoned(query, {}), poisoned(query, {})],
  },
  {
    ...{ row: 1, label: 'spelling', does: 'the right reply over the question in capitals', sees: 'either' },
    messages: (query) => [
      replyTo(query, { questions: [question(ownName(query).toUpperCase())], answers: [rightRecord()] }),
    ],
  },
];

/** One reply, over DoT and DoH alike. */
const reply = (
  label: string,
  does: string,
  sees: Sees,
  parts: (query: Buffer) => NonNullable<Parameters<typeof replyTo>[1]>,
): MessageWrong => ({ row: 1, label, does, sees, messages: (query) => [replyTo(query, parts(query))] });

const right = () => ({ answers: [rightRecord()] });
const nsRecord = (zone: string, name: string) => record(zone, TYPE.NS, nameOctets(name));

const MORE_THAN_ASKED: readonly MessageWrong[] = [
  reply('extra-answer', 'the right answer, then an address of another name', 'right', (query) => ({
    answers: [rightRecord(), poisonFor(bankOf(query))],
  })),
  reply('extra-answer-first', 'an address of another name, then the right answer', 'right', (query) => ({
    answers: [poisonFor(bankOf(query)), rightRecord()],
  })),
  reply('extra-cname', 'the right answer, and a CNAME of another name', 'right', (query) => ({
    answers: [rightRecord(), record(bankOf(query), TYPE.CNAME, nameOctets(THIEF)), poisonFor(THIEF)],
  })),
  reply('extra-dname', 'the right answer, and a DNAME of another zone', 'right', () => ({
    answers: [
      rightRecord(),
      record('example.org', TYPE.DNAME, nameOctets('thief.example')),
      poisonFor(THIEF),
    ],
  })),
  reply(
    'extra-additional',
    'the right answer, and an address of another name beside it',
    'right',
    (query) => ({
      ...right(),
      additionals: [poisonFor(bankOf(query))],
    }),
  ),
  reply(
    'foreign-delegation',
    'the right answer, and name servers of a foreign zone with glue',
    'right',
    (query) => ({
      ...right(),
      authorities: [nsRecord('example.org', bankOf(query))],
      additionals: [poisonFor(bankOf(query))],
    }),
  ),
  reply(
    'own-delegation',
    'the right answer, and new name servers of its zone with glue (CVE-2025-11411)',
    'right',
    (query) => ({
      ...right(),
      authorities: [nsRecord(WILD, bankOf(query))],
      additionals: [poisonFor(bankOf(query))],
    }),
  ),
  reply(
    'root-delegation',
    'the right answer, and new name servers of the root with glue',
    'right',
    (query) => ({
      ...right(),
      authorities: [nsRecord('', bankOf(query))],
      additionals: [poisonFor(bankOf(query))],
    }),
  ),
  reply(
    'extra-authority',
    'the right answer, and an address of another name as authority',
    'right',
    (query) => ({
      ...right(),
      authorities: [poisonFor(bankOf(query))],
    }),
  ),
  reply('other-class', 'the right answer, and an address of the class CH', 'either', () => ({
    answers: [record(ASKED, TYPE.A, address('203.0.113.66'), { class: CLASS.CH }), rightRecord()],
  })),
  reply('chained', 'a CNAME to another name with an address, which may well be so', 'as it is', (query) => ({
    answers: [
      record(ASKED, TYPE.CNAME, nameOctets(bankOf(query))),
      record(bankOf(query), TYPE.A, address(CHAINED_ADDRESS)),
    ],
  })),
  reply('cname-to-itself', 'a CNAME that leads to itself', 'as it is', () => ({
    answers: [record(ASKED, TYPE.CNAME, ASKED)],
  })),
  reply('cname-loop', 'a loop of two CNAME records', 'as it is', (query) => ({
    answers: [record(ASKED, TYPE.CNAME, nameOctets(bankOf(query))), record(bankOf(query), TYPE.CNAME, ASKED)],
  })),
  reply('cname-chain', 'a chain of sixty CNAME records', 'as it is', (query) => ({
    answers: Array.from({ length: CHAIN_LINKS }, (_, at) =>
      record(
        at === 0 ? ASKED : `c${at}.${bankOf(query)}`,
        TYPE.CNAME,
        nameOctets(`c${at + 1}.${bankOf(query)}`),
      ),
    ),
  })),
  reply('dname-of-root', 'a DNAME of the root, with its CNAME', 'as it is', (query) => ({
    answers: [
      record('', TYPE.DNAME, nameOctets('thief.example')),
      record(ASKED, TYPE.CNAME, nameOctets(bankOf(query))),
      record(bankOf(query), TYPE.A, address(CHAINED_ADDRESS)),
    ],
  })),
  reply('foreign-soa', 'NXDOMAIN with the SOA of a foreign zone', 'as it is', () => ({
    rcode: RCODE.NXDOMAIN,
    authorities: [soaRecord('example.org')],
  })),
  reply('nxdomain-with-answer', 'NXDOMAIN with an address', 'as it is', () => ({
    rcode: RCODE.NXDOMAIN,
    ...right(),
  })),
  reply('nothing', 'NOERROR without anything', 'as it is', () => ({})),
  reply('servfail-with-answer', 'SERVFAIL with an address', 'failed', () => ({
    rcode: RCODE.SERVFAIL,
    answers: [poisonFor(ASKED)],
  })),
  reply('authentic', 'the right answer with AA and AD', 'right', () => ({
    ...right(),
    flags: FLAG.QR | FLAG.AA | FLAG.AD | FLAG.RA,
  })),
  reply('z-bit', 'the right answer with the reserved bit', 'right', () => ({
    ...right(),
    flags: FLAG.QR | FLAG.Z,
  })),
  reply('ttl-largest', 'the right answer for 68 years', 'right', () => ({
    answers: [record(ASKED, TYPE.A, address('192.0.2.66'), { ttl: 0x7fffffff })],
  })),
  reply('ttl-negative', 'the right answer with the TTL 2^32 - 1', 'right', () => ({
    answers: [record(ASKED, TYPE.A, address('192.0.2.66'), { ttl: 0xffffffff })],
  })),
  reply('ttl-zero', 'the right answer with the TTL 0', 'right', () => ({
    answers: [record(ASKED, TYPE.A, address('192.0.2.66'), { ttl: 0 })],
  })),
  reply('terminal', 'the right answer with words that would move a terminal (EDE)', 'right', () => ({
    ...right(),
    additionals: [
      optRecord(
        option(EDE_OPTION, Buffer.from(`\0${String.fromCharCode(EDE_OTHER)}\x1b[2J\x07\nforged line\0`)),
      ),
    ],
  })),
  ...Object.entries(RCODE)
    .filter(([name]) => name !== 'NXDOMAIN')
    .map(([name, rcode]) => reply(name.toLowerCase(), name, 'failed', () => ({ rcode }))),
  reply('rcode-15', 'the RCODE 15, which nobody has given a meaning', 'failed', () => ({ rcode: 15 })),
  reply('badvers', 'BADVERS, in an OPT record', 'failed', () => ({
    additionals: [optRecord(Buffer.alloc(0), 1)],
  })),
  reply('bare-formerr', 'FORMERR without the question', 'failed', () => ({
    rcode: RCODE.FORMERR,
    questions: [],
  })),
];

export const WRONG_REPLIES: readonly MessageWrong[] = [...STRAYS, ...IN_FLIGHT, ...MORE_THAN_ASKED];
