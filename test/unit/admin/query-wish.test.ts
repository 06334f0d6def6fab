// What may be asked of the query log, and in which words it is refused.

import { describe, expect, it } from 'vitest';
import { ANY_QUERY, readQueryWish } from '../../../src/admin/query-wish.ts';
import type { QueryWish } from '../../../src/status/query-log-report.ts';

const read = (query: string) => readQueryWish(new URLSearchParams(query));
const problem = (query: string) => {
  const found = read(query);
  return 'problem' in found ? found.problem : null;
};

describe('a wish', () => {
  it.each<[string, Partial<QueryWish>]>([
    ['', {}],
    ['client=&name=&type=&rcode=&answered-by=', {}],
    ['client=192.168.1.7', { client: { address: '192.168.1.7', length: null } }],
    ['client=2001:DB8::0:1', { client: { address: '2001:db8::1', length: null } }],
    ['client=fe80::1%25eth0', { client: { address: 'fe80::1%eth0', length: null } }],
    ['client=192.168.1.0/24', { client: { address: '192.168.1.0', length: 24 } }],
    ['client=2001:db8::/48', { client: { address: '2001:db8::', length: 48 } }],
    ['name=Example', { name: 'example' }],
    ['name=%20example.%20', { name: 'example.' }],
    ['type=aaaa', { type: 'AAAA' }],
    ['type=TYPE28', { type: 'AAAA' }],
    ['type=TYPE999', { type: 'TYPE999' }],
    ['rcode=nxdomain', { rcode: 'NXDOMAIN' }],
    ['rcode=dropped', { rcode: 'dropped' }],
    ['rcode=RCODE23', { rcode: 'RCODE23' }],
    ['answered-by=stale', { answeredBy: 'stale' }],
    ['after=17', { afterId: 17 }],
    ['after=0', { afterId: 0 }],
    ['limit=1000', { limit: 1000 }],
  ])('"%s"', (query, wish) => {
    expect(read(query)).toEqual({ wish: { ...ANY_QUERY, ...wish } });
  });

  it('leaves alone what is said to be of others', () => {
    expect(
      readQueryWish(new URLSearchParams('still&name=a'), { others: ['still'], called: (key) => key }),
    ).toMatchObject({
      wish: { name: 'a' },
    });
  });
});

describe('what is none', () => {
  it.each([
    [
      'clients=1',
      'There is no parameter "clients"; there is client, name, type, rcode, answered-by, after, limit.',
    ],
    ['name=a&name=b', '`name` is given twice; give it once.'],
    [
      'client=nas',
      '`client` needs an address or a network, such as 192.168.1.7 or 192.168.1.0/24; "nas" is none.',
    ],
    ['client=192.168.1', '"192.168.1" is none'],
    ['client=192.168.1.0/33', '"192.168.1.0/33" is none'],
    ['client=::/129', '"::/129" is none'],
    ['client=::/8/8', '"::/8/8" is none'],
    ['client=192.168.1.0/', '"192.168.1.0/" is none'],
    ['type=AAAAA', '`type` needs a record type, such as AAAA; "AAAAA" is none.'],
    ['type=TYPE70000', '"TYPE70000" is none'],
    ['rcode=3', '`rcode` needs a response code, such as NXDOMAIN, or dropped; "3" is none.'],
    [
      'answered-by=forward',
      'one of guard, local, filter, cache, stale, upstream, failure; "forward" is none.',
    ],
    ['after=-1', '`after` needs the id of an entry; "-1" is none.'],
    ['after=1e3', '"1e3" is none'],
    ['limit=0', '`limit` needs a number from 1 to 1000; "0" is none.'],
    ['limit=1001', '"1001" is none'],
  ])('"%s" is refused in words', (query, words) => {
    expect(problem(query)).toContain(words);
  });

  it('is refused all at once', () => {
    expect(problem('type=x&limit=y')).toMatch(/`type` needs .* `limit` needs /);
  });

  it('is quoted so that it does no harm, and not at length', () => {
    expect(problem(`type=${encodeURIComponent('\u202e<b>\n')}`)).not.toMatch(/[\u202e\n]/);
    expect(problem(`name=${'a'.repeat(5000)}`)!.length).toBeLessThan(250);
    expect(problem(`${'a'.repeat(5000)}=1`)!.length).toBeLessThan(250);
  });
});
