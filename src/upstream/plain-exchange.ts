// One query to a resolver on the own network and its reply, over UDP from a port of its own, and over TCP where the reply
// is truncated or UDP stays silent. The socket is connected, so the kernel drops what others send and tells when nobody
// listens there; whatever else does not answer this very query is skipped, and the wait goes on (RFC 5452).

import { randomInt } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket as TcpSocket } from 'node:net';
import type { Clock, Timer } from '../clock/clock.ts';
import type { SocketAddress } from '../config/config.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { FrameReader, LENGTH_OCTETS } from '../dns/framing.ts';
import { MAX_MESSAGE_OCTETS, writeUint16 } from '../dns/wire.ts';
import { describeConnectFailure } from '../tls/connect-failure.ts';
import { judge, plainQuery } from './plain-query.ts';
import { maySend, type SendBudget } from './upstream.ts';
import { whyGarbled } from './upstream-query.ts';

/** A packet that is not answered for this long counts as lost. A resolver in the house answers within some milliseconds. */
const RESEND_MS = 800;
/** So many datagrams; what may be sent after them goes over TCP, in case UDP does not get through. */
const MAX_DATAGRAMS = 2;

export interface PlainExchangeParts {
  readonly server: SocketAddress;
  /** For people. */
  readonly name: string;
  /** A whole message; its ID and its options stay here. */
  readonly query: Uint8Array;
  /** Monotonic milliseconds. */
  readonly deadlineMs: number;
  readonly budget: SendBudget;
  readonly clock: Clock;
}

export class PlainExchange {
  /** Rejects with an UpstreamFailure. */
  readonly reply: Promise<Uint8Array>;
  readonly #parts: PlainExchangeParts;
  readonly #query: Uint8Array;
  readonly #settle: PromiseWithResolvers<Uint8Array>;
  readonly #udp: UdpSocket;
  readonly #deadline: Timer;
  #resend: Timer | null = null;
  #tcp: TcpSocket | null = null;
  #datagrams = 0;
  #isTruncated = false;
  #isOver = false;

  constructor(parts: PlainExchangeParts) {
    const { server, query, deadlineMs, clock } = parts;
    this.#parts = parts;
    this.#query = plainQuery(query, randomInt(MAX_MESSAGE_OCTETS + 1));
    this.#settle = Promise.withResolvers();
    this.#deadline = clock.after(deadlineMs - clock.monotonic(), () => {
      this.#fail('upstream-silent', 'no answer in time');
    });
    this.#udp = createSocket({
      type: server.family === 4 ? 'udp4' : 'udp6',
      // node:dgram asks getaddrinfo even where there is nothing to look up
      lookup: (address, _options, done) => done(null, address, server.family),
    });
    this.reply = this.#settle.promise;
    this.#udp.on('error', (error) =>
      this.#fail('upstream-unreachable', describeConnectFailure(error).reason),
    );
    // Unbound until now: the kernel picks a random port (RFC 5452 section 9.2). What came before is from anybody.
    this.#udp.connect(server.port, server.address, () => {
      this.#udp.on('message', (packet) => this.#receive(packet));
      this.#send();
    });
  }

  /** Ends it, for a server that is not to be asked any more. */
  abandon(reason: string): void {
    this.#fail('upstream-unreachable', reason);
  }

  #send(): void {
    const { budget, clock } = this.#parts;
    if (this.#isOver) return; // while its socket was being connected
    if (!maySend(budget)) {
      if (this.#datagrams === 0) this.#fail('upstream-silent', 'this query has been sent often enough');
      return;
    }
    if (this.#isTruncated || this.#datagrams === MAX_DATAGRAMS) {
      this.#sendOverTcp();
      return;
    }
    budget.sendsLeft -= 1;
    this.#datagrams += 1;
    this.#udp.send(this.#query);
    this.#resend = clock.after(RESEND_MS, () => this.#send());
  }

  #sendOverTcp(): void {
    const { server, budget } = this.#parts;
    if (this.#tcp !== null) return;
    budget.sendsLeft -= 1;
    const reader = new FrameReader();
    const socket = connect({ host: server.address, port: server.port, family: server.family });
    this.#tcp = socket;
    socket.on('error', (error) => this.#brokenOverTcp(describeConnectFailure(error).reason));
    socket.on('end', () => this.#brokenOverTcp('it hung up'));
    socket.on('data', (chunk: Uint8Array) => reader.push(chunk, (message) => this.#receive(message)));
    const frame = Buffer.alloc(LENGTH_OCTETS + this.#query.length);
    writeUint16(frame, 0, this.#query.length);
    frame.set(this.#query, LENGTH_OCTETS);
    socket.write(frame);
  }

  #receive(packet: Uint8Array): void {
    switch (judge(packet, this.#query)) {
      case 'reply':
        this.#end();
        this.#settle.resolve(Uint8Array.from(packet));
        return;
      case 'bare-failure':
        this.#fail('upstream-garbled', whyGarbled(packet, this.#query)!);
        return;
      case 'truncated':
        if (this.#isTruncated) return;
        this.#isTruncated = true;
        this.#resend?.cancel();
        if (maySend(this.#parts.budget)) this.#send();
        else this.#fail('upstream-silent', 'its answer needs TCP, and this query has been sent often enough');
        return;
      case 'stray':
        return;
    }
  }

  /** After silence over UDP, an answer may still come that way. */
  #brokenOverTcp(reason: string): void {
    if (this.#isTruncated) {
      this.#fail('upstream-unreachable', `its answer is too long for UDP, and over TCP: ${reason}`);
    }
  }

  #fail(code: UpstreamFailure['code'], reason: string): void {
    this.#end();
    this.#settle.reject(new UpstreamFailure(code, `${this.#parts.name}: ${reason}`));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline.cancel();
    this.#resend?.cancel();
    this.#tcp?.destroy();
    try {
      this.#udp.close();
    } catch {
      // its own error closed it
    }
  }
}
