// What a fuzz target is: inputs by fast-check, and what must hold for each of them. test/unit has properties too; these
// are the broad ones, over whole messages, files and the chain, that find more the longer they run (`npm run fuzz`).

import fc from 'fast-check';

export interface FuzzTarget<Input> {
  /** Of its file, and for `--target`. */
  readonly name: string;
  /** What says that the code is right, as the end of "holds by …". */
  readonly oracle: string;
  /** In `npm test`, and in one turn of `npm run fuzz`. All together take some 20 s on two slow cores. */
  readonly runs: number;
  readonly input: fc.Arbitrary<Input>;
  /** Throws where it does not hold. */
  readonly holds: (input: Input) => unknown;
}

/** One whose inputs nobody has to know. */
// biome-ignore lint/suspicious/noExplicitAny: an arbitrary is covariant and what must hold contravariant in its input
export type AnyTarget = FuzzTarget<any>;

export interface Finding {
  /** Shrunk, as an expression of JavaScript. */
  readonly input: string;
  readonly error: Error;
  readonly seed: number;
  /** Of fast-check: leads to the shrunk input. */
  readonly path: string;
}

export interface Outcome {
  readonly runs: number;
  /** Of processor time, for one input. */
  readonly slowestMs: number;
  readonly finding: Finding | null;
}

export interface TryOptions {
  readonly seed: number;
  readonly runs: number;
  readonly path?: string | undefined;
}

/** An input of some thousand octets that takes as long as this will never end for a longer one. */
const INPUT_CPU_MAX_MS = 5000;

/** Throws nothing: what does not hold is a finding. */
export async function tryTarget(target: AnyTarget, { seed, runs, path }: TryOptions): Promise<Outcome> {
  let slowestMs = 0;
  const property = fc.asyncProperty(target.input, async (input) => {
    const before = process.threadCpuUsage();
    await target.holds(input);
    const { user, system } = process.threadCpuUsage(before);
    const spentMs = (user + system) / 1000;
    slowestMs = Math.max(slowestMs, spentMs);
    must(spentMs < INPUT_CPU_MAX_MS, `it takes ${spentMs.toFixed(0)} ms`);
  });
  const details = await fc.check(property, { seed, numRuns: runs, ...(path === undefined ? {} : { path }) });
  if (!details.failed) return { runs: details.numRuns, slowestMs, finding: null };
  const { counterexample, errorInstance, counterexamplePath } = details;
  const error = errorInstance instanceof Error ? errorInstance : new Error(String(errorInstance));
  const input = counterexample === null ? '' : fc.stringify(counterexample[0]);
  return {
    runs: details.numRuns,
    slowestMs,
    finding: { input, error, seed, path: counterexamplePath ?? '' },
  };
}

/** What does not hold. */
export class Broken extends Error {}

/** @throws Broken */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

/** @throws Broken unless both are the same to JSON, which is enough for texts, numbers and octets in hex. */
export function mustEqual(found: unknown, wanted: unknown, what: string): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  must(one === other, `${what}: ${one} where ${other} is right`);
}

/**
 * What `action` returns, or null where it throws an error of one of these kinds, as it may.
 * @throws whatever else it throws
 */
export function unlessRefused<Result>(
  action: () => Result,
  ...kinds: readonly (abstract new (
    ...args: never[]
  ) => Error)[]
): Result | null {
  try {
    return action();
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}
