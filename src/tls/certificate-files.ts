// Certificate and key as files of the owner's: read, checked against each other, watched, read again on request.
// A broken pair is a line in the log, and whatever was served before stays; dates only ever make a warning.
// Also reading PEM files with the care that keys need, which the local CA shares.
// It does not know who serves the pair.

import { type BigIntStats, constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Clock, Timer } from '../clock/clock.ts';
import { FileWatch } from '../files/file-watch.ts';
import { openWithoutWaiting } from '../files/read-file.ts';
import type { Log } from '../observe/log.ts';
import { dateWarning, fitPair, type ServedCertificate } from './certificate-store.ts';

/** How often the dates of what is served are looked at. */
const JUDGE_DATES_EVERY_MS = 3_600_000;

/** A chain of ten RSA certificates is about 20 KiB. */
const MAX_PEM_BYTES = 262_144;

export interface CertificateFilesParts {
  readonly paths: { readonly certificate: string; readonly key: string };
  readonly clock: Clock;
  readonly log: Log;
  /** Called with every good pair that differs from the last one. */
  readonly serve: (certificate: ServedCertificate) => void;
}

/** What is wrong with the files as they are now. */
export interface FilesProblem {
  /** One sentence, with the file at fault. */
  readonly problem: string;
  /** How long they have been unusable, for whichever reason. */
  readonly forMs: number;
}

export class CertificateFiles {
  readonly #parts: CertificateFilesParts;
  #served: ServedCertificate | null = null;
  #warned: string | null = null;
  #problem: { readonly text: string; readonly sinceMs: number } | null = null;
  #reading: Promise<unknown> = Promise.resolve();
  #closed = false;
  readonly #watch: FileWatch;
  readonly #judging: Timer;
  readonly #stopListening: () => void;

  constructor(parts: CertificateFilesParts) {
    this.#parts = parts;
    const { paths, clock } = parts;
    this.#watch = new FileWatch({
      paths: [paths.certificate, paths.key], // a pair is written in two steps
      clock,
      onChange: () => this.load(),
    });
    this.#judging = clock.every(JUDGE_DATES_EVERY_MS, () => this.#judgeDates());
    this.#stopListening = clock.onStateChange(() => this.#judgeDates());
  }

  /** Reads both files now; true when they are a good pair. Never throws: what is wrong goes to the log. */
  load(): Promise<boolean> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading;
    return reading;
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
    this.#judging.cancel();
    this.#stopListening();
  }

  /** Null while they can be used. */
  get problem(): FilesProblem | null {
    if (this.#problem === null) return null;
    return { problem: this.#problem.text, forMs: this.#parts.clock.monotonic() - this.#problem.sinceMs };
  }

  /** Looks at the files once. */
  look(): Promise<void> {
    return this.#watch.look();
  }

  async #read(): Promise<boolean> {
    const { paths, clock, log } = this.#parts;
    await this.#watch.know();
    const pair = await readPair(paths, 'files');
    if (this.#closed) return false;
    if ('problem' in pair) {
      const consequence = this.#served === null ? 'not used' : 'the old pair stays in use';
      log.error(`certificate files: ${pair.problem}; ${consequence}`);
      this.#problem = { text: pair.problem, sinceMs: this.#problem?.sinceMs ?? clock.monotonic() };
      return false;
    }
    this.#problem = null;
    const { certificate } = pair;
    if (certificate.chainPem === this.#served?.chainPem && certificate.keyPem === this.#served.keyPem)
      return true;
    this.#served = certificate;
    this.#warned = null;
    this.#parts.serve(certificate);
    this.#judgeDates();
    return true;
  }

  #judgeDates(): void {
    const { clock, log, paths } = this.#parts;
    if (this.#served === null) return;
    const warning = dateWarning(this.#served, clock.status, clock.now().epochMs);
    // One line for each new finding; the sentence holds the present date, so its first words are compared.
    const finding = warning?.split(',')[0] ?? null;
    if (warning !== null && finding !== this.#warned) {
      log.warn(`${paths.certificate}: ${warning}; served all the same: renew the file if the clock is right`);
    }
    this.#warned = finding;
  }
}

/** A good pair, or one sentence with the file at fault. */
export async function readPair(
  paths: { readonly certificate: string; readonly key: string },
  source: ServedCertificate['source'],
): Promise<{ readonly certificate: ServedCertificate } | { readonly problem: string }> {
  try {
    const verdict = fitPair(await readPem(paths.certificate), await readKeyPem(paths.key), source);
    return 'problem' in verdict ? { problem: `${paths[verdict.half]}: ${verdict.problem}` } : verdict;
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/**
 * The text of a PEM file.
 * @throws Error with one sentence: file, what is wrong, and what to do
 */
export function readPem(path: string): Promise<string> {
  return readBounded(path, () => {});
}

/**
 * The text of a private key's file, refused where everybody on the machine may read it.
 * @throws Error as `readPem`
 */
export function readKeyPem(path: string): Promise<string> {
  return readBounded(path, (stats) => {
    if ((stats.mode & BigInt(constants.S_IROTH)) === 0n) return;
    throw new Error(`${path}: this key is readable by everybody on the machine; run: chmod 600 ${path}`);
  });
}

async function readBounded(path: string, check: (stats: BigIntStats) => void): Promise<string> {
  const file = await openPlain(path);
  try {
    // Asked of the open file, not of its path, which may mean another file a moment later.
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw new Error(`${path}: not a plain file; name a PEM file`);
    check(stats);
    if (stats.size > MAX_PEM_BYTES)
      throw new Error(`${path}: larger than ${MAX_PEM_BYTES} bytes, so hardly a PEM file`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function openPlain(path: string): Promise<FileHandle> {
  try {
    return await openWithoutWaiting(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Error(`${path}: there is no such file; check the path`);
    if (code === 'EACCES')
      throw new Error(`${path}: not readable for this process; check its owner and mode`);
    throw new Error(`${path}: cannot be opened (${code})`);
  }
}

export const KEY_MODE = 0o600;
export const CERTIFICATE_MODE = 0o644;
