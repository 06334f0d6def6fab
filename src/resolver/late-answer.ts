// An answer that is on its way. Every link that has to do something with it when it is there puts a step behind those of the
// links below, and whoever has asked puts an end to it; then it goes through all of them at once. Promises would do the same:
// one a link, with all that hangs on it, was half of what a miss allocates. It can be awaited like one.

import type { Answer } from '../dns/answer.ts';
import type { Query } from '../dns/query.ts';
import type { Context } from './resolver.ts';

/** What a link does with an answer that was late, or with a failure. Whatever it throws is a failure for those behind it. */
export interface Step {
  answered(answer: Answer, query: Query, context: Context): Answer | LateAnswer;
  /** Where there is none, a failure goes on as it is. */
  failed?(error: unknown, query: Query, context: Context): Answer | LateAnswer;
}

/** Where it arrives. */
export interface End {
  answered(answer: Answer): void;
  failed(error: unknown): void;
}

/** For an end to which no failure may come, since whatever fails has become an answer above: a bug of ours, which serve.ts logs. */
export function rethrow(error: unknown): never {
  throw error;
}

/** A step for one query. */
interface Part {
  readonly step: Step;
  readonly query: Query;
  readonly context: Context;
  next: Part | null;
}

export class LateAnswer implements PromiseLike<Answer> {
  #first: Part | null = null;
  #last: Part | null = null;
  #end: End | null = null;
  /** What is there: an answer, or else a failure. */
  #answer: Answer | null = null;
  #error: unknown = null;
  #isThere = false;

  /** Of an answer, or of the promise of one, which is what links give that are not on the way of most queries. */
  static of(answer: Answer | PromiseLike<Answer>): LateAnswer {
    const late = new LateAnswer();
    void Promise.resolve(answer).then(
      (there) => late.settle(there),
      (error) => late.fail(error),
    );
    return late;
  }

  static failed(error: unknown): LateAnswer {
    const late = new LateAnswer();
    late.fail(error);
    return late;
  }

  /** Puts a step behind the others; it is not taken before this returns. */
  through(step: Step, query: Query, context: Context): this {
    const part = { step, query, context, next: null };
    if (this.#first === null) this.#first = part;
    else this.#last!.next = part;
    this.#last = part;
    return this;
  }

  /**
   * Where it goes to in the end; once, by whoever has asked, and without it no step is taken. If it is there already, it
   * goes its way soon, and not before this returns.
   */
  end(end: End): void {
    this.#end = end;
    if (this.#isThere) queueMicrotask(() => this.#goOn());
  }

  // biome-ignore lint/suspicious/noThenProperty: it is there to be awaited
  then<Value = Answer, Failure = never>(
    onAnswer?: ((answer: Answer) => Value | PromiseLike<Value>) | null,
    onFailure?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.end({ answered: resolve, failed: reject });
    return promise.then(onAnswer, onFailure);
  }

  /** For whoever has made it, once: it is there. */
  settle(answer: Answer): void {
    this.#answer = answer;
    this.#isThere = true;
    if (this.#end !== null) this.#goOn();
  }

  /** The same, where there is none. */
  fail(error: unknown): void {
    this.#answer = null;
    this.#error = error;
    this.#isThere = true;
    if (this.#end !== null) this.#goOn();
  }

  #goOn(): void {
    for (let part = this.#first; part !== null; part = part.next) {
      this.#first = part.next;
      const answer = this.#take(part);
      if (answer instanceof LateAnswer) {
        this.#isThere = false;
        answer.end({ answered: (there) => this.settle(there), failed: (error) => this.fail(error) });
        return;
      }
      this.#answer = answer;
    }
    this.#arrive(this.#end!);
  }

  /** What a step makes of it; null: a failure. */
  #take({ step, query, context }: Part): Answer | LateAnswer | null {
    try {
      if (this.#answer !== null) return step.answered(this.#answer, query, context);
      return step.failed?.(this.#error, query, context) ?? null;
    } catch (error) {
      this.#error = error;
      return null;
    }
  }

  #arrive(end: End): void {
    try {
      if (this.#answer !== null) end.answered(this.#answer);
      else end.failed(this.#error);
    } catch (error) {
      void Promise.reject(error); // a bug of ours: serve.ts logs what nobody catches, and it is not for who settles this
    }
  }
}
