// What a client is forgiven over one connection before it is told ENHANCE_YOUR_CALM (RFC 9113 section 10.5): counts against
// limits.ts, of things that each are cheap and in numbers are an attack. Pure: who counts says what time it is.

import { limitFault } from './fault.ts';
import { BREACHES, REFUSED_STREAMS, RESETS_A_SECOND, resetsAtOnce, UNREAD_REPLIES } from './limits.ts';

export class Tolerance {
  readonly #resetsAtOnce: number;
  #resetsLeft: number;
  #resetAtMs: number;
  #replies = 0;
  #refused = 0;
  #breaches = 0;

  constructor(maxStreams: number, nowMs: number) {
    this.#resetsAtOnce = resetsAtOnce(maxStreams);
    this.#resetsLeft = this.#resetsAtOnce;
    this.#resetAtMs = nowMs;
  }

  /** A stream is reset by the client (CVE-2023-44487). @throws Http2Fault */
  countReset(nowMs: number): void {
    const earned = ((nowMs - this.#resetAtMs) / 1000) * RESETS_A_SECOND;
    this.#resetsLeft = Math.min(this.#resetsAtOnce, this.#resetsLeft + earned) - 1;
    this.#resetAtMs = nowMs;
    if (this.#resetsLeft < 0) throw limitFault('http2_resets', 'too many streams are reset');
  }

  /** A rule is broken that costs the client one stream (CVE-2025-8671). @throws Http2Fault */
  countBreach(): void {
    this.#breaches += 1;
    if (this.#breaches > BREACHES) throw limitFault('http2_breaches', 'too many streams break the rules');
  }

  /** A stream is refused for which there is no room. @throws Http2Fault */
  countRefusal(): void {
    this.#refused += 1;
    if (this.#refused > REFUSED_STREAMS) throw limitFault('http2_refused', 'too many streams are refused');
  }

  /** Something that the client has us say (CVE-2019-9512, 9515). @throws Http2Fault */
  countReply(): void {
    this.#replies += 1;
    if (this.#replies > UNREAD_REPLIES) throw limitFault('http2_unread', 'replies are not read');
  }

  /** Everything that was said has left. */
  allWritten(): void {
    this.#replies = 0;
  }
}
