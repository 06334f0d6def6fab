// One attempt to get a certificate, while nobody else on this storage makes one: another server may have been quicker, a
// limit may forbid it, the date may not be good enough. Then the order, the proof of what came, and its place on disk. What
// happened goes into the ledger. When an attempt is made, and what is served, is decided in issuance.ts.

import type { Clock } from '../clock/clock.ts';
import type { AcmeConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { parseHttpDate } from '../timesync/http-date.ts';
import type { ServedCertificate } from '../tls/certificate-store.ts';
import { type HttpsClient, HttpsFailure } from '../tls/https-client.ts';
import type { OpenSsl } from '../tls/openssl.ts';
import { AcmeApi, acmeClient, type Directory, readDirectory } from './acme-api.ts';
import { AcmeProblem, describeProblem } from './acme-problem.ts';
import type { ChallengeSolver } from './challenge.ts';
import { mayOrder as mayOrderNow } from './clock-gate.ts';
import {
  failuresInARow,
  holdOff,
  identifiersOf,
  type Ledger,
  mayOrder as mayOrderByLedger,
  prune,
  record,
  retryAfterMs,
  retryPauseMs,
} from './ledger.ts';
import { fulfilOrder, OrderFailed, ValidationFailed } from './order.ts';
import { proveCertificate } from './proof.ts';
import { certificateIdOf } from './renewal-info.ts';
import { writeRfc3339 } from './rfc3339.ts';
import { type CertificateStorage, StorageBusy, type StoredPair } from './storage.ts';

/** An order of another server, or for another certificate, takes minutes at most. */
const LOCK_WITHIN_MS = 900_000;

export interface AttemptParts {
  /** storageIdOf(names) */
  readonly id: string;
  readonly names: readonly string[];
  readonly config: AcmeConfig;
  readonly storage: CertificateStorage;
  readonly solver: ChallengeSolver;
  /** Over connections that are verified strictly at our own time. */
  readonly http: Pick<HttpsClient, 'request'>;
  readonly openssl: OpenSsl | null;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Wish {
  /** Whether a new one is still wanted beside what is stored now; the reason is for the log. */
  readonly isDue: (stored: StoredPair | null) => { readonly due: boolean; readonly reason: string };
  /** What is served; null: nothing that a CA has issued. */
  readonly served: StoredPair | null;
  /** Milliseconds that it has still to live; null: there is none. */
  readonly remainingLifeMs: number | null;
  /** An owner asks: the pause after failures does not count, the CA's limits do. */
  readonly isUrgent: boolean;
  readonly signal: AbortSignal;
}

export type Outcome =
  /** A new one, proven; `problem`: it could not be stored, and why. */
  | {
      readonly kind: 'issued';
      readonly certificate: ServedCertificate;
      readonly pair: StoredPair;
      readonly problem: string | null;
    }
  /** Another server was quicker: what is stored is to be served. */
  | { readonly kind: 'stored'; readonly pair: StoredPair }
  /** Not now, for a reason that a later time mends. */
  | { readonly kind: 'blocked'; readonly untilMs: number; readonly reason: string }
  /** Not before the time is known better. */
  | { readonly kind: 'untimely'; readonly reason: string }
  /** `againMs`: milliseconds until it should be tried again. */
  | { readonly kind: 'failed'; readonly reason: string; readonly againMs: number };

/** Never rejects but with the signal's reason. */
export async function attempt(parts: AttemptParts, wish: Wish): Promise<Outcome> {
  const { storage } = parts;
  try {
    return await storage.exclusively(() => new Attempt(parts, wish).run(), LOCK_WITHIN_MS);
  } catch (error) {
    wish.signal.throwIfAborted();
    const againMs = retryPauseMs(1, wish.remainingLifeMs);
    const reason = (error as Error).message;
    if (error instanceof StorageBusy)
      return { kind: 'blocked', untilMs: parts.clock.now().epochMs + againMs, reason };
    return { kind: 'failed', reason, againMs };
  }
}

class Attempt {
  readonly #parts: AttemptParts;
  readonly #wish: Wish;
  readonly #subject: { readonly directory: string; readonly names: readonly string[] };
  readonly #atMs: number;
  #ledger!: Ledger;

  constructor(parts: AttemptParts, wish: Wish) {
    this.#parts = parts;
    this.#wish = wish;
    this.#subject = { directory: parts.config.directory, names: parts.names };
    this.#atMs = parts.clock.now().epochMs;
  }

  async run(): Promise<Outcome> {
    const { storage, id, log } = this.#parts;
    const { isDue, served } = this.#wish;
    const stored = await storage.readCertificate(id);
    const { due, reason } = isDue(stored);
    if (!due && stored !== null) return { kind: 'stored', pair: stored };
    const { ledger, problem } = await storage.readLedger();
    if (problem !== null) log.warn(problem);
    this.#ledger = prune(ledger, this.#atMs);
    const block = this.#block();
    if (block !== null) return block;
    await storage.writeLedger(this.#ledger); // what cannot be remembered is not begun
    return this.#order(stored ?? served, reason);
  }

  /** A limit of the CA's, or the pause after failures. */
  #block(): Outcome | null {
    const { isUrgent, remainingLifeMs } = this.#wish;
    const limit = mayOrderByLedger(this.#ledger, { ...this.#subject, nowMs: this.#atMs });
    if (!limit.ok) return { kind: 'blocked', untilMs: limit.untilMs, reason: limit.reason };
    const failures = failuresInARow(this.#ledger, this.#subject);
    if (isUrgent || failures === 0) return null;
    const identifiers = identifiersOf(this.#subject.names);
    const last = this.#ledger.failures.find(
      (row) => row.identifiers === identifiers && row.directory === this.#subject.directory,
    );
    const untilMs = (last?.lastAtMs ?? 0) + retryPauseMs(failures, remainingLifeMs);
    if (untilMs <= this.#atMs) return null;
    const reason = `${failures === 1 ? 'the last attempt' : `the last ${failures} attempts`} failed; the next is at ${writeRfc3339(untilMs)}`;
    return { kind: 'blocked', untilMs, reason };
  }

  async #order(before: StoredPair | null, why: string): Promise<Outcome> {
    const { config, names, log, clock } = this.#parts;
    const { directory } = config;
    try {
      const offer = await this.#offer();
      if ('kind' in offer) return offer;
      log.info(`ordering a certificate: ${why}`, { names, directory, challenge: config.challenge });
      const pair = await this.#fulfil(offer, before);
      const verdict = proveCertificate({
        ...pair,
        ...{ wantedNames: names, nowMs: clock.now().epochMs, openssl: this.#parts.openssl },
      });
      if (typeof verdict === 'string') {
        await this.#parts.storage.writeOrder(this.#parts.id, null); // the next one may be better
        return this.#failed(new Error(`the new certificate is not used: ${verdict}`));
      }
      const fitting = { chainPem: verdict.chainPem, keyPem: verdict.keyPem };
      return { kind: 'issued', certificate: verdict, pair: fitting, problem: await this.#keep(fitting) };
    } catch (error) {
      this.#wish.signal.throwIfAborted();
      return this.#failed(error as Error);
    }
  }

  /** What the CA offers; or why the date that we have does not suffice. */
  async #offer(): Promise<Directory | Outcome> {
    const { clock, config, http } = this.#parts;
    const before = mayOrderNow(clock.status, clock.now().epochMs, undefined);
    if (!before.ok && before.needs === 'time') return { kind: 'untimely', reason: before.reason };
    const offer = await readDirectory(config.directory, http, parseHttpDate, this.#wish.signal);
    const leave = mayOrderNow(clock.status, clock.now().epochMs, offer.dateMs);
    if (!leave.ok) return { kind: 'untimely', reason: leave.reason };
    demandProfile(config.profile, offer.profiles);
    return offer;
  }

  async #fulfil(offer: Directory, before: StoredPair | null): Promise<StoredPair> {
    const { id, names, config, solver, storage, clock, http } = this.#parts;
    const { signal } = this.#wish;
    const apiFor = (account: { keyPem: string; url: string | null }) =>
      new AcmeApi({ directory: config.directory, account, http, clock, signal });
    const replaces = before === null || offer.renewalInfo === null ? null : idOrNull(before.chainPem);
    const order = { id, names, config, replaces, solver, storage, signal };
    const known = await storage.readAccount(config.directory);
    if (known !== null && known.url !== null) {
      try {
        return await fulfilOrder({ ...order, api: apiFor(known) });
      } catch (error) {
        if (!(error instanceof AcmeProblem) || error.type !== 'accountDoesNotExist') throw error;
      }
    }
    const keyPem = known?.keyPem ?? (await acmeClient().crypto.createPrivateEcdsaKey('P-256')).toString();
    await storage.writeAccount(config.directory, { keyPem, url: null });
    const api = apiFor({ keyPem, url: null });
    const url = await api.register(config.email);
    await storage.writeAccount(config.directory, { keyPem, url });
    return fulfilOrder({ ...order, api });
  }

  /** Why it could not be stored; null: it is. */
  async #keep(pair: StoredPair): Promise<string | null> {
    const { storage, id } = this.#parts;
    const success = {
      atMs: this.#atMs,
      identifiers: identifiersOf(this.#subject.names),
      kind: 'success',
    } as const;
    this.#ledger = record(this.#ledger, { ...success, directory: this.#subject.directory });
    try {
      await storage.writeLedger(this.#ledger);
      await storage.writeCertificate(id, pair);
      await storage.writeOrder(id, null);
      return null;
    } catch (error) {
      return (error as Error).message; // the order and its key are on disk, so that it is fetched again after a restart
    }
  }

  async #failed(error: Error): Promise<Outcome> {
    const { storage, config, clock } = this.#parts;
    const reason = describeFailure(error, config.challenge);
    // A connection that failed while the date was not sure says nothing of the CA, and is forgotten when the date is known.
    const isOfUnsureDate = error instanceof HttpsFailure && clock.status.state === 'provisional';
    if (isOfUnsureDate)
      return { kind: 'failed', reason, againMs: retryPauseMs(1, this.#wish.remainingLifeMs) };
    const { directory, names } = this.#subject;
    const event = { atMs: this.#atMs, identifiers: identifiersOf(names), directory };
    const isValidation = error instanceof ValidationFailed;
    this.#ledger = record(
      this.#ledger,
      isValidation
        ? { ...event, kind: 'failed-validation', name: error.hostname }
        : { ...event, kind: 'failed' },
    );
    const problem = isValidation ? error.problem : error;
    const pauseMs = problem instanceof AcmeProblem ? retryAfterMs(problem.retryAfter, this.#atMs) : null;
    if (pauseMs !== null) this.#ledger = holdOff(this.#ledger, this.#subject, this.#atMs + pauseMs);
    const unkept = await storage.writeLedger(this.#ledger).then(
      () => null,
      (failure: Error) => failure.message,
    );
    const againMs = retryPauseMs(failuresInARow(this.#ledger, this.#subject), this.#wish.remainingLifeMs);
    const told = unkept === null ? reason : `${reason}; and ${unkept}`;
    return { kind: 'failed', reason: told, againMs: Math.max(againMs, pauseMs ?? 0) };
  }
}

/** Asked of the directory, which costs no order. @throws OrderFailed */
function demandProfile(wanted: string | null, offered: Directory['profiles']): void {
  if (wanted === null || offered?.includes(wanted)) return;
  const choice =
    offered === null ? 'none at all; delete the key' : `${offered.join(', ')}; write one of these`;
  throw new OrderFailed(`the CA has no profile ${wanted}, but ${choice} (acme.profile)`);
}

/** One without an identifier replaces nothing that the CA could know. */
function idOrNull(chainPem: string): string | null {
  try {
    return certificateIdOf(chainPem);
  } catch {
    return null;
  }
}

function describeFailure(error: Error, challenge: AcmeConfig['challenge']): string {
  if (error instanceof ValidationFailed)
    return `${error.hostname} was not proven: ${describeProblem(error.problem, challenge)}`;
  return error instanceof AcmeProblem ? describeProblem(error, challenge) : error.message;
}
