// Orders at the ACME front: what newOrder requests said, profiles (draft-aaron-acme-profiles-01) and `replaces`
// (RFC 9773 section 5), which Pebble 2.4.0 has not heard of and ignores, and orders that turn invalid to order.

import {
  ACME_ERROR_PREFIX,
  type Asked,
  editJson,
  idOf,
  type Problem,
  payloadOf,
  type Reply,
} from './acme-exchange.ts';
import type { RenewalInformation } from './acme-front-renewal.ts';

export interface OrderRequest {
  readonly identifiers: readonly { readonly type: string; readonly value: string }[];
  readonly profile?: string;
  readonly replaces?: string;
  /** Of the answer: 201, or why not. Requests that met badNonce come again and are not counted. */
  readonly status: number;
}

export interface Orders {
  readonly requests: readonly OrderRequest[];
  /** What speaks against a request before Pebble sees it. */
  objectionTo(asked: Asked): Problem | undefined;
  /** Takes note of an answer, and changes it where the front knows more than Pebble. */
  edit(asked: Asked, reply: Reply): void;
  /** The next order that is asked for is invalid, and stays so. */
  invalidateNext(problem: Problem): void;
}

type OrderPayload = Omit<OrderRequest, 'status'>;

export function createOrders(
  profiles: Readonly<Record<string, string>> | null,
  renewal: RenewalInformation,
): Orders {
  const requests: OrderRequest[] = [];
  /** What the order objects must say again, by the order's id. */
  const additions = new Map<string, Record<string, unknown>>();
  const invalidated = new Map<string, Problem>();
  let invalidNext: Problem | undefined;

  const editOrder = (id: string, reply: Reply) => {
    if (reply.status >= 400) return;
    editJson(reply, (order) => {
      Object.assign(order, additions.get(id));
      const problem = invalidated.get(id);
      if (problem !== undefined) Object.assign(order, { status: 'invalid', error: errorOf(problem) });
      if (order.status === 'invalid') renewal.invalid(id);
    });
  };
  const takeNote = (asked: Asked, reply: Reply) => {
    const payload = payloadOf(asked) as OrderPayload | undefined;
    if (payload === undefined || reply.body.includes(`${ACME_ERROR_PREFIX}badNonce`)) return;
    const { identifiers, profile, replaces } = payload;
    requests.push({ identifiers, profile, replaces, status: reply.status });
    if (reply.status !== 201) return;
    const id = idOf(String(reply.headers.location));
    additions.set(id, { profile, replaces });
    if (replaces === undefined) return;
    const { authorizations } = JSON.parse(reply.body.toString()) as { authorizations: string[] };
    renewal.replace(replaces, { orderId: id, authorizationIds: authorizations.map(idOf) });
  };

  return {
    requests,
    objectionTo: (asked) => {
      if (asked.resource === 'finalize' && invalidated.has(idOf(asked.path))) {
        return { type: 'orderNotReady', detail: 'the order is invalid' };
      }
      if (asked.resource !== 'newOrder') return undefined;
      const { profile, replaces, identifiers = [] } = (payloadOf(asked) ?? {}) as Partial<OrderPayload>;
      if (profile !== undefined && !(profiles !== null && Object.hasOwn(profiles, profile))) {
        return { type: 'invalidProfile', detail: `no such profile: ${profile}` };
      }
      if (replaces === undefined) return undefined;
      return renewal.objectionTo(
        replaces,
        identifiers.map(({ value }) => value),
      );
    },
    edit: (asked, reply) => {
      const id = idOf(asked.path);
      switch (asked.resource) {
        case 'newOrder':
          takeNote(asked, reply);
          editOrder(idOf(String(reply.headers.location)), reply);
          return;
        case 'order':
          if (invalidNext !== undefined && reply.status === 200) {
            invalidated.set(id, invalidNext);
            invalidNext = undefined;
          }
          editOrder(id, reply);
          return;
        case 'finalize':
          editOrder(id, reply);
          return;
        case 'authorization':
          editJson(reply, ({ status }) => {
            if (status === 'invalid') renewal.invalid(id);
          });
          return;
        default:
          return;
      }
    },
    invalidateNext: (problem) => {
      invalidNext = problem;
    },
  };
}

function errorOf({ type = 'serverInternal', status = 400, detail, more }: Problem): object {
  return { type: `${ACME_ERROR_PREFIX}${type}`, status, detail, ...more };
}
