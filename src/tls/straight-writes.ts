// What is said over a connection, handed straight to the handle below its socket, where this Node lets us: its streams
// make an object, a callback and a tick of each write otherwise, which costs as much as to encrypt a short answer. One write
// at a time; nothing may be written over the socket beside it (over TLS, Node would abort the process). How a write went is
// looked up when somebody wants to know, so that usually nobody is called. Where it is not possible, the stream writes as ever.

import type { Socket } from 'node:net';

/** Of a write that did not end at once. */
interface WriteRequest {
  /** Null until it has ended; then 0, or a negative error of libuv. */
  writeStatus: number | null;
  /** Called at the end instead, if it is there by then. */
  oncomplete: ((status: number) => void) | null;
  /** Keeps them from the collector. */
  buffer: Buffer | null;
}

interface Handle {
  /** Without a request, one is made where the write does not end at once. A number: 0, or a negative error. */
  writeBuffer(request: WriteRequest | null, octets: Buffer): WriteRequest | number;
}

/** Whether a handle makes requests itself; null: no write of Node's own has shown it yet. */
let isPossible: boolean | null = null;

/** Looks on as Node's streams write the next octets over `handle`; one write that fails at once shows nothing. */
function lookOn(handle: Handle): void {
  const { writeBuffer } = handle;
  handle.writeBuffer = (request, octets) => {
    handle.writeBuffer = writeBuffer;
    const result = writeBuffer.call(handle, request, octets);
    if (request !== null) isPossible = false;
    else if (typeof result === 'object' && typeof result.writeStatus !== 'number')
      isPossible = result.writeStatus === null && result.oncomplete === null;
    return result;
  };
}

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as unknown as { readonly _handle?: Handle | null })._handle;
}

export class StraightWrites {
  readonly #socket: Socket;
  readonly #onWritten: () => void;
  /** TLS has encrypted what it was given when it returns, and no write of it ends at once. */
  readonly #isTls: boolean;
  /** Of the last write; over TLS it serves all. */
  #request: WriteRequest | null = null;
  #unwritten = 0;
  #isAsked = false;

  /** @param onWritten called once after each `tell`, when nothing is unwritten any more */
  constructor(socket: Socket, onWritten: () => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
    this.#isTls = 'encrypted' in socket;
  }

  /** Octets that the kernel has not taken. */
  get unwritten(): number {
    if (this.#unwritten === 0) return 0;
    const status = this.#request?.writeStatus ?? null;
    if (status !== null) this.#ended(status);
    return this.#unwritten;
  }

  /** Only while nothing is unwritten. @returns whether the octets may be overwritten from now on */
  write(octets: Buffer): boolean {
    const handle = handleOf(this.#socket);
    if (handle === null) return true; // it has been destroyed
    if (octets.length === 0) return true; // nothing would tell it from no write, and the next would come too early
    if (isPossible !== true || handle === undefined) return this.#writeOverStream(octets, handle);
    const known = this.#isTls ? this.#request : null;
    if (known !== null) known.writeStatus = null;
    const result = handle.writeBuffer(known, octets);
    if (typeof result !== 'number') {
      if (!this.#socket.writable) {
        this.#socket.destroy(); // of a write behind the end TLS takes nothing, and its request never ends
        return true;
      }
      this.#request = result;
      if (!this.#isTls) result.buffer = octets;
    } else if (result < 0) {
      this.#socket.destroy();
      return true;
    } else if (known === null) {
      return true;
    }
    this.#unwritten = octets.length;
    return this.#isTls;
  }

  /** Has `onWritten` called when nothing is unwritten any more, if anything is. */
  tell(): void {
    if (this.unwritten === 0) return;
    this.#isAsked = true;
    if (this.#request === null) return; // the stream says it anyway
    this.#request.oncomplete = (status) => {
      this.#request = null; // Node is not done with it while it calls: a write in there would abort the process
      this.#ended(status);
    };
  }

  #writeOverStream(octets: Buffer, handle: Handle | undefined): boolean {
    if (isPossible === null && typeof handle?.writeBuffer === 'function') lookOn(handle);
    this.#unwritten = octets.length;
    this.#socket.write(octets, (error) => this.#ended(error ? -1 : 0));
    return false;
  }

  #ended(status: number): void {
    this.#unwritten = 0;
    if (this.#request !== null) this.#request.oncomplete = null;
    if (status < 0) this.#socket.destroy();
    if (!this.#isAsked) return;
    this.#isAsked = false;
    this.#onWritten();
  }
}
