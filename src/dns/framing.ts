// Messages on a stream: two octets of length before each (RFC 1035 section 4.2.2, RFC 7766 section 8).
// Pure: octets in, messages out; what is not complete yet stays here, at most one message of it.

import { readUint16 } from './wire.ts';

export const LENGTH_OCTETS = 2;

export class FrameReader {
  #rest: Uint8Array | null = null;

  /** Octets that wait for their message to be complete. */
  get pendingOctets(): number {
    return this.#rest?.length ?? 0;
  }

  /** Takes what arrived and calls `each` with every message that is complete by now (views on what arrived). */
  push(chunk: Uint8Array, each: (message: Uint8Array) => void): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + LENGTH_OCTETS <= bytes.length) {
      const end = at + LENGTH_OCTETS + readUint16(bytes, at);
      if (end > bytes.length) break;
      each(bytes.subarray(at + LENGTH_OCTETS, end));
      at = end;
    }
    this.#rest = at === bytes.length ? null : at === 0 && this.#rest !== null ? bytes : bytes.slice(at);
  }
}
