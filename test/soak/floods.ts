// The kinds of flood, each a single act that ends by itself; flood-process.ts repeats them. All come from their own addresses
// of loopback, never from those of honest clients.

import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { wholeCorpus } from '../support/corpus.ts';
import { makeQuery } from '../support/dns-message.ts';
import type { Ports } from '../support/noonmark.ts';
import { SOAK_ZONE } from './oracle.ts';

export interface FloodTarget {
  readonly ports: Ports;
  readonly serverName: string;
}

export interface Flood {
  readonly name: string;
  /** Acts a second at an intensity of 1. */
  readonly perSecond: number;
  /** Under way at a time, and in one burst, at most. */
  readonly most: number;
  act(): Promise<void>;
}

/** Attackers ask from 127.0.1.1 on. */
const ATTACKERS = 32;
const JUNK_OCTETS_MAX = 600;
const PIPELINED = 5;
const STREAMS = 30;
/** After which every act is over, whatever became of it. */
const ACT_MS = 1_500;
/** Longer than a server may wait for a handshake or a query that does not come, so that it is the server who cuts. */
const STALL_MS = 60_000;
const BURST = 400;

export function createFloods({ ports, serverName }: FloodTarget): Flood[] {
  const udp = Array.from({ length: ATTACKERS }, (_, at) => udpSocket(at));
  const sendUdp = async (message: Uint8Array) => {
    udp[randomInt(ATTACKERS)]!.send(message, ports.dns, '127.0.0.1', () => {});
  };
  const corpus = wholeCorpus().map(({ wire }) => wire);
  const malformed = () => (corpus.length === 0 ? mangled() : corpus[randomInt(corpus.length)]!);
  const dot = () =>
    tls.connect({
      ...from(ports.dot),
      servername: serverName,
      rejectUnauthorized: false,
      ALPNProtocols: ['dot'],
    });
  return [
    { name: 'UDP junk', perSecond: 150, most: BURST, act: () => sendUdp(junk()) },
    { name: 'random names', perSecond: 200, most: BURST, act: () => sendUdp(randomName()) },
    { name: 'malformed over UDP', perSecond: 60, most: BURST, act: () => sendUdp(malformed()) },
    {
      name: 'malformed over TCP',
      perSecond: 10,
      most: 50,
      act: () => once(net.connect(from(ports.dns)), 'connect', framed(malformed())),
    },
    {
      name: 'connections that leave',
      perSecond: 20,
      most: 50,
      act: () => once(net.connect(from(randomInt(2) ? ports.dns : ports.doh)), 'connect', null),
    },
    {
      name: 'half a TLS hello',
      perSecond: 4,
      most: 100,
      act: () => stall(ports.dot, Buffer.of(22, 3, 1, 2, 0)),
    },
    { name: 'half a message', perSecond: 4, most: 100, act: () => stall(ports.dns, Buffer.of(0, 99, 1)) },
    {
      name: 'handshakes and pipelined names',
      perSecond: 8,
      most: 40,
      act: () =>
        once(
          dot(),
          'secureConnect',
          Buffer.concat(Array.from({ length: PIPELINED }, () => framed(randomName()))),
        ),
    },
    {
      name: 'malformed over DoT',
      perSecond: 3,
      most: 20,
      act: () => once(dot(), 'secureConnect', framed(malformed())),
    },
    { name: 'HTTP/2 streams', perSecond: 3, most: 20, act: () => streams(ports.doh, serverName, malformed) },
  ];
}

function udpSocket(at: number): UdpSocket {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.bind({ address: attacker(at) });
  return socket;
}

function attacker(at = randomInt(ATTACKERS)): string {
  return `127.0.1.${at + 1}`;
}

function from(port: number) {
  return { host: '127.0.0.1', port, localAddress: attacker() };
}

/** Sends something once `event` has come, reads for a moment, and goes: half of the time by a reset. */
function once(socket: net.Socket, event: string, message: Uint8Array | null): Promise<void> {
  return new Promise((resolve) => {
    const leave = () =>
      randomInt(2) || socket instanceof tls.TLSSocket ? socket.destroy() : socket.resetAndDestroy();
    const timer = setTimeout(leave, ACT_MS);
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once(event, () => {
      if (message === null) leave();
      else socket.write(message);
    });
    socket.once('data', leave);
  });
}

function stall(port: number, beginning: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(from(port), () => socket.write(beginning));
    const timer = setTimeout(() => socket.destroy(), STALL_MS);
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Every other stream is reset as soon as it is asked for. */
function streams(port: number, serverName: string, malformed: () => Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const session = http2.connect(`https://${serverName}:${port}`, {
      createConnection: () =>
        tls.connect({
          ...from(port),
          servername: serverName,
          rejectUnauthorized: false,
          ALPNProtocols: ['h2'],
        }),
    });
    const timer = setTimeout(() => session.destroy(), ACT_MS);
    session.on('error', () => {});
    session.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    session.once('connect', () => {
      for (let at = 0; at < STREAMS; at += 1) {
        const message = at % 3 === 0 ? malformed() : randomName();
        const stream = session.request({
          ':path': `/dns-query?dns=${Buffer.from(message).toString('base64url')}`,
        });
        stream.on('error', () => {});
        stream.resume();
        if (at % 2 === 0) stream.close(http2.constants.NGHTTP2_CANCEL);
      }
    });
  });
}

function junk(): Uint8Array {
  return randomBytes(randomInt(JUNK_OCTETS_MAX));
}

function randomName(): Buffer {
  return makeQuery(`water${randomInt(2 ** 40).toString(36)}.${SOAK_ZONE}`);
}

/** Where there is no corpus: a query with some of its octets changed. */
function mangled(): Buffer {
  const query = randomName();
  for (let at = 0; at < 4; at += 1) query[randomInt(query.length)] = randomInt(256);
  return query;
}

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(message.length);
  return Buffer.concat([prefix, message]);
}
