// What a wrong thing that an upstream does is made of. Which one it does, the first label of the name asked says:
// `wrong-id-7.wild.example.net`; a serial behind the label keeps names fresh.

import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { questionName } from '../dns-message.ts';
import { WILD_ZONE } from './unbound.ts';

export const WILD = WILD_ZONE;

/**
 * right: the right answer all the same. failed: SERVFAIL or the like, in time. as it is: harmless, so any reply in time.
 * None of them may have POISON_ADDRESS in it.
 */
export type Sees = 'right' | 'failed' | 'either' | 'as it is';

export interface Wrong {
  /** Of docs/reliability.md. */
  readonly row: number;
  readonly label: string;
  readonly does: string;
  /** What a client must see. */
  readonly sees: Sees;
}

/** Messages in place of the right one; over DoH the first of them alone. */
export interface MessageWrong extends Wrong {
  readonly overDoh?: Sees;
  /** @param others queries that wait on the same connection */
  messages(query: Buffer, others: readonly Buffer[]): readonly Buffer[];
}

/** Something that is done to a DoT connection. */
export interface StreamWrong extends Wrong {
  /** @param answer the right one, behind its length */
  act(socket: TLSSocket, answer: Buffer): void;
}

export interface Requested {
  readonly socket: TLSSocket;
  readonly session: ServerHttp2Session;
  readonly stream: ServerHttp2Stream;
  /** The right one. */
  readonly answer: Buffer;
}

/** Something that is done to a request over HTTP/2. */
export interface HttpWrong extends Wrong {
  answer(requested: Requested): void;
}

/** `label` and a serial as a name that an upstream does wrong with. */
export const wrongName = (label: string, serial: string | number): string => `${label}-${serial}.${WILD}`;

/** The label of such a name without its serial; null for any other name. */
export function labelOf(name: string | undefined): string | null {
  const [, label, zone] = /^([a-z0-9-]+)-[a-z0-9]+\.(.*)$/.exec(name?.toLowerCase() ?? '') ?? [];
  return zone === WILD ? (label ?? null) : null;
}

export const ownName = (query: Buffer): string => questionName(query)!;

/** The name that a wrong reply would like to have an address for, one for each query. */
export const bankOf = (query: Buffer): string => bankName(ownName(query));
export const bankName = (name: string): string => `bank.${name.toLowerCase().split('.')[0]}.example.org`;
