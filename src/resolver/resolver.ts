// The one shape of the answer path: a Resolver answers a query, a Link wraps the next Resolver.
// A hit is answered at once and a miss late (late-answer.ts), so that nobody pays for waiting where nothing is waited for.

import type { Answer, AnswerView } from '../dns/answer.ts';
import type { Query } from '../dns/query.ts';
import type { AnsweredBy } from '../observe/query-figures.ts';
import { LateAnswer } from './late-answer.ts';

export type Transport = 'udp' | 'tcp' | 'dot' | 'doh';

/** Where a query came from and how long it may take. Read-only but for `answeredBy`. */
export interface Context {
  /** The client's address, IPv6 without brackets, a link-local one with its scope, never IPv4-mapped. */
  readonly client: string;
  readonly clientPort: number;
  /** The address of ours that the client asked. */
  readonly localAddress: string;
  readonly transport: Transport;
  /** Monotonic milliseconds. */
  readonly receivedAtMs: number;
  /** Monotonic milliseconds: an answer after this helps nobody. */
  readonly deadlineMs: number;
  /** For a query that somebody asks to have explained; absent otherwise. */
  readonly trace?: Trace;
  /** For the figures: links that answer write themselves down here, and the last one has answered. No link reads it below `observe`. */
  answeredBy?: AnsweredBy | undefined;
}

/** Takes down which links a query passed and what each had to say; the last one that speaks has answered. */
export interface Trace {
  say(link: LinkName, detail: string, facts?: TraceFacts): void;
}

/** What a link's words are about, for programs; each is there where it means something. */
export interface TraceFacts {
  /** The zone of the owner's, or the forwarded one, that the name lies in. */
  readonly zone?: string;
  /** The list that has the name, and the rule as it is written there. */
  readonly list?: string;
  readonly rule?: string;
  /** The group of the client by which lists go. Never in a detail: it often is one person (see `inFull`). */
  readonly group?: string;
  /** How much longer what is kept may be given out, and by how much that is over. */
  readonly ttlLeftSeconds?: number;
  readonly pastSeconds?: number;
  /** The upstream or the server of a forwarded zone whose reply was taken. */
  readonly upstream?: string;
}

/** A link's words for who may know of whom they are said. */
export function inFull(detail: string, { group }: TraceFacts = {}): string {
  return group === undefined ? detail : `${detail}, for group "${group}"`;
}

export type LinkName = 'guard' | 'local' | 'filter' | 'degrade' | 'cache' | 'rebinding' | 'forward';

export interface Resolver {
  /**
   * Answers, or DROP for no response at all; may throw or fail with a DnsFailure below the failure link. What is answered
   * at once may be lent (dns/answer.ts): it is rendered, or kept, before anything else is asked.
   */
  resolve(query: Query, context: Context): AnswerView | LateAnswer;
}

/** What `next` answers, late in any case: what is there at once, and what is thrown. */
export function late(next: Resolver, query: Query, context: Context): LateAnswer {
  try {
    const answer = keeping(next.resolve(query, context));
    return answer instanceof LateAnswer ? answer : LateAnswer.of(answer);
  } catch (error) {
    return LateAnswer.failed(error);
  }
}

export type Link = (next: Resolver) => Resolver;

/** For whoever waits, or asks something else first: an answer that is lent is kept before that. */
export function keeping(answer: AnswerView | LateAnswer): Answer | LateAnswer {
  return answer instanceof LateAnswer ? answer : answer.kept();
}

/** Folds links, outermost first, around the resolver at the end; once, at construction. */
export function chain(...links: readonly Link[]): (end: Resolver) => Resolver {
  return (end) => links.reduceRight((next, link) => link(next), end);
}
