// A message to a topic of ntfy (https://docs.ntfy.sh/publish/): the text as the body, title, priority and tags as header
// fields. Server and topic are the owner's choice.

import type { NotifyUrlConfig } from '../config/config.ts';
import { type Channel, channelName, type Delivery } from './channel.ts';
import { deliver, type HttpDeliveryParts } from './http-delivery.ts';
import type { Message } from './message.ts';

/** A longer body becomes an attachment (https://docs.ntfy.sh/publish/#limitations: 4,096 bytes). */
const BODY_OCTETS_MAX = 4_000;
/** Numbers of https://docs.ntfy.sh/publish/#message-priority. */
const PRIORITY = { high: '4', normal: '3' } as const;

export class Ntfy implements Channel {
  readonly name: string;
  readonly needsTime: boolean;
  readonly #parts: HttpDeliveryParts;

  constructor(parts: HttpDeliveryParts & { readonly to: NotifyUrlConfig }) {
    this.#parts = parts;
    this.name = channelName(parts.to);
    this.needsTime = parts.to.protocol === 'https';
  }

  send(message: Message, signal: AbortSignal): Promise<Delivery> {
    return deliver(this.#parts, ntfyForm(message), signal);
  }
}

export function ntfyForm({ title, text, priority, event }: Message) {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    title: fieldText(title),
    priority: PRIORITY[priority],
    tags: tagOf({ event, priority }),
  };
  return { headers, body: cut(text) };
}

/** By names of https://docs.ntfy.sh/emojis/. */
function tagOf({ event, priority }: Pick<Message, 'event' | 'priority'>): string {
  if (event === 'test') return 'bell';
  if (event === 'ended' || event === 'passed') return 'white_check_mark';
  return priority === 'high' ? 'rotating_light' : 'warning';
}

/** ntfy reads encoded words (RFC 2047 section 2) where a field is not ASCII. */
function fieldText(text: string): string {
  return /^[ -~]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}

/** Between two characters. */
function cut(text: string): string {
  const octets = Buffer.from(text);
  if (octets.length <= BODY_OCTETS_MAX) return text;
  let end = BODY_OCTETS_MAX;
  while ((octets[end]! & 0xc0) === 0x80) end -= 1;
  return `${octets.toString('utf8', 0, end)}…`;
}
