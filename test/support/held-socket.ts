// A socket of an accepted connection without a network: what is written stays where the connection has put it, and is not taken
// until the test says so, as over a link to somebody who does not read.

import { Duplex } from 'node:stream';

/** Of a write over the handle, as Node has it. */
interface WriteRequest {
  writeStatus: number | null;
  oncomplete: ((status: number) => void) | null;
}

export class HeldSocket extends Duplex {
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 50_000;
  readonly localAddress = '192.0.2.53';
  readonly bytesRead = 0;
  /** Copied where it is taken at once. */
  readonly written: Buffer[] = [];
  /** For who knows already, from a real one, that it may be written to. */
  readonly _handle = { writeBuffer: (_request: null, octets: Buffer) => this.#writeBuffer(octets) };
  readonly #isHeld: boolean;
  #taken: (() => void) | null = null;

  /** @param isHeld false: all is taken at once */
  constructor(isHeld: boolean) {
    super();
    this.#isHeld = isHeld;
  }

  /** The link takes what was written last. */
  takeLast(): void {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }

  #writeBuffer(octets: Buffer): WriteRequest | number {
    this.#note(octets);
    if (!this.#isHeld) return 0;
    const request: WriteRequest = { writeStatus: null, oncomplete: null };
    this.#taken = () => {
      if (request.oncomplete === null) request.writeStatus = 0;
      else request.oncomplete(0);
    };
    return request;
  }

  /** As node:net has it. */
  destroySoon(): void {
    this.end();
    this.once('finish', () => this.destroy());
  }

  override _read(): void {}

  override _write(octets: Buffer, _encoding: string, taken: () => void): void {
    this.#note(octets);
    if (this.#isHeld) this.#taken = taken;
    else taken();
  }

  #note(octets: Buffer): void {
    this.written.push(this.#isHeld ? octets : Buffer.from(octets));
  }
}

/** After the callbacks of this turn of the event loop, and of so many others. */
export async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await new Promise(setImmediate);
}
