// Which word was meant.

import { expect, test } from 'vitest';
import { suggest } from '../../../src/config/suggest.ts';

const KEYS = ['listen', 'access', 'upstreams', 'dns', 'dot', 'doh', 'certs_dir', 'max_bytes'];

test.for([
  ['upstream', 'upstreams'],
  ['upstraems', 'upstreams'],
  ['LISTEN', 'listen'],
  ['dsn', 'dns'],
  ['certs-dir', 'certs_dir'],
  ['certsDir', 'certs_dir'],
  ['max', 'max_bytes'],
  ['access_list', 'access'],
] as const)('%s was meant to be %s', ([word, meant]) => {
  expect(suggest(word, KEYS)).toBe(meant);
});

test.for(['', 'ab', 'tls', 'forward', 'lis_ten_to'])('"%s" resembles none', (word) => {
  expect(suggest(word, KEYS)).toBeUndefined();
});
