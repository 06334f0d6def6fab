// What a CA states about orders and authorizations (RFC 8555 section 7.1), judged for its shape: a CA is trusted to certify,
// and not to send what our code expects. Pure; what the values mean is order.ts's business.

import type { Order } from 'acme-client';
import { isObject } from './json-object.ts';

/** A certificate of Let's Encrypt has at most a hundred names, each with three or four challenges. */
const LIST_MAX = 200;
/** Of what a CA says, in a sentence. */
const SHOWN_CHARACTERS_MAX = 100;

/** The CA does what no CA should, or takes too long. The message is a sentence. */
export class OrderFailed extends Error {
  override readonly name = 'OrderFailed';
  readonly code = 'acme-order';
}

/** A challenge as the CA states it; acme-client's own type knows two of the kinds. */
export interface StatedChallenge {
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly token?: unknown;
  readonly error?: unknown;
}

export interface StatedAuthorization {
  readonly url: string;
  readonly identifier: { readonly type: string; readonly value: string };
  readonly status: string;
  readonly wildcard: boolean;
  readonly challenges: readonly StatedChallenge[];
}

/** @throws OrderFailed */
export function orderIn(value: unknown): Order {
  const order = objectIn(value, 'order');
  const { status, authorizations, finalize, certificate = '', url } = order;
  const isOrder =
    areTexts([status, finalize, certificate, url]) && isList(authorizations) && areTexts(authorizations);
  if (!isOrder) throw nonsense('order');
  return order as unknown as Order;
}

/** @throws OrderFailed */
export function authorizationIn(value: unknown): StatedAuthorization {
  const authorization = objectIn(value, 'authorization');
  const { url, status, challenges, wildcard } = authorization;
  const identifier = objectIn(authorization.identifier, 'authorization');
  if (!areTexts([url, status, identifier.type, identifier.value]) || !isList(challenges))
    throw nonsense('authorization');
  return {
    ...{ url: String(url), status: String(status), wildcard: wildcard === true },
    identifier: { type: String(identifier.type), value: String(identifier.value) },
    challenges: challenges.map((one) => {
      const challenge = objectIn(one, 'challenge');
      if (!areTexts([challenge.type, challenge.url, challenge.status])) throw nonsense('challenge');
      return challenge as unknown as StatedChallenge;
    }),
  };
}

/** @throws OrderFailed */
export function chainIn(value: unknown): string {
  if (typeof value === 'string' && value.includes('-----BEGIN CERTIFICATE-----')) return value;
  throw nonsense('certificate');
}

/** For a sentence: bounded, without control characters. */
export function shown(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > SHOWN_CHARACTERS_MAX ? `${printable.slice(0, SHOWN_CHARACTERS_MAX)}…` : printable;
}

function nonsense(what: string): OrderFailed {
  return new OrderFailed(`what the CA sent is no ${what} (RFC 8555 section 7.1)`);
}

function objectIn(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw nonsense(what);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= LIST_MAX;
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}
