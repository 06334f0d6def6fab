// One NTP question from the outside: does this server answer, and what time does it say?
// For tests that wait for a server or want to see that a liar lies. No more of RFC 5905 than that needs.

import { createSocket } from 'node:dgram';

const PACKET_OCTETS = 48;
/** Version 4, mode 3 (client). */
const CLIENT_FLAGS = 0x23;
const TRANSMIT_SECONDS_AT = 40;
/** Seconds between 1900 and 1970. */
const ERA_OFFSET_SECONDS = 2_208_988_800;
const WITHIN_MS = 200;

/** Milliseconds since 1970 by that server, of era 0, whole seconds; null when no answer came. */
export function askNtp(port: number, address: string): Promise<number | null> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const question = Buffer.alloc(PACKET_OCTETS);
  question[0] = CLIENT_FLAGS;
  question.writeUInt32BE(0x6e6f6f6e, TRANSMIT_SECONDS_AT); // any: it comes back as the origin timestamp
  return new Promise((resolve) => {
    const end = (epochMs: number | null) => {
      clearTimeout(timer);
      socket.close();
      resolve(epochMs);
    };
    const timer = setTimeout(() => end(null), WITHIN_MS);
    socket.once('error', () => end(null));
    socket.once('message', (answer) => {
      if (answer.length < PACKET_OCTETS) end(null);
      else end((answer.readUInt32BE(TRANSMIT_SECONDS_AT) - ERA_OFFSET_SECONDS) * 1000);
    });
    socket.connect(port, address, () => socket.send(question));
  });
}

export async function answersNtp(port: number, address: string): Promise<boolean> {
  return (await askNtp(port, address)) !== null;
}
