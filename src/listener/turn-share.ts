// What one client may have of one turn of the event loop, over all its connections: one that sends hundreds of requests at once
// would have everybody else wait for all of them. The others of its requests wait for the next turns; as an answer makes
// room for a stream, it cannot send on at will meanwhile.

/** A request over node:http costs ten times a query over TCP, of which 32 are taken up in a turn. */
const HTTP_REQUESTS_PER_TURN = 8;

/** What waits for its turn. */
export interface Asking {
  /** False: nobody wants it any more. */
  readonly isWanted: boolean;
  ask(): void;
}

interface Share {
  asked: number;
  /** In order; of those that are wanted at most as many as requests may be in flight. */
  readonly waiting: Asking[];
}

export class TurnShare {
  readonly #perTurn: number;
  /** Of those who ask in this turn, or wait. */
  readonly #clients = new Map<string, Share>();

  constructor(perTurn = HTTP_REQUESTS_PER_TURN) {
    this.#perTurn = perTurn;
  }

  /** Calls `ask` now, or in the first turn that has room for it, unless what this returns has been called before. */
  ask(client: string, ask: () => void): () => void {
    const asking = { isWanted: true, ask };
    this.askInTurn(client, asking);
    return () => {
      asking.isWanted = false;
    };
  }

  /** The same, for what knows by itself whether it is wanted. */
  askInTurn(client: string, asking: Asking): void {
    if (this.#clients.size === 0) setImmediate(() => this.#nextTurn());
    let share = this.#clients.get(client);
    if (share === undefined) {
      share = { asked: 0, waiting: [] };
      this.#clients.set(client, share);
    }
    if (share.asked === this.#perTurn) {
      share.waiting.push(asking);
      return;
    }
    share.asked += 1;
    asking.ask();
  }

  #nextTurn(): void {
    const turn: Asking[] = [];
    for (const [client, share] of this.#clients) {
      share.asked = takeWanted(share.waiting, this.#perTurn, turn);
      if (share.asked === 0) this.#clients.delete(client);
    }
    if (this.#clients.size > 0) setImmediate(() => this.#nextTurn());
    for (const asking of turn) asking.ask();
  }
}

/** Moves a turn's worth from the front of `waiting` to `turn`, and answers how many that are. */
function takeWanted(waiting: Asking[], most: number, turn: Asking[]): number {
  let [seen, taken] = [0, 0];
  while (seen < waiting.length && taken < most) {
    const asking = waiting[seen]!;
    seen += 1;
    if (!asking.isWanted) continue;
    turn.push(asking);
    taken += 1;
  }
  waiting.splice(0, seen);
  return taken;
}
