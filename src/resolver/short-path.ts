// The answer path of a thread beside the main one: the same rules as far as they can be kept by facts that are shared
// (thread-facts.ts), and behind them what the cache has. All else is handed over to the main thread, which answers by the whole
// path (app/answer-path.ts). So this one refuses nobody, looks nothing up, and what it answers is what the other would.

import type { DurationClock } from '../clock/thread-clock.ts';
import { Answer } from '../dns/answer.ts';
import { RCODE } from '../dns/codes.ts';
import type { Query } from '../dns/query.ts';
import type { FigureBook } from '../observe/figure-book.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import { AccessList } from './access-list.ts';
import { KeptReader } from './cache/kept-reader.ts';
import { isNearItsEnd } from './cache/refresh.ts';
import type { ClientRate } from './client-rate.ts';
import { asksForOptions } from './edns-options.ts';
import { isServed, rateGuard } from './guard.ts';
import { LateAnswer } from './late-answer.ts';
import { HouseNames } from './local/house-names.ts';
import { rcodeOf } from './observe.ts';
import { type Context, chain, type Link, type Resolver } from './resolver.ts';
import type { ThreadBoard, ThreadFacts } from './thread-facts.ts';

/** No answer: the main thread has it, or will have. Compared by identity, as DROP is. */
export const HANDED_OVER: Answer = Answer.ofRcode(RCODE.SERVFAIL);

export interface ShortPathParts {
  readonly board: ThreadBoard;
  readonly rate: ClientRate;
  readonly limitLog: Pick<LimitLog, 'reached'>;
  readonly book: FigureBook;
  readonly clock: DurationClock;
  /** Told of a bug of ours; the query is handed over. */
  readonly onBug: (error: unknown) => void;
}

interface Known {
  readonly generation: number;
  readonly mayAnswer: boolean;
  readonly accessList: AccessList;
  readonly house: HouseNames;
  readonly kept: KeptReader;
}

export class ShortPath implements Resolver {
  readonly #path: Resolver;
  readonly #onBug: ShortPathParts['onBug'];
  #known: Known | null = null;

  constructor({ board, rate, limitLog, book, clock, onBug }: ShortPathParts) {
    this.#onBug = onBug;
    this.#path = chain(
      counted(book, clock), //                             what is handed over is counted where it is answered
      rateGuard({ limits: board, limitLog, rate }), //     one count of each client in all threads
    )({
      resolve: (query, context) => {
        const known = this.#known;
        const isCurrent = known !== null && known.generation === board.generation;
        return isCurrent && mayAnswer(known, query, context) ? hit(known.kept, query, context) : HANDED_OVER;
      },
    });
  }

  /** From now on; what was known before is forgotten. */
  learn({ generation, mayAnswer, access, house, table }: ThreadFacts): void {
    this.#known = {
      ...{ generation, mayAnswer },
      accessList: new AccessList(access.ranges, access.onLink),
      house: HouseNames.ofShared(house),
      kept: this.#known?.kept.adopt(table) ?? new KeptReader(table),
    };
  }

  resolve(query: Query, context: Context) {
    try {
      return this.#path.resolve(query, context);
    } catch (error) {
      this.#onBug(error);
      return HANDED_OVER;
    }
  }
}

/** Would it pass every link above the cache without any of them having something to say? */
function mayAnswer({ mayAnswer, accessList, house }: Known, query: Query, context: Context): boolean {
  return (
    mayAnswer &&
    accessList.allows(context.client) &&
    isServed(query) &&
    !asksForOptions(query) &&
    query.recursionDesired &&
    !house.mayHold(query.key)
  );
}

/** An answer that is soon to be fetched anew is the main thread's to give: it is the one that fetches. */
function hit(kept: KeptReader, query: Query, context: Context) {
  const answer = kept.get(query.key, context.receivedAtMs);
  if (answer === null || isNearItsEnd(answer)) return HANDED_OVER;
  context.answeredBy = 'cache';
  return answer;
}

function counted(book: FigureBook, clock: DurationClock): Link {
  return (next) => ({
    resolve(query, context) {
      const answer = next.resolve(query, context);
      if (answer === HANDED_OVER || answer instanceof LateAnswer) return answer;
      const { answeredBy = 'guard', receivedAtMs } = context;
      book.count(answeredBy, rcodeOf(answer), false, receivedAtMs, clock.monotonic());
      return answer;
    },
  });
}
