// What one upstream's behaviour is worth, as a number to compare (pure but for what it remembers; the caller gives the time).
// Smoothed RTT as TCP does it (RFC 6298 section 2), success as an average that fades, a penalty that decays by itself
// and is cleared by an answer. The lower score is chosen.

/** Before the first answer: a guess that lets an unknown upstream be tried. */
const UNKNOWN_RTT_MS = 50;
/** RFC 6298 section 2.3. */
const RTT_GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;
/** Weight of the newest outcome in the success average. */
const SUCCESS_GAIN = 0.2;
const LEAST_SUCCESS = 0.05;
const PENALTY_MS = { first: 500, most: 60_000 } as const;
const PENALTY_HALF_LIFE_MS = 10_000;
/** p95 of a normal distribution lies 1.65 σ above the mean; σ is about 1.25 mean deviations. */
const P95_DEVIATIONS = 2.06;
/** A second try waits at least this long (a LAN's jitter) and at most this long (a person notices). */
const HEDGE_MS = { least: 20, most: 400, unknown: 250 } as const;

export class Scorecard {
  #rttMs: number | null = null;
  #deviationMs = 0;
  #success = 1;
  #penaltyMs = 0;
  #penaltyAtMs = 0;

  answered(rttMs: number): void {
    if (this.#rttMs === null) {
      this.#rttMs = rttMs;
      this.#deviationMs = rttMs / 2;
    } else {
      this.#deviationMs += DEVIATION_GAIN * (Math.abs(rttMs - this.#rttMs) - this.#deviationMs);
      this.#rttMs += RTT_GAIN * (rttMs - this.#rttMs);
    }
    this.#success += SUCCESS_GAIN * (1 - this.#success);
    this.#penaltyMs = 0;
  }

  /** No answer by the time that its own p95 promised one. */
  late(): void {
    this.#success += SUCCESS_GAIN * (0 - this.#success);
  }

  failed(nowMs: number): void {
    this.late();
    const doubled = Math.max(PENALTY_MS.first, this.#penaltyAt(nowMs) * 2);
    this.#penaltyMs = Math.min(PENALTY_MS.most, doubled);
    this.#penaltyAtMs = nowMs;
  }

  /** Forget everything bad: it was earned under circumstances that are over. */
  forgive(): void {
    this.#success = 1;
    this.#penaltyMs = 0;
  }

  get isPenalised(): boolean {
    return this.#penaltyMs > 0;
  }

  /** Lower is better; milliseconds that a query to it is expected to cost. */
  score(nowMs: number): number {
    return (
      ((this.#rttMs ?? UNKNOWN_RTT_MS) + this.#penaltyAt(nowMs)) / Math.max(LEAST_SUCCESS, this.#success)
    );
  }

  /** How long to wait for an answer before somebody else is asked too. */
  get hedgeAfterMs(): number {
    if (this.#rttMs === null) return HEDGE_MS.unknown;
    const p95Ms = this.#rttMs + P95_DEVIATIONS * this.#deviationMs;
    return Math.min(HEDGE_MS.most, Math.max(HEDGE_MS.least, p95Ms));
  }

  get rttMs(): number | null {
    return this.#rttMs;
  }

  #penaltyAt(nowMs: number): number {
    return this.#penaltyMs * 2 ** (-(nowMs - this.#penaltyAtMs) / PENALTY_HALF_LIFE_MS);
  }
}
