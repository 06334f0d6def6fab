// Certificate and key as files of the owner's: read, checked against each other, watched, read again on request.
// A broken pair is a line in the log, and whatever was served before stays; dates only ever make a warning.
// Also reading PEM files with the care that keys need, which the local CA shares.
// It does not know who serves the pair.

import type { Clock, Timer } from '../clock/clock.ts';
import { FileWatch } from '../files/file-watch.ts';
import { readSecretFile, type SecretFile } from '../files/secret-file.ts';
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
  return readSecretFile(path, { ...pemFile(path), secret: null });
}

/**
 * The text of a private key's file, refused where everybody on the machine may read it.
 * @throws Error as `readPem`
 */
export function readKeyPem(path: string): Promise<string> {
  return readSecretFile(path, { ...pemFile(path), secret: 'this key is', repair: 'chmod 600' });
}

function pemFile(path: string): Omit<SecretFile, 'secret'> {
  return {
    ...{ octetsMax: MAX_PEM_BYTES, unit: 'bytes', what: 'a PEM file', content: 'a PEM file' },
    refusal: (words) => new Error(`${path}: ${words}`),
  };
}

export const KEY_MODE = 0o600;
export const CERTIFICATE_MODE = 0o644;
