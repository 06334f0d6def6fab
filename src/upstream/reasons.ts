// Why something fails, when it fails again and again and not in the same words: a dead host is "no way leads there" at one
// try and silent at the next. What people see stands still, and the log is told each reason once (pure but for what they
// remember; the caller gives the time, monotonic milliseconds).

/** A reason that has not been heard for this long has given way to another one. A dead host takes 3 s a try. */
const STANDS_MS = 60_000;
/** Of an upstream that comes and goes, a reason is told again after this at the earliest; the history has every time. */
const AGAIN_AFTER_MS = 600_000;
/** Until it is over; more are no news to anybody. */
const REASONS_MAX = 32;

/** The reason that people see: it stays while it is heard now and then, unless one comes that tells more. */
export class StandingReason {
  #text: string | null = null;
  #telling = 0;
  #heardAtMs = 0;

  /** Null: nothing is wrong. */
  get text(): string | null {
    return this.#text;
  }

  /** @param telling how much it tells; a higher number takes the place of a lower one at once */
  hear(text: string, nowMs: number, telling = 0): void {
    if (text !== this.#text && this.#stands(nowMs) && telling <= this.#telling) return;
    this.#text = text;
    this.#telling = telling;
    this.#heardAtMs = nowMs;
  }

  forget(): void {
    this.#text = null;
  }

  #stands(nowMs: number): boolean {
    return this.#text !== null && nowMs - this.#heardAtMs < STANDS_MS;
  }
}

/** The reasons that a log has been told: each once until it is over. */
export class ToldReasons {
  readonly #toldAtMs = new Map<string, number>();
  #overAtMs = Number.NEGATIVE_INFINITY;
  #isOver = true;

  /** Is it to be told? It counts as told then. */
  isNews(reason: string, nowMs: number): boolean {
    for (const [told, atMs] of this.#toldAtMs) {
      if (atMs <= this.#overAtMs && nowMs - atMs >= AGAIN_AFTER_MS) this.#toldAtMs.delete(told);
    }
    if (this.#toldAtMs.has(reason) || this.#toldAtMs.size >= REASONS_MAX) return false;
    this.#toldAtMs.set(reason, nowMs);
    this.#isOver = false;
    return true;
  }

  /** Nothing was told since it worked last. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** It works. True: a reason was told, and that it is over is news. */
  over(nowMs: number): boolean {
    const isNews = !this.#isOver;
    this.#isOver = true;
    this.#overAtMs = nowMs;
    return isNews;
  }
}
