// The files that a configuration names and that are looked at when it is read: CA files, our own certificate and its
// key, keyfiles of time sources, secrets and programs for ACME, zone files, and those of other programs that may come later. A keyfile is chrony's
// (chrony.conf(5), keyfile): a line each of ID, TYPE and KEY, the type MD5 where it is left out. Keys themselves are read
// where they are used; nothing of them is kept, or said, here.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { constants, realpathSync, statSync } from 'node:fs';
import { sep } from 'node:path';
import { readAtMost, reasonOf } from '../files/read-file.ts';
import { ADMIN_SECRET_OCTETS_MAX, readAdminToken, readPasswordHash } from './admin-secrets.ts';
import type { TimeKey } from './config.ts';
import { formatSize } from './units.ts';
import { quote, ValueError } from './value-error.ts';

export interface NamedFiles {
  /** Why the PEM file of a CA cannot be used, as a sentence; null when it can. */
  readonly caProblem: (path: string) => string | null;
  /** Why a key cannot be used, or should not be as it is; null when all is well. */
  readonly keyProblem: (
    key: TimeKey,
  ) => { readonly severity: 'error' | 'warning'; readonly message: string } | null;
  /** Why a file with a secret is not used as it is now, as a sentence; null when all is well. */
  readonly secretProblem: (path: string) => string | null;
  /** Why the file of the password to the pages, or of the token to them, cannot be used, as a sentence; null when it can. */
  readonly passwordProblem: (path: string) => string | null;
  readonly tokenProblem: (path: string) => string | null;
  /** Why a program cannot be started as it is now, as a sentence; null when nothing speaks against it. */
  readonly programProblem: (path: string) => string | null;
  /**
   * The text of a zone file of at most `octetsMax`, which must lie in `folder` or below where there is one, symbolic
   * links followed; or why it is not to be had. Null: files are not looked at.
   */
  readonly zoneText: (
    path: string,
    folder: string | null,
    octetsMax: number,
  ) => { readonly text: string } | { readonly problem: string } | null;
  /** Why our own certificate and its key cannot be served, and which of the two is at fault; null when they can. */
  readonly pairProblem: (paths: PairPaths) => PairProblem | null;
  /** Why a file of another program's cannot be read now; null when it can. */
  readonly nameFileProblem: (path: string) => string | null;
}

export interface PairPaths {
  readonly certificate: string;
  readonly key: string;
}

export interface PairProblem {
  readonly half: keyof PairPaths;
  /** Part of a sentence. */
  readonly problem: string;
}

/** The public roots are 250 KiB in PEM; keyfiles are far shorter. */
const FILE_OCTETS_MAX = 2 ** 20;
/** All zone files of a configuration together: room for RECORDS_MAX of zone-files.ts at 160 octets a record. */
export const ZONE_OCTETS_MAX = 32 * 2 ** 20;

/** By its owner, its group or anybody: which of them this user will be is not known. */
const EXECUTABLE = constants.S_IXUSR | constants.S_IXGRP | constants.S_IXOTH;

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
  secretProblem(path) {
    try {
      const stats = statSync(path);
      if (!stats.isFile()) return `${quote(path)} is not a plain file; write one that holds the secret`;
      if ((stats.mode & constants.S_IROTH) !== 0)
        return `${quote(path)} can be read by every user here; take that away with chmod o-r`;
      if (readAtMost(path, 1).length === 0) return `${quote(path)} is empty; write the secret into it`;
      return null;
    } catch (error) {
      return `${quote(path)} cannot be used: ${reasonOf(error)}`;
    }
  },
  passwordProblem: (path) => contentProblem(path, readPasswordHash),
  tokenProblem: (path) => contentProblem(path, readAdminToken),
  programProblem(path) {
    try {
      const stats = statSync(path);
      if (!stats.isFile()) return `${quote(path)} is not a plain file; write a program`;
      if ((stats.mode & EXECUTABLE) !== 0) return null;
      return `${quote(path)} is not executable; make it so with chmod +x`;
    } catch (error) {
      return `${quote(path)} cannot be started: ${reasonOf(error)}`;
    }
  },
  zoneText(path, folder, octetsMax) {
    try {
      if (folder !== null) {
        const problem = outsideProblem(path, folder);
        if (problem !== null) return { problem };
      }
      const stats = statSync(path);
      if (!stats.isFile()) return { problem: `${quote(path)} is not a plain file` };
      const octets = readAtMost(path, Math.min(stats.size, octetsMax) + 1);
      if (octets.length > octetsMax) {
        return {
          problem: `${quote(path)} makes the zone files longer than ${formatSize(ZONE_OCTETS_MAX)} together`,
        };
      }
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(octets) };
    } catch (error) {
      const reason = error instanceof TypeError ? 'it is not UTF-8 text' : reasonOf(error);
      return { problem: `${quote(path)} cannot be used: ${reason}` };
    }
  },
  pairProblem({ certificate, key }) {
    let half: keyof PairPaths = 'certificate';
    try {
      const chain = textOf(certificate);
      half = 'key';
      const keyText = textOf(key);
      if ((statSync(key).mode & constants.S_IROTH) !== 0)
        return { half, problem: 'it can be read by every user here; take that away with chmod o-r' };
      return unfitting(chain, keyText);
    } catch (error) {
      return { half, problem: reasonOf(error) };
    }
  },
  nameFileProblem(path) {
    try {
      readAtMost(path, 1);
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  },
};

/** For a configuration that is judged without the machine it is for. */
export const filesUnseen: NamedFiles = {
  caProblem: () => null,
  keyProblem: () => null,
  secretProblem: () => null,
  passwordProblem: () => null,
  tokenProblem: () => null,
  programProblem: () => null,
  zoneText: () => null,
  pairProblem: () => null,
  nameFileProblem: () => null,
};

/** Why a file with a secret that `read` understands cannot be used. */
function contentProblem(path: string, read: (text: string) => unknown): string | null {
  const problem = filesOnDisk.secretProblem(path);
  if (problem !== null) return problem;
  try {
    const octets = readAtMost(path, ADMIN_SECRET_OCTETS_MAX + 1);
    if (octets.length > ADMIN_SECRET_OCTETS_MAX) return `${quote(path)} is longer than any such file`;
    read(Buffer.from(octets).toString('latin1'));
    return null;
  } catch (error) {
    return `${quote(path)} ${error instanceof ValueError ? error.message : `cannot be used: ${reasonOf(error)}`}`;
  }
}

/** Why a file is not included: it, or what a symbolic link on the way leads to, is elsewhere. */
function outsideProblem(path: string, folder: string): string | null {
  const [real, realFolder] = [realpathSync(path), realpathSync(folder)];
  if (isInside(real, realFolder)) return null;
  const where = isInside(path, folder) ? `leads to ${quote(real)}, outside` : 'lies outside';
  return `${quote(path)} ${where} ${quote(folder)}, the folder of the zone file; move it there`;
}

/** What tls/certificate-store.ts will find, as far as it can be said here; dates do not count. */
function unfitting(chain: string, keyText: string): PairProblem | null {
  let half: keyof PairPaths = 'certificate';
  try {
    const leaf = new X509Certificate(chain);
    half = 'key';
    if (leaf.checkPrivateKey(createPrivateKey(keyText))) return null;
    return { half, problem: 'it is not the key of that certificate' };
  } catch {
    const what = half === 'key' ? 'private key without a passphrase' : 'certificate';
    return { half, problem: `it holds no ${what} in PEM form` };
  }
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

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
