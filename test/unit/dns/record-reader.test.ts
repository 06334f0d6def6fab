// Records taken out of a compressed message can stand in another one: nothing in them points anywhere.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeMessage } from '../../../src/dns/message-writer.ts';
import { type MessageRecords, readRecords } from '../../../src/dns/record-reader.ts';
import { FLAG, layoutOf } from '../../../src/dns/wire.ts';
import { SEED, soundMessage, uint16, writeName, writeRecord } from '../../support/arbitrary-messages.ts';
import { aRecord, queryBytes, replyTo, see, soaRecord } from '../../support/messages.ts';

/** One question for "www.example", and these answers. */
function reply(...answers: Buffer[]): Buffer {
  const question = queryBytes('www.example').subarray(12);
  const counts = [0, 0x8000, 1, answers.length, 0, 0].map(uint16);
  return Buffer.concat([...counts, question, ...answers]);
}

const TO_QUESTION = Buffer.of(0xc0, 12);
const TO_EXAMPLE = Buffer.of(0xc0, 16);
const EXAMPLE = '\x07example\0';

describe('records read from a message', () => {
  it('come by section, without the OPT record', () => {
    const bytes = replyTo(queryBytes('www.example'), {
      answers: [aRecord('www.example', '192.0.2.1', 30), aRecord('www.example', '192.0.2.2', 30)],
      authorities: [soaRecord('example')],
      additionals: [aRecord('ns.example')],
      edns: {},
    });
    const { answers, authorities, additionals } = readRecords(bytes, layoutOf(bytes)!);
    expect(answers.map(({ rdata }) => [...rdata])).toEqual([
      [192, 0, 2, 1],
      [192, 0, 2, 2],
    ]);
    expect(answers[0]).toMatchObject({ owner: '\x03www\x07example\0', type: 1, ttlSeconds: 30 });
    expect(authorities.map(({ type }) => type)).toEqual([6]);
    expect(additionals.map(({ owner }) => owner)).toEqual(['\x02ns\x07example\0']);
  });

  it.each<[string, number, Buffer, string]>([
    ['CNAME', 5, TO_EXAMPLE, EXAMPLE],
    ['MX', 15, Buffer.concat([uint16(10), TO_EXAMPLE]), `\x00\x0a${EXAMPLE}`],
    ['SRV', 33, Buffer.concat([Buffer.alloc(6), TO_EXAMPLE]), `\0\0\0\0\0\0${EXAMPLE}`],
    ['RP', 17, Buffer.concat([TO_EXAMPLE, TO_EXAMPLE]), EXAMPLE + EXAMPLE],
    [
      'SOA',
      6,
      Buffer.concat([TO_EXAMPLE, TO_EXAMPLE, Buffer.alloc(20, 1)]),
      `${EXAMPLE}${EXAMPLE}${'\x01'.repeat(20)}`,
    ],
    ['TXT, which has no names', 16, Buffer.of(2, 0xc0, 12), '\x02\xc0\x0c'],
  ])('have the names in their RDATA written out: %s', (_, type, rdata, plain) => {
    const bytes = reply(writeRecord(TO_QUESTION, type, 1, 60, rdata));
    const [record] = readRecords(bytes, layoutOf(bytes)!).answers;
    expect(Buffer.from(record!.rdata).toString('latin1')).toBe(plain);
    expect(record!.owner).toBe('\x03www\x07example\0');
  });

  it('give the same records again when written into another message', () => {
    const elsewhere = Buffer.concat([
      writeName(['a', 'much', 'longer', 'name'].map((l) => Buffer.from(l))),
      uint16(1),
      uint16(1),
    ]);
    fc.assert(
      fc.property(soundMessage, ({ wire, hasOpt }) => {
        const records = readRecords(wire, layoutOf(wire)!);
        const again = writeMessage({ question: elsewhere, flags: FLAG.QR, ...records });
        const layout = layoutOf(again);
        expect(layout).not.toBeNull();
        expect(withoutOwners(readRecords(again, layout!))).toEqual(withoutOwners(records));
        if (!hasOpt) expect(see(again).answers.map(lower)).toEqual(see(wire).answers.map(lower));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

/** Owners take the spelling of an equal name that was written before them. */
function lower(text: string): string {
  return text.toLowerCase();
}

function withoutOwners({ answers, authorities, additionals }: MessageRecords): object[] {
  return [...answers, ...authorities, ...additionals].map(({ type, ttlSeconds, rdata }) => ({
    type,
    ttlSeconds,
    rdata: Buffer.from(rdata).toString('hex'),
  }));
}
