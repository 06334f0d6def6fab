// The window in which the CA would like one certificate to be renewed (ARI, RFC 9773): asked for as often as the CA says,
// and never a reason to fail, since a certificate's own dates suffice.

import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import { parseHttpDate } from '../timesync/http-date.ts';
import type { HttpsClient } from '../tls/https-client.ts';
import { readDirectory } from './acme-api.ts';
import { AcmeProblem, readProblem } from './acme-problem.ts';
import { retryAfterMs } from './ledger.ts';
import { certificateIdOf, nextCheckMs, parseRenewalInfo, type RenewalWindow } from './renewal-info.ts';

export interface AskedWindowParts {
  /** URL of the CA's directory. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class AskedWindow {
  readonly #parts: AskedWindowParts;
  #window: RenewalWindow | null = null;
  /** Monotonic. */
  #dueMs = 0;
  #hasFailed = false;
  /** The certificate that was last asked about, as `ask` has it; null: forgotten. */
  #about: string | null = null;

  constructor(parts: AskedWindowParts) {
    this.#parts = parts;
  }

  /** What the CA has last said; null: nothing, or nothing that can be used. */
  get current(): RenewalWindow | null {
    return this.#window;
  }

  /** Milliseconds until the CA should be asked again; 0: now. */
  get dueInMs(): number {
    return Math.max(0, this.#dueMs - this.#parts.clock.monotonic());
  }

  /** It was about a certificate that is not served any more. */
  forget(): void {
    this.#window = null;
    this.#dueMs = 0;
    this.#about = null;
  }

  /** What failed under another date says nothing. */
  askSoon(): void {
    if (this.#hasFailed) this.#dueMs = 0;
  }

  /** Asks about the certificate that `chainPem` begins with. @throws the signal's reason, and nothing else */
  async ask(chainPem: string, http: Pick<HttpsClient, 'request'>, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    this.#about = chainPem;
    try {
      const { window, pauseMs } = await this.#ask(certificateIdOf(chainPem), http, signal);
      if (this.#about !== chainPem) return; // forgotten while the CA was being asked
      this.#window = window;
      this.#hasFailed = false;
      this.#dueMs = clock.monotonic() + nextCheckMs(pauseMs, 0);
    } catch (error) {
      signal.throwIfAborted();
      log.debug(`the CA names no time for the renewal: ${(error as Error).message}`);
      if (this.#about !== chainPem) return;
      this.#hasFailed = true;
      const { retryAfter } = error instanceof AcmeProblem ? error : { retryAfter: undefined };
      this.#dueMs = clock.monotonic() + nextCheckMs(retryAfterMs(retryAfter, clock.now().epochMs), 1);
    }
  }

  /** `window`: null where the CA has no such thing; `pauseMs`: what it would have us wait, null where it does not say. */
  async #ask(
    id: string,
    http: Pick<HttpsClient, 'request'>,
    signal: AbortSignal,
  ): Promise<{ readonly window: RenewalWindow | null; readonly pauseMs: number | null }> {
    const { directory, clock } = this.#parts;
    const { renewalInfo } = await readDirectory(directory, http, parseHttpDate, signal);
    if (renewalInfo === null) return { window: null, pauseMs: null };
    const url = `${renewalInfo.replace(/\/$/, '')}/${id}`;
    const { status, headers, body } = await http.request({ url, method: 'GET' }, signal);
    if (status >= 400) throw readProblem(status, headers, body);
    if (status !== 200) throw new Error(`it answers with the HTTP status ${status}`);
    const pauseMs = retryAfterMs(headers['retry-after'], clock.now().epochMs);
    return { window: parseRenewalInfo(body), pauseMs };
  }
}
