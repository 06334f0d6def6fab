// Keeps one certificate fresh: what is stored is served at once, and from then on one question is asked again and again,
// whether a new one is due (renewal.ts), and one attempt made when it is (attempt.ts). Whatever fails, what is served stays.
// While the clock is untrusted nothing is asked and nothing ordered; a change of the clock asks anew.

import { X509Certificate } from 'node:crypto';
import type { Clock, Timer } from '../clock/clock.ts';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import type { AcmeConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import type { ServedCertificate } from '../tls/certificate-store.ts';
import type { HttpsClient } from '../tls/https-client.ts';
import { AskedWindow } from './asked-window.ts';
import { type AttemptParts, attempt, keepIssued, type Outcome } from './attempt.ts';
import { findHeld, type Held, heldOf, isSame, isWorse, storedHeld } from './held.ts';
import type { HeldBack, IssuanceReport } from './issuance-report.ts';
import type { Order } from './rehearsal.ts';
import { decideRenewal, type RenewableCertificate, type RenewalDecision } from './renewal.ts';
import type { RenewalWindow } from './renewal-info.ts';
import type { CertificateStorage, Origin, StoredPair } from './storage.ts';
import { storageIdOf } from './storage-id.ts';
import { unlessAborted } from './waiting.ts';

/** However far away the next renewal is: dates jump, and other servers renew. */
const LOOK_EVERY_MS = 3_600_000;
const LOOK_AGAIN_MIN_MS = 1_000;
/** A certificate that could not be stored is tried again. */
const STORE_AGAIN_MS = 60_000;
/** The listeners, and whoever the CA's name is looked up with, come first; a power cut has brought all of them back together. */
const FIRST_AFTER_MS = 500;

export interface IssuanceParts {
  readonly names: readonly string[];
  readonly config: AcmeConfig;
  readonly storage: CertificateStorage;
  /** Why nothing is to be ordered yet, for all of this server; null: nothing speaks against it. */
  readonly holdBack: () => Promise<HeldBack | null>;
  readonly tools: IssuanceTools;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each certificate that is better than the last one. */
  readonly serve: (certificate: ServedCertificate) => void;
}

/** What an issuance does not know how to make. */
export interface IssuanceTools {
  /** Verified connections to the CA; closed after each attempt. */
  readonly openHttp: (config: AcmeConfig) => HttpsClient;
  readonly solverFor: (config: AcmeConfig) => AttemptParts['solver'];
  readonly openssl: () => AttemptParts['openssl'];
}

export class Issuance {
  readonly #parts: IssuanceParts;
  readonly #id: string;
  readonly #closing = new AbortController();
  readonly #stops: (() => void)[] = [];
  #held: Held | null = null;
  /** What is held is not what is stored. */
  #isUnstored = false;
  readonly #window: AskedWindow;
  #timer: Timer | null = null;
  #nextLookMs: number | null = null;
  #running: Promise<void> | null = null;
  #isWantedAgain = false;
  #isUrgent = false;
  /** Why an owner's wish was not granted. */
  #refusal: string | null = null;
  #unsureFailures = 0;
  /** What was last warned of as waited for: dates in a reason change each minute. */
  #warnedOf: string | null = null;
  #report: Pick<IssuanceReport, 'phase' | 'waitsFor' | 'decision' | 'lastFailure' | 'lastSuccessMs'> = {
    ...{ phase: 'idle', waitsFor: null, decision: null, lastFailure: null, lastSuccessMs: null },
  };

  constructor(parts: IssuanceParts) {
    this.#parts = parts;
    this.#id = storageIdOf(parts.names);
    const { config, clock, log } = parts;
    this.#window = new AskedWindow({ directory: config.directory, clock, log });
  }

  /** Reads what a CA has issued in an earlier life, for these names or for those that were wanted then. */
  async load(): Promise<void> {
    this.#held = await findHeld({ ...this.#parts, id: this.#id });
  }

  /** Takes over what an issuance for the same names, which has ended, could not store. */
  inherit(other: Issuance): void {
    if (!other.#isUnstored) return;
    this.#held = other.#held;
    this.#isUnstored = true;
  }

  /** What a CA has issued; null: there is nothing, and somebody else has to serve. */
  get held(): ServedCertificate | null {
    return this.#held?.certificate ?? null;
  }

  /** Begins to look. */
  start(): void {
    const { clock, storage } = this.#parts;
    this.#stops.push(
      clock.onStateChange(() => this.#heedClock()),
      storage.watch(this.#id, () => void this.#heedOthers()),
    );
    void this.#heedOthers(); // what was stored after load()
    this.#lookIn(FIRST_AFTER_MS);
  }

  /** An owner asks for a new one now; resolves with what came of it, in words. */
  async renewNow(): Promise<{ readonly ok: boolean; readonly sentence: string }> {
    const before = this.#isUnstored ? null : this.#held?.certificate; // such a one is new until it has its place
    while (this.#running !== null) await this.#running;
    if (this.#held?.certificate === before || before === null) {
      this.#isUrgent = true;
      this.#look();
      while (this.#running !== null) await this.#running;
    }
    const { lastFailure, waitsFor } = this.#report;
    const givenUp = 'the server is being stopped; an order under way is taken up at its next start';
    const why = this.#refusal ?? waitsFor ?? lastFailure?.reason ?? givenUp;
    this.#refusal = null;
    if (this.#held !== null && this.#held.certificate !== before) {
      const { notAfterMs, issuer } = this.#held.certificate;
      return {
        ok: true,
        sentence: `A new certificate is served, by ${issuer}, until ${writeRfc3339(notAfterMs)}.`,
      };
    }
    return { ok: false, sentence: `No new certificate: ${why}.` };
  }

  get order(): Order {
    const { names, config } = this.#parts;
    return { names, config };
  }

  get report(): IssuanceReport {
    const { names, config, clock } = this.#parts;
    const nextLookInMs = this.#nextLookMs === null ? null : Math.max(0, this.#nextLookMs - clock.monotonic());
    const { directory, challenge } = config;
    return {
      names,
      directory,
      challenge,
      window: this.#window.current,
      ...this.#report,
      isStored: !this.#isUnstored,
      nextLookInMs,
    };
  }

  /** Gives up what is under way; what was shown to the CA may be taken down a moment later. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the server is being stopped, or its configuration has changed'));
    for (const stop of this.#stops) stop();
    this.#timer?.cancel();
    await this.#running;
  }

  #lookIn(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    const { clock } = this.#parts;
    const boundedMs = Math.min(Math.max(delayMs, LOOK_AGAIN_MIN_MS / 2), LOOK_EVERY_MS);
    this.#timer?.cancel();
    this.#timer = clock.after(boundedMs, () => this.#look());
    this.#nextLookMs = clock.monotonic() + boundedMs;
  }

  /** One look at a time; what comes meanwhile is one more look. */
  #look(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#running !== null) {
      this.#isWantedAgain = true;
      return;
    }
    this.#timer?.cancel();
    this.#nextLookMs = null;
    this.#running = this.#turn()
      .catch((error: Error & { code?: string }) => {
        if (this.#closing.signal.aborted) return LOOK_EVERY_MS;
        if (error.code === undefined) this.#parts.log.error(`a bug: ${error.stack}`);
        const { message: reason } = error;
        return this.#heed({ kind: 'failed', reason, againMs: STORE_AGAIN_MS, isOfUnsureDate: false }, false);
      })
      .then((againMs) => {
        this.#running = null;
        this.#lookIn(againMs);
        if (!this.#isWantedAgain) return;
        this.#isWantedAgain = false;
        this.#look();
      });
  }

  /** Milliseconds until the next one. */
  async #turn(): Promise<number> {
    const { clock } = this.#parts;
    const isUrgent = this.#isUrgent;
    this.#isUrgent = false;
    if (clock.status.state === 'untrusted') {
      this.#say({ phase: 'waiting', waitsFor: `the time is not known (${clock.status.reason})` });
      return LOOK_EVERY_MS;
    }
    if (this.#isUnstored) return this.#storeAgain();
    const nowMs = clock.now().epochMs;
    if (this.#isWindowWanted(nowMs)) await this.#askForWindow(this.#held!.pair);
    const decision = this.#decide(this.#held, this.#window.current, nowMs);
    this.#report = { ...this.#report, decision };
    if (!decision.due && !isUrgent) {
      this.#say({ phase: 'idle', waitsFor: null });
      return Math.min(decision.atMs - nowMs, this.#window.dueInMs);
    }
    const held = isUrgent ? null : await this.#parts.holdBack();
    if (held !== null) {
      this.#say({ phase: 'waiting', waitsFor: held.reason });
      return held.untilMs - nowMs;
    }
    return this.#heed(await this.#attempt(isUrgent), isUrgent);
  }

  /** RFC 9773 section 4.3: not of a certificate that has ended; and no CA knows those of another. */
  #isWindowWanted(nowMs: number): boolean {
    if (this.#held === null || this.#window.dueInMs > 0) return false;
    const { certificate, pair } = this.#held;
    const isOfThisCa = pair.origin === undefined || pair.origin.directory === this.#origin.directory;
    return isOfThisCa && nowMs < certificate.notAfterMs;
  }

  async #askForWindow({ chainPem }: StoredPair): Promise<void> {
    const { tools, config } = this.#parts;
    const http = tools.openHttp(config);
    await this.#window.ask(chainPem, http, this.#closing.signal).finally(() => http.close());
  }

  get #origin(): Origin {
    const { directory, profile } = this.#parts.config;
    return { directory, profile };
  }

  /** Whether a new one is due beside `held`, of which the CA has said `window`. */
  #decide(
    held: Held | null,
    window: RenewalWindow | null,
    nowMs = this.#parts.clock.now().epochMs,
  ): RenewalDecision {
    return decideRenewal({
      certificate: held === null ? null : renewable(held),
      wantedNames: this.#parts.names,
      wantedOrigin: this.#origin,
      window,
      nowMs,
    });
  }

  async #attempt(isUrgent: boolean): Promise<Outcome> {
    const { names, config, storage, tools, clock, log } = this.#parts;
    this.#say({ phase: 'ordering', waitsFor: null });
    const nowMs = clock.now().epochMs;
    const http = tools.openHttp(config);
    const parts = { id: this.#id, names, config, storage, clock, log, http };
    const held = this.#held;
    try {
      return await attempt(
        { ...parts, solver: tools.solverFor(config), openssl: tools.openssl() },
        {
          isDue: (stored) => this.#isDueBeside(stored, isUrgent),
          served: held?.pair ?? null,
          remainingLifeMs: held === null ? null : held.certificate.notAfterMs - nowMs,
          lifeMs: held === null ? null : held.certificate.notAfterMs - held.certificate.notBeforeMs,
          ...{ unsureFailures: this.#unsureFailures, isUrgent },
          signal: this.#closing.signal,
        },
      );
    } finally {
      http.close();
    }
  }

  /** Another server may have stored one since. */
  #isDueBeside(stored: StoredPair | null, isUrgent: boolean) {
    const held = stored === null || isSame(stored, this.#held?.pair) ? this.#held : heldOf(stored);
    const isAnother = held !== this.#held && held !== null;
    if (isUrgent && !isAnother)
      return { due: true, reason: `it was asked for (${this.#parts.config.directory})` };
    return this.#decide(held, isAnother ? null : this.#window.current);
  }

  /** What came of an attempt; milliseconds until the next look. */
  #heed(outcome: Outcome, isUrgent: boolean): number {
    const { clock, log, names } = this.#parts;
    switch (outcome.kind) {
      case 'issued': {
        const { certificate, pair, problem } = outcome;
        this.#isUnstored = problem !== null;
        if (problem !== null) log.error(`a new certificate is served, and could not be stored: ${problem}`);
        this.#report = { ...this.#report, lastSuccessMs: clock.now().epochMs };
        this.#hold({ certificate, pair });
        return problem === null ? LOOK_AGAIN_MIN_MS : STORE_AGAIN_MS;
      }
      case 'stored': {
        const held = outcome.pair === null ? null : heldOf(outcome.pair);
        if (held === null) this.#say({ phase: 'idle', waitsFor: null });
        else if (!isSame(held.pair, this.#held?.pair)) this.#hold(held);
        return STORE_AGAIN_MS;
      }
      case 'blocked':
        if (isUrgent && this.#report.decision?.due === false) {
          this.#refusal = outcome.reason; // for who has asked; the certificate itself waits for nothing
          this.#say({ phase: 'idle', waitsFor: null });
          return LOOK_AGAIN_MIN_MS;
        }
        this.#say({ phase: 'waiting', waitsFor: outcome.reason });
        return outcome.untilMs - clock.now().epochMs;
      case 'untimely':
        this.#say({ phase: 'waiting', waitsFor: outcome.reason }, outcome.kind);
        return STORE_AGAIN_MS;
      case 'failed': {
        const { reason, againMs } = outcome;
        this.#unsureFailures = outcome.isOfUnsureDate ? this.#unsureFailures + 1 : 0;
        const nowMs = clock.now().epochMs;
        log.error(`no certificate: ${reason}`, { names, again: writeRfc3339(nowMs + againMs) });
        this.#report = { ...this.#report, lastFailure: { atMs: nowMs, reason } };
        this.#say({ phase: 'waiting', waitsFor: reason });
        return againMs;
      }
    }
  }

  async #storeAgain(): Promise<number> {
    const { storage, names, config, clock, log } = this.#parts;
    const { pair } = this.#held!;
    try {
      const parts = { id: this.#id, names, config, storage, clock };
      const storing = storage.exclusively(() => keepIssued(parts, pair), STORE_AGAIN_MS);
      await unlessAborted(storing, this.#closing.signal);
      this.#isUnstored = false;
      log.info('the new certificate is stored now');
      return LOOK_AGAIN_MIN_MS;
    } catch (error) {
      this.#say({ phase: 'waiting', waitsFor: (error as Error).message });
      return STORE_AGAIN_MS;
    }
  }

  /** Serves it from now on; what the CA said of the last one is over. */
  #hold(held: Held): void {
    this.#window.forget();
    this.#held = held;
    this.#report = { ...this.#report, decision: null, lastFailure: null }; // they were about the last one
    this.#say({ phase: 'idle', waitsFor: null });
    this.#parts.serve(held.certificate);
  }

  /** `what` is warned of once, as long as nothing else is waited for. */
  #say(said: Pick<IssuanceReport, 'phase' | 'waitsFor'>, what = said.waitsFor): void {
    const { log, names } = this.#parts;
    const isNew = what !== this.#warnedOf && said.waitsFor !== this.#report.lastFailure?.reason;
    if (said.phase === 'waiting' && isNew) log.warn(`a certificate waits: ${said.waitsFor}`, { names });
    if (said.phase !== 'ordering') this.#warnedOf = what;
    this.#report = { ...this.#report, ...said };
  }

  /** What was tried under a wrong date is tried again at once under a better one. */
  #heedClock(): void {
    this.#unsureFailures = 0;
    this.#window.askSoon();
    this.#look();
  }

  async #heedOthers(): Promise<void> {
    while (this.#running !== null) await this.#running; // it may be what was stored just now
    const stored = await storedHeld({ ...this.#parts, id: this.#id });
    if (this.#closing.signal.aborted || stored === null || this.#isUnstored) return;
    if (isSame(stored.pair, this.#held?.pair) || !this.#isBetter(stored)) return;
    this.#parts.log.info('the stored certificate was replaced');
    this.#hold(stored);
    this.#look();
  }

  /** A backup that was put back, or the certificate of a server that is configured otherwise, takes no good one's place. */
  #isBetter(other: Held): boolean {
    const isDue = (held: Held | null) => this.#decide(held, null).due;
    return !isDue(other) || (isDue(this.#held) && !isWorse(other, this.#held, this.#parts));
  }
}

function renewable({ certificate, pair }: Held): RenewableCertificate {
  const { notBeforeMs, notAfterMs, names, chainPem } = certificate;
  const { fingerprint256: fingerprint } = new X509Certificate(chainPem);
  return { notBeforeMs, notAfterMs, names, fingerprint, origin: pair.origin };
}
