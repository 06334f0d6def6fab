// The certificate that stands in while there is none for a new set of names.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { predecessorOf, standingOf } from '../../../src/acme/predecessor.ts';
import type { StoredPair } from '../../../src/acme/storage.ts';
import { createPki } from '../../support/pki.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const pki = createPki(temporaryDirectory('predecessor'));

function pair(names: readonly string[], notAfter = '2027-03-01'): StoredPair {
  const { certificateFile, keyFile } = pki.issue({ names, notAfter: new Date(notAfter) });
  return { chainPem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') };
}

const one = pair(['a.example']);
const both = pair(['a.example', 'b.example']);
const bothLonger = pair(['b.example', 'a.example'], '2027-04-01');
const other = pair(['c.example'], '2028-01-01');
const CA = 'https://ca.example/directory';
const from = (of: StoredPair, directory: string): StoredPair => ({
  ...of,
  origin: { directory, profile: null },
});
const trial = from(bothLonger, 'https://staging.example/directory');
const own = from(one, CA);
const torn = { ...one, keyPem: other.keyPem };

test.each([
  ['none', [], null],
  ['none that carries any of the names', [other], null],
  ['none whose halves fit', [torn], null],
  ['the only one that carries some', [other, one], one],
  ['the one that carries most', [one, both, other], both],
  ['of equals the one that ends last', [bothLonger, both, one], bothLonger],
])('is %s', (_what, pairs, expected) => {
  expect(predecessorOf(pairs, ['a.example', 'b.example', 'new.example'])).toBe(expected);
});

/** Between the ends of `both` and `bothLonger`. */
const LATER_MS = Date.parse('2027-03-15');

test.each([
  ['what is wanted does not speak against one', [bothLonger, both, one], 0, bothLonger],
  ['it is of the wanted CA, whatever it carries', [trial, own], 0, own],
  ['it may be, since nobody knows whose it is', [trial, one], 0, one],
  [
    'it has not ended, whatever it carries',
    [both, other, from(pair(['b.example'], '2027-05-01'), 'x')],
    LATER_MS,
    2,
  ],
  ['the others have ended, of another CA', [own, both, trial], LATER_MS, trial],
  ['all have ended, as if nobody had asked', [own, both, trial], Date.parse('2029-01-01'), trial],
] as const)('is the one of which %s', (_what, pairs, nowMs, expected) => {
  const wanted = { directory: CA, nowMs };
  const best = predecessorOf(pairs, ['a.example', 'b.example', 'new.example'], wanted);
  expect(best).toBe(typeof expected === 'number' ? pairs[expected] : expected);
});

test('ends with the millisecond in which it has ended', () => {
  const standing = (nowMs: number) => standingOf({ notAfterMs: 10 }, one, { directory: CA, nowMs });
  expect([standing(9), standing(10)]).toEqual([0, 2]);
});
