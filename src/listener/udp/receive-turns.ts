// Who may receive how much in one turn of the event loop: all sockets of a thread share a budget of batches, one after the
// other, and what is left over waits for the next turn. So a flood of datagrams holds up everything else by milliseconds.

/** Of 64 datagrams; one costs 0.3 to 0.5 ms, the kernel's work included. */
const BATCHES_PER_TURN = 4;

export interface Receiving {
  /** Takes one batch and answers it; true: there is more, as it seems. One that is closed has nothing. */
  takeBatch(): boolean;
}

export class ReceiveTurns {
  /** Each once, in the order of their turn. */
  readonly #ready: Receiving[] = [];

  /** There is something to receive; may be said again before it has been. */
  ready(socket: Receiving): void {
    if (this.#ready.includes(socket)) return;
    this.#ready.push(socket);
    if (this.#ready.length === 1) setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const ready = this.#ready;
    try {
      for (let batches = 0; batches < BATCHES_PER_TURN && ready.length > 0; batches += 1) {
        const socket = ready.shift()!;
        if (socket.takeBatch()) ready.push(socket);
      }
    } finally {
      if (ready.length > 0) setImmediate(this.#turn); // although a bug of ours has thrown
    }
  };
}
