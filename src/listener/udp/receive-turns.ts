// Who may receive how much in one turn of the event loop: all sockets of a thread share a budget of datagrams, batch after
// batch, and what is left over waits for the next turn. So a flood of datagrams holds up everything else by milliseconds. Taken
// is in the call by which the loop says that there is something, as long as nobody waits: each turn has costs of its own, to
// write to upstreams above all.

/** They cost 1.2 to 2 ms, the kernel's work included. */
const DATAGRAMS_PER_TURN = 256;

export interface Receiving {
  /** Takes one batch of `most` at most and answers it; says how many there were if there are more, as it seems, else 0. */
  takeBatch(most: number): number;
}

export class ReceiveTurns {
  /** Each once, in the order of their turn. */
  readonly #ready: Receiving[] = [];
  /** Of this turn, as far as can be told. */
  #datagrams = 0;
  /** Whose the first of them was: the loop calls for each once a turn, so when it does again, this is another turn. */
  #first: Receiving | null = null;

  /** There is something to receive, says the loop, which says so of each once a turn. */
  readyNow(socket: Receiving): void {
    if (socket === this.#first) this.#datagrams = 0;
    if (this.#datagrams === 0) this.#first = socket;
    while (this.#ready.length === 0 && this.#datagrams < DATAGRAMS_PER_TURN) if (!this.#take(socket)) return;
    this.ready(socket);
  }

  /** The same, said by anybody and as often as he likes. */
  ready(socket: Receiving): void {
    if (this.#ready.includes(socket)) return;
    this.#ready.push(socket);
    if (this.#ready.length === 1) setImmediate(this.#endTurn);
  }

  #take(socket: Receiving): boolean {
    const taken = socket.takeBatch(DATAGRAMS_PER_TURN - this.#datagrams);
    this.#datagrams += Math.max(1, taken);
    return taken > 0;
  }

  readonly #endTurn = (): void => {
    const ready = this.#ready;
    try {
      while (this.#datagrams < DATAGRAMS_PER_TURN && ready.length > 0) {
        const socket = ready.shift()!;
        if (this.#take(socket)) ready.push(socket);
      }
    } finally {
      this.#datagrams = 0;
      if (ready.length > 0) setImmediate(this.#endTurn); // although a bug of ours has thrown
    }
  };
}
