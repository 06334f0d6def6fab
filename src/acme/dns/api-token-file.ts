// The API token of a DNS provider, or of who is told of troubles: a file that holds it and nothing else, for us alone to read.
// It is read at each use, so a token that was replaced needs no restart. No message repeats what stands in the file.

import { printable } from '../../config/value-error.ts';
import { readSecretFile } from '../../files/secret-file.ts';

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
  const text = await readSecretFile(path, {
    octetsMax: FILE_OCTETS_MAX,
    ...{ what: 'a file with an API token', content: 'an API token', secret: 'its token is' },
    refusal: (words) => refusal(path, words),
  });
  const token = text.trim();
  if (token === '') throw refusal(path, 'the file is empty; put the API token there');
  if (token.length <= TOKEN_CHARACTERS_MAX && TOKEN.test(token)) return token;
  throw refusal(
    path,
    'something else than one API token is in there; leave the token alone, without a name before it',
  );
}

function refusal(path: string, what: string): ApiTokenFileError {
  return new ApiTokenFileError(printable(`${path}: ${what}`));
}
