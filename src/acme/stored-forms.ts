// What the files of the storage say, checked: whoever reads a torn, foreign or edited file gets null, never half a thing.
// Pairs are PEM as every TLS program reads it, the rest is JSON with a version. Pure.

import { createPrivateKey } from 'node:crypto';
import { fitPair } from '../tls/certificate-store.ts';
import { isObject } from './json-object.ts';
import type { FailuresInARow, Ledger, LedgerEvent, NotBefore } from './ledger.ts';
import type { StoredAccount, StoredOrder, StoredPair } from './storage.ts';

/** Raised when an older Noonmark could misread what a newer one writes. */
const VERSION = 1;

/** One thing as text and back; `parse` gives null for what is not such a thing. */
export interface StoredForm<T> {
  /** For the owner: "certificate". */
  readonly what: string;
  /** What a file of it is at most, in octets. */
  readonly octetsMax: number;
  /** Anybody may read it; all others hold a key. */
  readonly isPublic?: true;
  write(thing: T): string;
  parse(text: string): T | null;
}

/** Text outside of the blocks means nothing in PEM (RFC 7468 section 2), so this line bothers no other program. */
const ORIGIN = /^# ordered by Noonmark: (\{.*\})$/m;

/** The key first, then the chain, in one file: one rename replaces both. */
export const PAIR_FORM: StoredForm<StoredPair> = {
  what: 'certificate with its key',
  octetsMax: 262_144, // a chain of ten RSA certificates is about 20 KiB
  write({ keyPem, chainPem, origin }) {
    const line =
      origin === undefined
        ? ''
        : `# ordered by Noonmark: ${JSON.stringify({ version: VERSION, ...origin })}\n`;
    return `${line}${keyPem.trim()}\n${chainPem.trim()}\n`;
  },
  parse(text) {
    // A certificate that is cut off would go unnoticed behind a whole one.
    if (count(text, '-----BEGIN ') !== count(text, '-----END ') || !/-----\s*$/.test(text)) return null;
    const verdict = fitPair(text, text, 'acme');
    if ('problem' in verdict) return null;
    const { chainPem, keyPem } = verdict.certificate;
    const { directory, profile } = objectIn(ORIGIN.exec(text)?.[1] ?? '');
    if (!isText(directory) || !isTextOrNull(profile)) return { chainPem, keyPem };
    return { chainPem, keyPem, origin: { directory, profile } };
  },
};

/** The directory stands in it too, since a file's name holds only a digest of it. */
export function accountForm(directory: string): StoredForm<StoredAccount> {
  return {
    what: 'account',
    octetsMax: 65_536,
    write: ({ keyPem, url }) => jsonText({ directory, url, keyPem }),
    parse(text) {
      const { directory: written, url, keyPem } = objectIn(text);
      if (written !== directory || !isTextOrNull(url) || !isKey(keyPem)) return null;
      return { keyPem, url };
    },
  };
}

export const ORDER_FORM: StoredForm<StoredOrder> = {
  what: 'order',
  octetsMax: 131_072, // a hundred names of 253 octets, and some more for the rest
  write: ({ directory, profile, url, names, keyType, keyPem }) =>
    jsonText({ directory, profile, url, names, keyType, keyPem }),
  parse(text) {
    const { directory, profile, url, names, keyType, keyPem } = objectIn(text);
    if (!isText(directory) || !isTextOrNull(profile) || !isText(url)) return null;
    if (!isText(keyType) || !isKey(keyPem) || !Array.isArray(names) || !names.every(isText)) return null;
    return { directory, profile, url, names, keyType, keyPem };
  },
};

export const LEDGER_FORM: StoredForm<Ledger> = {
  what: 'ledger of orders',
  isPublic: true,
  octetsMax: 8 * 2 ** 20, // a thousand events with all the names of a set, in an ordinary one 100 octets each
  write: ({ events, notBefore, failures }) => jsonText({ events, notBefore, failures }),
  parse(text) {
    const { events, notBefore, failures } = objectIn(text);
    const isWhole = areAll(events, isEvent) && areAll(notBefore, isNotBefore) && areAll(failures, isFailures);
    return isWhole ? { events, notBefore, failures } : null;
  },
};

const KINDS: readonly unknown[] = ['success', 'failed-validation', 'failed'] satisfies LedgerEvent['kind'][];

function isEvent(row: Fields): row is Fields & LedgerEvent {
  return (
    isRow(row) && isDate(row.atMs) && KINDS.includes(row.kind) && (row.name === undefined || isText(row.name))
  );
}

function isNotBefore(row: Fields): row is Fields & NotBefore {
  return isRow(row) && isDate(row.untilMs);
}

function isFailures(row: Fields): row is Fields & FailuresInARow {
  return isRow(row) && isDate(row.lastAtMs) && Number.isSafeInteger(row.count) && (row.count as number) > 0;
}

function isRow({ directory, identifiers }: Fields): boolean {
  return isText(directory) && isText(identifiers);
}

type Fields = Readonly<Record<string, unknown>>;

function jsonText(fields: Fields): string {
  return `${JSON.stringify({ version: VERSION, ...fields }, null, 1)}\n`;
}

/** Without any field where the text is not an object of this version. */
function objectIn(text: string): Fields {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) && parsed.version === VERSION ? parsed : {};
  } catch {
    return {};
  }
}

function areAll<T>(list: unknown, isOne: (row: Fields) => row is Fields & T): list is (Fields & T)[] {
  return Array.isArray(list) && list.every((row) => isObject(row) && isOne(row));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}

/** A date that can be written: ECMA-262 has 8.64e15 ms on either side of 1970. */
function isDate(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function isKey(value: unknown): value is string {
  try {
    return isText(value) && createPrivateKey(value).type === 'private';
  } catch {
    return false;
  }
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
