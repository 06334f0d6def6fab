// Symmetric keys as chrony's keyfile has them (chrony.conf(5), keyfile): "ID [TYPE] KEY", one a line, so that one file
// can serve chrony and us. A file with mistakes is refused whole, each mistake told with its line, and no message
// repeats what stands in a line: in a broken one, any word may be the secret. The MACs are in ntp-mac.ts.

import type { TimeKey, TimeKeyType } from '../config/config.ts';
import { printable } from '../config/value-error.ts';
import { readSecretFile } from '../files/secret-file.ts';
import type { NtpKey } from './ntp-mac.ts';

/** A thousand keys fit. */
const MAX_FILE_OCTETS = 65_536;
/** Key numbers have 32 bits (RFC 5905 section 7.3). */
const MAX_KEY_ID = 2 ** 32 - 1;
const DEFAULT_TYPE = 'MD5';
/** For each type that we can use: octets of its keys, null for any number. */
const SECRET_OCTETS: Readonly<Record<TimeKeyType, number | null>> = {
  MD5: null,
  SHA1: null,
  SHA256: null,
  AES128: 16,
  AES256: 32,
};
/** What chrony can use beyond those; such keys are for others who share the file. */
const OTHER_TYPES: ReadonlySet<string> = new Set([
  'SHA384',
  'SHA512',
  'SHA3-224',
  'SHA3-256',
  'SHA3-384',
  'SHA3-512',
  'TIGER',
  'WHIRLPOOL',
]);

/** A key of any type that chrony knows. */
export interface WrittenKey extends Omit<NtpKey, 'type'> {
  readonly type: string;
}

/** A key file that cannot be used: one line for each problem, with its place and what to do. */
export class NtpKeyFileError extends Error {
  override readonly name = 'NtpKeyFileError';
  readonly code = 'ntp-key-file';
}

/**
 * The key that the configuration names.
 * @throws NtpKeyFileError
 */
export async function loadNtpKey({ id, type, file }: TimeKey): Promise<NtpKey> {
  const text = await readSecretFile(file, {
    octetsMax: MAX_FILE_OCTETS,
    ...{ what: 'a file of keys', content: 'a file of keys', secret: 'its keys are' },
    refusal: (words) => refusal(file, words),
  });
  const found = readNtpKeys(text, file).get(id);
  if (found === undefined) {
    throw refusal(file, `there is no key ${id}; write the number of a key that is there, or add it`);
  }
  if (found.type !== type) {
    throw refusal(file, `key ${id} is of type ${found.type}, and the configuration says ${type}; change one`);
  }
  return { id, type, secret: found.secret };
}

/**
 * The keys of a file's text, by number; `file` is for messages.
 * @throws NtpKeyFileError with every problem
 */
export function readNtpKeys(text: string, file: string): Map<number, WrittenKey> {
  const keys = new Map<number, WrittenKey>();
  const problems: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || /^[!;#%]/.test(words[0]!)) continue;
    const key = readKey(words);
    if (typeof key === 'string') problems.push(`${file}:${index + 1}: ${key}`);
    else if (keys.has(key.id)) {
      problems.push(`${file}:${index + 1}: key ${key.id} is there already; give one of them another number`);
    } else keys.set(key.id, key);
  }
  if (problems.length > 0) throw new NtpKeyFileError(problems.map(printable).join('\n'));
  return keys;
}

/** The key of one line, or what is wrong with it. */
function readKey(words: readonly string[]): WrittenKey | string {
  const [idText = '', second = '', third] = words;
  if (words.length < 2 || words.length > 3) return 'this line is not a key; write ID TYPE KEY';
  const id = /^\d{1,10}$/.test(idText) ? Number(idText) : 0;
  if (id < 1 || id > MAX_KEY_ID) {
    return `the line does not begin with a key's number; write one of 1 to ${MAX_KEY_ID}`;
  }
  const [type, keyText] = third === undefined ? [DEFAULT_TYPE, second] : [second, third];
  if (!isUsable(type) && !OTHER_TYPES.has(type)) {
    return `the type of key ${id} is unknown; write ${Object.keys(SECRET_OCTETS).join(', ')}`;
  }
  const secret = readSecret(keyText);
  if (secret === null) {
    return `key ${id} cannot be read; write HEX: and pairs of hexadecimal digits, or ASCII: and printable characters`;
  }
  const octets = isUsable(type) ? SECRET_OCTETS[type] : null;
  if (octets !== null && secret.length !== octets) {
    return `key ${id} has ${secret.length} octets, and ${type} takes ${octets}; make a key of that length`;
  }
  return { id, type, secret };
}

function isUsable(type: string): type is TimeKeyType {
  return Object.hasOwn(SECRET_OCTETS, type);
}

/** Prefixes in capitals only, as for chrony: to it "hex:61" is a key of six characters. */
function readSecret(text: string): Buffer | null {
  if (text.startsWith('HEX:'))
    return /^HEX:([\da-f]{2})+$/i.test(text) ? Buffer.from(text.slice(4), 'hex') : null;
  const characters = text.replace(/^ASCII:/, '');
  return /^[!-~]+$/.test(characters) ? Buffer.from(characters, 'latin1') : null;
}

function refusal(path: string, what: string): NtpKeyFileError {
  return new NtpKeyFileError(printable(`${path}: ${what}`));
}
