// The server's answer path, as good as new for each input: building one takes 5 ms, emptying one nothing.

import { House } from '../support/answer-path.ts';
import { must } from './target.ts';

/** Then a new one is built, since its clock has run on: a hundred inputs of eight days each are two years. */
const INPUTS_MAX = 100;

let house = new House();
let inputs = 0;

/** With nothing in its cache and no failure in its memory. */
export function emptiedHouse(): House {
  inputs += 1;
  if (inputs > INPUTS_MAX) {
    house = new House();
    inputs = 1;
  }
  house.store.clear();
  house.failures.forget();
  house.log.lines.length = 0;
  house.sent.length = 0;
  house.sentRelaxed.length = 0;
  return house;
}

/** @throws Broken when the failure link has met an error that is no DnsFailure */
export function mustBeNoBug({ log }: House): void {
  const bug = log.lines.find(({ line }) => line.startsWith('error'));
  must(bug === undefined, `${bug?.line}: ${String(bug?.fields.stack)}`);
}
