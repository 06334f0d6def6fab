// What of the query log is asked for, read from the parameters of a URL, or refused in a sentence that says what is wrong.
// A parameter that is there and empty is not given: a form sends all of its fields. Pure.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { quote } from '../config/value-error.ts';
import { RCODE_MNEMONICS, typeName, typeNumber } from '../dns/codes.ts';
import { ANSWERED_BY, type AnsweredBy } from '../observe/query-figures.ts';
import { LOGGED_QUERIES_MAX } from '../observe/query-log.ts';
import type { ClientWish, QueryWish } from '../status/query-log-report.ts';

export type ReadWish = { readonly wish: QueryWish } | { readonly problem: string };

/** What a program gets that wishes for nothing else. */
const LIMIT_DEFAULT = 100;
/** Escaped in full (`\DDD`), 255 octets come to this. */
const NAME_CHARACTERS_MAX = 1020;

export const ANY_QUERY: QueryWish = {
  ...{ client: null, name: null, type: null, rcode: null, answeredBy: null },
  ...{ afterId: null, limit: LIMIT_DEFAULT },
};

const KEYS = ['client', 'name', 'type', 'rcode', 'answered-by', 'after', 'limit'];

export interface WishWords {
  /** Parameters that mean something else, and are left alone. */
  readonly others: readonly string[];
  /** What a parameter is called to whoever has given it. */
  readonly called: (key: string) => string;
}

const FOR_PROGRAMS: WishWords = { others: [], called: (key) => `\`${key}\`` };

export function readQueryWish(
  params: URLSearchParams,
  { others, called }: WishWords = FOR_PROGRAMS,
): ReadWish {
  for (const key of params.keys()) {
    if (others.includes(key)) continue;
    if (!KEYS.includes(key))
      return { problem: `There is no parameter ${quote(key)}; there is ${KEYS.join(', ')}.` };
    if (params.getAll(key).length > 1) return { problem: `${called(key)} is given twice; give it once.` };
  }
  const problems: string[] = [];
  const read = <Value>(key: string, parse: (text: string) => Value | null, needs: string): Value | null => {
    const text = params.get(key)?.trim() ?? '';
    if (text === '') return null;
    const value = parse(text);
    if (value === null) problems.push(`${called(key)} needs ${needs}; ${quote(text)} is none.`);
    return value;
  };
  const wish = {
    client: read('client', clientOf, 'an address or a network, such as 192.168.1.7 or 192.168.1.0/24'),
    name: read('name', nameOf, `a part of a name, of ${NAME_CHARACTERS_MAX} characters at most`),
    type: read('type', typeOf, 'a record type, such as AAAA'),
    rcode: read('rcode', rcodeOf, `a response code, such as NXDOMAIN, or ${DROPPED}`),
    answeredBy: read('answered-by', answeredByOf, `one of ${ANSWERED_BY.join(', ')}`),
    afterId: read('after', (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER), 'the id of an entry'),
    limit:
      read(
        'limit',
        (text) => wholeNumber(text, LOGGED_QUERIES_MAX) || null,
        `a number from 1 to ${LOGGED_QUERIES_MAX}`,
      ) ?? LIMIT_DEFAULT,
  };
  return problems.length === 0 ? { wish } : { problem: problems.join(' ') };
}

/** In the form that entries have: IPv6 as RFC 5952 writes it. */
function clientOf(text: string): ClientWish | null {
  const [address = '', bits, ...rest] = text.split('/');
  if (isIP(address) === 0 || rest.length > 0) return null;
  const parsed = ipaddr.parse(address);
  if (bits === undefined) return { address: parsed.toString(), length: null };
  const length = wholeNumber(bits, parsed.kind() === 'ipv4' ? 32 : 128);
  return length === null ? null : { address: parsed.toString(), length };
}

function nameOf(text: string): string | null {
  return text.length > NAME_CHARACTERS_MAX ? null : text.toLowerCase();
}

function typeOf(text: string): string | null {
  const number = typeNumber(text);
  return number === undefined ? null : typeName(number);
}

const DROPPED = 'dropped';

function rcodeOf(text: string): string | null {
  if (text.toLowerCase() === DROPPED) return DROPPED;
  const name = text.toUpperCase();
  return RCODE_MNEMONICS.includes(name) || /^RCODE\d{1,4}$/.test(name) ? name : null;
}

function answeredByOf(text: string): AnsweredBy | null {
  return ANSWERED_BY.find((one) => one === text.toLowerCase()) ?? null;
}

/** From 0 to `max`. */
function wholeNumber(text: string, max: number): number | null {
  return /^\d{1,16}$/.test(text) && Number(text) <= max ? Number(text) : null;
}
