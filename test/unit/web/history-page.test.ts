// The page of what was: its sentence, the timeline by days, what has no date, the charts with their tables, and that nothing
// from outside becomes markup.

import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/history/incident.ts';
import { type PointValues, valuesBy } from '../../../src/history/point.ts';
import { noPoints, type SeriesView } from '../../../src/history/series.ts';
import { chartsSection } from '../../../src/web/charts-section.ts';
import { bandsOf, type HistoryView, historyPage } from '../../../src/web/history-page.ts';
import { documentText, looseDates } from '../../support/documents.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW_MS = Date.parse('2026-11-03T08:00:00Z');
const HOSTILE = `<script>alert(1)</script>\u202e"'& ${'x'.repeat(255)}`;

const at = (agoMs: number) => new Date(NOW_MS - agoMs).toISOString();

const down: Incident = {
  ...{
    id: 5,
    kind: 'upstream',
    subject: 'tls://dns.example',
    what: 'the upstream tls://dns.example does not work',
  },
  ...{
    evidence: 'refused',
    doThis: 'run `noonmark explain`',
    startedAt: at(HOUR_MS),
    endedAt: at(HOUR_MS / 2),
  },
  ...{ isStartSure: true, isEndSure: true, lastedMs: HOUR_MS / 2, returns: 0, isOver: true, life: 3 },
};
const open: Incident = {
  ...down,
  ...{ id: 9, endedAt: null, isEndSure: false, isOver: false, lastedMs: HOUR_MS },
};
/** Of the run before, which ended before sources had agreed on the time. */
const unsure = { ...down, isStartSure: false, isEndSure: false, life: 2 };
const start: Incident = {
  ...{ ...down, id: 1, kind: 'start', subject: '0.4.0', what: 'the server started (0.4.0)', doThis: '' },
  ...{ startedAt: at(48 * HOUR_MS), endedAt: at(48 * HOUR_MS), lastedMs: 0 },
};

function seriesOf(
  of: 'day' | 'week',
  ...points: readonly [agoMs: number, values: Partial<PointValues>][]
): SeriesView {
  const stepMs = of === 'day' ? MINUTE_MS : 10 * MINUTE_MS;
  return {
    ...{ of, stepMs, fromMs: NOW_MS - (of === 'day' ? 24 : 168) * HOUR_MS, toMs: NOW_MS },
    points: points
      .map(([agoMs, values]) => ({
        atMs: NOW_MS - agoMs,
        values: valuesBy((field) => values[field] ?? null),
      }))
      .sort((a, b) => a.atMs - b.atMs),
  };
}

function view(parts: Partial<HistoryView> = {}): HistoryView {
  return {
    ...{
      open: [],
      incidents: [start],
      hasMore: false,
      isOlder: false,
      lastOver: null,
      first: start,
      life: 3,
    },
    ...{ charts: chartsSection(noPoints('day'), []), problem: null },
    ...parts,
  };
}

const textOf = (parts: Partial<HistoryView> = {}) =>
  documentText(historyPage(view(parts)), { path: '/history' });
const heading = (text: string) => /<h1[^>]*>(.*)<\/h1>/.exec(text)?.[1]?.replace(/<[^>]*>/g, '');

describe('the sentence', () => {
  it.each<[string, Partial<HistoryView>]>([
    ['Nothing has gone wrong since 2026-11-01 08:00:00 UTC.', {}],
    ['Nothing has gone wrong.', { first: { ...start, startedAt: null } }],
    ['Nothing has gone wrong.', { first: null, incidents: [] }],
    ['Nothing is wrong now, and nothing was since 2026-11-03 07:30:00 UTC.', { lastOver: down }],
    ['Nothing is wrong now.', { lastOver: { ...down, endedAt: null } }],
    ['Nothing is wrong now, and nothing was since about 2026-11-03 07:30:00 UTC.', { lastOver: unsure }],
    [
      'Nothing has gone wrong since about 2026-11-01 08:00:00 UTC.',
      { first: { ...start, isStartSure: false } },
    ],
    ['1 thing is wrong now.', { open: [open], lastOver: down }],
    ['2 things are wrong now.', { open: [open, { ...open, id: 8 }] }],
  ])('%s', (sentence, parts) => {
    expect(heading(textOf(parts))).toBe(sentence);
  });

  it('and whatever stands below keep their dates together', () => {
    const dated = { evidence: 'since 2026-11-03 07:00:00 UTC', doThis: 'wait until 2026-11-04' };
    const text = textOf({ lastOver: down, incidents: [{ ...down, ...dated }] });
    expect(text.match(/class="whole"/g)).toHaveLength(5);
    expect(looseDates(text)).toEqual([]);
  });

  it('says when a restart would forget it all', () => {
    const problem = '/state/history.sqlite cannot be written (ENOSPC); the disk is full: make room';
    expect(textOf({ problem })).toContain(`What is below is in memory alone: ${problem}.`);
  });
});

describe('what is wrong now', () => {
  const text = textOf({ open: [open] });

  it('comes first, with its day, its evidence unfolded and what to do', () => {
    expect(text.indexOf('Wrong now')).toBeLessThan(text.indexOf('id="charts"'));
    expect(text).toContain(
      '<time datetime="2026-11-03T07:00:00.000Z"><span>2026-11-03</span> <span>07:00:00</span></time>',
    );
    expect(text).toContain('for 1 h, and still is');
    expect(text).toMatch(
      /<details open><summary>Evidence<\/summary><p>Refused<\/p><p><em>Do this:<\/em> run <code>/,
    );
  });

  it('since nobody knows when says so', () => {
    const unknown = { ...open, startedAt: null };
    expect(textOf({ open: [unknown] })).toContain('at a time that is not known yet');
    expect(textOf({ open: [{ ...unknown, life: 2, lastedMs: null }] })).toContain(
      'for a time that is not known, and still is</span> <span class="soft">at a time that was not known, during the run before this one',
    );
  });
});

describe('the timeline', () => {
  it('has days, the latest first, and how long each thing lasted', () => {
    const yesterday = { ...down, id: 4, startedAt: at(26 * HOUR_MS), endedAt: at(25 * HOUR_MS), returns: 3 };
    const text = textOf({ incidents: [down, { ...yesterday, lastedMs: HOUR_MS }, start] });
    expect(Array.from(text.matchAll(/<h3 class="day">([^<]*)</g), ([, day]) => day)).toEqual([
      'Tuesday, 2026-11-03',
      'Monday, 2026-11-02',
      'Sunday, 2026-11-01',
    ]);
    expect(text).toContain('for 30 min, until <time datetime="2026-11-03T07:30:00.000Z">07:30:00</time>');
    expect(text).toMatch(/for 1 h, until <time[^>]*>07:00:00<\/time>; it came back 3 times/);
    expect(text).toContain(
      '<details><summary>Evidence</summary><p>Refused</p><p><em>What was to be done:</em>',
    );
    expect(text).toMatch(
      /id="incident-1" class="soft"><p><time[^>]*><span>08:00:00<\/span><\/time><b>The server started/,
    );
  });

  it('puts what began first lower, although it came to be known later', () => {
    const later = { ...down, id: 6, startedAt: at(2 * HOUR_MS) };
    const text = textOf({ incidents: [later, down] });
    expect(text.indexOf('incident-5')).toBeLessThan(text.indexOf('incident-6'));
  });

  it('tells what had no date by the run in which it was', () => {
    const undated = { ...down, startedAt: null, endedAt: null };
    const text = textOf({
      incidents: [
        { ...undated, id: 9 },
        { ...undated, id: 8, life: 2 },
        { ...undated, id: 7, life: 1 },
      ],
    });
    expect(Array.from(text.matchAll(/<h3 class="day">([^<]*)</g), ([, day]) => day)).toEqual([
      'At a time that is not known yet',
      'At a time that was not known, during the run before this one',
      'At a time that was not known, during a run of this server 2 runs ago',
    ]);
    expect(text).toContain('for 30 min, over');
    expect(text).not.toMatch(/1970/);
  });

  it('says "about" of a date that was never sure, and what that means', () => {
    const text = textOf({ incidents: [{ ...unsure, lastedMs: null }, start] });
    expect(Array.from(text.matchAll(/<h3 class="day">([^<]*)</g), ([, day]) => day)).toEqual([
      'About Tuesday, 2026-11-03',
      'Sunday, 2026-11-01',
    ]);
    expect(text).toContain('><span>about</span> <span>07:00:00</span></time>');
    expect(text).toMatch(/for a time that is not known, until about <time[^>]*>07:30:00</);
    expect(text).toContain('; &quot;about&quot; where no sources had agreed on the time.');
    expect(textOf({ incidents: [down] })).not.toMatch(/about/i);
  });

  it('has pages', () => {
    expect(textOf({ hasMore: true, incidents: [down] })).toContain('href="/history?before=5#timeline"');
    const older = textOf({ isOlder: true, incidents: [], open: [open] });
    expect(older).toContain('Nothing is remembered of before that');
    expect(older).toContain('href="/history#timeline"');
    expect(older).not.toContain('id="charts"');
  });

  it('makes no markup of anything', () => {
    const hostile = { ...down, subject: HOSTILE, what: HOSTILE, evidence: HOSTILE, doThis: HOSTILE };
    const odd = { ...hostile, kind: HOSTILE as Incident['kind'], id: 4 };
    const text = textOf({ incidents: [hostile, odd], open: [{ ...open, what: HOSTILE }], problem: HOSTILE });
    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain('\u202e');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\u202e&quot;&#39;&amp; xxx');
  });
});

describe('the charts', () => {
  const values = {
    perSecond: 4,
    blockedPerSecond: 1,
    p50Ms: 0.2,
    p99Ms: 48,
    hitShare: 0.75,
    rssOctets: 120 * 2 ** 20,
  };
  const text = textOf({
    charts: chartsSection(
      seriesOf(
        'day',
        [HOUR_MS, values],
        [HOUR_MS - MINUTE_MS, { ...values, perSecond: 6, p99Ms: 90 }],
        [9 * HOUR_MS, values],
        [24 * HOUR_MS, {}],
      ),
      [],
    ),
  });

  it('say in a sentence what they show', () => {
    const labels = Array.from(text.matchAll(/aria-label="([^"]*)"/g), ([, label]) => label!);
    expect(labels.filter((label) => label.includes('over the last day'))).toEqual([
      'Queries a second, over the last day. All: from 4 to 5, lastly 5; Blocked: from 1 to 1, lastly 1.',
      'Time to an answer, over the last day. Half within: from 200 µs to 200 µs, lastly 200 µs; 99 of 100 within: from 48 ms to 90 ms, lastly 90 ms.',
      'Answered from the cache, over the last day. From 75 % to 75 %, lastly 75 %.',
      'System clock against our own time, over the last day. Our own time is right within: nothing is known; The system clock is off by: nothing is known.',
      'Round trip to the nearest upstream, over the last day. Nothing is known.',
      'Failed exchanges with upstreams, a second, over the last day. Nothing is known.',
      'Memory of the server, over the last day. From 120 MiB to 120 MiB, lastly 120 MiB.',
    ]);
  });

  it('have their figures as tables, an hour a row', () => {
    const table = /<figure id="chart-queries">.*?<table[^>]*>(.*?)<\/table>/s.exec(text)?.[1] ?? '';
    const rows = Array.from(table.matchAll(/<tr role="row">(.*?)<\/tr>/gs), ([, row]) =>
      Array.from(row!.matchAll(/>([^<>]+)</g), ([, cell]) => cell!),
    );
    expect(rows).toEqual([
      ['from (UTC)', 'all', 'blocked'],
      ['2026-11-02 08:00', '–', '–'],
      ['2026-11-02 23:00', '4', '1'],
      ['2026-11-03 07:00', '5', '1'],
    ]);
  });

  it('of a week have six hours a row', () => {
    const week = textOf({
      charts: chartsSection(
        seriesOf('week', [101 * HOUR_MS, values], [99 * HOUR_MS, values], [167.5 * HOUR_MS, {}]),
        [],
      ),
    });
    expect(week).toContain('over the last week');
    expect(week).not.toContain('nothing is known before');
    expect(week).toContain('A point is 30 minutes: their mean');
    expect(Array.from(week.matchAll(/>2026-10-\d\d \d\d:00</g))).toHaveLength(14);
    expect(week).toContain('<a href="/history?of=week" aria-current="true">');
  });

  it.each([
    ['day', 2, '2026-11-03 07:58', 60, 1, '1 minute.'],
    ['day', 180, '2026-11-03 05:00', 180, 1, '1 minute.'],
    ['day', 720, '2026-11-02 20:00', 720, 3, '3 minutes: their mean'],
    ['week', 20, '2026-11-03 07:40', 60, 10, '10 minutes: their mean'],
  ] as const)(
    'of the first %s begin with the first point, %i minutes ago',
    (of, ago, since, minutes, pace, words) => {
      const { note, body } = chartsSection(seriesOf(of, [ago * MINUTE_MS, values], [MINUTE_MS, values]), []);
      expect(note).toContain(
        `Of this ${of} nothing is known before ${since}; it fills from there. A point is ${words}`,
      );
      const drawn = /data-from="(\d+)" data-step="(\d+)".*? data-texts0="([^"]*)"/.exec(body.text)!;
      expect(NOW_MS - Number(drawn[1])).toBe(ago * MINUTE_MS);
      expect(Number(drawn[2])).toBe(pace * MINUTE_MS);
      expect(drawn[3]!.split('|')).toHaveLength(minutes / pace);
      expect(body.text).toContain(`aria-label="Queries a second, since ${since} UTC. All: `);
    },
  );

  it('say why there is nothing yet', () => {
    expect(textOf()).toContain('The date is not known yet');
    expect(textOf({ charts: chartsSection(seriesOf('day'), []) })).toContain('the first comes soon');
  });

  it('have nothing inline that the policy would stop', () => {
    expect(text).not.toMatch(/\sstyle=|<style|<script>|\son\w+=/);
  });
});

describe('the bands behind the charts', () => {
  it('are when something was wrong, joined where they touch; moments and what has no date are none', () => {
    const lasting = (from: number, to: number | null) => ({
      ...{ ...down, startedAt: at(from) },
      endedAt: to === null ? null : at(to),
    });
    const bands = bandsOf(
      [
        lasting(10, 8),
        lasting(100, 50),
        lasting(60, 40),
        lasting(70, 65),
        start,
        { ...down, startedAt: null },
        { ...lasting(5, null), isEndSure: false, isOver: false },
      ],
      NOW_MS,
      3,
    );
    expect(bands.map(({ fromMs, toMs }) => [NOW_MS - fromMs, NOW_MS - toMs])).toEqual([
      [100, 40],
      [10, 8],
      [5, 0],
    ]);
  });

  it('are none of runs before this one whose dates were never sure; this one draws its points by its own', () => {
    const open = { ...unsure, isStartSure: true, endedAt: null, isOver: false };
    expect(bandsOf([unsure, { ...unsure, isStartSure: true }], NOW_MS, 3)).toEqual([]);
    expect(bandsOf([unsure], NOW_MS, 2)).toHaveLength(1);
    expect(bandsOf([open], NOW_MS, 3)).toHaveLength(1);
  });
});
