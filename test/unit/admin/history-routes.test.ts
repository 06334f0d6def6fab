// What was, over HTTP: parameters and their mistakes, and that docs/api.md has every field, every kind, and no other.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type HistorySource, historyPages, historyRoutes } from '../../../src/admin/history-routes.ts';
import type { AdminVisit } from '../../../src/admin/route.ts';
import type { Incident } from '../../../src/history/incident.ts';
import { POINT_FIELDS, valuesBy } from '../../../src/history/point.ts';
import type { SeriesOf } from '../../../src/history/series.ts';
import type { IncidentsAsked } from '../../../src/history/store.ts';

const AT_MS = Date.parse('2026-11-03T08:00:00Z');

const incident = (id: number, more: Partial<Incident> = {}): Incident => ({
  ...{ id, kind: 'upstream', subject: 'tls://dns.example', what: 'w', evidence: 'e', doThis: 'd' },
  ...{ startedAt: '2026-11-03T08:00:00.000Z', endedAt: '2026-11-03T08:00:05.000Z', lastedMs: 5000 },
  ...{ isStartSure: true, isEndSure: true, returns: 0, isOver: true, life: 1 },
  ...more,
});

/** With ids from `count` down to 1, and every third one open. */
function house(count = 250, parts: Partial<HistorySource> = {}) {
  const all = Array.from({ length: count }, (_, at) => {
    const id = count - at;
    return incident(id, id % 3 === 0 ? { isOver: false, endedAt: null } : {});
  });
  const asked: SeriesOf[] = [];
  const history: HistorySource = {
    incidents: ({ limit, before = Number.MAX_SAFE_INTEGER, isOpen = false }: IncidentsAsked) =>
      all.filter(({ id, isOver }) => id < before && (!isOpen || !isOver)).slice(0, limit),
    series: (of) => {
      asked.push(of);
      const points = [{ atMs: AT_MS, values: valuesBy((field, at) => (field === 'p50Ms' ? null : at)) }];
      return { of, stepMs: 60_000, fromMs: AT_MS, toMs: AT_MS + 60_000, points };
    },
    ...{ first: all.at(-1) ?? null, lastOver: null, life: 1, problem: null },
    ...parts,
  };
  return { history, asked };
}

function visitTo(target: string): AdminVisit {
  const [path = '', query = ''] = target.split('?', 2);
  return {
    ...{ method: 'GET', path, query: new URLSearchParams(query), form: new URLSearchParams() },
    ...{ accept: '', client: '127.0.0.1', localAddress: '127.0.0.1', host: 'localhost', cookie: '' },
    ...{ authorization: '', isEncrypted: false, isControl: false, isForwarded: false, isAdmitted: true },
  };
}

const ask = async (target: string, parts = {}) => {
  const [path = ''] = target.split('?', 1);
  const [route] = [historyRoutes(house(250, parts))[path]!].flat();
  const answer = await route!.answer(visitTo(target));
  if ('begin' in answer) throw new Error(`${path} goes on and on`);
  return { status: answer.status, body: String(answer.body) };
};
const idsOf = async (path: string) => {
  const { incidents, more } = JSON.parse((await ask(path)).body);
  return [incidents.map(({ id }: Incident) => id), more];
};

describe('/api/incidents', () => {
  it('has the latest hundred, as they are', async () => {
    const { incidents, more, problem } = JSON.parse((await ask('/api/incidents')).body);
    expect([incidents.length, more, problem]).toEqual([100, true, null]);
    expect(incidents[1]).toEqual(incident(249, { isOver: false, endedAt: null }));
  });

  it.each<[string, unknown]>([
    ['/api/incidents?limit=2', [[250, 249], true]],
    ['/api/incidents?limit=2&before=3', [[2, 1], false]],
    ['/api/incidents?limit=2&before=4', [[3, 2], true]],
    ['/api/incidents?open&limit=2', [[249, 246], true]],
    ['/api/incidents?open&before=4', [[3], false]],
    ['/api/incidents?before=1', [[], false]],
  ])('%s', async (path, found) => {
    expect(await idsOf(path)).toEqual(found);
  });

  it('gives a thousand at most', async () => {
    expect((await idsOf('/api/incidents?limit=1000'))[0]).toHaveLength(250);
  });

  it('says why a restart would forget them', async () => {
    expect(JSON.parse((await ask('/api/incidents', { problem: 'the disk is full' })).body).problem).toBe(
      'the disk is full',
    );
  });

  it.each([
    ['/api/incidents?limit=0', /^`limit` needs a number from 1 to 1000/],
    ['/api/incidents?limit=1001', /^`limit`/],
    ['/api/incidents?limit=', /^`limit`/],
    ['/api/incidents?limit=1e3', /^`limit`/],
    ['/api/incidents?before=-1', /^`before` needs the id/],
    ['/api/incidents?before=1;DROP', /^`before`/],
    [`/api/incidents?before=${'9'.repeat(400)}`, /^`before`/],
    ['/api/series?of=year', /^`of` needs day or week/],
    ['/api/series?of=__proto__', /^`of`/],
  ])('a mistake is a sentence: %s', async (path, sentence) => {
    const { status, body } = await ask(path);
    expect(status).toBe(400);
    expect(body).toMatch(sentence);
  });
});

describe('/api/series', () => {
  it.each([
    ['/api/series', 'day'],
    ['/api/series?of=day', 'day'],
    ['/api/series?of=week', 'week'],
  ])('%s', async (path, of) => {
    const found = JSON.parse((await ask(path)).body);
    expect(found).toMatchObject({
      of,
      stepMs: 60_000,
      points: [{ at: '2026-11-03T08:00:00.000Z', p50Ms: null }],
    });
  });
});

describe('the page', () => {
  const { page, access } = historyPages(house())['/history']!;
  const textOf = async (path: string) => {
    const { lead, sections } = await page(visitTo(path));
    return [lead, ...sections.map(({ body }) => body)].map(({ text }) => text).join('\n');
  };

  it('is for who is admitted, as is the rest', () => {
    expect(access).toBe('admitted');
    for (const route of Object.values(historyRoutes(house())).flat())
      expect(route).toMatchObject({ access, doors: 'both' });
  });

  it('has every incident once', async () => {
    const ids = Array.from((await textOf('/history')).matchAll(/id="incident-(\d+)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('250');
    expect(ids).toContain('249');
    expect(ids).not.toContain('220');
  });

  it('draws its charts once for a series, and anew for another', async () => {
    const one = house();
    const same = one.history.series('day');
    const kept = historyPages({ history: { ...one.history, series: () => same } })['/history']!;
    const chartsOf = async ({ page: make }: typeof kept) =>
      (await make(visitTo('/history'))).sections.find(({ id }) => id === 'charts');
    expect(await chartsOf(kept)).toBe(await chartsOf(kept));
    const other = historyPages(one)['/history']!;
    expect(await chartsOf(other)).not.toBe(await chartsOf(other));
  });

  it('is turned, and nonsense in its address is as if it were not there', async () => {
    expect(await textOf('/history?before=30')).toContain('id="incident-29"');
    expect(await textOf('/history?of=year&before=x')).toContain('id="incident-250"');
  });
});

describe('docs/api.md', () => {
  const docs = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  const sectionOf = (path: string) =>
    docs.split(/^## /m).find((part) => part.startsWith(`\`${path}\``)) ?? '';
  /** First cells of the rows of the table with this head, without marks. */
  const named = (section: string, head: string) => {
    const [, table = ''] = section.split(`| ${head} |`, 2);
    return table
      .split('\n\n', 1)[0]!
      .split('\n')
      .flatMap((row) =>
        Array.from(/^\| ([^|]+) \|/.exec(row)?.[1]?.matchAll(/`(\w+)(?:\[\])?`/g) ?? [], ([, name]) => name!),
      )
      .sort();
  };
  const incidents = sectionOf('/api/incidents');
  const series = sectionOf('/api/series');

  it('has each parameter', () => {
    expect(named(incidents, 'parameter')).toEqual(['before', 'limit', 'open']);
  });

  it('has each field of the two answers, and no other', async () => {
    expect(named(incidents, 'field')).toEqual(
      Object.keys(JSON.parse((await ask('/api/incidents')).body)).sort(),
    );
    expect(named(series, 'field')).toEqual(Object.keys(JSON.parse((await ask('/api/series')).body)).sort());
  });

  it('has each field of an incident and of a point, and no other', () => {
    expect(named(incidents, 'field of an incident')).toEqual(Object.keys(incident(1)).sort());
    expect(named(series, 'field of a point')).toEqual(['at', ...POINT_FIELDS].sort());
  });

  it('has each kind, and no other', () => {
    const source = readFileSync(new URL('../../../src/history/incident.ts', import.meta.url), 'utf8');
    const types = source.slice(
      source.indexOf('export type TroubleKind'),
      source.indexOf('export type IncidentKind'),
    );
    const kinds = Array.from(types.matchAll(/'(\w+)'/g), ([, kind]) => kind!);
    expect(named(incidents, 'kind')).toEqual(kinds.sort());
  });

  it.each(['/history', '/api/incidents', '/api/series?of=day'])('has the path %s', (path) => {
    expect(docs).toContain(`| \`${path}\` |`);
  });
});
