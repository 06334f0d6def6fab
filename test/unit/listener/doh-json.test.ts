// Answers as JSON, held against what Cloudflare and Google document (docs/api.md), and against answers made to hurt.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { writeMessage } from '../../../src/dns/message-writer.ts';
import { parseName } from '../../../src/dns/names.ts';
import type { Query } from '../../../src/dns/query.ts';
import { parseRecordText } from '../../../src/dns/record-text.ts';
import { answerJson, errorJson } from '../../../src/listener/doh-json.ts';
import {
  aRecord,
  ask,
  extendedError,
  FLAG,
  type ReplyParts,
  replyTo,
  soaRecord,
} from '../../support/messages.ts';

const NAME = 'example.com';

function json(query: Query, reply: ReplyParts = {}, ageSeconds = 0) {
  return JSON.parse(answerJson(Answer.fromMessage(replyTo(query.bytes, reply))!.aged(ageSeconds), query));
}

describe('an answer as JSON', () => {
  it('has the fields of both documentations, in their order, and no others', () => {
    const query = ask(NAME, 'AAAA', { flags: FLAG.RD | FLAG.AD, edns: {} });
    const data = '2606:2800:220:1:248:1893:25c8:1946';
    const answers = [{ type: 'AAAA' as const, name: NAME, ttl: 1726, data }];
    const answer = Answer.fromMessage(replyTo(query.bytes, { flags: FLAG.RD | FLAG.AD, answers }))!;
    expect(answerJson(answer, query)).toBe(
      `{"Status":0,"TC":false,"RD":true,"RA":true,"AD":true,"CD":false,` +
        `"Question":[{"name":"example.com.","type":28}],` +
        `"Answer":[{"name":"example.com.","type":28,"TTL":1726,"data":"${data}"}]}\n`,
    );
  });

  it('that a name is not there has Status 3, the SOA as Authority, and no Answer', () => {
    const query = ask('nobody.example.com', 'A', { edns: {} });
    expect(json(query, { rcode: 3, authorities: [soaRecord(NAME)] })).toEqual({
      ...{ Status: 3, TC: false, RD: true, RA: true, AD: false, CD: false },
      Question: [{ name: 'nobody.example.com.', type: 1 }],
      Authority: [
        {
          name: 'example.com.',
          type: 6,
          TTL: 900,
          data: 'ns.example.com. hostmaster.example.com. 1 3600 600 86400 60',
        },
      ],
    });
  });

  it('has its age taken off', () => {
    expect(json(ask(NAME), { answers: [aRecord(NAME)] }, 100).Answer[0].TTL).toBe(200);
    expect(json(ask(NAME), { answers: [aRecord(NAME)] }, 1000).Answer[0].TTL).toBe(0);
  });

  it('has CD when it was asked for, and the upper bits of an RCODE', () => {
    expect(json(ask(NAME, 'A', { flags: FLAG.RD | FLAG.CD })).CD).toBe(true);
    expect(JSON.parse(answerJson(Answer.ofRcode(16), ask(NAME))).Status).toBe(16);
  });

  it('keeps the spelling of the question, in owners that equal it too', () => {
    const query = ask('eXaMple.COM', 'A');
    const local = writeMessage({
      question: query.question,
      flags: 0x8000,
      answers: [
        { owner: parseName('example.com.'), type: 1, ttlSeconds: 60, rdata: Uint8Array.of(192, 0, 2, 1) },
      ],
    });
    const read = JSON.parse(answerJson(Answer.fromMessage(local)!, query));
    expect([read.Question[0].name, read.Answer[0].name]).toEqual(['eXaMple.COM.', 'eXaMple.COM.']);
  });

  it.each([
    ['A', '192.0.2.1'],
    ['CNAME', 'other.example.'],
    ['MX', '10 mail.example.'],
    ['TXT', '"v=spf1 -all" "second \\"part\\""'],
    ['SRV', '0 5 853 dns.example.'],
    ['CAA', '0 issue "ca.example"'],
    ['HTTPS', '1 . alpn=h2,h3'],
    ['DS', '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118'],
    ['TYPE65280', '\\# 3 abcdef'],
  ])('has the RDATA of %s as people write it', (type, text) => {
    const record = parseRecordText(`x 60 ${type} ${text}`, parseName('example.'));
    const query = ask('x.example', 'TXT');
    const message = writeMessage({ question: query.question, flags: 0x8000, answers: [record] });
    const [read] = JSON.parse(answerJson(Answer.fromMessage(message)!, query)).Answer;
    expect(read.type).toBe(record.type);
    expect(read.data.toLowerCase()).toBe(text.toLowerCase());
  });
});

describe('a Comment', () => {
  it('is the list of extended errors, each with its name and what was said', () => {
    const options = [
      extendedError(9, 'no SEP matching the DS'),
      extendedError(3),
      extendedError(65_000, 'x'),
    ];
    expect(json(ask(NAME, 'A', { edns: {} }), { rcode: 2, edns: { options } }).Comment).toEqual([
      'EDE(9): DNSKEY Missing (no SEP matching the DS)',
      'EDE(3): Stale Answer',
      'EDE(65000): unknown (x)',
    ]);
  });

  it('is absent where there are none', () => {
    expect(json(ask(NAME))).not.toHaveProperty('Comment');
  });
});

describe('whatever a name or an upstream says', () => {
  it('the text is one line of ASCII without control characters, and reads back (reliability row 21)', () => {
    const evil = '\u001b[2J\u009b31m</script>"\\\n\u2028\u202e\ud83d\ude00';
    const query = ask(NAME, 'A', { edns: {} });
    const shown = evil.replace(/\p{Cc}/gu, ' '); // dns/edns.ts lets no control character in
    const reply = replyTo(query.bytes, { rcode: 2, edns: { options: [extendedError(0, evil)] } });
    const text = answerJson(Answer.fromMessage(reply)!, query);
    expect(text).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(text).Comment).toEqual([`EDE(0): Other Error (${shown})`]);
    expect(errorJson(evil)).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(errorJson(evil))).toEqual({ error: evil });
  });

  it('octets in names and in text come escaped as in zone files', () => {
    const query = ask(NAME, 'TXT');
    const owner = '\x05\x1b"\x00.\xff\x00';
    const rdata = Buffer.from('\x04\x1b\x9b"\\', 'latin1');
    const answers = [{ owner, type: 16, ttlSeconds: 1, rdata }];
    const message = writeMessage({ question: query.question, flags: 0x8000, answers });
    expect(JSON.parse(answerJson(Answer.fromMessage(message)!, query)).Answer).toEqual([
      { name: '\\027\\"\\000\\.\\255.', type: 16, TTL: 1, data: '"\\027\\155\\"\\\\"' },
    ]);
  });
});

describe('an answer made to hurt (reliability row 8)', () => {
  const label = (fill: number, length = 63) => [length, ...new Array<number>(length).fill(fill)];
  /** A name of 255 octets that are four characters each. */
  const LONG = Buffer.from([...label(1), ...label(2), ...label(3), ...label(4, 61), 0]);

  function bomb() {
    const query = ask(NAME, 'NS');
    const first = Buffer.concat([LONG, Buffer.from([0, 2, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12])]);
    const at = 0xc000 | query.questionEnd;
    const record = Buffer.from([at >> 8, at & 255, 0, 2, 0, 1, 0, 0, 0, 9, 0, 2, at >> 8, at & 255]);
    const count = Math.floor((65_535 - query.questionEnd - first.length) / record.length);
    const message = Buffer.concat([
      query.bytes.subarray(0, query.questionEnd),
      first,
      ...new Array<Buffer>(count).fill(record),
    ]);
    message.writeUInt16BE(0x8180, 2);
    message.writeUInt16BE(count + 1, 6);
    message.writeUInt16BE(0, 10);
    return { query, answer: Answer.fromMessage(message)! };
  }

  it('of 4,600 pointers to one long name says TC and has no records', () => {
    const { query, answer } = bomb();
    expect(JSON.parse(answerJson(answer, query))).toEqual({
      ...{ Status: 0, TC: true, RD: true, RA: true, AD: false, CD: false },
      Question: [{ name: 'example.com.', type: 2 }],
    });
  });

  it('by its length alone is given whole: 4,000 addresses', () => {
    const records = Array.from({ length: 4000 }, (_, at) => ({
      ...{ owner: parseName('example.com.'), type: 1, ttlSeconds: 60 },
      rdata: Uint8Array.of(10, 0, at >> 8, at & 255),
    }));
    const query = ask(NAME);
    const message = writeMessage({ question: query.question, flags: 0x8000, answers: records });
    expect(JSON.parse(answerJson(Answer.fromMessage(message)!, query))).toMatchObject({ TC: false });
    expect(JSON.parse(answerJson(Answer.fromMessage(message)!, query)).Answer).toHaveLength(4000);
  });
});
