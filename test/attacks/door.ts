// The door of a target as a hostile client finds it, and an upstream that has something big to say.

import dnsPacket from 'dns-packet';
import { answerWith } from '../support/dns-message.ts';
import type { Door } from '../support/peers/hostile-client.ts';
import { HOSTILE_ADDRESS } from '../support/peers/hostile-dot.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';
import { type Arena, ATTACKER } from './trial.ts';

/** Asked for TXT it is answered with much, by `answersBig`. */
export const BIG_NAME = `big.${WILD_ZONE}`;
const TEXT = 'x'.repeat(250);
const TEXTS = 120;

export function doorOf({ target, transport }: Arena, from = ATTACKER): Door {
  return { transport, endpoint: { ...target.endpoint(transport), from }, trust: target.trust() };
}

/** An address of 127/8 for each of so many clients; none is anybody else's here. */
export function clientAddress(index: number): string {
  return `127.66.${Math.floor(index / 250)}.${1 + (index % 250)}`;
}

export function answersBig(query: Buffer): readonly Uint8Array[] {
  const { id = 0, questions = [] } = dnsPacket.decode(query);
  if (questions[0]?.type !== 'TXT') return [answerWith(query, HOSTILE_ADDRESS)];
  const { name } = questions[0];
  const answers = [{ type: 'TXT' as const, name, ttl: 60, data: Array<string>(TEXTS).fill(TEXT) }];
  return [dnsPacket.encode({ type: 'response', id, flags: 0x0180, questions, answers })];
}
