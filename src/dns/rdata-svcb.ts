// SvcParams of SVCB and HTTPS (RFC 9460 section 2, appendix A; dohpath RFC 9461, ohttp RFC 9540): key=value pairs, on
// the wire sorted by key and unique. Every value is checked in wire form, whichever way it was written.

import {
  type Field,
  formatIpv6,
  lengthPrefixed,
  OctetReader,
  parseBase64,
  parseIpv4,
  parseIpv6,
  RdataOctetsError,
  uintOctets,
} from './rdata-fields.ts';
import { octetsOf, quote, SAYS_ALL, TextSyntaxError } from './tokens.ts';

/** How the value of one key is written. Both sides work on the char-string's octets as a latin1 string. */
interface SvcParam {
  readonly name: string;
  /** @throws TextSyntaxError */
  parse(value: string): Uint8Array;
  /** Checks too. @throws RdataOctetsError */
  format(octets: Buffer): string;
}

const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;
/** RFC 9460 section 14.3.2: reserved, an invalid key. */
const INVALID_KEY = 65_535;

const list = <Item>(
  name: string,
  parse: (item: string) => Uint8Array,
  take: (reader: OctetReader) => Item,
) => ({
  parse: (value: string) => Buffer.concat(splitList(value, name).map(parse)),
  takeAll: (octets: Buffer): Item[] => {
    const reader = new OctetReader(octets);
    const items = [take(reader)];
    while (!reader.isEmpty) items.push(take(reader));
    return items;
  },
});

const keyList = list(
  'mandatory',
  (item) => uintOctets(readKey(item), 2),
  (reader) => reader.uint(2),
);
const alpnList = list(
  'alpn',
  (item) => alpnId(item),
  (reader) => reader.take(reader.uint(1)),
);
const ipv4List = list('ipv4hint', parseIpv4, (reader) => reader.take(4).join('.'));
const ipv6List = list('ipv6hint', parseIpv6, (reader) => formatIpv6(reader.take(16)));

const PARAMS: ReadonlyMap<number, SvcParam> = new Map<number, SvcParam>([
  [MANDATORY, { name: 'mandatory', parse: parseMandatory, format: formatMandatory }],
  [ALPN, { name: 'alpn', parse: alpnList.parse, format: formatAlpn }],
  [NO_DEFAULT_ALPN, flag('no-default-alpn')],
  [3, { name: 'port', parse: parsePort, format: formatPort }],
  [4, { name: 'ipv4hint', parse: ipv4List.parse, format: (octets) => ipv4List.takeAll(octets).join(',') }],
  [5, { name: 'ech', parse: (value) => parseBase64(value, 'ech'), format: formatEch }],
  [6, { name: 'ipv6hint', parse: ipv6List.parse, format: (octets) => ipv6List.takeAll(octets).join(',') }],
  [
    7,
    {
      name: 'dohpath',
      parse: (value) => Buffer.from(value, 'latin1'),
      format: (octets) => octets.toString('latin1'),
    },
  ],
  [8, flag('ohttp')],
]);

const KEY_OF_NAME = new Map([...PARAMS].map(([key, param]) => [param.name, key]));

/** The SvcParams, to the end; may be none. */
export const svcParams: Field = {
  parse: (tokens) => {
    const params = new Map<number, Buffer>();
    for (const token of tokens.rest()) {
      const equals = token.indexOf('=');
      const written = equals < 0 ? token : token.slice(0, equals);
      const key = readKey(written);
      if (params.has(key)) throw new TextSyntaxError(`the parameter ${written} is there twice`, SAYS_ALL);
      const value = octetsOf(equals < 0 ? '' : token.slice(equals + 1)).toString('latin1');
      // keyNNNNN holds the wire form, for a key with a name too.
      const parse = written.startsWith('key') ? undefined : PARAMS.get(key)?.parse;
      params.set(key, Buffer.from(parse?.(value) ?? Buffer.from(value, 'latin1')));
    }
    const sorted = [...params].sort(([a], [b]) => a - b);
    try {
      formatParams(sorted);
    } catch (error) {
      throw error instanceof RdataOctetsError ? new TextSyntaxError(error.message) : error;
    }
    return Buffer.concat(
      sorted.flatMap(([key, value]) => [uintOctets(key, 2), uintOctets(value.length, 2), value]),
    );
  },
  format: (reader) => {
    const params: [number, Buffer][] = [];
    while (!reader.isEmpty) {
      const key = reader.uint(2);
      const last = params.at(-1);
      if (last && last[0] >= key) throw new RdataOctetsError('the parameters are not in order of their keys');
      params.push([key, reader.take(reader.uint(2))]);
    }
    return formatParams(params);
  },
};

/** Params in order of their keys as text. @throws RdataOctetsError where they contradict RFC 9460 */
function formatParams(params: readonly [number, Buffer][]): string {
  const text = params.map(([key, octets]) => formatParam(key, octets)).join(' ');
  const byKey = new Map(params);
  const mandatory = byKey.get(MANDATORY);
  const absent = mandatory ? keyList.takeAll(mandatory).find((key) => !byKey.has(key)) : undefined;
  if (absent !== undefined)
    throw new RdataOctetsError(`mandatory lists ${keyName(absent)}, which is not there`);
  if (byKey.has(NO_DEFAULT_ALPN) && !byKey.has(ALPN)) {
    throw new RdataOctetsError('no-default-alpn stands without alpn');
  }
  return text;
}

function formatParam(key: number, octets: Buffer): string {
  if (key === INVALID_KEY) throw new RdataOctetsError('key65535 is reserved');
  const value = PARAMS.get(key)?.format(octets) ?? octets.toString('latin1');
  if (value === '') return keyName(key);
  const isPlain = PARAMS.has(key) && /^[0-9a-z:.,+/=-]+$/i.test(value);
  return `${keyName(key)}=${isPlain ? value : quote(Buffer.from(value, 'latin1'))}`;
}

function keyName(key: number): string {
  return PARAMS.get(key)?.name ?? `key${key}`;
}

function readKey(text: string): number {
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(text)?.[1];
  const key = digits === undefined ? KEY_OF_NAME.get(text) : Number(digits);
  if (key === undefined || key > INVALID_KEY) {
    throw new TextSyntaxError(`"${text}" is not a parameter such as alpn, port, ipv4hint or key12345`);
  }
  return key;
}

function flag(name: string): SvcParam {
  return {
    name,
    parse: (value) => Buffer.from(value, 'latin1'),
    format: (octets) => {
      if (octets.length > 0) throw new RdataOctetsError(`${name} takes no value`);
      return '';
    },
  };
}

/** Items of a comma-separated list, with `\,` and `\\` read (RFC 9460 appendix A.1). */
function splitList(value: string, name: string): string[] {
  const items = [''];
  for (const [part] of value.matchAll(/\\.|,|[^\\,]+|\\$/gs)) {
    if (part === ',') items.push('');
    else items.push(items.pop()! + (part.startsWith('\\') ? part.slice(1) : part));
  }
  if (items.includes(''))
    throw new TextSyntaxError(value === '' ? `${name} needs a value` : `${name} has an empty item`);
  return items;
}

function parseMandatory(value: string): Uint8Array {
  const keys = keyList.takeAll(Buffer.from(keyList.parse(value))).sort((a, b) => a - b);
  return Buffer.concat(keys.map((key) => uintOctets(key, 2)));
}

function formatMandatory(octets: Buffer): string {
  const keys = keyList.takeAll(octets);
  if (keys.includes(MANDATORY)) throw new RdataOctetsError('mandatory lists itself');
  if (keys.some((key, at) => at > 0 && key <= keys[at - 1]!)) {
    throw new RdataOctetsError('mandatory lists a key twice or out of order');
  }
  return keys.map(keyName).join(',');
}

function alpnId(item: string): Uint8Array {
  return lengthPrefixed(Buffer.from(item, 'latin1'), 'an alpn identifier');
}

function formatAlpn(octets: Buffer): string {
  const items = alpnList.takeAll(octets).map((item) => item.toString('latin1'));
  if (items.includes('')) throw new RdataOctetsError('an alpn identifier is empty');
  return items.map((item) => item.replace(/[\\,]/g, '\\$&')).join(',');
}

function parsePort(value: string): Uint8Array {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 0xffff)
    throw new TextSyntaxError('port needs a number up to 65535');
  return uintOctets(Number(value), 2);
}

function formatPort(octets: Buffer): string {
  if (octets.length !== 2) throw new RdataOctetsError('port is not two octets');
  return String(octets.readUInt16BE());
}

function formatEch(octets: Buffer): string {
  if (octets.length === 0) throw new RdataOctetsError('ech needs a value');
  return octets.toString('base64');
}
