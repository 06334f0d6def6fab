// Files of the owner's that hold a secret, a key or a token: opened without waiting, bounded, and refused where everybody on
// the machine may read them. What is wrong is said in words that repeat nothing of what stands in the file. What the text
// means, and which error carries the words, is the reader's business.

import { constants } from 'node:fs';
import { openWithoutWaiting } from './read-file.ts';

export interface SecretFile {
  readonly octetsMax: number;
  /** How people are told of them; default "octets". */
  readonly unit?: 'octets' | 'bytes';
  /** What should be named instead of something else: "a TSIG key file". */
  readonly what: string;
  /** What a file that is too long hardly holds: "a TSIG key". */
  readonly content: string;
  /** What must not be read by everybody, with its verb: "its key is"; null: it may. */
  readonly secret: string | null;
  /** What takes that away; default "chmod o-r". */
  readonly repair?: string;
  /** Makes the error of what is wrong and what to do; it adds the path. */
  readonly refusal: (words: string) => Error;
}

/**
 * The text, one character for each octet.
 * @throws what `refusal` makes; the system's error where an open file cannot be read
 */
export async function readSecretFile(path: string, demands: SecretFile): Promise<string> {
  const { octetsMax, unit = 'octets', what, content, secret, repair = 'chmod o-r', refusal } = demands;
  const file = await openWithoutWaiting(path).catch((error) => {
    throw refusal(openWords(error));
  });
  try {
    // Asked of the open file, not of its path, which may mean another file a moment later.
    const stats = await file.stat();
    if (!stats.isFile()) throw refusal(`not a plain file; name ${what}`);
    if (secret !== null && stats.mode & constants.S_IROTH)
      throw refusal(`${secret} readable by everybody on the machine; run: ${repair} ${path}`);
    if (stats.size > octetsMax) throw refusal(`larger than ${octetsMax} ${unit}, so hardly ${content}`);
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
