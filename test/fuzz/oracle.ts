// dns-packet's reading of a message, as the oracle of the targets that are about messages. It is stricter than a
// resolver may be about RDATA that is opaque to us, so it is shown record after record, and of these only the owner
// there.

import packet from 'dns-packet';
import { must, mustEqual } from './target.ts';

/** Types whose RDATA src/dns/wire.ts checks, and which dns-packet reads the same way. */
const CHECKED: ReadonlySet<number> = new Set([1, 2, 5, 6, 12, 15, 17, 28, 33, 39]);
/** Of a message of our own, the OPT record too. */
const CHECKED_OF_OURS: ReadonlySet<number> = new Set([...CHECKED, 41]);
const HEADER_OCTETS = 12;
const QUESTION_FIXED_OCTETS = 4;
const RECORD_FIXED_OCTETS = 10;
const FLAG_QR = 0x8000;

type Decoder<Value> = { readonly decode: ((wire: Buffer, at: number) => Value) & { readonly bytes: number } };
/** What its types keep to themselves. */
const parts = packet as unknown as { name: Decoder<string>; answer: Decoder<{ name: string; type: string }> };

export interface PacketRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
}

export interface Reading {
  readonly answers: readonly PacketRecord[];
  readonly authorities: readonly PacketRecord[];
  readonly additionals: readonly PacketRecord[];
}

/**
 * @param types whose RDATA dns-packet is to read as well; the options of a stranger's OPT record are read by src/dns/edns.ts
 * @throws whatever dns-packet throws where it finds no message
 */
export function readAsPacket(octets: Uint8Array, types: ReadonlySet<number> = CHECKED): Reading {
  const wire = Buffer.from(octets);
  let at = HEADER_OCTETS;
  for (let left = wire.readUInt16BE(4); left > 0; left -= 1) {
    parts.name.decode(wire, at);
    at += parts.name.decode.bytes + QUESTION_FIXED_OCTETS;
  }
  const section = (count: number): PacketRecord[] =>
    Array.from({ length: count }, () => {
      const record = recordAt(wire, at, types);
      at += record.octets;
      return record;
    });
  const [answers, authorities, additionals] = [6, 8, 10].map((count) => section(wire.readUInt16BE(count)));
  must(at === wire.length, `the message ends at ${at}, and has ${wire.length} octets`);
  return { answers: answers!, authorities: authorities!, additionals: additionals! };
}

function recordAt(wire: Buffer, at: number, types: ReadonlySet<number>): PacketRecord & { octets: number } {
  const name = parts.name.decode(wire, at);
  const fixed = at + parts.name.decode.bytes;
  if (types.has(wire.readUInt16BE(fixed))) {
    const record = parts.answer.decode(wire, at);
    return { ...record, ttl: wire.readUInt32BE(fixed + 4), octets: parts.answer.decode.bytes };
  }
  const octets = fixed + RECORD_FIXED_OCTETS + wire.readUInt16BE(fixed + 8) - at;
  return { name, type: 'opaque', ttl: wire.readUInt32BE(fixed + 4), octets };
}

/** A response as its client must see it. @throws Broken */
export function mustAnswer(response: Buffer, query: Uint8Array, questionEnd: number): Reading {
  must(response.length >= HEADER_OCTETS, 'a response has a header');
  mustEqual(response.readUInt16BE(0), (query[0]! << 8) | query[1]!, 'the ID');
  must((response.readUInt16BE(2) & FLAG_QR) !== 0, 'a response says that it is one');
  mustEqual(response.readUInt16BE(4), questionEnd > 0 ? 1 : 0, 'the count of questions');
  const question = (octets: Uint8Array) =>
    Buffer.from(octets.subarray(HEADER_OCTETS, questionEnd)).toString('hex');
  if (questionEnd > 0) mustEqual(question(response), question(query), 'the question');
  const reading = readAsPacket(response, CHECKED_OF_OURS);
  const { answers, authorities, additionals } = reading;
  const counts = [answers, authorities, additionals].map(({ length }) => length);
  mustEqual(
    counts,
    [6, 8, 10].map((at) => response.readUInt16BE(at)),
    'the counts',
  );
  must(additionals.filter(({ type }) => type === 'OPT').length <= 1, 'there is one OPT record at most');
  return reading;
}
