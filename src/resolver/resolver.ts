// The one shape of the answer path: a Resolver answers a query, a Link wraps the next Resolver.
// A hit is answered at once and a miss by a promise, so that nobody pays for a promise that is not owed.

import type { Answer, AnswerView } from '../dns/answer.ts';
import type { Query } from '../dns/query.ts';
import type { AnsweredBy } from '../observe/query-figures.ts';

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
   * Answers, or DROP for no response at all; may throw or reject with a DnsFailure below the failure link. What is answered
   * at once may be lent (dns/answer.ts): it is rendered, or kept, before anything else is asked.
   */
  resolve(query: Query, context: Context): AnswerView | Promise<Answer>;
}

/** What `next` answers, as a promise: at once or later, thrown or rejected. */
export function promised(next: Resolver, query: Query, context: Context): Promise<Answer> {
  try {
    return Promise.resolve(keeping(next.resolve(query, context))); // one that is there already, and not another around it
  } catch (error) {
    return Promise.reject(error);
  }
}

export type Link = (next: Resolver) => Resolver;

/** For whoever waits, or asks something else first: an answer that is lent is kept before that. */
export function keeping(answer: AnswerView | Promise<Answer>): Answer | Promise<Answer> {
  return answer instanceof Promise ? answer : answer.kept();
}

/** Folds links, outermost first, around the resolver at the end; once, at construction. */
export function chain(...links: readonly Link[]): (end: Resolver) => Resolver {
  return (end) => links.reduceRight((next, link) => link(next), end);
}
