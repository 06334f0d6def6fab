// A TSIG key as BIND's tsig-keygen writes it, `key "name" { algorithm hmac-sha256; secret "BASE64="; };`, so that one file
// can serve named, nsupdate and us. Comments are allowed, a second key is not: nobody would know which one is meant.
// No message repeats what stands in the file: in a broken one, any word may be the secret. Signing is dns/tsig.ts.

import { createSecretKey } from 'node:crypto';
import { printable } from '../../config/value-error.ts';
import { type NameKey, nameKey } from '../../dns/names.ts';
import { TSIG_ALGORITHMS, type TsigAlgorithm, type TsigKey } from '../../dns/tsig.ts';
import { readSecretFile } from '../../files/secret-file.ts';

/** A key and a page of comments. */
const MAX_FILE_OCTETS = 16_384;
/** By the names that BIND knows it by (RFC 8945 section 6). */
const MD5_NAMES: ReadonlySet<string> = new Set(['hmac-md5', 'hmac-md5.sig-alg.reg.int']);

/** A key file that cannot be used. The message is a sentence: file, line, what is wrong, and what to do. */
export class TsigKeyFileError extends Error {
  override readonly name = 'TsigKeyFileError';
  readonly code = 'tsig-key-file';
}

/** @throws TsigKeyFileError */
export async function loadTsigKey(path: string): Promise<TsigKey> {
  const text = await readSecretFile(path, {
    ...{ octetsMax: MAX_FILE_OCTETS, what: 'a TSIG key file', content: 'a TSIG key', secret: 'its key is' },
    refusal: (words) => refusal(path, words),
  });
  return readTsigKey(text, path);
}

/**
 * The key of a file's text; `file` is for messages.
 * @throws TsigKeyFileError
 */
export function readTsigKey(text: string, file: string): TsigKey {
  const tokens = new Tokens(text, file);
  tokens.take('key');
  const name = keyName(tokens);
  tokens.take('{');
  let algorithm: TsigAlgorithm | null = null;
  let secret: Buffer | null = null;
  while (tokens.peek() !== '}') {
    const statement = tokens.next()?.toLowerCase();
    if (statement === 'algorithm' && algorithm === null) algorithm = readAlgorithm(tokens);
    else if (statement === 'secret' && secret === null) secret = readSecret(tokens);
    else
      throw tokens.refusal(
        'expected one algorithm and one secret here; copy the key as tsig-keygen wrote it',
      );
    tokens.take(';');
  }
  tokens.take('}');
  tokens.take(';');
  if (tokens.peek()?.toLowerCase() === 'key')
    throw tokens.refusal('there is a second key; leave one, or put each into a file');
  if (tokens.peek() !== undefined) throw tokens.refusal('there is more behind the key; leave the key alone');
  if (algorithm === null) throw tokens.refusal('the key has no algorithm; copy it as tsig-keygen wrote it');
  if (secret === null) throw tokens.refusal('the key has no secret; copy it as tsig-keygen wrote it');
  return { name, algorithm, secret: createSecretKey(secret) };
}

function keyName(tokens: Tokens): NameKey {
  try {
    return nameKey(tokens.next() ?? '');
  } catch {
    throw tokens.refusal('the key has no name that is a domain name; copy it as tsig-keygen wrote it');
  }
}

function readAlgorithm(tokens: Tokens): TsigAlgorithm {
  const word = (tokens.next() ?? '').toLowerCase().replace(/\.$/, '');
  const known = TSIG_ALGORITHMS.find((one) => one === word);
  if (known !== undefined) return known;
  if (MD5_NAMES.has(word)) {
    throw tokens.refusal(
      'the key is for hmac-md5, which is too weak to be used; make another with tsig-keygen -a hmac-sha256, for both sides',
    );
  }
  throw tokens.refusal(`the algorithm is unknown; write one of ${TSIG_ALGORITHMS.join(', ')}`);
}

/** Base64 (RFC 4648 section 4), which may be broken into lines. */
function readSecret(tokens: Tokens): Buffer {
  const text = (tokens.next() ?? '').replace(/\s+/g, '');
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z\d+/]+={0,2}$/.test(text);
  if (isBase64) return Buffer.from(text, 'base64');
  throw tokens.refusal('the secret is not base64; copy the key as tsig-keygen wrote it');
}

/** A space, a comment of one of three kinds, a mark, a quoted or a plain word, or one character that is none of them. */
const TOKEN = /\s+|\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|([{};])|"([^"]*)"|([^\s{};"#]+)|./gy;

/** The words and marks of named.conf(5), each with its line. */
class Tokens {
  readonly #file: string;
  readonly #found: { readonly text: string; readonly line: number }[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string, file: string) {
    this.#file = file;
    let line = 1;
    for (const [whole, mark, quoted, word] of text.matchAll(TOKEN)) {
      const token = mark ?? quoted ?? word;
      if (token !== undefined) this.#found.push({ text: token, line });
      this.#line = line;
      line += whole.split('\n').length - 1;
      if (token === undefined && whole === '"')
        throw this.refusal('a quotation mark is not closed; close it');
    }
    this.#line = 1;
  }

  peek(): string | undefined {
    return this.#found[this.#at]?.text;
  }

  next(): string | undefined {
    const token = this.#found[this.#at];
    this.#at += 1;
    this.#line = token?.line ?? this.#line;
    return token?.text;
  }

  /** The next one must be this. */
  take(wanted: string): void {
    if (this.next()?.toLowerCase() !== wanted) {
      throw this.refusal(`expected "${wanted}" here; copy the key as tsig-keygen wrote it`);
    }
  }

  /** About what was read last. */
  refusal(what: string): TsigKeyFileError {
    return refusal(`${this.#file}:${this.#line}`, what);
  }
}

function refusal(place: string, what: string): TsigKeyFileError {
  return new TsigKeyFileError(printable(`${place}: ${what}`));
}
