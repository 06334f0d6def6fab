// What one client may have of one turn of the event loop, over all its connections: one that sends hundreds of requests at once
// would have everybody else wait for all of them. The others of its requests wait for the next turns; as an answer makes
// room for a stream, it cannot send on at will meanwhile.

/** A request over node:http costs ten times a query over TCP, of which 32 are taken up in a turn. */
const HTTP_REQUESTS_PER_TURN = 8;

/** What waits for a turn: one request, or a connection that has more of them. */
export interface Waiting {
  /** There is room for one request at least: takes what it needs of it, and waits again where that is not enough. */
  goOn(): void;
}

interface Share {
  asked: number;
  /** In order; at most as many as there are connections, or requests that may be in flight over them. */
  waiting: Waiting[];
}

export class TurnShare {
  readonly #perTurn: number;
  /** Of those who ask in this turn, or wait. */
  readonly #clients = new Map<string, Share>();

  constructor(perTurn = HTTP_REQUESTS_PER_TURN) {
    this.#perTurn = perTurn;
  }

  /** Takes room for one request; false: there is none left in this turn, and one has to wait. */
  take(client: string): boolean {
    const share = this.#shareOf(client);
    if (share.asked === this.#perTurn) return false;
    share.asked += 1;
    return true;
  }

  wait(client: string, waiting: Waiting): void {
    this.#shareOf(client).waiting.push(waiting);
  }

  /** Calls `ask` now, or in the first turn that has room for it, unless what this returns has been called before. */
  ask(client: string, ask: () => void): () => void {
    let isWanted = true;
    const goOn = () => {
      if (isWanted && this.take(client)) ask();
    };
    if (this.take(client)) ask();
    else this.wait(client, { goOn });
    return () => {
      isWanted = false;
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
    for (const [client, share] of this.#clients) {
      share.asked = 0;
      this.#goOn(share);
      if (share.asked === 0 && share.waiting.length === 0) this.#clients.delete(client);
    }
    if (this.#clients.size > 0) setImmediate(() => this.#nextTurn());
  }

  /** From the front, while there is room; whoever waits again stands at the end. */
  #goOn(share: Share): void {
    const { waiting } = share;
    share.waiting = [];
    let seen = 0;
    while (seen < waiting.length && share.asked < this.#perTurn) waiting[seen++]!.goOn();
    if (seen < waiting.length) share.waiting = [...waiting.slice(seen), ...share.waiting];
  }
}
