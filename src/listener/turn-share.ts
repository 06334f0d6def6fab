// What one client may have of one turn of the event loop, over all its connections: one that sends hundreds of requests at once
// would have everybody else wait for all of them. The others of its requests wait for the next turns; as an answer makes
// room for a stream, it cannot send on at will meanwhile.

/** A request over node:http costs ten times a query over TCP, of which 32 are taken up in a turn. */
const HTTP_REQUESTS_PER_TURN = 8;
/** Clients who ask nothing now, and are known all the same: those of a house come again in a moment. */
const KEPT_CLIENTS = 64;

/** What waits for a turn: one request, or a connection that has more of them. */
export interface Waiting {
  /** There is room for one request at least: takes what it needs of it, and waits again where that is not enough. */
  goOn(): void;
}

interface Share {
  readonly client: string;
  asked: number;
  /** In order; at most as many as there are connections, or requests that may be in flight over them. */
  waiting: Waiting[];
  /** Among those who ask in this turn, or wait. */
  isBusy: boolean;
}

export class TurnShare {
  readonly #perTurn: number;
  readonly #clients = new Map<string, Share>();
  /** Who asks in this turn, or waits. */
  #busy: Share[] = [];
  #isTurnAwaited = false;
  readonly #nextTurn = () => this.#turn();

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
    let share = this.#clients.get(client);
    if (share === undefined) {
      share = { client, asked: 0, waiting: [], isBusy: false };
      this.#clients.set(client, share);
    }
    if (!share.isBusy) {
      share.isBusy = true;
      this.#busy.push(share);
      this.#later();
    }
    return share;
  }

  #turn(): void {
    this.#isTurnAwaited = false;
    const busy = this.#busy;
    this.#busy = [];
    for (const share of busy) {
      share.asked = 0;
      this.#goOn(share);
      share.isBusy = share.asked > 0 || share.waiting.length > 0;
      if (share.isBusy) this.#busy.push(share);
      else if (this.#clients.size > KEPT_CLIENTS) this.#clients.delete(share.client);
    }
    if (this.#busy.length > 0) this.#later();
  }

  #later(): void {
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    setImmediate(this.#nextTurn);
  }

  /** From the front, while there is room; whoever waits again stands at the end. */
  #goOn(share: Share): void {
    const { waiting } = share;
    if (waiting.length === 0) return;
    share.waiting = [];
    let seen = 0;
    while (seen < waiting.length && share.asked < this.#perTurn) waiting[seen++]!.goOn();
    if (seen < waiting.length) share.waiting = [...waiting.slice(seen), ...share.waiting];
  }
}
