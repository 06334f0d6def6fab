// The secret that cookies are made with (RFC 9018 section 4.4), kept in state_dir, so that a restart does not make every
// client's cookie stale. Whatever is wrong with the file, the server has a secret: a fresh one costs its clients one
// exchange of cookies. Never shown anywhere.

import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIPHASH_KEY_OCTETS } from '../dns/siphash.ts';
import type { Log } from '../observe/log.ts';

const FILE_NAME = 'cookie-secret';
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permissions of anybody but the owner. */
const OTHERS = 0o077;

/** The kept secret, or a new one that is kept from now on where that is possible. Never throws. */
export function openCookieSecret(stateDir: string, log: Log): Uint8Array {
  const file = join(stateDir, FILE_NAME);
  const kept = readSecret(file);
  if (kept instanceof Uint8Array) return kept;
  if (kept !== null) log.warn(`the secret of DNS cookies is made anew: ${kept}`, { file });
  const secret = newCookieSecret();
  try {
    mkdirSync(stateDir, { recursive: true, mode: DIRECTORY_MODE });
    // Not synced: a file that a power cut has emptied is made anew like any other that is no secret.
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, secret, { mode: FILE_MODE, flag: 'wx' });
    renameSync(`${file}.new`, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    log.warn('the secret of DNS cookies cannot be kept; clients will need new cookies after a restart', {
      file,
      reason: code,
    });
  }
  return secret;
}

/** One that nobody keeps. */
export function newCookieSecret(): Uint8Array {
  return randomBytes(SIPHASH_KEY_OCTETS);
}

/** The secret, what is wrong with it, or null where there is none yet. */
function readSecret(file: string): Uint8Array | string | null {
  try {
    const found = lstatSync(file);
    if (!found.isFile()) return 'it was no plain file';
    if ((found.mode & OTHERS) !== 0) return 'others could read or write it';
    if (found.size !== SIPHASH_KEY_OCTETS) return `it had ${found.size} octets, not ${SIPHASH_KEY_OCTETS}`;
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? null : `it cannot be read (${code})`;
  }
}
