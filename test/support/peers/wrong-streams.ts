// Row 14 of the wrong things that an upstream does: what becomes of the DoT connection under a query. Each is done to
// every asking of its name, and under `…-once` to the first alone, so that the query can be served on a new connection.

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { reset } from './hostile-upstream.ts';
import type { Sees, StreamWrong } from './wrongs-vocabulary.ts';

const SLOWLY_MS = 1_000;
/** Later than others are answered, so after them. */
const LATE_MS = 200;
const OCTETS_TOO_FEW = 7;

const wrong = (
  label: string,
  does: string,
  act: (socket: TLSSocket, answer: Buffer) => void,
  sees: Sees = 'failed',
): StreamWrong => ({ row: 14, label, does, sees, act });

const ALWAYS: readonly StreamWrong[] = [
  wrong('closes', 'closes the connection', (socket) => socket.end()),
  wrong('resets', 'resets the connection', (socket) => reset(socket)),
  wrong('half-closes', 'half a message, then closes', (socket, answer) => socket.end(answer.subarray(0, 20))),
  wrong('half-stalls', 'half a message, and no more', (socket, answer) =>
    socket.write(answer.subarray(0, 20)),
  ),
  wrong('length-closes', 'half a length, then closes', (socket, answer) => socket.end(answer.subarray(0, 1))),
  wrong('length-stalls', 'half a length, and no more', (socket, answer) =>
    socket.write(answer.subarray(0, 1)),
  ),
  wrong('silence', 'nothing at all', () => {}),
  wrong('slowly', 'one octet a second', (socket, answer) => {
    let sent = 0;
    const sending = setInterval(() => {
      sent += 1;
      if (socket.destroyed || sent > answer.length) clearInterval(sending);
      else socket.write(answer.subarray(sent - 1, sent));
    }, SLOWLY_MS);
  }),
  wrong(
    'length-wrong',
    'a length that is too small, and all that follows is read askew',
    (socket, answer) => {
      const askew = Buffer.from(answer);
      askew.writeUInt16BE(askew.readUInt16BE(0) - OCTETS_TOO_FEW);
      socket.write(askew);
    },
  ),
  wrong('length-largest', 'a length of 65,535, and one message behind it', (socket, answer) =>
    socket.write(Buffer.concat([Buffer.of(0xff, 0xff), answer.subarray(2)])),
  ),
  wrong('closes-then-talks', 'close_notify, then octets outside of TLS', (socket, answer) => {
    socket.end();
    (socket as unknown as { _parent?: Socket })._parent?.write(answer);
  }),
  wrong('noise-after', 'three thousand octets of noise', (socket) => socket.write(Buffer.alloc(3_000, 0xa5))),
];

/** What it knows to have done already, so that it is done once. */
const done = new Set<string>();

/**
 * Those that need not be asked again: one carries the ID and the question, so it may be taken for the last word on its query,
 * and the other is a slow answer like any, on a connection over which others are answered.
 */
const NOT_ASKED_AGAIN = ['length-wrong', 'silence'];

const once = ({ label, does, act, row }: StreamWrong): StreamWrong & { isOnce: true } => ({
  ...{
    row,
    label: `${label}-once`,
    does: `${does}, and behaves when asked again`,
    sees: NOT_ASKED_AGAIN.includes(label) ? 'either' : 'right',
    isOnce: true,
    act,
  },
});

const OUT_OF_ORDER = wrong(
  'out-of-order',
  'the right answer, after those of later questions',
  (socket, answer) => {
    setTimeout(() => socket.destroyed || socket.write(answer), LATE_MS);
  },
  'right',
);

export const WRONG_STREAMS: readonly StreamWrong[] = [...ALWAYS, ...ALWAYS.map(once), OUT_OF_ORDER];

/** Is it the first time that this wrong is to be done to `name`? */
export function isFirstTime(name: string): boolean {
  const isFirst = !done.has(name);
  done.add(name);
  return isFirst;
}
