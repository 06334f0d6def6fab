// Who may receive how much in one turn of the event loop: all sockets of a thread share a budget of batches, one after the
// other, and what is left over waits for the next turn. So a flood of datagrams holds up everything else by milliseconds.

/** What a batch of 64 costs is 0.2 to 0.4 ms, misses more. */
export const BATCHES_PER_TURN = 6;

export interface Receiving {
  /** Takes one batch and answers it; true: there is more, as it seems. */
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

  /** It will not receive any more. */
  remove(socket: Receiving): void {
    const at = this.#ready.indexOf(socket);
    if (at >= 0) this.#ready.splice(at, 1);
  }

  readonly #turn = (): void => {
    const ready = this.#ready;
    for (let batches = 0; batches < BATCHES_PER_TURN && ready.length > 0; batches += 1) {
      const socket = ready[0]!;
      const hasMore = socket.takeBatch();
      if (ready[0] !== socket) continue; // closed meanwhile
      ready.shift();
      if (hasMore) ready.push(socket);
    }
    if (ready.length > 0) setImmediate(this.#turn);
  };
}
