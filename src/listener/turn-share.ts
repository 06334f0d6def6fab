// What one client may have of one turn of the event loop, over all its connections: a request over HTTP costs ten times a query
// over TCP, and a client that sends hundreds at once would have everybody else wait for all of them. The others of its
// requests wait for the next turns; as an answer makes room for a stream, it cannot send on at will meanwhile.

const QUERIES_PER_TURN = 8;

interface Waiting {
  /** Null: nobody wants it any more. */
  ask: (() => void) | null;
}

interface Share {
  asked: number;
  /** In order; of those that are wanted at most as many as requests may be in flight. */
  readonly waiting: Waiting[];
}

export class TurnShare {
  /** Of those who ask in this turn, or wait. */
  readonly #clients = new Map<string, Share>();

  /** Calls `ask` now, or in the first turn that has room for it, unless what this returns has been called before. */
  ask(client: string, ask: () => void): () => void {
    if (!this.take(client)) return this.wait(client, ask);
    ask();
    return () => {};
  }

  /** Takes a place in this turn; false: it has none left, and `wait` is for the next ones. */
  take(client: string): boolean {
    const share = this.#shareOf(client);
    if (share.asked === QUERIES_PER_TURN) return false;
    share.asked += 1;
    return true;
  }

  /** Calls `ask` in the first turn that has room for it, unless what this returns has been called before. */
  wait(client: string, ask: () => void): () => void {
    const waiting: Waiting = { ask };
    this.#shareOf(client).waiting.push(waiting);
    return () => {
      waiting.ask = null;
    };
  }

  #shareOf(client: string): Share {
    if (this.#clients.size === 0) setImmediate(() => this.#nextTurn());
    let share = this.#clients.get(client);
    if (share === undefined) {
      share = { asked: 0, waiting: [] };
      this.#clients.set(client, share);
    }
    return share;
  }

  #nextTurn(): void {
    const turn: (() => void)[] = [];
    for (const [client, share] of this.#clients) {
      const asks = nextOf(share.waiting);
      if (asks.length === 0) this.#clients.delete(client);
      share.asked = asks.length;
      turn.push(...asks);
    }
    if (this.#clients.size > 0) setImmediate(() => this.#nextTurn());
    for (const ask of turn) ask();
  }
}

/** Takes a turn's worth from the front. */
function nextOf(waiting: Waiting[]): (() => void)[] {
  const asks: (() => void)[] = [];
  let seen = 0;
  while (seen < waiting.length && asks.length < QUERIES_PER_TURN) {
    const { ask } = waiting[seen]!;
    if (ask !== null) asks.push(ask);
    seen += 1;
  }
  waiting.splice(0, seen);
  return asks;
}
