// Calls whoever asked for it once the turn of the event loop is over, all of them from one call of the loop's. So whatever
// has gathered for a connection in one turn leaves in one write. Who asks twice is called twice.

export interface Ending {
  endTurn(): void;
}

export class TurnEnd {
  #endings: Ending[] = [];
  readonly #end = () => {
    const endings = this.#endings;
    this.#endings = [];
    let next = 0;
    try {
      while (next < endings.length) endings[next++]!.endTurn();
    } finally {
      for (; next < endings.length; next += 1) this.later(endings[next]!); // although a bug of ours has thrown
    }
  };

  /** The caller sees to it that it asks once a turn. */
  later(ending: Ending): void {
    if (this.#endings.length === 0) setImmediate(this.#end);
    this.#endings.push(ending);
  }
}
