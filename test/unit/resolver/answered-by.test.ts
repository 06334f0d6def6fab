// Who has answered, through the whole chain as it is put together: each link writes itself down where it answers, and what
// is counted and what the query log says are one thing. Every story is told with the log off and with it on, since a query
// that is listened to walks with a context of its own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FilterConfig } from '../../../src/config/config.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { nameKey } from '../../../src/dns/names.ts';
import type { AnsweredBy } from '../../../src/observe/query-figures.ts';
import type { QueryLogMode } from '../../../src/observe/query-log.ts';
import { House } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { aRecord, cnameRecord } from '../../support/messages.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const WORLD = 'www.example';
const POOL = 'pool.ntp.org';
const LIMITS = { pendingQueries: 100, pendingQueriesPerClient: 50 };
const DEAD = new UpstreamFailure('upstream-unreachable', 'nobody is there');
const HOUR_MS = 3_600_000;

const rewrites = [
  { name: nameKey('moved.example'), to: { kind: 'address', address: '192.168.1.9' } },
  { name: nameKey('renamed.example'), to: { kind: 'name', name: nameKey(WORLD) } },
] as const;

async function filteredHouse(blocked: FilterConfig['blocked'] = { kind: 'nxdomain' }): Promise<House> {
  const file = join(temporaryDirectory('answered-by'), 'ads.txt');
  writeFileSync(file, 'ads.example\n');
  const source = { kind: 'file', file } as const;
  const lists = [{ name: 'ads', allows: false, source, everyMs: HOUR_MS }];
  const house = new House(LIMITS, { blocked, rewrites, groups: [], lists });
  await eventually(async () => {
    await house.ask('ads.example');
    return house.figures.totals().answeredBy.filter > 0;
  });
  return house;
}

interface Story {
  readonly what: string;
  /** What happened before the query. */
  readonly given?: (house: House) => unknown;
  readonly asked: Parameters<House['ask']>;
  readonly by: AnsweredBy;
  readonly detail: RegExp;
}

const dead = (house: House) => {
  house.upstreams = () => DEAD;
};
const untrusted = (house: House) => house.clock.setState('untrusted');

const STORIES: readonly Story[] = [
  {
    what: 'a client that may not ask',
    asked: [WORLD, 'A', {}, { client: '203.0.113.9' }],
    by: 'guard',
    detail: /not allowed/,
  },
  { what: 'a zone transfer', asked: [WORLD, 'AXFR'], by: 'guard', detail: /zone transfers are not served/ },
  { what: 'a name of the house', asked: ['nas.home.arpa'], by: 'local', detail: /^zone home\.arpa\.$/ },
  { what: 'one that is not there', asked: ['x.home.arpa'], by: 'local', detail: /^zone home\.arpa\.$/ },
  { what: 'a name of ours', asked: ['dns.home.example'], by: 'local', detail: /^own name$/ },
  {
    what: 'a query without recursion',
    asked: [WORLD, 'A', { flags: 0 }],
    by: 'local',
    detail: /^recursion was not asked for$/,
  },
  {
    what: 'a CNAME of ours that leads out, without recursion',
    asked: ['www.home.arpa', 'A', { flags: 0 }],
    by: 'local',
    detail: /^zone home\.arpa\.$/,
  },
  { what: 'a name of the world', asked: [WORLD], by: 'upstream', detail: /^$/ },
  { what: 'a CNAME of ours that leads out', asked: ['www.home.arpa'], by: 'upstream', detail: /^zone/ },
  {
    what: 'a name of the world, again',
    given: (house) => house.ask(WORLD),
    asked: [WORLD],
    by: 'cache',
    detail: /^kept answer, TTL left 300 s$/,
  },
  {
    what: 'one that nobody answers',
    given: dead,
    asked: [WORLD],
    by: 'failure',
    detail: /^nobody is there$/,
  },
  {
    what: 'one that nobody has answered a moment ago',
    given: (house) => {
      dead(house);
      return house.ask(WORLD);
    },
    asked: [WORLD],
    by: 'failure',
    detail: /^remembered failure$/,
  },
  {
    what: 'an old answer while nobody has a new one',
    given: async (house) => {
      await house.ask(WORLD);
      house.clock.advance(HOUR_MS);
      dead(house);
    },
    asked: [WORLD],
    by: 'stale',
    detail: /^stale answer, 3300 s past its lifetime$/,
  },
  {
    what: 'a name of the world while the clock is untrusted',
    given: untrusted,
    asked: [WORLD],
    by: 'failure',
    detail: /^nobody is asked while the clock is untrusted$/,
  },
  {
    what: 'a time server while the clock is untrusted',
    given: untrusted,
    asked: [POOL],
    by: 'upstream',
    detail: /^time server's name/,
  },
  {
    what: 'a time server that the relaxed upstreams do not know either',
    given: (house) => {
      untrusted(house);
      house.relaxed = () => DEAD;
    },
    asked: [POOL],
    by: 'failure',
    detail: /^nobody is asked while the clock is untrusted$/,
  },
  {
    what: 'a time server that was known before the clock was untrusted',
    given: async (house) => {
      await house.ask(POOL);
      untrusted(house);
    },
    asked: [POOL],
    by: 'cache',
    detail: /^kept answer of the time before/,
  },
];

describe.each<QueryLogMode>(['off', 'full'])('with the log %s', (mode) => {
  const tell = async (house: House, { asked, by, detail }: Omit<Story, 'what'>) => {
    house.queryLog.become(mode);
    const before = house.figures.totals().answeredBy;
    await house.ask(...asked);
    expect(house.figures.totals().answeredBy).toEqual({ ...before, [by]: before[by] + 1 });
    const [last] = house.queryLog.session?.queries ?? [];
    if (mode === 'off') expect(last).toBeUndefined();
    else expect(last).toMatchObject({ answeredBy: by, detail: expect.stringMatching(detail) });
  };

  it.each(STORIES)('$what: $by', async (story) => {
    const house = new House();
    await story.given?.(house);
    await tell(house, story);
  });

  it.each<[string, string, RegExp]>([
    ['a name on a list', 'ads.example', /^list "ads" blocks ads\.example\./],
    ['a name that leads to one', 'masked.example', /which masked\.example\. leads to/],
    [
      'a name that is rewritten to an address',
      'moved.example',
      /^rewrite of moved\.example\. to 192\.168\.1\.9$/,
    ],
    [
      'a name that is rewritten to another',
      'renamed.example',
      /^rewrite of renamed\.example\. to www\.example\.$/,
    ],
  ])('%s: filter', async (_what, name, detail) => {
    const house = await filteredHouse();
    house.upstreams = (_, asked) =>
      asked === 'masked.example'
        ? { answers: [cnameRecord(asked, 'ads.example')] }
        : { answers: [aRecord(asked)] };
    const { blocked } = house.figures.totals();
    await tell(house, { asked: [name], by: 'filter', detail });
    const isBlocked = /ads|masked/.test(name);
    expect(house.figures.totals().blocked - blocked).toBe(isBlocked ? 1 : 0);
  });

  it('a name on a list for which another stands in, kept or not: filter', async () => {
    const house = await filteredHouse({ kind: 'name', name: nameKey(WORLD) });
    await house.ask(WORLD);
    const { blocked } = house.figures.totals();
    await tell(house, { asked: ['ads.example'], by: 'filter', detail: /^list "ads" blocks/ });
    expect(house.figures.totals().blocked - blocked).toBe(1);
  });
});
