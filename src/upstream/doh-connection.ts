// One verified DoH connection (RFC 8484), whatever version of HTTP is spoken on it: POST with ID 0, what a response is worth to
// the query, and who is asked instead where there is none. Redirects are not followed, and 64 kB are read at most.

import type { UpstreamConfig } from '../config/config.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { MAX_MESSAGE_OCTETS, readUint16 } from '../dns/wire.ts';
import { ageReply } from './doh-response.ts';
import { UpstreamConnection } from './upstream-connection.ts';
import { layoutOfReply, whyGarbled } from './upstream-query.ts';

/** Where its requests go. */
export type DohTarget = Pick<UpstreamConfig, 'serverName' | 'port' | 'path'>;

export const TOO_LONG_REPLY = `answered with more than ${MAX_MESSAGE_OCTETS} octets, which no DNS message has`;
export const IS_DONE = 'the upstream is done with the connection';
const NO_REPLY = 'answered with something that is no reply to the query';

export abstract class DohConnection extends UpstreamConnection {
  /** It takes nothing new: its upstream is done with it, or it is dying. */
  protected isRetired = false;

  override get isSuspect(): boolean {
    return super.isSuspect || this.isRetired;
  }

  /** The body of a response that promised a DNS message is whole; it is there until this returns. */
  protected receive(id: number, reply: Uint8Array, ageSeconds: number): void {
    const exchange = this.owed.get(id);
    if (exchange === undefined) return;
    const isOurs = reply.length >= 2 && readUint16(reply, 0) === readUint16(exchange.query, 0);
    const layout = isOurs ? layoutOfReply(reply, exchange.query) : null;
    if (layout === null) {
      this.heardGarbled(id, (isOurs ? whyGarbled(reply, exchange.query) : null) ?? NO_REPLY);
      return;
    }
    this.heard(id);
    ageReply(reply, layout, ageSeconds);
    exchange.resolve(reply, layout);
    this.parts.onAnswer();
  }

  /** It did answer, and asking again would not help. */
  protected refuse(id: number, problem: string): void {
    const exchange = this.heard(id);
    if (exchange === undefined) return;
    this.forget(id);
    const failure = new UpstreamFailure('upstream-unreachable', `${this.parts.name}: ${problem}`);
    exchange.reject(failure);
    this.parts.onRefusal(failure);
  }

  /** `id` had no answer, and the connection may well stand. */
  protected askElsewhere(id: number, reason: string): void {
    const exchange = this.owed.get(id);
    if (exchange === undefined) return;
    this.forget(id);
    if (this.parts.onSilence(exchange)) return;
    exchange.reject(new UpstreamFailure('upstream-silent', `${this.parts.name}: ${reason}`));
  }

  /** The same, where the upstream has not seen an octet of `id`, or says that it has not looked at it. */
  protected askUnsentElsewhere(id: number): void {
    const exchange = this.owed.get(id);
    if (exchange === undefined) return;
    exchange.budget.sendsLeft += 1;
    this.askElsewhere(id, IS_DONE);
  }
}
