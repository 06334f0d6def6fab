// The walk over a message (src/dns/wire.ts, record-reader.ts): what it takes, dns-packet decodes to the same records,
// and what our writer makes of these is read back unchanged. Whatever it refuses, it refuses without a throw.

import { MessageLengthError, writeMessage } from '../../../src/dns/message-writer.ts';
import { formatWithoutDot, lowerName } from '../../../src/dns/names.ts';
import { readRecords } from '../../../src/dns/record-reader.ts';
import type { ResourceRecord } from '../../../src/dns/records.ts';
import { HEADER_OCTETS, layoutOf, type MessageLayout, readUint16 } from '../../../src/dns/wire.ts';
import { anyMessage } from '../mutated-messages.ts';
import { type PacketRecord, readAsPacket } from '../oracle.ts';
import { type FuzzTarget, must, mustEqual, unlessRefused } from '../target.ts';

/** A TTL whose octets would be labels of a type that nobody knows (RFC 1035 section 4.1.4). */
const NO_LABELS = 0x7f7f_7f7f;

export const message: FuzzTarget<Buffer> = {
  name: 'message',
  oracle: 'dns-packet, and reading back what is written',
  runs: 4000,
  input: anyMessage,
  holds(octets) {
    const layout = layoutOf(octets);
    if (layout === null) return;
    const seen = readAsPacket(octets);
    const mine = readRecords(octets, layout);
    mustEqual(mine.answers.map(shown), seen.answers.map(shownAsPacket), 'answers');
    mustEqual(mine.authorities.map(shown), seen.authorities.map(shownAsPacket), 'authorities');
    const additionals = seen.additionals.map(shownAsPacket).slice(0, layout.additionals);
    mustEqual(mine.additionals.map(shown), additionals, 'additionals');
    mustComeBack(octets, mine, layout.questionEnd);
    mustNotAge(octets, layout);
  },
};

function mustComeBack(
  octets: Uint8Array,
  records: ReturnType<typeof readRecords>,
  questionEnd: number,
): void {
  const question = octets.subarray(HEADER_OCTETS, questionEnd);
  const flags = readUint16(octets, 2);
  const written = unlessRefused(() => writeMessage({ question, flags, ...records }), MessageLengthError);
  if (written === null) return;
  const layout = layoutOf(written);
  must(layout !== null, 'what was written is a message');
  const again = readRecords(written, layout);
  for (const section of ['answers', 'authorities', 'additionals'] as const)
    mustEqual(again[section].map(whole), records[section].map(whole), `${section} read back`);
}

/** A TTL counts down in the cache, and no length, pointer or record may hang on it. */
function mustNotAge(octets: Buffer, { ttlOffsets }: MessageLayout): void {
  const aged = Buffer.from(octets);
  for (const at of ttlOffsets) aged.writeUInt32BE(NO_LABELS, at);
  mustEqual(layoutOf(aged)?.ttlOffsets, ttlOffsets, 'where TTLs stand, once they have aged');
}

/** Without case: an owner takes the spelling of the question. */
function whole({ owner, type, ttlSeconds, rdata }: ResourceRecord): string {
  return [lowerName(owner), type, ttlSeconds, Buffer.from(rdata).toString('hex')].join(' ');
}

function shown({ owner, ttlSeconds }: ResourceRecord): string {
  return `${utf8(owner)} ${ttlSeconds}`;
}

function shownAsPacket({ name, ttl }: PacketRecord): string {
  return `${name} ${ttl}`;
}

/** A name in wire form as dns-packet writes it: labels as UTF-8, no escapes. */
function utf8(wire: string): string {
  if (/^[\w.-]*$/.test(formatWithoutDot(wire))) return formatWithoutDot(wire) || '.';
  const octets = Buffer.from(wire, 'latin1');
  const labels: string[] = [];
  for (let at = 0; octets[at]! > 0; at += 1 + octets[at]!)
    labels.push(octets.toString('utf8', at + 1, at + 1 + octets[at]!));
  return labels.length === 0 ? '.' : labels.join('.');
}
