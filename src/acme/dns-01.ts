// dns-01 (RFC 8555 section 8.4): a TXT record for each name, put where the CNAMEs of "_acme-challenge.NAME" lead, and
// looked for through our own verified upstreams before the CA is told. The zone's servers are never asked in plaintext.
// Our own question has an upstream remember that there was no such record (RFC 2308 section 5): as long as that lasts
// nothing can be seen, and the CA, which asks the zone itself, decides.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import { type Challenge, ChallengeProblem, type ChallengeSolver } from './challenge.ts';
import type { TxtProvider, TxtRecord } from './dns/txt-provider.ts';
import { pause } from './waiting.ts';

/** As many as resolvers commonly follow. */
const ALIASES_MAX = 8;
const LOOK_EVERY_MS = 2_000;
/** For one record: a little more than the longest that a provider takes (a program: dns/exec-provider.ts). */
const REMOVE_WITHIN_MS = 130_000;
/** Of a label that nobody has: 48 bits. */
const RANDOM_OCTETS = 6;

export interface TextAnswer {
  /** The strings of each TXT record, joined. */
  readonly values: readonly string[];
  /** Where a CNAME at the name leads; null: there is none. Lower case, without the last dot. */
  readonly alias: string | null;
  /** How long it will be remembered that what was asked for is not there; null: it is there, or nobody remembers. */
  readonly absentForMs?: number | null;
  /** How long the CNAME will be remembered; null: there is none. */
  readonly aliasForMs?: number | null;
}

export interface Dns01Parts {
  readonly provider: TxtProvider;
  /** Asks for TXT or CNAME through our upstreams, past the cache. @throws what keeps it from an answer */
  readonly ask: (name: string, type: 'TXT' | 'CNAME') => Promise<TextAnswer>;
  /** 0: the records are not looked for. */
  readonly propagationMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the record of a name goes. */
interface Place {
  readonly at: string;
  /** Monotonic: until then the upstreams answer from memory, without it. */
  readonly unseenUntilMs: number;
}

/** A record with the place that it was put to. */
type Shown = Pick<Place, 'unseenUntilMs'> & { readonly record: TxtRecord };

export class Dns01 implements ChallengeSolver {
  readonly type = 'dns-01';
  readonly #parts: Dns01Parts;
  #records: TxtRecord[] = [];

  constructor(parts: Dns01Parts) {
    this.#parts = parts;
  }

  async show(challenges: readonly Challenge[], signal: AbortSignal): Promise<void> {
    const { provider, propagationMs } = this.#parts;
    const places = new Map<string, Place>();
    const shown: Shown[] = [];
    for (const { name, keyAuthorization: value } of challenges) {
      const place = places.get(name) ?? (await this.#placeOf(name)); // once, for a name and its wildcard
      places.set(name, place);
      const record = { name: place.at, value };
      this.#records.push(record); // before it is there: what was begun is taken away
      await provider.add(record, signal).catch((error: Error) => {
        throw withWay(error, place.at, labelled(name));
      });
      shown.push({ record, unseenUntilMs: place.unseenUntilMs });
    }
    if (propagationMs > 0) await this.#untilSeen(shown, signal);
  }

  async clear(): Promise<void> {
    const records = this.#records;
    this.#records = [];
    const { provider, clock, log } = this.#parts;
    for (const record of records) {
      const giveUp = new AbortController();
      const timer = clock.after(REMOVE_WITHIN_MS, () => giveUp.abort(new Error('it took too long')));
      await provider.remove(record, giveUp.signal).catch((error: Error) => {
        log.warn(`the TXT record at ${record.name} could not be taken away: ${error.message}`);
      });
      timer.cancel();
    }
  }

  /** @throws ChallengeProblem */
  async #placeOf(name: string): Promise<Place> {
    const { clock } = this.#parts;
    const first = labelled(name);
    const seen = [first];
    for (;;) {
      const at = seen.at(-1)!;
      const { alias, absentForMs, aliasForMs } = await this.#aliasOf(at);
      const answeredMs = clock.monotonic();
      if (alias === null) return { at, unseenUntilMs: answeredMs + (absentForMs ?? 0) };
      if (at === first && (await this.#isOfWildcard(name, alias)))
        return { at, unseenUntilMs: answeredMs + (aliasForMs ?? 0) };
      if (seen.includes(alias) || seen.length > ALIASES_MAX)
        throw new ChallengeProblem(
          `the CNAMEs of ${first} lead in a circle, or further than ${ALIASES_MAX} names`,
        );
      seen.push(alias);
    }
  }

  /** Nobody waits for upstreams who does not look through them either. @throws ChallengeProblem */
  async #aliasOf(name: string): Promise<TextAnswer> {
    const { ask, propagationMs, log } = this.#parts;
    try {
      return await ask(name, 'CNAME');
    } catch (error) {
      const problem = `${name} cannot be looked up through our upstreams: ${(error as Error).message}`;
      if (propagationMs > 0) throw new ChallengeProblem(problem);
      log.warn(`${problem}; the TXT record is written there, as if no CNAME led elsewhere`);
      return { values: [], alias: null };
    }
  }

  /**
   * A wildcard (RFC 4592) that makes a host of every name, and was not meant for this one: a name that nobody has leads to
   * the same place. A record at the name itself hides it.
   */
  async #isOfWildcard(name: string, alias: string): Promise<boolean> {
    const nobodys = `_${randomBytes(RANDOM_OCTETS).toString('hex')}.${name}`;
    const answer = await this.#parts.ask(nobodys, 'CNAME').catch(() => null);
    return answer?.alias === alias;
  }

  /** Resolves when all are seen that can be, or were waited for long enough; those that cannot be are given all of that time. */
  async #untilSeen(shown: readonly Shown[], signal: AbortSignal): Promise<void> {
    const { propagationMs, clock, log } = this.#parts;
    const startMs = clock.monotonic();
    const untilMs = startMs + propagationMs;
    const unseen = shown.filter(({ unseenUntilMs }) => unseenUntilMs > untilMs);
    if (unseen.length > 0) {
      const longestMs = Math.max(...unseen.map(({ unseenUntilMs }) => unseenUntilMs)) - startMs;
      log.info(
        `our upstreams remember for ${Math.ceil(longestMs / 1000)} s that there was no TXT record, so the CA is told after ${propagationMs / 1000} s, without that it was seen`,
        { names: namesOf(unseen) },
      );
    }
    let missing = shown.filter((one) => !unseen.includes(one));
    for (;;) {
      missing = await this.#missing(missing);
      const nowMs = clock.monotonic();
      if (missing.length === 0 || nowMs >= untilMs) break;
      const possibleMs = Math.min(...missing.map(({ unseenUntilMs }) => unseenUntilMs));
      const nextMs = Math.max(nowMs + LOOK_EVERY_MS, possibleMs);
      await pause(clock, Math.min(nextMs, untilMs) - nowMs, signal);
    }
    if (missing.length > 0)
      log.warn('a TXT record is not seen through our upstreams yet; the CA is told all the same', {
        names: namesOf(missing),
        waitedMs: propagationMs,
      });
    const leftMs = untilMs - clock.monotonic();
    if (unseen.length > 0 && leftMs > 0) await pause(clock, leftMs, signal);
  }

  /** Those that are not seen; one that cannot be asked for is not, and one that cannot be seen yet is not asked for. */
  async #missing(shown: readonly Shown[]): Promise<Shown[]> {
    const nowMs = this.#parts.clock.monotonic();
    const found = await Promise.all(
      shown.map(async ({ record: { name, value }, unseenUntilMs }) => {
        if (unseenUntilMs > nowMs) return false;
        const answer = await this.#parts.ask(name, 'TXT').catch(() => null);
        return answer?.values.includes(value) ?? false;
      }),
    );
    return shown.filter((_, position) => !found[position]);
  }
}

function labelled(name: string): string {
  return `_acme-challenge.${name}`;
}

function namesOf(shown: readonly Shown[]): string[] {
  return [...new Set(shown.map(({ record }) => record.name))];
}

/** What is refused at a name that the owner never wrote: how we came there. */
function withWay(error: Error, at: string, from: string): Error {
  if (at === from || !(error instanceof ChallengeProblem)) return error;
  return new ChallengeProblem(`${error.message} (${at} is where the CNAME of ${from} leads)`);
}
