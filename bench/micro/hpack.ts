// HPACK (RFC 7541) of a DoH request as browsers send it: the first block of a connection, and the ones that follow, which are
// mostly numbers of a table. There is nothing to compare it with, as node:http2 does not lend its own; before there is an
// HTTP/2 of ours, there is no table.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../markdown.ts';
import { wireQuery } from '../zone.ts';
import { nanosecondsOf } from './time-of.ts';

const FOLDER = join(import.meta.dirname, '../../src/http2');

/** As the folder has it, where it is there; by its shape, because it may not be. */
interface Hpack {
  readonly HpackDecoder: new () => {
    decode(
      octets: Buffer,
      start: number,
      end: number,
      reader: { take(name: string, value: string): void },
    ): void;
  };
}
interface Encoding {
  readonly encodeFields: (fields: readonly (readonly [string, string])[]) => Buffer;
}

const QUERY = wireQuery('www.example.org').toString('base64url');
const REQUEST: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':authority', 'dns.house.example'],
  [':scheme', 'https'],
  [':path', `/dns-query?dns=${QUERY}`],
  ['accept', 'application/dns-message'],
  ['accept-language', '*'],
  ['user-agent', 'Chrome'],
  ['accept-encoding', 'identity'],
];
const RESPONSE: readonly (readonly [string, string])[] = [
  [':status', '200'],
  ['content-type', 'application/dns-message'],
  ['content-length', '63'],
  ['cache-control', 'max-age=300'],
];
/** Section 2.3.3: the entry of the dynamic table that came last. */
const FIRST_DYNAMIC = 62;

export async function hpackTable(): Promise<string> {
  if (!existsSync(join(FOLDER, 'hpack-decoder.ts'))) return 'There is no HPACK of ours in this release.';
  const { HpackDecoder } = (await import(join(FOLDER, 'hpack-decoder.ts'))) as Hpack;
  const { encodeFields } = (await import(join(FOLDER, 'hpack-encoder.ts'))) as Encoding;
  const literal = encodeFields(REQUEST);
  const first = enteringBlock(REQUEST);
  const decoder = new HpackDecoder();
  const fields: string[] = [];
  const reader = { take: (name: string, value: string) => void fields.push(name, value) };
  decoder.decode(first, 0, first.length, reader);
  const next = Buffer.from(REQUEST.map((_, at) => 0x80 | (FIRST_DYNAMIC + REQUEST.length - 1 - at)));
  fields.length = 0;
  decoder.decode(next, 0, next.length, reader);
  const asRead = REQUEST.flat();
  if (fields.join() !== asRead.join()) throw new Error(`HPACK: read ${fields.join()}, not ${asRead.join()}`);
  const nothing = { take: () => {} };
  return table(
    ['HPACK', 'octets', 'ns'],
    [
      [
        'a request of literals, read',
        String(literal.length),
        nanosecondsOf(() => decoder.decode(literal, 0, literal.length, nothing)).toFixed(0),
      ],
      [
        'a request out of the table, read',
        String(next.length),
        nanosecondsOf(() => decoder.decode(next, 0, next.length, nothing)).toFixed(0),
      ],
      [
        'a response, written',
        String(encodeFields(RESPONSE).length),
        nanosecondsOf(() => encodeFields(RESPONSE)).toFixed(0),
      ],
    ],
  );
}

/** Section 6.2.1: literals that enter the table, names new, nothing Huffman-coded; all strings are shorter than 127. */
function enteringBlock(fields: readonly (readonly [string, string])[]): Buffer {
  const string = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0x40]), string(name), string(value)]));
}
