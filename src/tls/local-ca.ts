// A certificate authority of one's own in certs_dir, for networks without a public name: ca.pem for the devices,
// leaf.pem for the listeners. local-ca-signing.ts makes them; this file decides when, and keeps them on disk.
// The CA and its key are made once and never replaced, neither for a date nor because a leaf is bad. The leaf's key
// stays over renewals too: clients that pin it (RFC 7858 section 4.2) stay content, and a renewal is one file.
// It judges no foreign certificate; chains are verified elsewhere.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, ClockState } from '../clock/clock.ts';
import { CEILING_MS, HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import { replaceFile } from '../files/replacement.ts';
import type { Log } from '../observe/log.ts';
import { CERTIFICATE_MODE, KEY_MODE, readKeyPem, readPair, readPem } from './certificate-files.ts';
import { dateWarning, fitPair, readableName, type ServedCertificate } from './certificate-store.ts';
import { type Authority, makeAuthority, newKey, pkcs8, signLeaf, type Validity } from './local-ca-signing.ts';

const DAY_MS = 86_400_000;

/** Under every date that we or a client with a right clock can believe. */
const NOT_BEFORE_MS = HARD_FLOOR_MS - DAY_MS;

/** 20 years: as far as our own clock believes anything. */
const CA_VALIDITY: Validity = {
  notBeforeMs: NOT_BEFORE_MS,
  notAfterMs: NOT_BEFORE_MS + CEILING_MS - HARD_FLOOR_MS,
};

/** Apple accepts at most 398 days, both ends counted. */
const LEAF_LIFETIME_MS = 397 * DAY_MS;

/** A leaf is renewed so long before its end, and a new one starts so far in the past, for clients that are slow. */
export const LEAF_MARGIN_MS = 30 * DAY_MS;

/** How often names and dates of the leaf are compared with what is wanted: addresses come late after a power cut. */
const CHECK_EVERY_MS = 10_000;

/** What to do about the leaf, and why. */
export type LeafPlan =
  | { readonly make: false }
  | ({ readonly make: true; readonly reason: string } & Validity);

/**
 * Decides about the leaf (pure). While no date can be believed, dates neither renew one nor choose a new one's:
 * it takes over those of the present leaf, or is dated from the floor.
 */
export function planLeaf(
  present: (Validity & { readonly names: readonly string[] }) | null,
  wanted: readonly string[],
  state: ClockState,
  nowMs: number,
): LeafPlan {
  const known = state !== 'untrusted';
  const fresh = known ? validityAt(nowMs) : FROM_FLOOR;
  if (present === null) return { make: true, reason: 'there was none that could be used', ...fresh };
  if (known && !covers(present, nowMs))
    return { make: true, reason: 'the last one did not fit the time', ...fresh };
  const missing = wanted.filter((name) => !present.names.includes(name));
  if (missing.length === 0) return { make: false };
  const { notBeforeMs, notAfterMs } = present;
  return { make: true, reason: `the last one lacked ${missing.join(', ')}`, notBeforeMs, notAfterMs };
}

/** A provisional date may be contradicted a moment later; it renews nothing until it has stood for so long. */
const SETTLED_MS = 5000;

function settledState(clock: Clock): ClockState {
  const { state, sinceMs } = clock.status;
  const isSettled = state !== 'provisional' || clock.monotonic() - sinceMs >= SETTLED_MS;
  return isSettled ? state : 'untrusted';
}

const FROM_FLOOR: Validity = { notBeforeMs: NOT_BEFORE_MS, notAfterMs: NOT_BEFORE_MS + LEAF_LIFETIME_MS };

/** From the floor as long as that covers the time: such dates hold even if a plausible clock should be wrong. */
function validityAt(nowMs: number): Validity {
  if (covers(FROM_FLOOR, nowMs)) return FROM_FLOOR;
  const notBeforeMs = nowMs - LEAF_MARGIN_MS;
  return { notBeforeMs, notAfterMs: notBeforeMs + LEAF_LIFETIME_MS };
}

function covers(validity: Validity, nowMs: number): boolean {
  return validity.notBeforeMs <= nowMs && nowMs <= validity.notAfterMs - LEAF_MARGIN_MS;
}

export interface LocalCaParts {
  /** certs_dir, absolute. */
  readonly directory: string;
  readonly hostName: string;
  /** What the leaf is to be good for: DNS names and addresses in canonical form; asked at each check. */
  readonly wantedNames: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each leaf that differs from the last one. */
  readonly serve: (certificate: ServedCertificate) => void;
}

export class LocalCa {
  readonly #parts: LocalCaParts;
  readonly #caPath: string;
  readonly #caKeyPath: string;
  readonly #leafPaths: { readonly certificate: string; readonly key: string };
  #authority: Authority | null = null;
  /** False: nothing signed by this authority may be written, for devices could never come to trust it. */
  #authorityIsOnDisk = false;
  #leaf: ServedCertificate | null = null;
  #running: Promise<void> | null = null;
  /** The clock or the names may have changed while something was running. */
  #checkAgain = false;
  #closed = false;
  readonly #stops: (() => void)[];

  constructor(parts: LocalCaParts) {
    this.#parts = parts;
    this.#caPath = join(parts.directory, 'ca.pem');
    this.#caKeyPath = join(parts.directory, 'ca-key.pem');
    this.#leafPaths = {
      certificate: join(parts.directory, 'leaf.pem'),
      key: join(parts.directory, 'leaf-key.pem'),
    };
    const timer = parts.clock.every(CHECK_EVERY_MS, () => this.#check());
    this.#stops = [() => timer.cancel(), parts.clock.onStateChange(() => this.#check())];
  }

  /**
   * Reads the directory, makes what is not there, and serves a leaf in any case.
   * @throws only for a bug: whatever files and directory are like becomes a line in the log
   */
  async refresh(): Promise<void> {
    while (this.#running !== null) await this.#running.catch(() => {});
    await this.#exclusively(async () => {
      await this.#findAuthority();
      await this.#keepLeafFit(await this.#findLeaf());
    });
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  #check(): void {
    if (this.#running !== null) {
      this.#checkAgain = true;
      return;
    }
    this.#exclusively(() => this.#keepLeafFit(this.#leaf)).catch((error: Error) => {
      this.#parts.log.error(
        `local CA: the present certificate stays, for making one failed: ${error.message}`,
      );
    });
  }

  #exclusively(action: () => Promise<void>): Promise<void> {
    this.#running = action().finally(() => {
      this.#running = null;
      if (!this.#checkAgain || this.#closed) return;
      this.#checkAgain = false;
      this.#check();
    });
    return this.#running;
  }

  async #findAuthority(): Promise<void> {
    const { clock, hostName, log } = this.#parts;
    try {
      const found = await this.#readAuthority();
      if (found !== null) {
        this.#authority = found;
        this.#authorityIsOnDisk = await exists(this.#caPath);
      } else if (this.#authority === null || this.#authorityIsOnDisk) {
        this.#authority = await makeAuthority(hostName, newKey(), CA_VALIDITY);
        this.#authorityIsOnDisk = false;
      }
    } catch (error) {
      const advice =
        'repair or restore it, or move ca.pem and ca-key.pem both away for a new CA (which every device must then be given), and reload (SIGHUP)';
      log.error(`local CA: ${(error as Error).message}; ${advice}`);
      return;
    }
    const { certificate } = this.#authority!;
    if (!this.#authorityIsOnDisk) await this.#saveAuthority(this.#authority!);
    const warning = dateWarning(validityOf(certificate), clock.status, clock.now().epochMs);
    if (warning !== null) log.warn(`${this.#caPath}: ${warning}; used all the same`);
  }

  /** The CA on disk, null where there is none. */
  async #readAuthority(): Promise<Authority | null> {
    const [haveCertificate, haveKey] = await Promise.all([exists(this.#caPath), exists(this.#caKeyPath)]);
    if (!haveCertificate && !haveKey) return null;
    if (!haveKey) throw new Error(`${this.#caKeyPath}: the key of ca.pem is missing`);
    const key = await readOwnKey(this.#caKeyPath);
    if (!haveCertificate) {
      // The key is written first, so this is a power cut between the two; what is made is the same CA again.
      return makeAuthority(this.#parts.hostName, key, CA_VALIDITY);
    }
    const certificate = parse(this.#caPath, (text) => new X509Certificate(text), await readPem(this.#caPath));
    if (!certificate.ca) throw new Error(`${this.#caPath}: not the certificate of a CA`);
    if (!certificate.checkPrivateKey(key)) throw new Error(`${this.#caKeyPath}: not the key of ca.pem`);
    return { certificate, key };
  }

  async #saveAuthority({ certificate, key }: Authority): Promise<void> {
    const { directory, log } = this.#parts;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      if (!(await exists(this.#caKeyPath))) await replaceFile(this.#caKeyPath, [pkcs8(key)], KEY_MODE);
      await replaceFile(this.#caPath, [certificate.toString()], CERTIFICATE_MODE);
      this.#authorityIsOnDisk = true;
      if (this.#leaf !== null && isSignedBy(this.#leaf, this.#authority!)) {
        await this.#saveLeafFile(this.#leafPaths.key, this.#leaf.keyPem, KEY_MODE);
        await this.#saveLeafFile(this.#leafPaths.certificate, this.#leaf.chainPem, CERTIFICATE_MODE);
      }
      log.info('made a local CA; install it on devices', {
        file: this.#caPath,
        name: readableName(certificate.subject),
      });
    } catch (error) {
      log.warn(
        `certs_dir ${directory} cannot be written (${reasonOf(error)}): the local CA lives in memory only, and devices ` +
          'will not trust the next one after a restart; make the directory writable and reload (SIGHUP)',
      );
    }
  }

  /** The leaf on disk where its halves fit, whoever signed it; else the one in memory. */
  async #findLeaf(): Promise<ServedCertificate | null> {
    const { clock, log } = this.#parts;
    if (this.#authority !== null && !this.#authorityIsOnDisk) return this.#leaf;
    if (!(await exists(this.#leafPaths.certificate))) return this.#leaf;
    const pair = await readPair(this.#leafPaths, 'local-ca');
    if ('problem' in pair) {
      log.warn(`local CA: ${pair.problem}`);
      return this.#leaf;
    }
    const { certificate } = pair;
    if (this.#authority !== null) return certificate;
    const warning = dateWarning(certificate, clock.status, clock.now().epochMs);
    if (warning !== null) log.warn(`${this.#leafPaths.certificate}: ${warning}; served all the same`);
    return certificate;
  }

  /** Serves `candidate`, or a leaf made in its place where the plan says so. */
  async #keepLeafFit(candidate: ServedCertificate | null): Promise<void> {
    const { clock, hostName, log, wantedNames } = this.#parts;
    if (this.#authority === null) {
      // No CA to sign with: what can be served is kept; where there is nothing at all, a makeshift serves.
      if (candidate !== null) return this.#serve(candidate);
      log.warn('local CA: serving a makeshift certificate that no device trusts, until the CA is repaired');
      this.#authority = await makeAuthority(hostName, newKey(), CA_VALIDITY);
    }
    const names = wantedNames();
    const ours = candidate !== null && isSignedBy(candidate, this.#authority) ? candidate : null;
    const plan = planLeaf(ours, names, settledState(clock), clock.now().epochMs);
    if (!plan.make) return this.#serve(ours!);
    const key = await this.#leafKey();
    const chainPem = await signLeaf(this.#authority, key, names, plan);
    const verdict = fitPair(chainPem, pkcs8(key), 'local-ca');
    if ('problem' in verdict) throw new Error(verdict.problem);
    if (this.#authorityIsOnDisk)
      await this.#saveLeafFile(this.#leafPaths.certificate, chainPem, CERTIFICATE_MODE);
    const { notBeforeMs, notAfterMs } = verdict.certificate;
    log.info(`made a certificate: ${plan.reason}`, {
      notBefore: new Date(notBeforeMs).toISOString(),
      notAfter: new Date(notAfterMs).toISOString(),
    });
    this.#serve(verdict.certificate);
  }

  /** The leaf's key on disk, else the present leaf's, else a new one, which is on disk first. */
  async #leafKey(): Promise<KeyObject> {
    const path = this.#leafPaths.key;
    if (!this.#authorityIsOnDisk) return this.#leaf === null ? newKey() : createPrivateKey(this.#leaf.keyPem);
    if (await exists(path)) {
      try {
        return await readOwnKey(path);
      } catch (error) {
        this.#parts.log.warn(`local CA: the certificate gets a new key: ${(error as Error).message}`);
      }
    }
    const key = newKey();
    await this.#saveLeafFile(path, pkcs8(key), KEY_MODE);
    return key;
  }

  async #saveLeafFile(path: string, text: string, mode: number): Promise<void> {
    try {
      await replaceFile(path, [text], mode);
    } catch (error) {
      this.#parts.log.warn(
        `${path} cannot be written (${reasonOf(error)}): the new certificate lives in memory and is made again at ` +
          'the next start; devices that trust ca.pem will trust it too',
      );
    }
  }

  #serve(certificate: ServedCertificate): void {
    if (this.#closed || certificate.chainPem === this.#leaf?.chainPem) return;
    this.#leaf = certificate;
    this.#parts.serve(certificate);
  }
}

function validityOf(certificate: X509Certificate): Validity {
  return { notBeforeMs: certificate.validFromDate.getTime(), notAfterMs: certificate.validToDate.getTime() };
}

function isSignedBy(leaf: ServedCertificate, authority: Authority): boolean {
  return new X509Certificate(leaf.chainPem).verify(authority.certificate.publicKey);
}

/** Any error but "no such file" means that something may be there, which must not be overwritten. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

async function readOwnKey(path: string): Promise<KeyObject> {
  const key = parse(path, createPrivateKey, await readKeyPem(path));
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new Error(`${path}: not a P-256 key, so not one that was made here`);
}

function parse<T>(path: string, parser: (text: string) => T, text: string): T {
  try {
    return parser(text);
  } catch {
    throw new Error(`${path}: damaged, it cannot be read as PEM`);
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
