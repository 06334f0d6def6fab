// Feeds a list from a URL: what was kept from the last life at once, then what the server has, again and again. Whatever
// goes wrong, the list stays as it is and is asked for again later. Nothing is fetched while the clock is untrusted:
// no certificate can be judged then.

import { randomInt } from 'node:crypto';
import type { Clock, Timer } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import type { TlsConnector } from '../tls/connect.ts';
import { TrustAnchors } from '../tls/trust-anchors.ts';
import { type FetchParts, fetchList } from './fetch-list.ts';
import { type Kept, KeptListWriter, readKept, type Validators } from './kept-list.ts';
import type { List } from './list.ts';
import { ListReader } from './list-reader.ts';
import { NamesRefused } from './name-table.ts';

/** At start the upstreams are connected to first; nobody waits for this. */
const FIRST_AFTER_MS = 1_000;
/** After a failure, doubled with each more, up to an hour or the list's own period. */
const AGAIN_AFTER_MS = 15_000;
const AGAIN_AFTER_MAX_MS = 3_600_000;
/** Every pause is up to so much longer, so that houses whose power came back together do not ask together. */
const JITTER_PERCENT = 10;

export interface UrlFeedParts {
  readonly url: string;
  readonly caFile: string | null;
  readonly list: List;
  /** Where copies are kept; null: nowhere. */
  readonly stateDir: string | null;
  readonly tls: Pick<TlsConnector, 'connect'>;
  readonly lookup: FetchParts['lookup'];
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds until the next fetch (pure); `failures` in a row, 0 after a success. */
export function pauseMs(everyMs: number, failures: number): number {
  if (failures === 0) return everyMs;
  return Math.min(AGAIN_AFTER_MS * 2 ** (failures - 1), AGAIN_AFTER_MAX_MS, everyMs);
}

export class UrlFeed {
  readonly #parts: UrlFeedParts;
  readonly #closing = new AbortController();
  readonly #forgetClock: () => void;
  /** Of the next fetch; null while there is one, and while none is to come. */
  #timer: Timer | null = null;
  /** Of the version that is in use; null: none came from this URL yet. */
  #validators: Validators | null = null;
  #failures = 0;
  #isWaitingForTime = false;

  constructor(parts: UrlFeedParts) {
    this.#parts = parts;
    this.#forgetClock = parts.clock.onStateChange(() => this.#heedClock());
    void this.#start();
  }

  /** The server is asked now whether there is a newer one. */
  refetch(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    void this.#refresh();
  }

  close(): void {
    this.#closing.abort(new Error('the list is not wanted any more'));
    this.#forgetClock();
    this.#timer?.cancel();
    this.#timer = null;
  }

  async #start(): Promise<void> {
    const { stateDir, url, list, log } = this.#parts;
    const found = stateDir === null ? null : await readKept(stateDir, url);
    if (this.#closing.signal.aborted) return;
    if (found?.kind === 'unusable') log.warn(`${found.problem}; the list is fetched anew`);
    if (found?.kind !== 'found') {
      this.#schedule(FIRST_AFTER_MS);
      return;
    }
    const { read, kept } = found.list;
    this.#validators = kept;
    list.take(read, kept.fetchedAtMs);
    this.#schedule(this.#untilDue(kept));
  }

  /** What was fetched at a date that is still to come is due now: one of the two dates was wrong. */
  #untilDue({ fetchedAtMs }: Kept): number {
    const { clock, list } = this.#parts;
    const ageMs = clock.now().epochMs - fetchedAtMs;
    const isDue = ageMs < 0 || ageMs > list.config.everyMs;
    return isDue ? FIRST_AFTER_MS : Math.max(FIRST_AFTER_MS, list.config.everyMs - ageMs);
  }

  #schedule(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    const jittered = Math.round(delayMs * (1 + randomInt(JITTER_PERCENT + 1) / 100));
    this.#timer = this.#parts.clock.after(jittered, () => void this.#refresh());
  }

  #heedClock(): void {
    if (!this.#isWaitingForTime || this.#parts.clock.status.state === 'untrusted') return;
    this.#isWaitingForTime = false;
    this.#schedule(FIRST_AFTER_MS);
  }

  async #refresh(): Promise<void> {
    const { clock, list } = this.#parts;
    this.#timer = null;
    if (clock.status.state === 'untrusted') {
      this.#isWaitingForTime = true;
      list.fail('it is not fetched before the time is known');
      return;
    }
    try {
      await this.#attempt();
      this.#failures = 0;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#failures += 1;
      list.fail((error as Error).message);
    }
    this.#schedule(pauseMs(list.config.everyMs, this.#failures));
  }

  async #attempt(): Promise<void> {
    const { url, caFile, list, stateDir, tls, lookup, clock } = this.#parts;
    const anchors = caFile === null ? TrustAnchors.public() : TrustAnchors.fromFile(caFile);
    const { signal } = this.#closing;
    const reader = new ListReader();
    const writer = stateDir === null ? null : new KeptListWriter(stateDir, url);
    const take = async (octets: Uint8Array) => {
      await reader.push(octets);
      await writer?.write(octets);
    };
    const validators = this.#validators;
    try {
      const fetched = await fetchList({ url, anchors, validators, tls, lookup, clock, signal, take });
      const fetchedAtMs = clock.now().epochMs;
      if (fetched.kind === 'unchanged') {
        list.confirm(fetchedAtMs);
        return;
      }
      const read = await reader.finish();
      signal.throwIfAborted();
      if (read.table.entries === 0) throw new NamesRefused('it holds no name; it may be an error page');
      await writer?.commit({ ...fetched.validators, fetchedAtMs });
      signal.throwIfAborted();
      this.#validators = fetched.validators;
      list.take(read, fetchedAtMs);
      this.#tell(writer?.problem ?? null);
    } finally {
      await writer?.close();
    }
  }

  #tell(problem: string | null): void {
    if (problem === null) return;
    this.#parts.log.warn(`${problem}: the list is in use, and a restart will have to fetch it again`, {
      list: this.#parts.list.config.name,
    });
  }
}
