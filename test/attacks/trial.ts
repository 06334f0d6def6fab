// One attack, and what it came to. A trial belongs to a row of docs/reliability.md and ends by itself; meanwhile bystanders
// ask what everybody asks. The same trial is a test of Noonmark (attacks.test.ts) and a line of the comparison with the
// peers (compare.ts), so that no server is attacked in a way of its own.

import { rssMegabytes } from '../support/machine-figures.ts';
import type { ConfigTree, Transport } from '../support/noonmark.ts';
import { type BystanderReport, startBystanders } from './bystanders.ts';
import type { Target, World } from './target.ts';

/** Where attackers ask from; bystanders ask from another address of loopback. */
export const ATTACKER = '127.0.0.66';

/** Of each row, where it says nothing else ("Holds" of docs/reliability.md). */
const LEAST_ANSWERED = 0.99;
/** Bystanders ask for the house and for the world in turn. */
const LEAST_ANSWERED_OF_HOUSE = 0.49;
const MOST_GROWN_MB = 100;
const LONGEST_WAIT_MS = 5_000;

export interface Arena {
  readonly target: Target;
  readonly world: World;
  /** The door that this run of the trial goes at. */
  readonly transport: Transport;
}

export interface Trial {
  /** Of docs/reliability.md. */
  readonly row: number;
  readonly name: string;
  /** It is run once at each of these that the target has. */
  readonly over: readonly Transport[];
  /** Keys that replace those of Noonmark's configuration; such a trial has a server of its own. */
  readonly config?: ConfigTree;
  /** Its upstream speaks this in place of DoT; such a trial has a world of its own. */
  readonly upstream?: 'DoH';
  /** Nobody can be asked for names of the world meanwhile, and that is as the row wants it. */
  readonly hasNoWorld?: true;
  /** Takes long: in the long run only. */
  readonly isLong?: true;
  /** Attacks, and resolves with what was seen that breaks the row's own words, a sentence each; most often nothing. */
  attack(arena: Arena): Promise<readonly string[]>;
}

export interface Outcome {
  readonly subject: string;
  readonly transport: Transport;
  readonly isAlive: boolean;
  readonly bystanders: BystanderReport;
  readonly grownMb: number;
  /** Why the trial does not hold, a sentence each; empty: it holds. */
  readonly complaints: readonly string[];
}

/** Runs a trial at one door of a server that is at work already, and leaves its upstream well-behaved. */
export async function runTrial(
  { target, world }: Omit<Arena, 'transport'>,
  trial: Trial,
  transport: Transport,
): Promise<Outcome> {
  const before = rssMegabytes(target.process.pid);
  const bystanders = await startBystanders(target);
  const seen = await trial.attack({ target, world, transport });
  world.upstream.behaviour = 'answers';
  const report = await bystanders.finish();
  const isAlive = !target.process.hasEnded;
  const grownMb = isAlive ? rssMegabytes(target.process.pid) - before : 0;
  const figures = { subject: target.name, transport, isAlive, bystanders: report, grownMb };
  return { ...figures, complaints: [...complaintsOf(figures, trial), ...seen] };
}

function complaintsOf(
  { isAlive, bystanders, grownMb }: Omit<Outcome, 'complaints'>,
  { hasNoWorld }: Trial,
): string[] {
  const { asked, answered, wrong, worstMs } = bystanders;
  return [
    ...(isAlive ? [] : ['the server has ended']),
    ...(answered >= (hasNoWorld ? LEAST_ANSWERED_OF_HOUSE : LEAST_ANSWERED) * asked
      ? []
      : [`bystanders: ${answered} of ${asked} answered`]),
    ...wrong.slice(0, 3).map((what) => `a wrong answer: ${what}`),
    ...(worstMs <= LONGEST_WAIT_MS ? [] : [`a bystander waited ${Math.round(worstMs)} ms`]),
    ...(grownMb < MOST_GROWN_MB ? [] : [`it grew by ${Math.round(grownMb)} MB`]),
  ];
}
