// Writes frames (RFC 9113 section 6) one behind the other into one buffer, which leaves as a whole: so everything that is
// said in one turn is one write. It knows no connection; what is allowed to be said is for others to know.

import { copyOctets } from '../octets/short-runs.ts';
import { FLAG, FRAME, FRAME_HEAD_OCTETS, MAX_PAYLOAD_OCTETS, PREFACE } from './codes.ts';

/** Several answers of the usual length. */
const FIRST_ROOM_OCTETS = 1024;
/** Of a buffer that is kept for the next time: twenty answers and more, and not much beside a connection's TLS. */
const KEPT_OCTETS = 8192;
const SETTING_OCTETS = 6;
const NOTHING: Buffer = Buffer.alloc(0);

export class FrameWriter {
  #octets = NOTHING;
  #length = 0;
  /** That was taken last. */
  #lent = NOTHING;

  /** Octets that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /** All that was written since the last time; ours again at `giveBack`. */
  take(): Buffer {
    const taken = this.#octets.subarray(0, this.#length);
    this.#lent = this.#octets;
    this.#octets = NOTHING;
    this.#length = 0;
    return taken;
  }

  /** Nobody needs anything of what was taken any more. */
  giveBack(): void {
    if (this.#octets === NOTHING && this.#lent.length <= KEPT_OCTETS) this.#octets = this.#lent;
    this.#lent = NOTHING;
  }

  /** What a client says before its first frame (section 3.4). */
  preface(): void {
    const at = this.#length;
    this.#length += PREFACE.length;
    if (this.#length > this.#octets.length) this.#grow(at);
    PREFACE.copy(this.#octets, at);
  }

  data(stream: number, octets: Buffer, start: number, end: number, isLast: boolean): void {
    const at = this.#frame(FRAME.DATA, isLast ? FLAG.END_STREAM : 0, stream, end - start);
    copyOctets(octets, start, this.#octets, at, end - start);
  }

  /** A header block in one HEADERS, and CONTINUATION where it takes more; `first`: an octet before it, or -1. */
  headers(stream: number, block: Buffer, length: number, isLast: boolean, first = -1): void {
    const flags = FLAG.END_HEADERS | (isLast ? FLAG.END_STREAM : 0);
    if (length >= MAX_PAYLOAD_OCTETS) throw new Error('a header block of ours is too long');
    let at = this.#frame(FRAME.HEADERS, flags, stream, length + (first < 0 ? 0 : 1));
    if (first >= 0) this.#octets[at++] = first;
    copyOctets(block, 0, this.#octets, at, length);
  }

  rstStream(stream: number, errorCode: number): void {
    const at = this.#frame(FRAME.RST_STREAM, 0, stream, 4);
    this.#octets.writeUInt32BE(errorCode, at);
  }

  settings(entries: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#frame(FRAME.SETTINGS, 0, 0, SETTING_OCTETS * entries.length);
    for (const [id, value] of entries) {
      this.#octets.writeUInt16BE(id, at);
      this.#octets.writeUInt32BE(value, at + 2);
      at += SETTING_OCTETS;
    }
  }

  settingsAck(): void {
    this.#frame(FRAME.SETTINGS, FLAG.ACK, 0, 0);
  }

  pingAck(octets: Buffer, start: number, end: number): void {
    const at = this.#frame(FRAME.PING, FLAG.ACK, 0, end - start);
    octets.copy(this.#octets, at, start, end);
  }

  goaway(lastStream: number, errorCode: number): void {
    const at = this.#frame(FRAME.GOAWAY, 0, 0, 8);
    this.#octets.writeUInt32BE(lastStream, at);
    this.#octets.writeUInt32BE(errorCode, at + 4);
  }

  windowUpdate(stream: number, octets: number): void {
    const at = this.#frame(FRAME.WINDOW_UPDATE, 0, stream, 4);
    this.#octets.writeUInt32BE(octets, at);
  }

  /** Writes the head of a frame, and answers where its payload goes. */
  #frame(type: number, flags: number, stream: number, payloadOctets: number): number {
    const at = this.#length;
    const payloadAt = at + FRAME_HEAD_OCTETS;
    this.#length = payloadAt + payloadOctets;
    if (this.#length > this.#octets.length) this.#grow(at);
    const octets = this.#octets;
    octets[at] = payloadOctets >> 16;
    octets[at + 1] = payloadOctets >> 8;
    octets[at + 2] = payloadOctets;
    octets[at + 3] = type;
    octets[at + 4] = flags;
    octets[at + 5] = stream >> 24;
    octets[at + 6] = stream >> 16;
    octets[at + 7] = stream >> 8;
    octets[at + 8] = stream;
    return payloadAt;
  }

  #grow(filled: number): void {
    const wanted = Math.max(FIRST_ROOM_OCTETS, this.#length, 2 * this.#octets.length);
    const roomier = Buffer.allocUnsafeSlow(wanted);
    this.#octets.copy(roomier, 0, 0, filled);
    this.#octets = roomier;
  }
}
