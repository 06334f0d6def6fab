// Takes the point of each minute: when one is due, and what is in it. Minutes are those of our own time while that is known,
// so that a chart has no doubled and no missing ones, else 60 s. Pure but for what it remembers of the minute before.

import type { Status } from '../status/status.ts';
import type { Figures } from './figures.ts';
import type { PointValues } from './point.ts';

const MINUTE_MS = 60_000;
/** A date that was corrected begins another minute; less than this is no minute to tell of (milliseconds). */
const LEAST_MS = MINUTE_MS / 2;

/** What a point is made of. */
export interface Sample {
  readonly status: Status;
  readonly figures: Figures;
  readonly rssOctets: number;
}

export class Sampler {
  #lastMs: number;
  #lastMinute: number | null;
  #failures: ReadonlyMap<string, number> = new Map();

  /** Milliseconds of this life, and since 1970. */
  constructor(nowMs: number, dateMs: number | null) {
    this.#lastMs = nowMs;
    this.#lastMinute = minuteOf(dateMs);
  }

  /** Whether a minute has just ended that is worth telling of; to be asked at each look. */
  isDue(nowMs: number, dateMs: number | null): boolean {
    const minute = minuteOf(dateMs);
    const forMs = nowMs - this.#lastMs;
    if (minute === null) return forMs >= MINUTE_MS;
    const isNext = minute !== this.#lastMinute;
    this.#lastMinute = minute;
    return (isNext && forMs >= LEAST_MS) || forMs >= MINUTE_MS + LEAST_MS;
  }

  take({ status, figures, rssOctets }: Sample, nowMs: number, dateMs: number | null): PointValues {
    const seconds = (nowMs - this.#lastMs) / 1000;
    this.#lastMs = nowMs;
    this.#lastMinute = minuteOf(dateMs);
    const { clock, upstreams } = status;
    const trips = upstreams.flatMap(({ isUsable, rttMs }) => (isUsable && rttMs !== null ? [rttMs] : []));
    return {
      perSecond: figures.perSecond,
      hitShare: figures.hitShare,
      blockedPerSecond: figures.blockedPerSecond,
      p50Ms: figures.p50Ms,
      p99Ms: figures.p99Ms,
      systemClockOffsetMs: clock.systemClockOffsetMs,
      uncertaintyMs: clock.uncertaintyMs,
      upstreamRttMs: trips.length === 0 ? null : Math.min(...trips),
      upstreamFailuresPerSecond: upstreams.length === 0 ? null : this.#newFailures(upstreams) / seconds,
      rssOctets,
    };
  }

  /** Counts begin at 0 again where a reload has made an upstream anew. */
  #newFailures(upstreams: Status['upstreams']): number {
    const before = this.#failures;
    this.#failures = new Map(upstreams.map(({ url, failed }) => [url, failed]));
    return upstreams.reduce((sum, { url, failed }) => {
      const known = before.get(url) ?? 0;
      return sum + (failed < known ? failed : failed - known);
    }, 0);
  }
}

function minuteOf(dateMs: number | null): number | null {
  return dateMs === null ? null : Math.floor(dateMs / MINUTE_MS);
}
