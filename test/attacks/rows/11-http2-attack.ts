// An attack over HTTP/2 as row 11 has them, and how one is run: a connection, what is done on it, and what has to have
// become of it.

import { makeQuery, readReply } from '../../support/dns-message.ts';
import { pause } from '../../support/eventually.ts';
import { rssMegabytes } from '../../support/machine-figures.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../../support/noonmark.ts';
import { openRawHttp2, openUnspoken, type RawHttp2 } from '../../support/peers/raw-http2.ts';
import type { Arena, Trial } from '../trial.ts';

/** What an attacker sends on one connection at most: the row's "CONTINUATION before 1 MB", for everything. */
export const MOST_OCTETS = 1_000_000;
/** The row's own. */
const MOST_GROWN_MB = 20;
/** A process that has never met an attack grows once, for good reasons; the second round has none. Long ones have one. */
const ROUNDS = 2;
/** From the last octet of an attack to the end of its connection. */
export const SETTLE_MS = 2_000;
/** Row 9: whoever stalls is cut within 35 s. */
export const CUT_WITHIN_MS = 35_000;
/** A stream that no attack uses, and that comes after all that it does. */
export const GOOD_STREAM = 0x3fff_ffff;

export interface Http2Attack {
  readonly name: string;
  /** Where the server need not hang up, a good request on the same connection is answered. */
  readonly must: 'close' | 'close or serve';
  /** Nothing but TLS has been spoken when it begins. */
  readonly isUnspoken?: true;
  /** The time that the server has to hang up in; default `SETTLE_MS`. */
  readonly settleMs?: number;
  readonly isLong?: true;
  /** Ends when the server has hung up, or when everything has been sent. */
  play(peer: RawHttp2): Promise<void>;
}

/** Plays attacks, each on a connection of its own, one after another or all at once, and then all of it again. */
export function http2Trial(name: string, attacks: readonly Http2Attack[], isAtOnce = false): Trial {
  const isLong = attacks.some((attack) => attack.isLong);
  return {
    row: 11,
    name,
    over: ['DoH'],
    ...(isLong ? { isLong: true as const } : {}),
    async attack(arena) {
      const { process } = arena.target;
      const complaints = new Set<string>();
      const rounds = isLong ? 1 : ROUNDS;
      let beforeMb = 0;
      for (let round = 1; round <= rounds && !process.hasEnded; round += 1) {
        beforeMb = rssMegabytes(process.pid);
        const play = async (attack: Http2Attack) => {
          if (process.hasEnded || (await isHeld(arena, attack))) return;
          complaints.add(`${attack.name}: its connection stands`);
        };
        if (isAtOnce) await Promise.all(attacks.map(play));
        else for (const attack of attacks) await play(attack);
      }
      const grownMb = process.hasEnded ? 0 : rssMegabytes(process.pid) - beforeMb;
      if (grownMb > MOST_GROWN_MB) complaints.add(`the last round grew it by ${Math.round(grownMb)} MB`);
      return [...complaints];
    },
  };
}

let connections = 0;

/** Addresses of loopback in turn: servers limit how fast one client may open connections, which is another row's. */
function nextAttacker(): string {
  connections += 1;
  return `127.0.66.${1 + (connections % 250)}`;
}

async function isHeld({ target }: Arena, attack: Http2Attack): Promise<boolean> {
  const endpoint = { ...target.endpoint('DoH'), from: nextAttacker() };
  const peer = await (attack.isUnspoken ? openUnspoken : openRawHttp2)(endpoint, target.trust());
  try {
    await attack.play(peer);
    if (attack.must === 'close or serve' && (await isServed(peer))) return true;
    return await peer.closes(attack.settleMs ?? SETTLE_MS);
  } finally {
    peer.destroy();
  }
}

async function isServed(peer: RawHttp2): Promise<boolean> {
  if (peer.isClosed) return false;
  const reply = await peer.ask(GOOD_STREAM, makeQuery(INTERNAL_NAME), SETTLE_MS);
  return reply !== null && reply.length > 0 && readReply(reply).answers.join() === `A ${INTERNAL_ADDRESS}`;
}

/** Writes pieces until the server has hung up or `octets` are spent. */
export async function flood(
  peer: RawHttp2,
  piece: (turn: number) => Uint8Array,
  octets = MOST_OCTETS,
): Promise<void> {
  for (let [turn, left] = [0, octets]; left > 0 && !peer.isClosed; turn += 1) {
    const next = piece(turn);
    left -= next.length;
    await peer.write(next);
    await pause(0); // what the server says comes in between
  }
}

/** The same, but each piece has been read before the next one is written: the server can hang up in time. */
export async function floodInStep(
  peer: RawHttp2,
  piece: (turn: number) => Uint8Array,
  turns: number,
): Promise<void> {
  for (let turn = 0; turn < turns && !peer.isClosed; turn += 1) {
    await peer.write(piece(turn));
    if (!(await peer.inStep())) return;
  }
}

/** As many of the frame as go into a piece. */
export function many(frame: Uint8Array, octets = 16_000): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(octets / frame.length) }, () => frame));
}
