// A message as JSON to a URL of the owner's (docs/notifications.md has its keys): Home Assistant, a chat's bridge, a
// program of one's own.

import type { NotifyUrlConfig } from '../config/config.ts';
import { type Channel, channelName, type Delivery } from './channel.ts';
import { deliver, type HttpDeliveryParts } from './http-delivery.ts';
import type { Message } from './message.ts';

export class Webhook implements Channel {
  readonly name: string;
  readonly needsTime: boolean;
  readonly #parts: HttpDeliveryParts;

  constructor(parts: HttpDeliveryParts & { readonly to: NotifyUrlConfig }) {
    this.#parts = parts;
    this.name = channelName(parts.to);
    this.needsTime = parts.to.protocol === 'https';
  }

  send(message: Message, signal: AbortSignal): Promise<Delivery> {
    const body = JSON.stringify(webhookBody(message));
    return deliver(this.#parts, { headers: { 'content-type': 'application/json' }, body }, signal);
  }
}

/** With the first trouble's words at the top, for receivers that know no lists. */
export function webhookBody(message: Message) {
  const { id, event, title, text, priority, troubles, works, server, version } = message;
  const [first] = troubles;
  return {
    ...{ id, event, title },
    what: troubles.map(({ what }) => what).join('; ') || title,
    since: first?.since ?? null,
    evidence: first?.evidence ?? '',
    doThis: first?.doThis ?? '',
    lasted: first?.lasted ?? null,
    ...{ priority, troubles },
    ...{ stillWorks: works.works, doesNot: works.waits },
    ...{ server, version, text },
  };
}
