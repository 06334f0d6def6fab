// One action after another, in the order in which they came, within this process. Other processes are kept out by
// storage-lock.ts.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `action` once all that came before have ended, however they did. @throws what `action` throws */
  take<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => {}); // its caller has the error
    return done;
  }
}
