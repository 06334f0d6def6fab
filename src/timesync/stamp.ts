// The stamp: the time of the last agreement that certificates bore out, written down for the next life of this server.
// One small file in state_dir, replaced atomically, with a checksum against torn writes. Whoever can write the file can
// forge it (docs/threat-model.md). It is read once, at start; what it is worth is decided in candidates.ts.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../files/replacement.ts';

const FILE_NAME = 'clock-stamp';
const FORM = /^noonmark clock stamp 1\n(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\nsha256 ([0-9a-f]{64})\n$/;

export interface FoundStamp {
  /** Milliseconds since 1970; null: there is nothing usable. */
  readonly epochMs: number | null;
  /** What is wrong with the file; null when nothing is, or when there is none. */
  readonly problem: string | null;
}

export function stampFile(stateDir: string): string {
  return join(stateDir, FILE_NAME);
}

/** Reads the stamp; a file that is torn or foreign is a problem in words and no stamp. */
export function readStamp(stateDir: string): FoundStamp {
  const file = stampFile(stateDir);
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { epochMs: null, problem: null };
    return { epochMs: null, problem: `${file} cannot be read (${code}); let this user read it` };
  }
  const [, date, checksum] = FORM.exec(text) ?? [];
  const epochMs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(epochMs) || checksum !== checksumOf(date!))
    return {
      epochMs: null,
      problem: `${file} is torn or not ours; it is ignored, and replaced at the next agreement`,
    };
  return { epochMs, problem: null };
}

/** @throws the system's error, when it cannot be written; the old stamp then stands */
export async function writeStamp(stateDir: string, epochMs: number): Promise<void> {
  const date = new Date(epochMs).toISOString();
  await replaceFile(stampFile(stateDir), [`noonmark clock stamp 1\n${date}\nsha256 ${checksumOf(date)}\n`]);
}

/**
 * True when there was one.
 * @throws the system's error, when it cannot be deleted
 */
export async function forgetStamp(stateDir: string): Promise<boolean> {
  try {
    await rm(stampFile(stateDir));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function checksumOf(date: string): string {
  return createHash('sha256').update(`noonmark clock stamp 1\n${date}\n`).digest('hex');
}
