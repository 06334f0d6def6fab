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
} from './wire.ts';

export interface MessageRecords {
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/** The records of a message that layoutOf has walked and found sound; OPT is not among them. */
export function readRecords(message: Uint8Array, layout: MessageLayout): MessageRecords {
  const { answers, authorities } = layout;
  const records: ResourceRecord[] = [];
  let ownerAt = layout.questionEnd;
  for (const ttlAt of layout.ttlOffsets) {
    const rdataAt = ttlAt + 6;
    const end = rdataAt + readUint16(message, ttlAt + 4);
    const type = readUint16(message, ttlAt - 4);
    records.push({
      owner: readName(message, ownerAt),
      type,
      ttlSeconds: readUint32(message, ttlAt),
      rdata: plainRdata(message, type, rdataAt, end),
    });
    ownerAt = end;
  }
  return {
    answers: records.slice(0, answers),
    authorities: records.slice(answers, answers + authorities),
    additionals: records.slice(answers + authorities),
  };
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
