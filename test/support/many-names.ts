// Asks for so many different names over UDP as fast as a server answers, with so many on their way at a time.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const IN_FLIGHT = 200;
/** A packet may be lost; when nothing has come back for so long, those on their way are given up (milliseconds). */
const SILENCE_MS = 300;
const DIGITS = 7;
/** Behind the header, in "n0000000" of the first label. */
const FIRST_DIGIT_AT = 12 + 1 + 1;

/** Resolves with how many answers came. */
export async function askManyNames(port: number, zone: string, count: number): Promise<number> {
  const query = queryFor(zone);
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let [sent, answers, inFlight] = [0, 0, 0];
  const { promise, resolve } = Promise.withResolvers<void>();
  const send = () => {
    for (; inFlight < IN_FLIGHT && sent < count; sent += 1, inFlight += 1) {
      const one = Buffer.from(query);
      one.writeUInt16BE(sent & 0xffff, 0);
      one.write(String(sent).padStart(DIGITS, '0'), FIRST_DIGIT_AT, 'latin1');
      socket.send(one);
    }
    if (sent === count && inFlight <= 0) resolve();
  };
  let heardAt = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - heardAt < SILENCE_MS) return;
    inFlight = 0;
    send();
  }, SILENCE_MS);
  socket.on('message', () => {
    heardAt = performance.now();
    answers += 1;
    inFlight -= 1;
    send();
  });
  send();
  await promise;
  clearInterval(timer);
  socket.close();
  return answers;
}

function queryFor(zone: string): Buffer {
  const labels = [`n${'0'.repeat(DIGITS)}`, ...zone.split('.')];
  const name = labels.map((label) => String.fromCharCode(label.length) + label).join('');
  return Buffer.from(`\0\0\x01\0\0\x01\0\0\0\0\0\0${name}\0\0\x01\0\x01`, 'latin1');
}
