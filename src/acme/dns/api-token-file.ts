// The API token of a DNS provider: a file that holds it and nothing else, for us alone to read.
// It is read at each use, so a token that was replaced needs no restart. No message repeats what stands in the file.

import { constants } from 'node:fs';
import { printable } from '../../config/value-error.ts';
import { openWithoutWaiting } from '../../files/read-file.ts';

/** Cloudflare's tokens have 40 to 60 characters, those of others up to a few hundred. */
const TOKEN_CHARACTERS_MAX = 1_024;
/** With a line break, or a few. */
const FILE_OCTETS_MAX = TOKEN_CHARACTERS_MAX + 16;
/** What may stand behind "Bearer" (RFC 6750 section 2.1). */
const TOKEN = /^[A-Za-z\d._~+/-]+=*$/;

/** A token file that cannot be used. The message says which file, what is wrong, and what to do. */
export class ApiTokenFileError extends Error {
  override readonly name = 'ApiTokenFileError';
  readonly code = 'api-token-file';
}

/** @throws ApiTokenFileError */
export async function loadApiToken(path: string): Promise<string> {
  const token = (await readTokenFile(path)).trim();
  if (token === '') throw refusal(path, 'the file is empty; put the API token there');
  if (token.length <= TOKEN_CHARACTERS_MAX && TOKEN.test(token)) return token;
  throw refusal(
    path,
    'something else than one API token is in there; leave the token alone, without a name before it',
  );
}

async function readTokenFile(path: string): Promise<string> {
  const file = await openWithoutWaiting(path).catch((error) => {
    throw refusal(path, openWords(error));
  });
  try {
    // Asked of the open file, not of its path, which may mean another file a moment later.
    const stats = await file.stat();
    if (!stats.isFile()) throw refusal(path, 'not a plain file; name a file with an API token');
    if (stats.mode & constants.S_IROTH) {
      throw refusal(path, `its token is readable by everybody on the machine; run: chmod o-r ${path}`);
    }
    if (stats.size > FILE_OCTETS_MAX) {
      throw refusal(path, `larger than ${FILE_OCTETS_MAX} octets, so hardly an API token`);
    }
    return await file.readFile('latin1');
  } finally {
    await file.close();
  }
}

function openWords({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file; check the path';
  if (code === 'EACCES') return 'not readable for this process; check its owner and mode';
  return `cannot be opened (${code})`;
}

function refusal(path: string, what: string): ApiTokenFileError {
  return new ApiTokenFileError(printable(`${path}: ${what}`));
}
