// The files that a configuration names and that must be there when it is read: CA files, and keyfiles of time sources.
// A keyfile is chrony's (chrony.conf(5), keyfile): a line each of ID, TYPE and KEY, the type MD5 where it is left out.
// The keys themselves are read where they are used; nothing of them is kept, or said, here.

import { constants, statSync } from 'node:fs';
import type { TimeKey } from './config.ts';
import { readAtMost, reasonOf } from './read-file.ts';
import { quote } from './value-error.ts';

export interface NamedFiles {
  /** Why the PEM file of a CA cannot be used, as a sentence; null when it can. */
  readonly caProblem: (path: string) => string | null;
  /** Why a key cannot be used, or should not be as it is; null when all is well. */
  readonly keyProblem: (
    key: TimeKey,
  ) => { readonly severity: 'error' | 'warning'; readonly message: string } | null;
}

/** The public roots are 250 KiB in PEM; keyfiles are far shorter. */
const FILE_OCTETS_MAX = 2 ** 20;

/** Looks at the disk. */
export const filesOnDisk: NamedFiles = {
  caProblem(path) {
    try {
      if (textOf(path).includes('-----BEGIN CERTIFICATE-----')) return null;
      return `${quote(path)} holds no certificate in PEM form; name a file that begins with -----BEGIN CERTIFICATE-----`;
    } catch (error) {
      return `${quote(path)} cannot be used as a CA: ${reasonOf(error)}`;
    }
  },
  keyProblem(key) {
    try {
      const message = keyLineProblem(textOf(key.file), key);
      if (message !== null) return { severity: 'error', message: `${quote(key.file)} ${message}` };
      if ((statSync(key.file).mode & constants.S_IROTH) === 0) return null;
      const advice = `; take that away with chmod o-r`;
      return {
        severity: 'warning',
        message: `${quote(key.file)} can be read by every user here, and until that is changed this source is not asked${advice}`,
      };
    } catch (error) {
      return {
        severity: 'error',
        message: `${quote(key.file)} cannot be used as a keyfile: ${reasonOf(error)}`,
      };
    }
  },
};

/** For a configuration that is judged without the machine it is for. */
export const filesUnseen: NamedFiles = { caProblem: () => null, keyProblem: () => null };

function textOf(path: string): string {
  return Buffer.from(readAtMost(path, FILE_OCTETS_MAX)).toString('latin1');
}

function keyLineProblem(text: string, { id, type }: TimeKey): string | null {
  const words = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([first]) => first === String(id));
  if (words === undefined || words.length < 2) {
    return `has no key ${id}; write a line such as "${id} ${type} HEX:…" into it, or the number of a key that it has`;
  }
  const written = words.length > 2 ? words[1]!.toUpperCase() : 'MD5';
  return written === type
    ? null
    : `has key ${id} as ${quote(written)}, not ${type}; write the same type here as there`;
}
