// The clients that the soak is about: they ask over every transport what households ask, know the truth, and measure how long
// each answer took. They open a connection again when it was closed, as a phone would, and a truncated answer over TCP.

import { pause } from '../support/eventually.ts';
import { type Noonmark, TRANSPORTS } from '../support/noonmark.ts';
import { JsonAsker } from './json-asker.ts';
import { type Asker, questionOf } from './questions.ts';
import { WireAsker } from './wire-asker.ts';

const PAUSE_MS = 15;

/** What was seen since it was last asked for. */
export interface Seen {
  readonly asked: number;
  /** Milliseconds that each right answer took, in order of length. */
  readonly waits: readonly number[];
  readonly wrong: readonly string[];
}

export interface HonestClients {
  take(): Seen;
  stop(): Promise<void>;
}

/** @param changing the addresses that CHANGING_NAME may have at this moment */
export async function startHonestClients(
  noonmark: Noonmark,
  changing: () => readonly string[],
): Promise<HonestClients> {
  const tally = { asked: 0, waits: [] as number[], wrong: [] as string[] };
  let isOver = false;
  const askers = [
    ...TRANSPORTS.flatMap((transport) =>
      [0, 1].map((at) => new WireAsker(noonmark, transport, `${transport}${at}`)),
    ),
    new JsonAsker(noonmark.endpoint('DoH'), noonmark.trust),
  ];
  const loop = async (asker: Asker) => {
    for (let turn = 0; !isOver; turn += 1) {
      await askOnce(asker, turn, tally, changing);
      await pause(PAUSE_MS);
    }
    asker.leave();
  };
  await Promise.all(askers.map((asker) => askOnce(asker, 1, tally, changing)));
  const loops = askers.map(loop);
  return {
    take() {
      const waits = tally.waits.splice(0).sort((one, other) => one - other);
      const seen = { asked: tally.asked, waits, wrong: tally.wrong.splice(0) };
      tally.asked = 0;
      return seen;
    },
    async stop() {
      isOver = true;
      await Promise.all(loops);
    },
  };
}

async function askOnce(
  asker: Asker,
  turn: number,
  tally: { asked: number; readonly waits: number[]; readonly wrong: string[] },
  changing: () => readonly string[],
): Promise<void> {
  const from = performance.now();
  const verdict = await asker.ask(questionOf(turn, asker.name.toLowerCase()), changing).catch((error) => ({
    wrong: `unreadable: ${error.message}`,
  }));
  tally.asked += 1; // with its outcome, so that a sample has whole questions only
  if (verdict === 'right') tally.waits.push(performance.now() - from);
  else if (typeof verdict === 'object' && verdict !== null)
    tally.wrong.push(`${asker.name}, ${verdict.wrong}`);
}
