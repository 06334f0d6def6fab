// Ordinary clients beside an attack, one a door: each asks for a name of the house and for a fresh name of the world in
// turn, over and over, and opens its connection again when it is closed, as a phone would. What they were told is the
// measure of every trial.

import { randomUUID } from 'node:crypto';
import { makeQuery, type Reply, readReply } from '../support/dns-message.ts';
import { pause } from '../support/eventually.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, type Transport } from '../support/noonmark.ts';
import { PatientClient } from '../support/patient-client.ts';
import { HOSTILE_ADDRESS } from '../support/peers/hostile-upstream.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';
import type { Target } from './target.ts';

export const BYSTANDER = '127.0.0.9';
/** Between two questions of one bystander. */
const PAUSE_MS = 20;
const PATIENCE_MS = 6_000;

export interface BystanderReport {
  readonly asked: number;
  /** Rightly. */
  readonly answered: number;
  /** Answers that were not the right ones; SERVFAIL and silence are merely no answers. */
  readonly wrong: readonly string[];
  readonly medianMs: number;
  readonly worstMs: number;
}

export interface Bystanders {
  finish(): Promise<BystanderReport>;
}

/** Resolves once each has been answered for the first time, so that an attack finds a server at work. */
export async function startBystanders(target: Target): Promise<Bystanders> {
  const tally: Tally = { asked: 0, wrong: [], waits: [] };
  let isOver = false;
  const firsts: Promise<void>[] = [];
  const loops = target.transports.map((transport) => {
    const first = Promise.withResolvers<void>();
    firsts.push(first.promise);
    return (async () => {
      const bystander = new Bystander(target, transport, tally);
      while (!isOver) {
        await bystander.askInTurn();
        first.resolve();
        await pause(PAUSE_MS);
      }
      bystander.leave();
    })();
  });
  await Promise.all(firsts);
  return {
    finish: async () => {
      isOver = true;
      await Promise.all(loops);
      const waits = tally.waits.toSorted((one, other) => one - other);
      return {
        asked: tally.asked,
        answered: waits.length,
        wrong: tally.wrong,
        medianMs: waits[Math.floor(waits.length / 2)] ?? Number.NaN,
        worstMs: waits.at(-1) ?? 0,
      };
    },
  };
}

interface Tally {
  asked: number;
  readonly wrong: string[];
  /** Milliseconds, of right answers. */
  readonly waits: number[];
}

class Bystander {
  readonly #transport: Transport;
  readonly #tally: Tally;
  readonly #client: PatientClient;
  /** Of the names that it asks: others have asked for theirs before, and a cache remembers. */
  readonly #tag = randomUUID();
  #turn = 0;

  constructor(target: Target, transport: Transport, tally: Tally) {
    this.#transport = transport;
    this.#tally = tally;
    this.#client = new PatientClient(() => target.open(transport, BYSTANDER));
  }

  leave(): void {
    this.#client.close();
  }

  async askInTurn(): Promise<void> {
    const isInternal = this.#turn % 2 === 0;
    const fresh = `by${this.#turn}-${this.#tag}.${WILD_ZONE}`;
    this.#turn += 1;
    if (isInternal) await this.#ask(INTERNAL_NAME, `A ${INTERNAL_ADDRESS}`);
    else await this.#ask(fresh, `A ${HOSTILE_ADDRESS}`);
  }

  async #ask(name: string, right: string): Promise<void> {
    const tally = this.#tally;
    tally.asked += 1;
    const from = performance.now();
    const reply = await this.#client.ask(makeQuery(name), PATIENCE_MS);
    if (reply === null) return;
    const { rcode, answers } = readable(reply);
    if (answers.join() === right) tally.waits.push(performance.now() - from);
    else if (rcode !== 'SERVFAIL' && rcode !== 'REFUSED')
      tally.wrong.push(`${this.#transport}, ${name}: ${rcode} ${answers.join()}`);
  }
}

/** What cannot be read is a wrong answer, and not the end of the trial. */
function readable(reply: Uint8Array): Pick<Reply, 'rcode' | 'answers'> {
  try {
    return readReply(reply);
  } catch (error) {
    return { rcode: `unreadable (${(error as Error).message})`, answers: [] };
  }
}
