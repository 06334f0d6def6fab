// The one shape of the answer path: a Resolver answers a query, a Link wraps the next Resolver.
// A hit is answered at once and a miss by a promise, so that nobody pays for a promise that is not owed.

import type { Answer } from '../dns/answer.ts';
import type { Query } from '../dns/query.ts';

export type Transport = 'udp' | 'tcp' | 'dot' | 'doh';

/** Where a query came from and how long it may take. Read-only. */
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
}

/** Takes down which links a query passed and what each had to say; the last one that speaks has answered. */
export interface Trace {
  say(link: LinkName, detail: string): void;
}

export type LinkName = 'guard' | 'local' | 'filter' | 'degrade' | 'cache' | 'rebinding' | 'forward';

export interface Resolver {
  /** Answers, or DROP for no response at all; may throw or reject with a DnsFailure below the failure link. */
  resolve(query: Query, context: Context): Answer | Promise<Answer>;
}

export type Link = (next: Resolver) => Resolver;

/** Folds links, outermost first, around the resolver at the end; once, at construction. */
export function chain(...links: readonly Link[]): (end: Resolver) => Resolver {
  return (end) => links.reduceRight((next, link) => link(next), end);
}
