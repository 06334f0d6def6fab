// dns-01 (RFC 8555 section 8.4): a TXT record for each name, put where the CNAMEs of "_acme-challenge.NAME" lead, and
// looked for through our own verified upstreams before the CA is told. The zone's servers are never asked in plaintext.
// An upstream may remember for a while that there was no such record: then the CA, which asks the zone itself, decides.

import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import { pause } from './acme-api.ts';
import { type Challenge, ChallengeProblem, type ChallengeSolver } from './challenge.ts';
import type { TxtProvider, TxtRecord } from './dns/txt-provider.ts';

/** As many as resolvers commonly follow. */
const ALIASES_MAX = 8;
const LOOK_EVERY_MS = 2_000;
/** To take records away after the attempt was given up, or the server is being stopped. */
const CLEAR_WITHIN_MS = 15_000;

export interface TextAnswer {
  /** The strings of each TXT record, joined. */
  readonly values: readonly string[];
  /** Where a CNAME at the name leads; null: there is none. Lower case, without the last dot. */
  readonly alias: string | null;
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

export class Dns01 implements ChallengeSolver {
  readonly type = 'dns-01';
  readonly #parts: Dns01Parts;
  #records: TxtRecord[] = [];

  constructor(parts: Dns01Parts) {
    this.#parts = parts;
  }

  async show(challenges: readonly Challenge[], signal: AbortSignal): Promise<void> {
    const { provider, propagationMs, clock, log } = this.#parts;
    for (const { name, keyAuthorization: value } of challenges) {
      const record = { name: await this.#target(`_acme-challenge.${name}`), value };
      this.#records.push(record); // before it is there: what was begun is taken away
      await provider.add(record, signal);
    }
    if (propagationMs === 0) return;
    const untilMs = clock.monotonic() + propagationMs;
    let missing = await this.#missing(this.#records);
    while (missing.length > 0 && clock.monotonic() < untilMs) {
      await pause(clock, LOOK_EVERY_MS, signal);
      missing = await this.#missing(missing);
    }
    if (missing.length === 0) return;
    const names = [...new Set(missing.map((record) => record.name))];
    log.warn('a TXT record is not seen through our upstreams yet; the CA is told all the same', {
      names,
      waitedMs: propagationMs,
    });
  }

  async clear(): Promise<void> {
    const records = this.#records;
    this.#records = [];
    const { provider, clock, log } = this.#parts;
    const giveUp = new AbortController();
    const timer = clock.after(CLEAR_WITHIN_MS, () => giveUp.abort(new Error('it took too long')));
    for (const record of records) {
      await provider.remove(record, giveUp.signal).catch((error: Error) => {
        log.warn(`the TXT record at ${record.name} could not be taken away: ${error.message}`);
      });
    }
    timer.cancel();
  }

  /** @throws ChallengeProblem */
  async #target(name: string): Promise<string> {
    const seen = [name];
    for (;;) {
      const at = seen.at(-1)!;
      const { alias } = await this.#parts.ask(at, 'CNAME').catch((error: Error) => {
        throw new ChallengeProblem(`${at} cannot be looked up through our upstreams: ${error.message}`);
      });
      if (alias === null) return at;
      if (seen.includes(alias) || seen.length > ALIASES_MAX)
        throw new ChallengeProblem(
          `the CNAMEs of ${name} lead in a circle, or further than ${ALIASES_MAX} names`,
        );
      seen.push(alias);
    }
  }

  /** Those that are not seen; one that cannot be asked for is not. */
  async #missing(records: readonly TxtRecord[]): Promise<TxtRecord[]> {
    const found = await Promise.all(
      records.map(async ({ name, value }) => {
        const answer = await this.#parts.ask(name, 'TXT').catch(() => null);
        return answer?.values.includes(value) ?? false;
      }),
    );
    return records.filter((_, position) => !found[position]);
  }
}
