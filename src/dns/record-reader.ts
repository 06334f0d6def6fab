// Whole records out of a message, for the rare reader that needs more than octets: a CNAME of ours that leads out to
// the world, `noonmark query`. Names inside RDATA are written out in full, so a record can stand in another message.

import type { ResourceRecord } from './records.ts';
import {
  firstNameInRdata,
  type MessageLayout,
  NAMES_IN_RDATA,
  nameEnd,
  readName,
  readUint16,
  readUint32,
  recordPlaces,
} from './wire.ts';

export interface MessageRecords {
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/**
 * The records of a message that layoutOf has walked and found sound; OPT is not among them.
 * @param isWanted by their order; the others are left out
 */
export function readRecords(
  message: Uint8Array,
  layout: MessageLayout,
  isWanted: (index: number) => boolean = () => true,
): MessageRecords {
  const sections: [ResourceRecord[], ResourceRecord[], ResourceRecord[]] = [[], [], []];
  const { answers, authorities } = layout;
  for (const [index, { ownerAt, typeAt, ttlAt, rdataAt, end }] of recordPlaces(message, layout).entries()) {
    if (!isWanted(index)) continue;
    const type = readUint16(message, typeAt);
    sections[index < answers ? 0 : index < answers + authorities ? 1 : 2].push({
      owner: readName(message, ownerAt),
      type,
      ttlSeconds: readUint32(message, ttlAt),
      rdata: plainRdata(message, type, rdataAt, end),
    });
  }
  return { answers: sections[0], authorities: sections[1], additionals: sections[2] };
}

function plainRdata(message: Uint8Array, type: number, start: number, end: number): Uint8Array {
  const form = NAMES_IN_RDATA.get(type);
  if (form === undefined) return Buffer.from(message.subarray(start, end));
  let at = firstNameInRdata(message, form, start);
  const parts: Uint8Array[] = [message.subarray(start, at)];
  for (let index = 0; index < form.names; index += 1) {
    parts.push(Buffer.from(readName(message, at), 'latin1'));
    at = nameEnd(message, at);
  }
  parts.push(message.subarray(at, end));
  return Buffer.concat(parts);
}
