// A socket of an accepted connection without a network: what is written stays where the connection has put it, and is not taken
// until the test says so, as over a link to somebody who does not read.

import { Duplex } from 'node:stream';

export class HeldSocket extends Duplex {
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 50_000;
  readonly localAddress = '192.0.2.53';
  readonly bytesRead = 0;
  /** As node:tls marks its own. */
  readonly encrypted = true;
  /** A handle that can nothing, so that the stream does it. */
  readonly _handle = {};
  /** Not copied. */
  readonly written: Buffer[] = [];
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

  /** As node:net has it. */
  destroySoon(): void {
    this.end();
    this.once('finish', () => this.destroy());
  }

  override _read(): void {}

  override _write(octets: Buffer, _encoding: string, taken: () => void): void {
    this.written.push(octets);
    if (this.#isHeld) this.#taken = taken;
    else taken();
  }
}

/** After the callbacks of this turn of the event loop, and of so many others. */
export async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await new Promise(setImmediate);
}
