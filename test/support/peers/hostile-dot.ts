// A DoT upstream that misbehaves to order (hostile-upstream.ts): what it does with a query it has heard.

import type { TLSSocket } from 'node:tls';
import { answerWith, questionName } from '../dns-message.ts';
import {
  type BehaviourOf,
  HOSTILE_ADDRESS,
  type HostileOptions,
  type HostileUpstream,
  reset,
  startHostile,
} from './hostile-upstream.ts';
import { isFirstTime } from './wrong-streams.ts';
import { dotWrongFor, OTHERS_DELAY_MS } from './wrongs.ts';

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
  return startHostile(options, 'dot', (socket, heard) => {
    const waiting = new Set<Buffer>();
    eachMessage(socket, (query) => {
      const behaviour = heard(query);
      if (questionName(query) === undefined) return; // some resolvers pass on what nobody can read
      if (behaviour === 'by the name') actByName(socket, query, waiting);
      else act(socket, query, behaviour);
    });
  });
}

/** @param waiting queries on the same connection that are about to be answered rightly */
function actByName(socket: TLSSocket, query: Buffer, waiting: Set<Buffer>): void {
  const wrong = dotWrongFor(query);
  const send = (...messages: readonly Uint8Array[]) => {
    if (!socket.destroyed) socket.write(Buffer.concat(messages.map(framed)));
  };
  if (wrong === undefined) {
    waiting.add(query);
    setTimeout(() => {
      waiting.delete(query);
      send(answerWith(query, HOSTILE_ADDRESS));
    }, OTHERS_DELAY_MS);
  } else if ('messages' in wrong) send(...wrong.messages(query, [...waiting]));
  else if ('isOnce' in wrong && !isFirstTime(questionName(query)!)) send(answerWith(query, HOSTILE_ADDRESS));
  else wrong.act(socket, framed(answerWith(query, HOSTILE_ADDRESS)));
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
