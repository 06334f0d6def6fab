// Responses of our own making, read back by dns-packet and by our own walk over a message.

import packet from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TYPE } from '../../../src/dns/codes.ts';
import { MessageLengthError, writeMessage } from '../../../src/dns/message-writer.ts';
import { lowerName, nameKey, nameOctets, parseName } from '../../../src/dns/names.ts';
import { parseRecordText } from '../../../src/dns/record-text.ts';
import type { ResourceRecord } from '../../../src/dns/records.ts';
import { FLAG, HEADER_OCTETS, layoutOf, nameEnd, readName } from '../../../src/dns/wire.ts';

const HOME = nameKey('home.arpa.');

function question(name: string, type: number): Uint8Array {
  return Buffer.concat([nameOctets(parseName(name)), Buffer.of(type >> 8, type & 255, 0, 1)]);
}

function record(text: string): ResourceRecord {
  return parseRecordText(text, HOME);
}

function ownersOf(message: Uint8Array): string[] {
  const { answers = [], authorities = [], additionals = [] } = packet.decode(Buffer.from(message));
  return [...answers, ...authorities, ...additionals].map((answer) => answer.name);
}

describe('a message of our own', () => {
  it('holds the question as asked, the flags, and each section', () => {
    const message = writeMessage({
      question: question('NAS.home.arpa.', TYPE.A),
      flags: FLAG.QR | FLAG.AA | 3,
      answers: [record('nas 60 A 192.168.1.20'), record('nas 60 A 192.168.1.21')],
      authorities: [record('@ 300 NS ns1')],
      additionals: [record('ns1 30 AAAA fd00::1')],
    });
    expect(packet.decode(Buffer.from(message))).toMatchObject({
      id: 0,
      flag_qr: true,
      flag_aa: true,
      flag_rd: false,
      rcode: 'NXDOMAIN',
      questions: [{ name: 'NAS.home.arpa', type: 'A', class: 'IN' }],
      answers: [
        { name: 'NAS.home.arpa', type: 'A', ttl: 60, class: 'IN', data: '192.168.1.20' },
        { name: 'NAS.home.arpa', type: 'A', ttl: 60, class: 'IN', data: '192.168.1.21' },
      ],
      authorities: [{ name: 'home.arpa', type: 'NS', ttl: 300, data: 'ns1.home.arpa' }],
      additionals: [{ name: 'ns1.home.arpa', type: 'AAAA', ttl: 30, data: 'fd00::1' }],
    });
  });

  it('points at the question where an owner is its name or a parent of it', () => {
    const parts = { question: question('nas.home.arpa.', TYPE.A), flags: FLAG.QR };
    const empty = writeMessage(parts).length;
    // A pointer of two octets, ten fixed octets, four of address.
    expect(writeMessage({ ...parts, answers: [record('NAS A 192.168.1.20')] }).length - empty).toBe(16);
    expect(writeMessage({ ...parts, answers: [record('@ A 192.168.1.20')] }).length - empty).toBe(16);
    const below = writeMessage({ ...parts, answers: [record('a.nas A 192.168.1.20')] });
    expect(below.length - empty).toBe(18);
    expect(ownersOf(below)).toEqual(['a.nas.home.arpa']);
  });

  it('points at owners before it, in their own spelling', () => {
    const one = { ...record('@ A 192.0.2.1'), owner: parseName('a.Elsewhere.example.') };
    const two = { ...one, owner: parseName('b.elsewhere.example.') };
    const message = writeMessage({
      question: question('nas.home.arpa.', TYPE.A),
      flags: FLAG.QR,
      answers: [one, two, one],
    });
    expect(ownersOf(message)).toEqual(['a.Elsewhere.example', 'b.Elsewhere.example', 'a.Elsewhere.example']);
    expect(message.length).toBe(12 + 15 + 4 + (21 + 14) + (4 + 14) + (2 + 14));
  });

  it('does not touch names in RDATA', () => {
    const cname = record('www CNAME nas');
    const message = writeMessage({
      question: question('www.home.arpa.', TYPE.A),
      flags: FLAG.QR,
      answers: [cname],
    });
    expect(Buffer.from(message.subarray(-cname.rdata.length))).toEqual(Buffer.from(cname.rdata));
  });

  it('takes the root as question and as owner', () => {
    const soa = { ...record('@ SOA a. b. 1 2 3 4 5'), owner: '\0' };
    const message = writeMessage({ question: question('.', TYPE.NS), flags: FLAG.QR, authorities: [soa] });
    expect(ownersOf(message)).toEqual(['.']);
    expect(message.length).toBe(12 + 5 + 1 + 10 + 26);
  });

  it('never points further than a pointer reaches', () => {
    const txt = record(`fill TXT ${`"${'x'.repeat(255)}" `.repeat(100)}`);
    const late = { ...record('@ A 192.0.2.1'), owner: parseName('late.example.') };
    const message = writeMessage({
      question: question('nas.home.arpa.', TYPE.A),
      flags: FLAG.QR,
      answers: [txt, late, late],
    });
    expect(ownersOf(message)).toEqual(['fill.home.arpa', 'late.example', 'late.example']);
  });

  it('is at most 65,535 octets long', () => {
    // 12 + 15 + 4 octets before the answers, 12 + 4 * 256 for each of them.
    const txt = record(`nas TXT ${`"${'x'.repeat(255)}" `.repeat(4)}`);
    const parts = { question: question('nas.home.arpa.', TYPE.TXT), flags: FLAG.QR };
    expect(writeMessage({ ...parts, answers: Array(63).fill(txt) }).length).toBe(31 + 63 * 1036);
    expect(() => writeMessage({ ...parts, answers: Array(64).fill(txt) })).toThrow(MessageLengthError);
  });

  it('is well formed and keeps every owner, whichever names it holds', () => {
    const label = fc.constantFrom('a', 'B', 'b', 'nas', 'home', 'x\\.y', '\\000');
    const name = fc
      .array(label, { maxLength: 6 })
      .map((labels) => parseName(labels.map((part) => `${part}.`).join('') || '.'));
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 12 }), (asked, owners) => {
        const answers = owners.map((owner) => ({ ...record('@ A 192.0.2.1'), owner }));
        const asQuestion = Buffer.concat([nameOctets(asked), Buffer.of(0, 1, 0, 1)]);
        const message = writeMessage({ question: asQuestion, flags: FLAG.QR, answers });
        expect(layoutOf(message)).toMatchObject({ answers: owners.length, end: message.length });
        let at = HEADER_OCTETS + asQuestion.length;
        for (const owner of owners) {
          expect(lowerName(readName(message, at))).toBe(lowerName(owner));
          at = nameEnd(message, at) + 10 + 4;
        }
      }),
      { numRuns: 300 },
    );
  });
});
