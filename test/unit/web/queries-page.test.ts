// The page Queries: what it says of the log in each of its states, what it shows, and that no name does anything to it.

import { describe, expect, it } from 'vitest';
import { ANY_QUERY } from '../../../src/admin/query-wish.ts';
import type { AnsweredQuery, QueryLogMode } from '../../../src/observe/query-log.ts';
import { queryLogReport } from '../../../src/status/query-log-report.ts';
import { livePage } from '../../../src/web/page.ts';
import { type QueriesParts, queriesPage } from '../../../src/web/queries-page.ts';
import { documentText, frame, looseDates } from '../../support/documents.ts';
import { queryLogWith } from '../../support/query-logs.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { synchronized } from '../../support/statuses.ts';

function page(
  mode: QueryLogMode,
  queries: readonly Partial<AnsweredQuery>[],
  parts: Partial<QueriesParts> = {},
) {
  const clock = new SimulatedClock();
  const log = queryLogWith(clock, mode, ...queries);
  clock.advance(2500);
  const report = queryLogReport(log, ANY_QUERY, clock);
  return queriesPage({ report, typed: {}, problem: null, status: synchronized, ...parts });
}
const shown = (...args: Parameters<typeof page>) => documentText(page(...args));
/** The table of them. */
const latestOf = (...args: Parameters<typeof page>) =>
  page(...args).sections.find(({ id }) => id === 'log')!.body.text;

describe('with the log off', () => {
  const text = shown('off', []);

  it('says so, how it is switched on, and shows sums of all', () => {
    expect(text).toContain('The query log is off: who asks for which name is kept nowhere');
    expect(text).toContain('under <code>log:</code>, which may stand there already:');
    expect(text).toContain('<code>log:\n  queries: anonymised</code>');
    expect(text).toContain('874,263 queries, 87,426 of them for names that a list blocks');
    for (const word of ['this house', 'an upstream', 'nobody (failed)', 'NXDOMAIN', 'DNS over TLS'])
      expect(text).toContain(word);
  });

  it.each<[string, number, boolean]>([
    ['there is none and none has been', 0, false],
    ['there was one', 7, true],
  ])('says nothing of lists unless there was one: %s', (_what, blocked, isSaid) => {
    const answers = { ...synchronized.answers, blocked };
    const without = shown('off', [], { status: { ...synchronized, lists: [], answers } });
    expect(without.includes('names that a list blocks')).toBe(isSaid);
  });

  it('has no filter, no names and no clients', () => {
    expect(page('off', []).sections.map(({ id }) => id)).toEqual(['switch-on', 'outcomes']);
  });
});

describe('with the log on', () => {
  it.each<[QueryLogMode, RegExp]>([
    ['full', /the address of the client/],
    ['anonymised', /the network that the client is in \(\/24, \/48 for IPv6\) and not its address/],
  ])('says what is kept of whom (%s), where, for whom, and how it is switched off', (mode, who) => {
    const text = shown(mode, [{}]);
    expect(text).toMatch(who);
    expect(text).toMatch(/the last 1,000 in memory, 1 at this moment, and never on the disk/);
    expect(text).toMatch(/Whoever may see these pages sees them/);
    expect(text).toContain('<code>log:\n  queries: off</code>');
  });

  it('keeps the date since which it is on together', () => {
    const text = shown('full', [{}]);
    expect(text).toContain(', since <time datetime="');
    expect(looseDates(text)).toEqual([]);
  });

  it('has a row for each query, the latest first, with a link to how its name is answered', () => {
    const text = latestOf('full', [
      { name: 'a.example.' },
      {
        ...{ name: 'b.example.', type: 'AAAA', client: '192.168.1.9', rcode: 'NXDOMAIN', ms: 21.4 },
        ...{ answeredBy: 'upstream', detail: 'tls://dns.example', transport: 'dot' },
      },
    ]);
    expect(text.indexOf('b.example')).toBeLessThan(text.indexOf('a.example'));
    expect(text).toContain('href="/names?name=b.example."');
    const row = text.slice(text.indexOf('b.example'), text.indexOf('a.example'));
    for (const part of [
      'AAAA',
      '192.168.1.9',
      'DNS over TLS',
      'NXDOMAIN',
      'an upstream',
      'tls://dns.example',
      '21.4 ms',
      '2 s ago',
    ])
      expect(row).toContain(part);
  });

  it('names what comes most often, and lets one look at a client', () => {
    const made = page('full', [{}, {}, { client: '192.168.1.9' }]);
    const { body, note } = made.sections.find(({ id }) => id === 'often')!;
    expect(made.sections[0]!.id).toBe('often');
    expect(body.text).toMatch(/www\.example.*class="n" data-is="queries">(?:<[^>]*>)*3</s);
    expect(body.text).toContain('href="/queries?client=192.168.1.7"');
    expect(note).toBe('Of all since the log was switched on.');
  });

  it('says that they came at least so often once there was no room for all', () => {
    const queries = Array.from({ length: 1001 }, (_, at) => ({ name: `${at}.example.` }));
    expect(shown('full', queries)).toContain('Of all since the log was switched on; at least so often.');
    expect(shown('full', queries.slice(1))).not.toContain('at least so often');
  });

  it('lets one look at the client of a query', () => {
    expect(latestOf('full', [{ client: 'fe80::1%eth0' }])).toContain(
      '<a class="cut" href="/queries?client=fe80%3A%3A1%25eth0"',
    );
  });

  it('says that nothing has come, or that nothing of it fits', () => {
    expect(shown('full', [])).toContain('Nobody has asked anything yet.');
    const clock = new SimulatedClock();
    const report = queryLogReport(queryLogWith(clock, 'full', {}), { ...ANY_QUERY, name: 'zz' }, clock);
    const text = documentText(
      queriesPage({ report, typed: { name: 'zz' }, problem: null, status: synchronized }),
    );
    expect(text).toContain('None of those that are kept fits.');
  });

  it('keeps what was typed, offers all again, and says what is wrong with it', () => {
    const typed = { name: 'x" onfocus="', type: 'AAAAA', 'answered-by': 'stale' };
    const problem = '`type` needs a record type, such as AAAA; "AAAAA" is none.';
    const found = page('full', [{}], { typed, problem });
    const text = documentText(found);
    expect(found.status).toBe(400);
    expect(text).toContain('value="x&quot; onfocus=&quot;"');
    expect(text).toContain('<option value="stale" selected>');
    expect(text).toContain('<code>type</code> needs a record type');
    expect(text).toContain('<a href="/queries">Show all</a>');
    expect(text).not.toContain('the latest first');
  });
});

describe('what is live', () => {
  it('are the lists and the sums, and not the form that somebody types into', () => {
    expect([...livePage(page('full', [{}]), frame()).parts.keys()]).toEqual(
      expect.arrayContaining(['lead', 'log', 'outcomes']),
    );
    expect([...livePage(page('full', [{}]), frame()).parts.keys()]).not.toContain('filter');
  });

  it('shows nothing any more of what was kept once that is switched off: all of it is rendered anew', () => {
    const [on, off] = [page('full', [{}]), page('off', [])].map((one) => livePage(one, frame()));
    expect(on!.main).toContain('www.example');
    expect(off!.shape).not.toBe(on!.shape);
    expect(off!.main).not.toContain('www.example');
  });

  it('keeps its shape, and what somebody types, as the first query comes', () => {
    const [none, one] = [page('full', []), page('full', [{}])].map((made) => livePage(made, frame()).shape);
    expect(none).toBe(one);
  });
});

describe('what comes from outside', () => {
  const HOSTILE = [
    '<script>alert(1)</script>.',
    '"><img src=x onerror=alert(1)>.',
    "' onmouseover='alert(1).",
    '&lt;b&gt;.',
    '\u202egro.elpmaxe.',
    '../../logout?x=1#.',
    'javascript:alert(1).',
  ];

  /** What a browser takes for tags, with what stands in quotation marks left out. */
  const tagsOf = (text: string) => text.replaceAll(/"[^"]*"/g, '""').match(/<[^>]*>/g);
  const all = (value: string) => ({ name: value, detail: value, client: value, rcode: value, type: value });

  it.each(HOSTILE)('is text and nothing else: %j', (hostile) => {
    const text = shown('full', [all(hostile)], { typed: { name: hostile, client: hostile } });
    const harmless = shown('full', [all('www.example.')], { typed: { name: 'www', client: 'x' } });
    expect(tagsOf(text)).toEqual(tagsOf(harmless));
    expect(text).not.toContain('\u202e');
    const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, href]) => href!);
    const places = new Set(links.map((href) => href.split('?', 1)[0]!.replace(/,.*/, '')));
    const ours = ['/', '/history', '/queries', '/names', '/devices', '/api/status', '/metrics'];
    expect([...places].filter((place) => !ours.includes(place))).toEqual([
      ...['data:image/svg+xml', '/assets/style.css', '#main'],
    ]);
    expect(links).toContain(`/names?name=${encodeURIComponent(hostile).replaceAll("'", '&#39;')}`);
  });

  it('of 255 octets is all there, and is cut by the style alone', () => {
    const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}.`;
    const text = shown('full', [{ name }]);
    expect(text).toContain(`<bdi>${name.slice(0, -1)}</bdi>`);
    expect(text).toContain('class="cut"');
  });
});
