// What was: incidents and the series of the charts as JSON, and the page History of both. Nothing here changes anything, and
// nothing names a client.

import type { Incident } from '../history/incident.ts';
import type { SeriesOf, SeriesView } from '../history/series.ts';
import { type IncidentsAsked, MAX_INCIDENTS } from '../history/store.ts';
import { rfc3339 } from '../status/clock-report.ts';
import { chartsSection } from '../web/charts-section.ts';
import { bandsOf, historyPage } from '../web/history-page.ts';
import type { PageSection } from '../web/page.ts';
import { type AdminAnswer, jsonAnswer, textAnswer } from './admin-answer.ts';
import type { AdminPages, AdminRoute, AdminRoutes } from './route.ts';

/** What is asked of src/history/history.ts. */
export interface HistorySource {
  /** The latest first. */
  readonly incidents: (asked: IncidentsAsked) => readonly Incident[];
  readonly series: (of: SeriesOf) => SeriesView;
  readonly first: Incident | null;
  /** The trouble that was over last. */
  readonly lastOver: Incident | null;
  readonly life: number;
  readonly problem: string | null;
}

export interface HistorySubject {
  readonly history: HistorySource;
}

const LIMIT_DEFAULT = 100;
/** As many as somebody reads before he turns the page. */
const SHOWN = 30;
/** For the shades behind the charts. */
const LOOKED_AT = 200;

export function historyRoutes({ history }: HistorySubject): AdminRoutes {
  const get = (answer: AdminRoute['answer']): AdminRoute => ({
    ...{ method: 'GET', answer },
    ...{ doors: 'both', access: 'admitted' },
  });
  return {
    '/api/incidents': get(({ query }) => incidents(query, history)),
    '/api/series': get(({ query }) => series(query, history)),
  };
}

/** `limit`, `before` an id, and with `open` those alone that last. */
function incidents(query: URLSearchParams, history: HistorySource): AdminAnswer {
  const limit = wholeIn(query, 'limit', LIMIT_DEFAULT);
  const before = wholeIn(query, 'before', Number.MAX_SAFE_INTEGER);
  if (limit === null || limit > MAX_INCIDENTS)
    return textAnswer(400, `\`limit\` needs a number from 1 to ${MAX_INCIDENTS}, or is left out`);
  if (before === null) return textAnswer(400, '`before` needs the id of an incident, or is left out');
  const found = history.incidents({ limit: limit + 1, before, isOpen: query.has('open') });
  return jsonAnswer({
    incidents: found.slice(0, limit),
    more: found.length > limit,
    problem: history.problem,
  });
}

function series(query: URLSearchParams, history: HistorySource): AdminAnswer {
  const of = query.get('of') ?? 'day';
  if (of !== 'day' && of !== 'week') return textAnswer(400, '`of` needs day or week, or is left out');
  const view = history.series(of);
  const points = view.points.map(({ atMs, values }) => ({ at: rfc3339(atMs), ...values }));
  return jsonAnswer({ of, stepMs: view.stepMs, points });
}

export function historyPages({ history }: HistorySubject): AdminPages {
  const chartsOf = drawnOnce();
  return {
    '/history': {
      access: 'admitted',
      page: ({ query }) => {
        const before = wholeIn(query, 'before', Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER;
        const found = history.incidents({ limit: SHOWN + 1, before });
        const open = history.incidents({ limit: MAX_INCIDENTS, isOpen: true });
        const latest = history.incidents({ limit: LOOKED_AT });
        const shown = history.series(query.get('of') === 'week' ? 'week' : 'day');
        return historyPage({
          open,
          incidents: found.slice(0, SHOWN).filter(({ isOver }) => isOver),
          hasMore: found.length > SHOWN,
          isOlder: query.has('before'),
          ...{
            first: history.first,
            lastOver: history.lastOver,
            life: history.life,
            problem: history.problem,
          },
          charts: chartsOf(shown, bandsOf([...open, ...latest], shown.toMs ?? 0, history.life)),
        });
      },
    },
  };
}

/** Charts are drawn anew when something is new in them, although somebody may look every 2 s: it takes a while. */
function drawnOnce(): typeof chartsSection {
  const drawn = new WeakMap<SeriesView, { readonly bands: string; readonly section: PageSection }>();
  return (series, bands) => {
    const known = drawn.get(series);
    const key = JSON.stringify(bands);
    if (known?.bands === key) return known.section;
    const section = chartsSection(series, bands);
    drawn.set(series, { bands: key, section });
    return section;
  };
}

/** A whole number from 1 on, or `otherwise` where there is none; null for anything else. */
function wholeIn(query: URLSearchParams, name: string, otherwise: number): number | null {
  const text = query.get(name);
  if (text === null) return otherwise;
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
