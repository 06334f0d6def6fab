// The walk over a message, held against dns-packet as the oracle, and its limits held against RFC 1035 and RFC 9267.

import packet from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  layoutOf,
  nameEnd,
  plainNameEnd,
  readName,
  readUint16,
  readUint32,
  sameQuestion,
  writeUint16,
  writeUint32,
} from '../../../src/dns/wire.ts';
import {
  anyOctets,
  plainName,
  SEED,
  soundMessage,
  uint16,
  writeName,
  writeRecord,
} from '../../support/arbitrary-messages.ts';
import { aRecord, queryBytes, replyTo, soaRecord } from '../../support/messages.ts';

const HEADER = Buffer.alloc(12);
const ROOT = Buffer.of(0);
const QUESTION = Buffer.concat([writeName([Buffer.from('a')]), uint16(1), uint16(1)]);
const OPT = writeRecord(ROOT, 41, 1232, 0, Buffer.alloc(0));
const ADDRESS = writeRecord(Buffer.of(0xc0, 12), 1, 1, 60, Buffer.of(192, 0, 2, 1));

/** A message with one question and these sections' counts. */
function message(counts: readonly [number, number, number], ...records: Buffer[]): Buffer {
  return Buffer.concat([uint16(0), uint16(0x8000), uint16(1), ...counts.map(uint16), QUESTION, ...records]);
}

function label(length: number): Buffer {
  return Buffer.alloc(length, 0x78);
}

describe('numbers on the wire', () => {
  it('are big-endian and unsigned up to their last bit', () => {
    const bytes = new Uint8Array(6);
    writeUint16(bytes, 0, 0xfffe);
    writeUint32(bytes, 2, 0xfedcba98);
    expect([...bytes]).toEqual([0xff, 0xfe, 0xfe, 0xdc, 0xba, 0x98]);
    expect([readUint16(bytes, 0), readUint32(bytes, 2)]).toEqual([0xfffe, 0xfedcba98]);
  });
});

describe('the end of an uncompressed name', () => {
  it('is found for 255 octets and not for 256 (RFC 1035 section 2.3.4)', () => {
    const longest = writeName([label(63), label(63), label(63), label(61)]);
    expect(longest).toHaveLength(255);
    expect(plainNameEnd(longest, 0)).toBe(255);
    expect(plainNameEnd(writeName([label(63), label(63), label(63), label(62)]), 0)).toBe(-1);
  });

  it.each([
    ['a label of 64 octets', Buffer.concat([Buffer.of(64), label(64), ROOT])],
    ['a pointer', Buffer.of(1, 0x78, 0xc0, 0)],
    ['an end within a label', Buffer.of(5, 0x78)],
    ['an end before the root label', Buffer.of(1, 0x78)],
    ['nothing', Buffer.alloc(0)],
  ])('is not found with %s', (_, bytes) => {
    expect(plainNameEnd(bytes, 0)).toBe(-1);
  });
});

describe('the end of a compressed name', () => {
  it('is two octets behind its first pointer, wherever that leads', () => {
    const bytes = Buffer.concat([
      HEADER,
      writeName([label(3)]),
      Buffer.of(1, 0x79, 0xc0, 12),
      Buffer.of(0xc0, 17),
    ]);
    expect(nameEnd(bytes, 17)).toBe(21);
    expect(nameEnd(bytes, 21)).toBe(23);
    expect(readName(bytes, 21)).toBe('\x01y\x03xxx\0');
  });

  it.each([
    ['a pointer to itself', Buffer.of(0xc0, 12), 0],
    ['a pointer forwards', Buffer.of(0xc0, 14, 0), 0],
    ['two pointers at each other', Buffer.of(0xc0, 14, 0xc0, 12), 2],
    ['a loop by way of a label', Buffer.of(1, 0x78, 0xc0, 12), 0],
    ['a pointer into the header', Buffer.of(0xc0, 4), 0],
    ['half a pointer', Buffer.of(1, 0x78, 0xc0), 0],
    ['a label of the extended type 01', Buffer.of(0x41, 0x78, 0), 0],
    ['a label of the reserved type 10', Buffer.of(0x81, 0x78, 0), 0],
  ])('is not found with %s (RFC 9267)', (_, name, at) => {
    expect(nameEnd(Buffer.concat([HEADER, name]), HEADER.length + at)).toBe(-1);
  });

  it('counts what pointers lead to, so 255 octets are the most and 256 too many', () => {
    const tail = writeName([label(63), label(63), label(63)]);
    const pointer = Buffer.of(0xc0, 12);
    const spelled = (length: number) =>
      Buffer.concat([HEADER, tail, Buffer.of(length), label(length), pointer]);
    const at = HEADER.length + tail.length;
    expect(nameEnd(spelled(61), at)).toBe(at + 62 + 2);
    expect(nameEnd(spelled(62), at)).toBe(-1);
  });

  it('is not found behind more pointers than a name has room for labels', () => {
    const chain = (pointers: number) => {
      const steps = Array.from({ length: pointers }, (_, at) =>
        uint16(0xc000 | (12 + Math.max(0, 2 * at - 1))),
      );
      return Buffer.concat([HEADER, Buffer.of(0), ...steps]);
    };
    for (const [pointers, isFound] of [
      [1, true],
      [127, true],
      [128, false],
      [8000, false],
    ] as const) {
      const bytes = chain(pointers);
      expect(nameEnd(bytes, bytes.length - 2), `${pointers}`).toBe(isFound ? bytes.length : -1);
    }
  });

  it('is found behind a label a pointer, 127 times, which is the most that a name holds', () => {
    const steps: Buffer[] = [HEADER, Buffer.of(0)];
    let target = 12;
    for (let at = 0; at < 127; at += 1) {
      steps.push(Buffer.of(1, 0x78), uint16(0xc000 | target));
      target = 13 + 4 * at;
    }
    const bytes = Buffer.concat(steps);
    expect(nameEnd(bytes, bytes.length - 4)).toBe(bytes.length);
    expect(readName(bytes, bytes.length - 4)).toBe(`${'\x01x'.repeat(127)}\0`);
  });

  it('is reached or given up on whatever the octets, never after more steps than there are octets', () => {
    const hostile = fc.array(fc.constantFrom(0xc0, 0, 12, 14, 16, 1, 2, 63), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(hostile, fc.nat(220), (tail, at) => {
        let reads = 0;
        const bytes = new Proxy(Buffer.concat([HEADER, Buffer.from(tail)]), {
          get: (target, key) => {
            reads += 1;
            return Reflect.get(target, key, target);
          },
        });
        const end = nameEnd(bytes, at);
        expect(reads).toBeLessThan(6 * (tail.length + 20));
        if (end >= 0) expect(end).toBeGreaterThan(at);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('is where dns-packet finds it, and the name is the same', () => {
    fc.assert(
      fc.property(soundMessage, ({ wire, question }) => {
        const at = 12 + question.length;
        if (at >= wire.length) return;
        const end = nameEnd(wire, at);
        const decoded = decodeName(wire, at);
        expect(end).toBe(at + decoded.octets);
        expect(readable(readName(wire, at))).toBe(decoded.text);
      }),
      { seed: SEED },
    );
  });
});

describe('the layout of a message', () => {
  it('has the sections, the TTLs and the OPT record', () => {
    const reply = replyTo(queryBytes('www.example'), {
      answers: [aRecord('www.example', '192.0.2.1', 7)],
      authorities: [soaRecord('example', 11)],
      additionals: [aRecord('ns.example', '192.0.2.2', 13)],
      edns: {},
    });
    const layout = layoutOf(reply)!;
    expect(layout).toMatchObject({ answers: 1, authorities: 1, additionals: 1, questionEnd: 12 + 13 + 4 });
    expect(layout.ttlOffsets.map((at) => reply.readUInt32BE(at))).toEqual([7, 11, 13]);
    expect([layout.opt, layout.end]).toEqual([reply.length - 10, reply.length - 11]);
  });

  it.each<[string, Buffer]>([
    ['is shorter than a header', message([0, 0, 0]).subarray(0, 11)],
    ['has no question', Buffer.alloc(12)],
    [
      'has two questions (RFC 9619)',
      Buffer.concat([HEADER.subarray(0, 4), uint16(2), Buffer.alloc(6), QUESTION, QUESTION]),
    ],
    ['ends within its question', message([0, 0, 0]).subarray(0, -1)],
    ['counts an answer that is not there', message([1, 0, 0])],
    ['counts an authority that is not there', message([0, 1, 0])],
    ['counts an additional that is not there', message([0, 0, 1])],
    ['counts 65535 answers and has one', message([0xffff, 0, 0], ADDRESS)],
    ['has octets behind its last record', message([1, 0, 0], ADDRESS, ROOT)],
    ['has a record that it does not count', message([0, 0, 0], ADDRESS)],
    ['has an RDLENGTH that leads out of it', message([1, 0, 0], ADDRESS.subarray(0, -1))],
    ['ends within the fixed part of a record', message([1, 0, 0], ADDRESS.subarray(0, 8))],
    ['has two OPT records (RFC 6891 section 6.1.1)', message([0, 0, 2], OPT, OPT)],
    ['has an OPT record among its answers', message([1, 0, 0], OPT)],
    ['has an OPT record among its authorities', message([0, 1, 0], OPT)],
    [
      'has an OPT record with an owner',
      message([0, 0, 1], writeRecord(Buffer.of(0xc0, 12), 41, 1232, 0, ROOT)),
    ],
    ['has an A record of 3 octets', message([1, 0, 0], writeRecord(ROOT, 1, 1, 60, label(3)))],
    ['has an AAAA record of 4 octets', message([1, 0, 0], writeRecord(ROOT, 28, 1, 60, label(4)))],
    [
      'has a CNAME with octets behind its name',
      message([1, 0, 0], writeRecord(ROOT, 5, 1, 60, Buffer.of(0, 0))),
    ],
    ['has a CNAME without RDATA', message([1, 0, 0], writeRecord(ROOT, 5, 1, 60, Buffer.alloc(0)))],
    ['has an MX record of 2 octets', message([1, 0, 0], writeRecord(ROOT, 15, 1, 60, label(2)))],
    [
      'has a SOA record without its numbers',
      message([1, 0, 0], writeRecord(ROOT, 6, 1, 60, Buffer.of(0, 0))),
    ],
    [
      'has a name in RDATA that points forwards',
      message([1, 0, 0], writeRecord(ROOT, 2, 1, 60, Buffer.of(0xc0, 200))),
    ],
    [
      'has a name in RDATA that ends behind it',
      message([1, 0, 0], writeRecord(ROOT, 2, 1, 60, Buffer.of(1, 0x78)), ROOT),
    ],
  ])('is refused where the message %s', (_, bytes) => {
    expect(layoutOf(bytes)).toBeNull();
  });

  it('leaves behind what follows the OPT record', () => {
    const before = message([1, 0, 2], ADDRESS, ADDRESS, OPT);
    const after = message([1, 0, 2], ADDRESS, OPT, ADDRESS);
    expect(layoutOf(before)).toMatchObject({ answers: 1, additionals: 1, end: before.length - OPT.length });
    expect(layoutOf(after)).toMatchObject({
      answers: 1,
      additionals: 0,
      end: 12 + QUESTION.length + ADDRESS.length,
    });
  });

  it('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(anyOctets, (bytes) => void layoutOf(bytes)),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('is there for every sound message, with its own counts', () => {
    fc.assert(
      fc.property(
        soundMessage,
        ({ wire, question, sections: [answers, authorities, additionals], hasOpt }) => {
          const layout = layoutOf(wire);
          expect(layout).toMatchObject({
            questionEnd: 12 + question.length,
            answers,
            authorities,
            additionals,
          });
          expect(layout!.opt >= 0).toBe(hasOpt);
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  /**
   * One way only, for dns-packet is the more lenient: it takes any QDCOUNT, a compressed question, pointers into the
   * header, octets behind the last record, several OPT records in any section, and RDLENGTHs that its decoders of NS, MX
   * and the like do not look at. What it is stricter about is RDATA that has no names to follow and is opaque to us;
   * `withOpaqueRdata` makes that opaque to it as well.
   */
  it('is found for nothing that dns-packet cannot decode, with the same counts and TTLs', () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyOctets, (bytes) => {
        const layout = layoutOf(bytes);
        if (layout === null) return;
        accepted += 1;
        const opaque = withOpaqueRdata(bytes);
        const { answers = [], authorities = [], additionals = [] } = packet.decode(opaque);
        expect([answers.length, authorities.length]).toEqual([layout.answers, layout.authorities]);
        const records = [...answers, ...authorities, ...additionals] as { ttl: number }[];
        const kept = records.slice(0, layout.ttlOffsets.length);
        expect(kept.map(({ ttl }) => ttl)).toEqual(layout.ttlOffsets.map((at) => opaque.readUInt32BE(at)));
        expect(additionals.length === layout.additionals).toBe(layout.opt < 0);
      }),
      { seed: SEED, numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });
});

describe('two questions', () => {
  const end = (bytes: Uint8Array) => layoutOf(bytes)!.questionEnd;

  it('are the same in any case of their letters (RFC 4343)', () => {
    const [a, b] = [queryBytes('wWw.Example'), queryBytes('WwW.eXAMPLE')];
    expect(sameQuestion(a, b, end(a))).toBe(true);
  });

  it.each([
    ['another name', queryBytes('wwx.example')],
    ['another type', queryBytes('www.example', 'AAAA')],
    ['a type that differs as letters do', queryBytes('www.example', 'UNKNOWN_97')],
    ['octets 0x5b and 0x7b, which are no letters', queryBytes('ww{.example', 'UNKNOWN_65')],
  ])('differ by %s', (_, other) => {
    const asked = queryBytes(other.includes('{') ? 'ww[.example' : 'www.example', 'UNKNOWN_65');
    expect(sameQuestion(asked, other, end(asked))).toBe(false);
    expect(sameQuestion(other, asked, end(asked))).toBe(false);
  });

  it('differ where one is cut off', () => {
    const asked = queryBytes('www.example');
    expect(sameQuestion(asked, asked.subarray(0, -1), end(asked))).toBe(false);
    expect(sameQuestion(asked.subarray(0, -1), asked, end(asked))).toBe(false);
  });

  it('are the same one way round and the other', () => {
    fc.assert(
      fc.property(fc.tuple(plainName, plainName), fc.tuple(fc.nat(255), fc.nat(255)), ([a, b], types) => {
        const [one, two] = [a, b].map((name, at) =>
          Buffer.concat([HEADER, name, uint16(types[at]!), uint16(1)]),
        );
        for (const [x, y] of [
          [one!, two!],
          [one!, one!],
        ] as const) {
          expect(sameQuestion(x, y, x.length)).toBe(sameQuestion(y, x, x.length));
        }
        expect(sameQuestion(one!, one!, one!.length)).toBe(true);
      }),
      { seed: SEED },
    );
  });
});

/** A name in wire form as dns-packet writes it. */
function readable(wire: string): string {
  const bytes = Buffer.from(wire, 'latin1');
  const labels: string[] = [];
  for (let at = 0; bytes[at]! > 0; at += 1 + bytes[at]!) {
    labels.push(bytes.toString('utf8', at + 1, at + 1 + bytes[at]!));
  }
  return labels.length === 0 ? '.' : labels.join('.');
}

/** dns-packet's reading of a name, its length on the wire included. */
function decodeName(bytes: Buffer, at: number): { text: string; octets: number } {
  const { name } = packet as unknown as {
    name: { decode: ((b: Buffer, at: number) => string) & { bytes: number } };
  };
  const text = name.decode(bytes, at);
  return { text, octets: name.decode.bytes };
}

/** The same message with every type that has no checked form made a private one (RFC 6895 section 3.1). */
function withOpaqueRdata(bytes: Buffer): Buffer {
  const checked = new Set([1, 2, 5, 6, 12, 15, 17, 28, 33, 39]);
  const copy = Buffer.from(bytes);
  const records = copy.readUInt16BE(6) + copy.readUInt16BE(8) + copy.readUInt16BE(10);
  let at = 12 + decodeName(copy, 12).octets + 4;
  for (let record = 0; record < records; record += 1) {
    at += decodeName(copy, at).octets;
    if (!checked.has(copy.readUInt16BE(at))) copy.writeUInt16BE(65_280, at);
    at += 10 + copy.readUInt16BE(at + 8);
  }
  return copy;
}
