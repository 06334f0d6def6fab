// The file in state_dir with the addresses that upstreams were last found at, by their names, for the next life of this
// server. Whoever can write it can lead us to other addresses and no further: the certificate there is judged all the
// same. So what is wrong in it is left out, and no part of it is refused for another's sake.

import { isIP } from 'node:net';
import { join } from 'node:path';
import { readAtMost, reasonOf } from '../files/read-file.ts';
import { replaceFile } from '../files/replacement.ts';

const FILE_NAME = 'upstream-addresses.json';
/** Addresses that are kept of one name, here and in memory; the configuration takes as many. */
export const MAX_ADDRESSES = 16;
/** 32 names (schema.ts has that limit) of 255 octets, each with 16 addresses of 45, and their punctuation, twice. */
const MAX_OCTETS = 64 * 1024;

export type AddressesByName = ReadonlyMap<string, readonly string[]>;

export interface FoundAddresses {
  readonly addresses: AddressesByName;
  /** What is wrong with the file, as a sentence; null when nothing is, or when there is none. */
  readonly problem: string | null;
}

export function readAddresses(stateDir: string): FoundAddresses {
  const file = join(stateDir, FILE_NAME);
  const none: AddressesByName = new Map();
  let octets: Uint8Array;
  try {
    octets = readAtMost(file, MAX_OCTETS + 1);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { addresses: none, problem: null };
    return { addresses: none, problem: `${file}: ${reasonOf(error)}` };
  }
  const written = octets.length > MAX_OCTETS ? null : parse(Buffer.from(octets).toString());
  if (typeof written !== 'object' || written === null)
    return {
      addresses: none,
      problem: `${file} is torn or not ours; it is ignored, and replaced once addresses are learnt`,
    };
  const entries = Object.entries(written).map(([name, list]) => [name, addressesIn(list)] as const);
  return { addresses: new Map(entries.filter(([, list]) => list.length > 0)), problem: null };
}

/** @throws the system's error, when it cannot be written; the old file then stands */
export async function writeAddresses(stateDir: string, addresses: AddressesByName): Promise<void> {
  const text = JSON.stringify(Object.fromEntries(addresses), null, 2);
  await replaceFile(join(stateDir, FILE_NAME), [`${text}\n`]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Without a scope: a link-local address of today's interface is nobody's tomorrow. */
function addressesIn(list: unknown): string[] {
  const isAddress = (item: unknown): item is string =>
    typeof item === 'string' && isIP(item) !== 0 && !item.includes('%');
  return [...new Set((Array.isArray(list) ? list : []).filter(isAddress))].slice(0, MAX_ADDRESSES);
}
