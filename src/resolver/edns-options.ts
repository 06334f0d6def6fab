// Outermost link: EDNS options that are made for one client and no other, so below here nobody knows of them and nothing
// of them leaves. Cookies (RFC 7873, 9018) for clients that sent one, NSID (RFC 5001) for those that asked.
// Around `failure`, because a client that waits for its cookie discards whatever comes without, SERVFAIL included.
// A wrong cookie refuses nobody.

import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock/clock.ts';
import { type Answer, DROP } from '../dns/answer.ts';
import { OPTION, RCODE } from '../dns/codes.ts';
import { responseCookie } from '../dns/cookie.ts';
import type { EdnsOption } from '../dns/edns.ts';
import type { Query } from '../dns/query.ts';
import { LateAnswer, type Step } from './late-answer.ts';
import type { Link } from './resolver.ts';

/** A longer name is cut: NSID tells servers apart, it need not fill a response. */
const MAX_NSID_OCTETS = 64;

export interface EdnsOptionsParts {
  /** The secret of our cookies, 16 octets. */
  readonly cookieSecret: Uint8Array;
  /** This server's name, for who asks which server has answered; asked per query, because a reload may change it. */
  readonly nsid: () => string;
  /** In whatever state: a cookie made under another idea of the date counts as stale and is replaced. */
  readonly clock: Pick<Clock, 'now'>;
}

export function ednsOptions({ cookieSecret, nsid, clock }: EdnsOptionsParts): Link {
  const cookieFor = (asked: Uint8Array, client: string): EdnsOption => {
    const nowSeconds = Math.floor(clock.now().epochMs / 1000);
    const ground = { secret: cookieSecret, client: addressOctets(client), nowSeconds };
    return { code: OPTION.COOKIE, octets: responseCookie(asked, ground) };
  };
  const complete = (answer: Answer, { edns }: Query, client: string): Answer => {
    if (answer === DROP || edns === null) return answer;
    const options: EdnsOption[] = [];
    if (edns.cookie !== null) options.push(cookieFor(edns.cookie, client));
    // Who is refused need not learn the name of the house.
    if (edns.asksForNsid && answer.rcode !== RCODE.REFUSED)
      options.push({ code: OPTION.NSID, octets: Buffer.from(nsid()).subarray(0, MAX_NSID_OCTETS) });
    return answer.withOptions(options);
  };
  const late: Step = { answered: (answer, query, { client }) => complete(answer, query, client) };
  return (next) => ({
    resolve(query, context) {
      const answer = next.resolve(query, context);
      if (answer === DROP || !asksForOptions(query)) return answer; // what is dropped is not even read
      if (answer instanceof LateAnswer) return answer.through(late, query, context);
      return complete(answer.kept(), query, context.client);
    },
  });
}

/** Does it ask for anything of what is put in here? */
export function asksForOptions({ edns }: Query): boolean {
  return edns !== null && (edns.cookie !== null || edns.asksForNsid);
}

/** 4 or 16 octets, without the scope; none for a connection that is gone already, and its address with it. */
function addressOctets(client: string): Uint8Array {
  return Uint8Array.from(ipaddr.isValid(client) ? ipaddr.parse(client).toByteArray() : []);
}
