// UDP sockets of node:dgram, one datagram at a time: the fall back where system calls cannot be made (udp-sockets.ts).
// It cannot say which address a datagram came to, so a wildcard needs a socket for each address of the host.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Clock } from '../../clock/clock.ts';
import { type AnswerView, DROP } from '../../dns/answer.ts';
import type { Query } from '../../dns/query.ts';
import { LateAnswer } from '../../resolver/late-answer.ts';
import type { Bound } from '../binding.ts';
import { plainAddress } from '../listener.ts';
import type { UdpExchange } from './udp-exchange.ts';
import { RECEIVE_BUFFER_OCTETS, type UdpSocketParts, type UdpSockets } from './udp-sockets.ts';

export function dgramSockets(clock: Clock): UdpSockets {
  return { open: (parts) => open(parts, clock), needsEachAddress: () => true };
}

function open({ wanted, exchange, onBroken }: UdpSocketParts, clock: Clock): Promise<Bound> {
  const family =
    wanted.family === 4 ? ({ type: 'udp4' } as const) : ({ type: 'udp6', ipv6Only: true } as const);
  const socket = createSocket({ ...family, recvBufferSize: RECEIVE_BUFFER_OCTETS });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: wanted.address, port: wanted.port, exclusive: true }, () => {
      socket.removeAllListeners('error').on('error', onBroken);
      const { port } = socket.address();
      const door = { socket, exchange, clock, localAddress: wanted.address };
      socket.on('message', (message, peer) => receive(door, message, peer));
      resolve({ port, close: () => closeOnce(socket) });
    });
  });
}

interface Door {
  readonly socket: Socket;
  readonly exchange: UdpExchange;
  readonly clock: Clock;
  readonly localAddress: string;
}

function receive(door: Door, message: Uint8Array, peer: RemoteInfo): void {
  const { exchange, clock, localAddress } = door;
  if (exchange.isStopping || peer.port === 0) return; // nobody can be answered on port 0
  const client = plainAddress(peer.address);
  const receivedAtMs = clock.monotonic();
  const answer = exchange.ask(message, 0, message.length, client, peer.port, localAddress, receivedAtMs);
  if (!(answer instanceof LateAnswer)) {
    send(door, exchange.query, answer, peer, ignoreSendError);
    return;
  }
  const query = exchange.wait();
  void answer.then((late) => send(door, query, late, peer, () => exchange.end()));
}

/** `onSent` runs when the kernel has it, which is a little later, or when nothing could be sent. */
function send(
  { socket, exchange }: Door,
  query: Query,
  answer: AnswerView,
  peer: RemoteInfo,
  onSent: () => void,
): void {
  if (answer === DROP) {
    onSent();
    return;
  }
  const response = Buffer.allocUnsafe(exchange.octetsOf(answer, query));
  const end = exchange.render(answer, query, response);
  try {
    socket.send(response, 0, end, peer.port, peer.address, onSent);
  } catch {
    onSent(); // the address went while the answer was on its way
  }
}

/** A client that has gone, or a network that is down: nobody is left to tell, and the socket is as good as before. */
function ignoreSendError(): void {}

function closeOnce(socket: Socket): void {
  socket.removeAllListeners('error').on('error', () => {});
  try {
    socket.close();
  } catch {
    // already closed by its own error
  }
}
