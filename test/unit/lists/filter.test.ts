// What the lists and rewrites say about names and clients: precedence, groups, reloads, and a naive model beside it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, test } from 'vitest';
import type { FilterConfig, FilterGroupConfig } from '../../../src/config/config.ts';
import { nameKey } from '../../../src/dns/names.ts';
import type { Filter } from '../../../src/lists/filter.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { createFilter } from '../../support/filters.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const directory = temporaryDirectory('filter');
const open: Filter[] = [];
let count = 0;

interface Lists {
  readonly [name: string]: { readonly text: string; readonly allows?: boolean };
}

function configOf(lists: Lists, groups: readonly FilterGroupConfig[] = []): FilterConfig {
  return {
    blocked: { kind: 'nxdomain' },
    lists: Object.entries(lists).map(([name, { text, allows = false }]) => {
      count += 1;
      const file = join(directory, `${count}.txt`);
      writeFileSync(file, text);
      return { name, allows, source: { kind: 'file', file } as const, everyMs: 3_600_000 };
    }),
    rewrites: [],
    groups,
  };
}

async function filterOf(config: FilterConfig): Promise<Filter> {
  const filter = createFilter({ clock: new SimulatedClock(), log: new RecordedLog() }, config);
  open.push(filter);
  await areRead(filter);
  return filter;
}

const areRead = (filter: Filter) =>
  eventually(() => filter.report().every(({ updatedAtMs }) => updatedAtMs !== null)); // with names or without
const judge = (filter: Filter, name: string, client = '192.168.1.2') => {
  const verdict = filter.judge(nameKey(name), client);
  return verdict === null ? null : `${verdict.kind} ${verdict.list} ${verdict.rule}`;
};

afterEach(() => {
  for (const filter of open.splice(0)) filter.close();
});

describe('one list', () => {
  it.each([
    ['ads.example', 'block ads ads.example'],
    ['www.ads.example', null],
    ['tracker.example', 'block ads ||tracker.example^'],
    ['a.b.tracker.example', 'block ads ||tracker.example^'],
    ['xtracker.example', null],
    ['wild.example', null],
    ['a.wild.example', 'block ads *.wild.example'],
    ['good.tracker.example', 'allow ads @@||good.tracker.example^'],
    ['very.good.tracker.example', 'allow ads @@||good.tracker.example^'],
    ['bad.good.tracker.example', 'block ads ||bad.good.tracker.example^$important'],
    ['fine.bad.good.tracker.example', 'allow ads @@|fine.bad.good.tracker.example^$important'],
    ['example', null],
    ['.', null],
    ['__proto__', null],
  ])('says of %s: %s', async (name, verdict) => {
    const rules = [
      'ads.example',
      '||tracker.example^',
      '*.wild.example',
      '@@||good.tracker.example^',
      '||bad.good.tracker.example^$important',
      '@@|fine.bad.good.tracker.example^$important',
    ];
    const filter = await filterOf(configOf({ ads: { text: rules.join('\n') } }));
    expect(judge(filter, name)).toBe(verdict);
  });
});

test('a name on an allow list is not blocked by another list, whichever stands first', async () => {
  const block = { text: '||ads.example^\n||evil.example^$important' };
  const allow = { text: 'good.ads.example\nevil.example', allows: true };
  for (const lists of [
    { block, allow },
    { allow, block },
  ]) {
    const filter = await filterOf(configOf(lists));
    expect(judge(filter, 'good.ads.example')).toBe('allow allow good.ads.example');
    expect(judge(filter, 'bad.ads.example')).toBe('block block ||ads.example^');
    expect(judge(filter, 'evil.example')).toBe('block block ||evil.example^$important');
  }
});

test('of two lists that block a name, the one with the nearer rule is named, else the first', async () => {
  const filter = await filterOf(
    configOf({ a: { text: '||example^' }, b: { text: 'x.example' }, c: { text: 'x.example' } }),
  );
  expect(judge(filter, 'x.example')).toBe('block b x.example');
});

test('the first group that holds the client decides which lists count; who is in none has all', async () => {
  const groups = [
    { name: 'workshop', clients: ['192.168.1.64/27', 'fd00::20/128'], lists: [] },
    { name: 'children', clients: ['192.168.1.0/24', 'fe80::/10'], lists: ['games'] },
  ];
  const lists = { ads: { text: 'ads.example' }, games: { text: 'game.example' } };
  const filter = await filterOf(configOf(lists, groups));
  const blocked = (client: string) =>
    ['ads.example', 'game.example'].filter((name) => judge(filter, name, client) !== null);
  expect(blocked('192.168.1.70')).toEqual([]);
  expect(blocked('fd00::20')).toEqual([]);
  expect(blocked('192.168.1.2')).toEqual(['game.example']);
  expect(blocked('fe80::1%eth0')).toEqual(['game.example']);
  expect(blocked('10.0.0.1')).toEqual(['ads.example', 'game.example']);
  expect(filter.groupOf('192.168.1.70')).toBe('workshop');
  expect(filter.groupOf('10.0.0.1')).toBeNull();
});

test('rewrites: an exact name, then the nearest wildcard; the name of a wildcard itself is not below it', async () => {
  const to = (name: string) => ({ kind: 'name', name: nameKey(name) }) as const;
  const filter = await filterOf({
    ...configOf({}),
    rewrites: [
      { name: nameKey('*.a.example'), to: to('outer.home.arpa') },
      { name: nameKey('*.b.a.example'), to: to('inner.home.arpa') },
      { name: nameKey('x.b.a.example'), to: to('exact.home.arpa') },
    ],
  });
  const found = (name: string) => filter.rewriteOf(nameKey(name))?.to;
  expect(found('x.b.a.example')).toEqual(to('exact.home.arpa'));
  expect(found('y.b.a.example')).toEqual(to('inner.home.arpa'));
  expect(found('b.a.example')).toEqual(to('outer.home.arpa'));
  expect(found('a.example')).toBeUndefined();
  expect(found('.')).toBeUndefined();
});

test('without lists and rewrites it is idle, and with either it is not', async () => {
  expect((await filterOf(configOf({}))).isIdle).toBe(true);
  expect((await filterOf(configOf({ ads: { text: 'a.example' } }))).isIdle).toBe(false);
});

test('a reload keeps a list whose source is the same, and the old names of one that has another until it is read', async () => {
  const first = configOf({ ads: { text: 'old.example' }, other: { text: 'other.example' } });
  const filter = await filterOf(first);
  const second = configOf({ ads: { text: 'new.example' } });
  filter.reload({
    ...second,
    lists: [second.lists[0]!, { ...first.lists[1]!, name: 'renamed', allows: true }],
  });
  expect(judge(filter, 'old.example')).toBe('block ads old.example');
  expect(judge(filter, 'other.example')).toBe('allow renamed other.example');
  await areRead(filter);
  expect(judge(filter, 'old.example')).toBeNull();
  expect(judge(filter, 'new.example')).toBe('block ads new.example');
  filter.reload(configOf({}));
  expect(judge(filter, 'new.example')).toBeNull();
});

const label = fc.constantFrom('a', 'b', 'c');
const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
const rule = fc
  .tuple(fc.constantFrom('', '*.', '||', '|', '@@||', '@@|'), name, fc.boolean())
  .map(([form, text, important]) => ({ form, text, important: important && /\|/.test(form) }));
type Rule = typeof rule extends fc.Arbitrary<infer T> ? T : never;

test('it decides as the plainest reading of the rules does', async () => {
  const list = fc.record({ rules: fc.array(rule, { maxLength: 8 }), allows: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(list, { minLength: 1, maxLength: 3 }),
      fc.array(name, { minLength: 5, maxLength: 20 }),
      async (lists, names) => {
        const written = lists.map(({ rules, allows }, at) => [
          `l${at}`,
          { text: rules.map(lineOf).join('\n'), allows },
        ]);
        const filter = await filterOf(configOf(Object.fromEntries(written)));
        for (const asked of names)
          expect(filter.judge(nameKey(asked), '10.0.0.1')?.kind ?? null).toBe(naive(lists, asked));
        open.pop()!.close();
      },
    ),
    { numRuns: 40 },
  );
});

function lineOf({ form, text, important }: Rule): string {
  return `${form}${text}${form.includes('|') ? '^' : ''}${important ? '$important' : ''}`;
}

function naive(lists: readonly { rules: readonly Rule[]; allows: boolean }[], asked: string): string | null {
  const hits = lists.flatMap(({ rules, allows }) =>
    rules
      .filter(
        ({ form, text }) =>
          (asked === text && form !== '*.') || (/\*|\|\|/.test(form) && asked.endsWith(`.${text}`)),
      )
      .map(({ form, important }) => ({ allow: allows || form.startsWith('@@'), important })),
  );
  for (const important of [true, false]) {
    for (const allow of [true, false]) {
      if (hits.some((hit) => hit.important === important && hit.allow === allow))
        return allow ? 'allow' : 'block';
    }
  }
  return null;
}
