// A DoT upstream that misbehaves to order (hostile-upstream.ts): what it does with a query it has heard.

import type { TLSSocket } from 'node:tls';
import { answerWith } from '../dns-message.ts';
import {
  type BehaviourOf,
  HOSTILE_ADDRESS,
  type HostileOptions,
  type HostileUpstream,
  reset,
  startHostile,
} from './hostile-upstream.ts';

export { HOSTILE_ADDRESS };

/** `reply` gives all messages, in order, that a query is answered with. */
export type DotBehaviour = BehaviourOf<
  | 'answers with a wrong ID first'
  | 'answers another question first'
  | { readonly reply: (query: Buffer) => readonly Uint8Array[] }
  | { readonly delayMs: number }
>;

export type HostileDot = HostileUpstream<DotBehaviour>;

const PREFIX_OCTETS = 2;

export function startHostileDot(options: HostileOptions<DotBehaviour>): Promise<HostileDot> {
  return startHostile(options, 'dot', (socket, heard) =>
    eachMessage(socket, (query) => act(socket, query, heard(query))),
  );
}

function act(socket: TLSSocket, query: Buffer, behaviour: DotBehaviour): void {
  const answer = answerWith(query, HOSTILE_ADDRESS);
  const send = (...messages: readonly Uint8Array[]) => socket.write(Buffer.concat(messages.map(framed)));
  if (typeof behaviour === 'object') {
    if ('reply' in behaviour) send(...behaviour.reply(query));
    else setTimeout(() => send(answer), behaviour.delayMs);
    return;
  }
  switch (behaviour) {
    case 'answers':
      send(answer);
      return;
    case 'answers with a wrong ID first':
      send(withWrongId(answer), answer);
      return;
    case 'answers another question first':
      send(answerToAnother(answer), answer);
      return;
    case 'closes after each answer':
      socket.end(framed(answer));
      return;
    case 'closes without an answer':
      socket.end();
      return;
    case 'resets':
      reset(socket);
      return;
    case 'sends half a message and stalls':
      socket.write(framed(answer).subarray(0, answer.length / 2));
      return;
    case 'sends half a message and closes':
      socket.end(framed(answer).subarray(0, answer.length / 2));
      return;
    case 'sends garbage':
      socket.write(Buffer.alloc(3_000, 0xa5));
      return;
    case 'sends a length and nothing else':
      socket.write(Buffer.of(0xff, 0xff));
      return;
    default: // never answers; the two about handshakes concern new connections only
      return;
  }
}

function withWrongId(answer: Buffer): Buffer {
  const wrong = Buffer.from(answer);
  wrong.writeUInt16BE((answer.readUInt16BE(0) + 1) & 0xffff, 0);
  return wrong;
}

/** The right ID over a question that was not asked: its first letter differs. */
function answerToAnother(answer: Buffer): Buffer {
  const HEADER_AND_LENGTH_OCTETS = 13;
  const other = Buffer.from(answer);
  other[HEADER_AND_LENGTH_OCTETS] = other[HEADER_AND_LENGTH_OCTETS] === 0x71 ? 0x72 : 0x71;
  return other;
}

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_OCTETS);
  prefix.writeUInt16BE(message.length);
  return Buffer.concat([prefix, message]);
}

function eachMessage(socket: TLSSocket, take: (query: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= PREFIX_OCTETS) {
      const end = PREFIX_OCTETS + rest.readUInt16BE(0);
      if (rest.length < end) return;
      take(rest.subarray(PREFIX_OCTETS, end));
      rest = rest.subarray(end);
    }
  });
}
