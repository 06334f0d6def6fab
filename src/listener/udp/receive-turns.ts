// Who may receive how much in one turn of the event loop: all sockets of a thread share a budget of batches, one after the
// other, and what is left over waits for the next turn. So a flood of datagrams holds up everything else by milliseconds. Taken
// is in the call by which the loop says that there is something, as long as nobody waits: each turn has costs of its own, to
// write to upstreams above all.

/** Of 64 datagrams; one costs 0.3 to 0.5 ms, the kernel's work included. */
const BATCHES_PER_TURN = 4;

export interface Receiving {
  /** Takes one batch and answers it; true: there is more, as it seems. One that is closed has nothing. */
  takeBatch(): boolean;
}

export class ReceiveTurns {
  /** Each once, in the order of their turn. */
  readonly #ready: Receiving[] = [];
  /** Of this turn, as far as can be told. */
  #batches = 0;
  /** Whose the first of them was: the loop calls for each once a turn, so when it does again, this is another turn. */
  #first: Receiving | null = null;

  /** There is something to receive, says the loop, which says so of each once a turn. */
  readyNow(socket: Receiving): void {
    if (socket === this.#first) this.#batches = 0;
    if (this.#batches === 0) this.#first = socket;
    while (this.#ready.length === 0 && this.#batches < BATCHES_PER_TURN) if (!this.#take(socket)) return;
    this.ready(socket);
  }

  /** The same, said by anybody and as often as he likes. */
  ready(socket: Receiving): void {
    if (this.#ready.includes(socket)) return;
    this.#ready.push(socket);
    if (this.#ready.length === 1) setImmediate(this.#endTurn);
  }

  #take(socket: Receiving): boolean {
    this.#batches += 1;
    return socket.takeBatch();
  }

  readonly #endTurn = (): void => {
    const ready = this.#ready;
    try {
      while (this.#batches < BATCHES_PER_TURN && ready.length > 0) {
        const socket = ready.shift()!;
        if (this.#take(socket)) ready.push(socket);
      }
    } finally {
      this.#batches = 0;
      if (ready.length > 0) setImmediate(this.#endTurn); // although a bug of ours has thrown
    }
  };
}
