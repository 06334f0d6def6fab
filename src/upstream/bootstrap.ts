// The addresses of upstreams that are configured by name alone: those last learnt, from memory or the state directory,
// and a look-up through the other upstreams (this server's own chain, handed in), never through the host's resolver.
// A wrong address, however it was learnt, costs a connection and nothing else: whoever answers there has to show the
// upstream's certificate. Old addresses stay until one of the new ones has done so.

import type { Clock, Timer } from '../clock/clock.ts';
import type { UpstreamConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { type AddressesByName, MAX_ADDRESSES, readAddresses, writeAddresses } from './address-file.ts';
import { StandingReason, ToldReasons } from './reasons.ts';
import { type Whereabouts, writtenAddresses } from './whereabouts.ts';

/** A name that was found is looked up anew after this; how long the answer is kept is the cache's business. */
const REFRESH_MS = 3_600_000;
/** Pause after a look-up that found nothing, or led nowhere; doubled with each further one. */
const PAUSE_MS = { least: 1000, most: 60_000 } as const;
/** Of one look-up; as many old ones may stand behind them. */
const MAX_FOUND = MAX_ADDRESSES / 2;

export interface BootstrapParts {
  readonly stateDir: string;
  /** False: the file is read and never written, as in a rehearsal. */
  readonly keepsState: boolean;
  /** The addresses of a host name, through our own chain. Rejects with words. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
  /** Is that one of our own listeners? A name that leads there would have us ask ourselves. */
  readonly isOurs: (address: string, port: number) => boolean;
  /** Called when an upstream can be tried at an address that is new. */
  readonly onLearnt: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class UpstreamAddresses {
  readonly #parts: BootstrapParts;
  readonly #remembered: AddressesByName;
  readonly #sought = new Map<string, SoughtName>();
  #isDirty = false;
  #writing: Promise<void> | null = null;
  #lastProblem = '';

  constructor(parts: BootstrapParts) {
    this.#parts = parts;
    const { addresses, problem } = readAddresses(parts.stateDir);
    this.#remembered = addresses;
    if (problem !== null) parts.log.warn('addresses of upstreams that were learnt are lost', { problem });
  }

  /** Nothing is looked up for it before attend(). */
  of({ serverName, addresses, port }: UpstreamConfig): Whereabouts {
    if (addresses.length > 0) return writtenAddresses(addresses);
    let sought = this.#sought.get(serverName);
    if (sought === undefined) {
      const remembered = this.#remembered.get(serverName) ?? [];
      sought = new SoughtName(serverName, remembered, this.#parts, () => this.#keep());
      this.#sought.set(serverName, sought);
    }
    sought.ports.add(port);
    return sought;
  }

  /** Looks after the names of these from now on, and of no others. */
  attend(upstreams: readonly UpstreamConfig[]): void {
    const names = new Set(
      upstreams.filter(({ addresses }) => addresses.length === 0).map((one) => one.serverName),
    );
    for (const [name, sought] of this.#sought) {
      if (names.has(name)) continue;
      sought.close();
      this.#sought.delete(name);
    }
    this.lookAgain();
  }

  /** Something has changed for the better: names that have not been found are looked up at once. */
  lookAgain(): void {
    for (const sought of this.#sought.values()) sought.lookIfOwed();
  }

  /** The addresses of any host name: those that are known of an upstream, else those of a look-up. Rejects with words. */
  async find(name: string): Promise<readonly string[]> {
    const known = this.#sought.get(name)?.addresses ?? [];
    return known.length > 0 ? known : this.#parts.lookup(name);
  }

  /** Resolves when what has been learnt is written. */
  async close(): Promise<void> {
    for (const sought of this.#sought.values()) sought.close();
    await this.#writing;
  }

  #keep(): void {
    if (!this.#parts.keepsState) return;
    this.#isDirty = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** One write at a time; what changes meanwhile is in the next. */
  async #write(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false;
      const all = [...this.#sought].map(([name, { addresses }]) => [name, addresses] as const);
      const known = new Map(all.filter(([, addresses]) => addresses.length > 0));
      try {
        await writeAddresses(this.#parts.stateDir, known);
        this.#lastProblem = '';
      } catch (error) {
        const { message } = error as Error;
        if (message === this.#lastProblem) continue;
        this.#lastProblem = message;
        this.#parts.log.warn('addresses of upstreams cannot be kept for the next start', { message });
      }
    }
  }
}

/** One name, whichever upstreams have it. */
class SoughtName implements Whereabouts {
  /** Of the upstreams that have this name. */
  readonly ports = new Set<number>();
  problem = 'it is being looked up';
  readonly #name: string;
  readonly #parts: BootstrapParts;
  readonly #onChange: () => void;
  readonly #reason = new StandingReason();
  readonly #told = new ToldReasons();
  /** Of the last look-up that found any. */
  #found: readonly string[] = [];
  /** What was known before that, until one of those found proves right. */
  #before: readonly string[];
  #addresses: readonly string[];
  /** The last look-up found nothing, or there was none. */
  #isOwed = true;
  #isLooking = false;
  #isClosed = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #pauseMs: number = PAUSE_MS.least;
  #next: { readonly atMs: number; readonly timer: Timer } | null = null;

  constructor(name: string, remembered: readonly string[], parts: BootstrapParts, onChange: () => void) {
    this.#name = name;
    this.#before = remembered;
    this.#addresses = remembered;
    this.#parts = parts;
    this.#onChange = onChange;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  reached(address: string): void {
    this.#pauseMs = PAUSE_MS.least;
    if (this.#found.includes(address) && this.#before.length > 0) this.#know(this.#found, []);
  }

  missed(): void {
    const { clock } = this.#parts;
    this.#lookAt(Math.max(clock.monotonic(), this.#lookedAtMs + this.#pauseMs));
  }

  lookIfOwed(): void {
    if (!this.#isOwed) return;
    this.#pauseMs = PAUSE_MS.least;
    this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#next?.timer.cancel();
  }

  /** Not later than `atMs`. */
  #lookAt(atMs: number): void {
    if (this.#isClosed || this.#isLooking || (this.#next !== null && this.#next.atMs <= atMs)) return;
    this.#next?.timer.cancel();
    const { clock } = this.#parts;
    this.#next = { atMs, timer: clock.after(atMs - clock.monotonic(), () => this.#look()) };
  }

  #look(): void {
    if (this.#isClosed || this.#isLooking) return;
    const { clock, lookup } = this.#parts;
    this.#next?.timer.cancel();
    this.#next = null;
    this.#isLooking = true;
    this.#lookedAtMs = clock.monotonic();
    lookup(this.#name)
      .then((addresses) => this.#learn(addresses))
      .then(
        () => this.#looked(REFRESH_MS),
        (error: Error) => {
          this.#complain(error.message);
          this.#looked(this.#pauseMs);
        },
      );
  }

  #looked(pauseMs: number): void {
    this.#isLooking = false;
    this.#pauseMs = Math.min(PAUSE_MS.most, this.#pauseMs * 2);
    this.#lookAt(this.#parts.clock.monotonic() + pauseMs);
  }

  /** @throws Error in words when none of them is of use */
  #learn(addresses: readonly string[]): void {
    if (this.#isClosed) return;
    if (addresses.length === 0) throw new Error('it has no address');
    const isOurs = (address: string) => [...this.ports].some((port) => this.#parts.isOurs(address, port));
    const found = addresses.filter((address) => !isOurs(address)).slice(0, MAX_FOUND);
    if (found.length === 0) throw new Error('it leads to this server itself');
    this.#isOwed = false;
    const isNew = found.some((address) => !this.#addresses.includes(address));
    this.#know(found, this.#addresses);
    this.problem = '';
    this.#reason.forget();
    this.#told.over(this.#parts.clock.monotonic());
    if (!isNew) return;
    this.#parts.log.info('addresses of an upstream learnt', { upstream: this.#name, addresses: found });
    this.#parts.onLearnt();
  }

  #know(found: readonly string[], before: readonly string[]): void {
    this.#found = found;
    this.#before = before.filter((address) => !found.includes(address)).slice(0, MAX_ADDRESSES - MAX_FOUND);
    const addresses = [...this.#found, ...this.#before];
    const isChanged = addresses.toSorted().join() !== this.#addresses.toSorted().join();
    this.#addresses = addresses;
    if (isChanged) this.#onChange();
  }

  #complain(problem: string): void {
    if (this.#isClosed) return;
    this.#isOwed = true;
    const nowMs = this.#parts.clock.monotonic();
    this.#reason.hear(problem, nowMs);
    this.problem = this.#reason.text ?? '';
    if (!this.#told.isNews(problem, nowMs)) return;
    const isKnown = this.#addresses.length > 0;
    const message = isKnown
      ? 'cannot look up an upstream; its old addresses are used'
      : 'cannot look up an upstream';
    this.#parts.log.warn(message, { upstream: this.#name, problem });
  }
}
