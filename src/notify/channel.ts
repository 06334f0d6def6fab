// What a way to tell somebody is, whichever it is, and how it is named: by its kind and host alone, since the rest of a
// URL is a secret. What is sent, when and how often is courier.ts.

import { createHash } from 'node:crypto';
import type { NotifyChannelConfig } from '../config/config.ts';
import { formatOrigin } from '../config/notify-url.ts';
import type { Message } from './message.ts';

/** What came of one attempt. Reasons are clauses that repeat no secret. */
export type Delivery =
  | { readonly kind: 'delivered' }
  /** It makes no sense to try this message again. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly doThis: string;
      /** It may be the word of a proxy before somebody who is away: it counts when it is heard for some minutes. */
      readonly isPerhapsPassing?: boolean;
    }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** How long whoever is there wants to be left alone. */
      readonly retryAfterMs?: number;
    };

export interface Channel {
  /** "the webhook at https://hooks.example". */
  readonly name: string;
  /** Nothing can be sent while the time is not known. */
  readonly needsTime: boolean;
  /** @throws the signal's reason */
  send(message: Message, signal: AbortSignal): Promise<Delivery>;
}

export function channelName(config: NotifyChannelConfig): string {
  if (config.kind === 'command') return `the program ${config.program}`;
  const what = config.kind === 'ntfy' ? 'the ntfy topic' : 'the webhook';
  return `${what} at ${formatOrigin(config)}`;
}

/** Host of a URL, or path of a program: which one it is, in a list of troubles. */
export function channelSubject(config: NotifyChannelConfig): string {
  return config.kind === 'command' ? config.program : config.host;
}

/** The same for the same place, and nobody reads the place from it. */
export function channelDigest(config: NotifyChannelConfig): string {
  const place =
    config.kind === 'command' ? config.program : `${config.kind} ${formatOrigin(config)}${config.target}`;
  return createHash('sha256').update(place).digest('hex').slice(0, 32);
}
