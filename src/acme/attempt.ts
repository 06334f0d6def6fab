// One attempt to get a certificate, while nobody else on this storage makes one: another server may have been quicker, a
// limit may forbid it, the date may not be good enough. Then the order, the proof of what came, and its place on disk. What
// happened goes into the ledger. When an attempt is made, and what is served, is decided in issuance.ts.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Clock } from '../clock/clock.ts';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import type { AcmeConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { parseHttpDate } from '../timesync/http-date.ts';
import type { ServedCertificate } from '../tls/certificate-store.ts';
import { type HttpsClient, HttpsFailure } from '../tls/https-client.ts';
import type { OpenSsl } from '../tls/openssl.ts';
import { AcmeApi, acmeClient, type Directory, readDirectory } from './acme-api.ts';
import { AcmeProblem, describeProblem } from './acme-problem.ts';
import { AttemptDate } from './attempt-date.ts';
import type { ChallengeSolver } from './challenge.ts';
import { mayOrder as mayOrderNow } from './clock-gate.ts';
import {
  failuresInARow,
  failuresOf,
  holdOff,
  identifiersOf,
  type Ledger,
  type LedgerEvent,
  mayOrder as mayOrderByLedger,
  prune,
  record,
  retryAfterMs,
  retryPauseMs,
} from './ledger.ts';
import { fulfilOrder, ValidationFailed } from './order.ts';
import { proveCertificate } from './proof.ts';
import { shownNames } from './renewal.ts';
import { certificateIdOf } from './renewal-info.ts';
import { OrderFailed, shown } from './stated.ts';
import { type CertificateStorage, StorageBusy, StorageProblem, type StoredPair } from './storage.ts';
import { unlessAborted } from './waiting.ts';

/** An order of another server, or for another certificate, takes minutes at most. */
export const LOCK_WITHIN_MS = 900_000;
/** After a connection that failed at a date that is not sure: at a start, the network comes when it comes. */
const UNSURE_AGAIN_MS = 15_000;
/** Doubled with each more: a date may never become sure, and the CA may be away for good. */
const UNSURE_AGAIN_MAX_MS = 3_600_000;
/** Of a reason: it stands in a log line, and on a page. */
const REASON_CHARACTERS_MAX = 2_000;

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
  /** Milliseconds that it has still to live, and those from its beginning to its end; null: there is none. */
  readonly remainingLifeMs: number | null;
  readonly lifeMs: number | null;
  /** How often in a row one has failed that the date may be to blame for. */
  readonly unsureFailures: number;
  /** An owner asks: the pause after failures does not count, the CA's limits do. */
  readonly isUrgent: boolean;
  readonly signal: AbortSignal;
}

export type Outcome =
  /** A new one, proven; `problem`: it could not be stored, and why, so that keepIssued is to be called again. */
  | {
      readonly kind: 'issued';
      readonly certificate: ServedCertificate;
      readonly pair: StoredPair;
      readonly problem: string | null;
    }
  /** None is due any more: another server was quicker, and what is stored is to be served; null: nothing is. */
  | { readonly kind: 'stored'; readonly pair: StoredPair | null }
  /** Not now, for a reason that a later time mends. */
  | { readonly kind: 'blocked'; readonly untilMs: number; readonly reason: string }
  /** Not before the time is known better. */
  | { readonly kind: 'untimely'; readonly reason: string }
  /** `againMs`: milliseconds until it should be tried again; of an unsure date: it is in no ledger. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly againMs: number;
      readonly isOfUnsureDate: boolean;
    };

/** Never rejects but with the signal's reason. */
export async function attempt(parts: AttemptParts, wish: Wish): Promise<Outcome> {
  const { storage } = parts;
  try {
    const run = () => {
      wish.signal.throwIfAborted(); // given up while the lock was waited for
      return new Attempt(parts, wish).run();
    };
    return await unlessAborted(storage.exclusively(run, LOCK_WITHIN_MS), wish.signal);
  } catch (error) {
    wish.signal.throwIfAborted();
    const againMs = retryPauseMs(1, wish.remainingLifeMs);
    const reason = (error as Error).message;
    if (error instanceof StorageBusy)
      return { kind: 'blocked', untilMs: parts.clock.now().epochMs + againMs, reason };
    return { kind: 'failed', reason, againMs, isOfUnsureDate: false };
  }
}

class Attempt {
  readonly #parts: AttemptParts;
  readonly #wish: Wish;
  readonly #subject: { readonly directory: string; readonly names: readonly string[] };
  readonly #date: AttemptDate;
  readonly #atMs: number;
  #ledger!: Ledger;
  /** The date that we have suffices for an order. */
  #hasLeave = false;

  constructor(parts: AttemptParts, wish: Wish) {
    this.#parts = parts;
    this.#wish = wish;
    this.#subject = { directory: parts.config.directory, names: parts.names };
    this.#date = new AttemptDate(parts.clock);
    this.#atMs = this.#date.beganMs;
  }

  async run(): Promise<Outcome> {
    const { storage, log } = this.#parts;
    const { isDue, served } = this.#wish;
    const stored = await this.#stored();
    const { due, reason } = isDue(stored);
    if (!due) return { kind: 'stored', pair: stored };
    if (stored !== null && (await this.#isOrderOf(stored))) await endOrder(this.#parts, stored, this.#atMs);
    const { ledger, problem } = await storage.readLedger();
    if (problem !== null) log.warn(problem);
    this.#ledger = ledger;
    const block = this.#block();
    if (block !== null) return block;
    await storage.writeLedger(ledger); // what cannot be remembered is not begun; nothing is forgotten at a date that is not sure
    return this.#order(stored ?? served, reason);
  }

  /** Null also for what cannot be used: whoever writes the next one moves it aside, and says so. */
  async #stored(): Promise<StoredPair | null> {
    const { storage, id } = this.#parts;
    return storage.readCertificate(id).catch((error: Error) => {
      if (error instanceof StorageProblem) return null;
      throw error;
    });
  }

  /** A death has left an order whose certificate had its place already: taken up, it would bring that one again. */
  async #isOrderOf({ chainPem }: StoredPair): Promise<boolean> {
    const order = await this.#parts.storage.readOrder(this.#parts.id).catch(() => null);
    return order !== null && new X509Certificate(chainPem).checkPrivateKey(createPrivateKey(order.keyPem));
  }

  /** A limit of the CA's, or the pause after failures. */
  #block(): Outcome | null {
    const { isUrgent, remainingLifeMs, lifeMs } = this.#wish;
    const limit = mayOrderByLedger(this.#ledger, { ...this.#subject, nowMs: this.#atMs, lifeMs });
    if (!limit.ok) return { kind: 'blocked', untilMs: limit.untilMs, reason: limit.reason };
    const failures = failuresOf(this.#ledger, this.#subject);
    if (isUrgent || failures === undefined) return null;
    const { count, lastAtMs } = failures;
    if (lastAtMs > this.#atMs) return null; // at a wrong date, and that pause is over
    const untilMs = lastAtMs + retryPauseMs(count, remainingLifeMs);
    if (untilMs <= this.#atMs) return null;
    const reason = `${count === 1 ? 'the last attempt' : `the last ${count} attempts`} failed; the next is at ${writeRfc3339(untilMs)}`;
    return { kind: 'blocked', untilMs, reason };
  }

  async #order(before: StoredPair | null, why: string): Promise<Outcome> {
    const { config, names, log, clock } = this.#parts;
    const { directory } = config;
    try {
      const offer = await this.#offer();
      if ('kind' in offer) return offer;
      this.#ledger = prune(this.#ledger, this.#atMs);
      log.info(`ordering a certificate: ${why}`, { names, directory, challenge: config.challenge });
      const pair = await this.#fulfil(offer, before);
      const verdict = proveCertificate({
        ...pair,
        ...{ wantedNames: names, nowMs: clock.now().epochMs, openssl: this.#parts.openssl },
      });
      if (typeof verdict === 'string' && this.#date.hasJumped)
        return { kind: 'untimely', reason: `the date has changed in the middle of an order (${verdict})` };
      if (typeof verdict === 'string') {
        await this.#parts.storage.writeOrder(this.#parts.id, null); // the next one may be better
        this.#note({ kind: 'success' }); // for the CA it is one, and counts
        return this.#failed(new Error(`the new certificate is not used: ${verdict}`));
      }
      const origin = { directory, profile: config.profile };
      const fitting = { chainPem: verdict.chainPem, keyPem: verdict.keyPem, origin };
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
    if (this.#date.hasJumped)
      return { kind: 'untimely', reason: 'the date has changed since one was found due' };
    this.#hasLeave = true;
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
    try {
      await keepIssued(this.#parts, pair, this.#date.steadyMs);
      return null;
    } catch (error) {
      return (error as Error).message; // the order and its key are on disk, so that it is fetched again after a restart
    }
  }

  async #failed(error: Error): Promise<Outcome> {
    const { storage, config } = this.#parts;
    const reason = describeFailure(error, config.challenge);
    const problems =
      error instanceof ValidationFailed ? error.unproven.map(({ problem }) => problem) : [error];
    const pauses = problems.map((one) =>
      one instanceof AcmeProblem ? retryAfterMs(one.retryAfter, this.#atMs) : null,
    );
    const pauseMs = Math.max(0, ...pauses.map((ms) => ms ?? 0));
    // What failed while the date was not sure says nothing of the CA, and is forgotten when the date is known.
    const isOfUnsureDate = !this.#date.isSure && (error instanceof HttpsFailure || !this.#hasLeave);
    if (isOfUnsureDate) {
      const againMs = Math.min(UNSURE_AGAIN_MS * 2 ** this.#wish.unsureFailures, UNSURE_AGAIN_MAX_MS);
      return { kind: 'failed', reason, againMs: Math.max(againMs, pauseMs), isOfUnsureDate };
    }
    if (error instanceof ValidationFailed)
      for (const { hostname } of error.unproven) this.#note({ kind: 'failed-validation', name: hostname });
    else this.#note({ kind: 'failed' });
    if (pauseMs > 0) this.#ledger = holdOff(this.#ledger, this.#subject, this.#atMs + pauseMs);
    const unkept = await storage.writeLedger(this.#ledger).then(
      () => null,
      (failure: Error) => failure.message,
    );
    const againMs = retryPauseMs(failuresInARow(this.#ledger, this.#subject), this.#wish.remainingLifeMs);
    const told = unkept === null ? reason : `${reason}; and ${unkept}`;
    return { kind: 'failed', reason: told, againMs: Math.max(againMs, pauseMs), isOfUnsureDate };
  }

  #note(event: Pick<LedgerEvent, 'kind' | 'name'>): void {
    const { directory, names } = this.#subject;
    const identifiers = identifiersOf(names);
    this.#ledger = record(this.#ledger, { atMs: this.#atMs, identifiers, directory, ...event });
  }
}

/** Asked of the directory, which costs no order. @throws OrderFailed */
function demandProfile(wanted: string | null, offered: Directory['profiles']): void {
  if (wanted === null || offered?.includes(wanted)) return;
  const choice =
    offered === null ? 'none at all; delete the key' : `${shown(offered.join(', '))}; write one of these`;
  throw new OrderFailed(`the CA has no profile ${wanted}, but ${choice} (acme.profile)`);
}

type KeptWhere = Pick<AttemptParts, 'id' | 'names' | 'config' | 'storage' | 'clock'>;

/**
 * Puts a pair of the CA's in its place, within `exclusively`. The certificate comes first: a ledger that knew of one that is
 * not there would forbid the attempt that fetches it.
 * @throws StorageProblem
 */
export async function keepIssued(
  parts: KeptWhere,
  pair: StoredPair,
  atMs = parts.clock.now().epochMs,
): Promise<void> {
  await parts.storage.writeCertificate(parts.id, pair);
  await endOrder(parts, pair, atMs);
}

/** The ledger knows of the success, once, and the order is over. */
async function endOrder(parts: KeptWhere, { chainPem }: StoredPair, atMs: number): Promise<void> {
  const { id, names, config, storage } = parts;
  const { directory } = config;
  const identifiers = identifiersOf(names);
  const sinceMs = new X509Certificate(chainPem).validFromDate.getTime();
  const ledger = prune((await storage.readLedger()).ledger, atMs);
  const isKnown = ledger.events.some(
    (event) =>
      event.kind === 'success' &&
      event.directory === directory &&
      event.identifiers === identifiers &&
      event.atMs >= sinceMs,
  );
  if (!isKnown) await storage.writeLedger(record(ledger, { atMs, identifiers, directory, kind: 'success' }));
  await storage.writeOrder(id, null);
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
  const said = error instanceof AcmeProblem ? describeProblem(error, challenge) : error.message;
  if (!(error instanceof ValidationFailed)) return said.slice(0, REASON_CHARACTERS_MAX);
  const [first, ...others] = error.unproven;
  const more = others.length === 0 ? '' : ` (nor ${shownNames(others.map(({ hostname }) => hostname))})`;
  return `${first!.hostname} was not proven${more}: ${describeProblem(first!.problem, challenge)}`;
}
