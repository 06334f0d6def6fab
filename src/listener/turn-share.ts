// What one client may have of one turn of the event loop, over all its connections: a request over HTTP costs ten times a query
// over TCP, and a client that sends hundreds at once would have everybody else wait for all of them. The others of its
// requests wait for the next turns; as an answer makes room for a stream, it cannot send on at will meanwhile.

const QUERIES_PER_TURN = 8;

interface Share {
  asked: number;
  /** In order; bounded by the requests that connections may have in flight. */
  readonly waiting: (() => void)[];
}

export class TurnShare {
  /** Of those who ask in this turn, or wait. */
  readonly #clients = new Map<string, Share>();

  /** Calls `ask` now, or in the first turn that has room for it. */
  ask(client: string, ask: () => void): void {
    if (this.#clients.size === 0) setImmediate(() => this.#nextTurn());
    const share = this.#clients.get(client) ?? { asked: 0, waiting: [] };
    this.#clients.set(client, share);
    if (share.asked === QUERIES_PER_TURN) {
      share.waiting.push(ask);
      return;
    }
    share.asked += 1;
    ask();
  }

  #nextTurn(): void {
    const turn: (() => void)[] = [];
    for (const [client, share] of this.#clients) {
      const asks = share.waiting.splice(0, QUERIES_PER_TURN);
      if (asks.length === 0) this.#clients.delete(client);
      share.asked = asks.length;
      turn.push(...asks);
    }
    if (this.#clients.size > 0) setImmediate(() => this.#nextTurn());
    for (const ask of turn) ask();
  }
}
