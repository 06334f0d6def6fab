// Ids of what is stored: readable, bounded, one component of a path whatever the names are.

import { basename, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { accountIdOf, isStorageId, storageIdOf } from '../../../src/acme/storage-id.ts';

test.each<[readonly string[], RegExp]>([
  [['dns.example.com'], /^dns\.example\.com-[0-9a-f]{12}$/],
  [['*.example.com'], /^_wildcard\.example\.com-[0-9a-f]{12}$/],
  [['DNS.Example.com'], /^dns\.example\.com-[0-9a-f]{12}$/],
  [['2001:db8::1'], /^2001-db8--1-[0-9a-f]{12}$/],
  [['../../etc/passwd'], /^_etc-passwd-[0-9a-f]{12}$/],
  [['..'], /^_-[0-9a-f]{12}$/],
  [['.'], /^_-[0-9a-f]{12}$/],
  [['/'], /^_-[0-9a-f]{12}$/],
  [['a\0b\nc'], /^a-b-c-[0-9a-f]{12}$/],
  [['käse.example'], /^k-se\.example-[0-9a-f]{12}$/],
  [['a'.repeat(5000)], /^a{120}-[0-9a-f]{12}$/],
  [[''], /^_-[0-9a-f]{12}$/],
  [[], /^_-[0-9a-f]{12}$/],
])('an id: case %#', (names, form) => {
  const id = storageIdOf(names);
  expect(id).toMatch(form);
  expect(isStorageId(id)).toBe(true);
  expect(basename(join('/certs/acme/certificates', `${id}.pem`))).toBe(`${id}.pem`);
});

describe('an id', () => {
  it('is the same for the same names in any order and case', () => {
    const ids = [
      ['a.example', 'b.example'],
      ['b.example', 'a.example'],
      ['B.example', 'A.EXAMPLE', 'a.example'],
    ].map(storageIdOf);
    expect(new Set(ids).size).toBe(1);
  });

  it('is another for other names that begin alike, and for a wildcard beside its twin', () => {
    const sets = [['a.example'], ['a.example', 'b.example'], ['a.example', 'c.example']];
    const odd = [['*.a.example'], ['_wildcard.a.example'], ['a-b'], ['a/b'], ['a.', 'b'], ['a', 'b']];
    const ids = [...sets, ...odd].map(storageIdOf);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ...['', '.', '-rf', '..', '../x', 'a/b', '/etc/passwd', '.hidden', 'A', 'a b', 'a\0', 'a\n', 'ä'],
    'a'.repeat(134),
  ])('is not %.20j', (id) => {
    expect(isStorageId(id)).toBe(false);
  });
});

test('an account is known by the whole URL of its directory', () => {
  const ids = [
    'https://acme-v02.api.letsencrypt.org/directory',
    'https://acme-v02.api.letsencrypt.org/other',
    'https://127.0.0.1:14000/dir',
    'https://[::1]:14000/dir',
    'no URL/../..',
  ].map(accountIdOf);
  expect(ids.map((id) => id.slice(0, -13))).toEqual([
    'acme-v02.api.letsencrypt.org',
    'acme-v02.api.letsencrypt.org',
    '127.0.0.1-14000',
    '_1--14000',
    '_',
  ]);
  expect(ids.every(isStorageId)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
});
