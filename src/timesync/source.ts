// What a time source is to the rest of this room: something that can be asked, once, what time it is.
// NTP and the Date of HTTPS are two; NTS and Roughtime would be others, and nothing outside their own files would change.
// A source neither judges itself nor knows the others; that is selection.ts.

/** What a source said: the true time at one monotonic instant, as an interval. */
export interface Sample {
  /** Milliseconds since 1970, the middle of the interval. */
  readonly utcMs: number;
  /** The monotonic instant, in milliseconds, at which that was the time. */
  readonly atMs: number;
  /** Milliseconds: if the source is honest and well, the true time lies within this of `utcMs`. */
  readonly boundMs: number;
  /** Milliseconds between question and answer. */
  readonly delayMs: number;
  /** Whether the certificates behind the sample are valid at an instant; null where it has none (NTP). */
  readonly isProvenAt: ((epochMs: number) => boolean) | null;
}

/** Where the samples of one vote come from. */
export interface TimeSource {
  /** As it was configured; the addresses of one name share it. */
  readonly url: string;
  /** Whom it asks, for people: "192.0.2.1:123", "time.example at 192.0.2.1". */
  readonly peer: string;
  /** Sources with the same vote have one vote between them: the operator where one is named, else the server. */
  readonly vote: string;
  /** A symmetric key or a verified certificate stands behind its samples. */
  readonly isAuthenticated: boolean;
  /** Its offset is used inside the agreed interval. */
  readonly isPreferred: boolean;
  /** It alone may decide, where no authenticated source contradicts it. */
  readonly isTrusted: boolean;
  /** On this host or its network: it may be asked several times in a row. */
  readonly isNear: boolean;
  /** It is asked no more often than this, once it has answered (milliseconds). */
  readonly leastPauseMs: number;
  /**
   * Asks once.
   * @throws TimeSourceFailure, or the signal's reason
   */
  sample(signal: AbortSignal): Promise<Sample>;
}

/** Why there is no sample. */
export class TimeSourceFailure extends Error {
  override readonly name = 'TimeSourceFailure';
  /** `silent`: nothing (usable) came. `refused`: an answer came, and is not fit. `kiss`: it asks us to go away. */
  readonly code: 'silent' | 'refused' | 'kiss';
  /** RFC 5905 section 7.4: RATE, DENY, RSTR …; null unless `code` is `kiss`. */
  readonly kiss: string | null;

  constructor(code: 'silent' | 'refused' | 'kiss', reason: string, kiss: string | null = null) {
    super(reason);
    this.code = code;
    this.kiss = kiss;
  }
}

/** How long a round waits for its sources; who has not answered then has not answered in this round (milliseconds). */
export const ANSWER_WITHIN_MS = 1500;
/** A sample whose interval reaches further than this either way says nothing (milliseconds). */
export const MAX_BOUND_MS = 5000;
/** RFC 5905 section 7.2 MAXDIST: beyond it a server's own way to the true time is too long (milliseconds). */
export const MAX_ROOT_DISTANCE_MS = 1500;
/** The sample of a slower answer is refused: half of it is error (milliseconds). */
export const MAX_DELAY_MS = 1000;
