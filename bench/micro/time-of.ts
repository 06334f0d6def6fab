// How long one call of something takes, in nanoseconds: the median of several stretches, each long enough for the clock, after
// one that lets V8 compile. What is computed has to go somewhere (`kept`), or V8 leaves the work out.

import { median } from '../statistics.ts';

const STRETCHES = 7;
const STRETCH_NS = 60e6;
const FIRST_CALLS = 1000;

let kept: unknown = null;

/** @param call gets the number of the call, from 0 on; what it returns is kept from being thrown away unmade */
export function nanosecondsOf(call: (at: number) => unknown): number {
  let calls = FIRST_CALLS;
  let at = 0;
  const stretch = () => {
    const from = process.hrtime.bigint();
    for (let end = at + calls; at < end; at += 1) kept = call(at);
    return Number(process.hrtime.bigint() - from);
  };
  for (let ns = stretch(); ns < STRETCH_NS; ns = stretch()) calls *= 2;
  const times = Array.from({ length: STRETCHES }, () => stretch() / calls);
  if (kept === Symbol.for('never')) throw new Error();
  return median(times);
}
