// The certificate that stands in while there is none for a new set of names.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { predecessorOf } from '../../../src/acme/predecessor.ts';
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
