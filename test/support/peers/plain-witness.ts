// A plain DNS server that should never hear anything: resolv.conf of the server under test points at it.
// It answers whatever it is asked, so that a leak would work and be seen, and writes the names down.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { answerWith, questionName } from '../dns-message.ts';

const PORT = 53;
/** An address that nothing else on a machine uses, not even another suite; resolv.conf can name no other port than 53. */
export const WITNESS_ADDRESS = `127.153.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`;
const WITNESS_ANSWER = '203.0.113.66';

export interface PlainWitness {
  /** Names that were asked, over UDP and TCP. */
  readonly names: readonly string[];
  stop(): Promise<void>;
}

/** Needs root, for the port. */
export async function startPlainWitness(address = WITNESS_ADDRESS): Promise<PlainWitness> {
  const names: string[] = [];
  const answer = (query: Buffer): Buffer | undefined => {
    const name = questionName(query);
    names.push(name ?? '?');
    return name === undefined ? undefined : answerWith(query, WITNESS_ANSWER);
  };
  const udp = createSocket('udp4');
  udp.on('message', (query, from) => {
    const reply = answer(query);
    if (reply) udp.send(reply, from.port, from.address);
  });
  udp.bind(PORT, address);
  await once(udp, 'listening');
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (message: Buffer) => {
      const reply = answer(message.subarray(2));
      if (reply) socket.end(Buffer.concat([Buffer.of(reply.length >> 8, reply.length & 0xff), reply]));
    });
  });
  tcp.listen(PORT, address);
  await once(tcp, 'listening');
  return {
    names,
    stop: async () => {
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
}
