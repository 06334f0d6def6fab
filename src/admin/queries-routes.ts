// The query log as JSON and as the page Queries. Both are for who is admitted: with the log on they say who asks for what.
// Reading only; it is switched by the configuration and by nothing else.

import type { Clock } from '../clock/clock.ts';
import type { QueryLog } from '../observe/query-log.ts';
import { queryLogReport } from '../status/query-log-report.ts';
import type { Status } from '../status/status.ts';
import { FIELD_LABELS, QUERY_FIELDS, type QueryField, queriesPage } from '../web/queries-page.ts';
import { jsonAnswer, textAnswer } from './admin-answer.ts';
import { ANY_QUERY, readQueryWish, type WishWords } from './query-wish.ts';
import type { AdminPages, AdminRoutes } from './route.ts';

export interface QueriesSubject {
  readonly clock: Clock;
  readonly status: () => Status;
  readonly queryLog: QueryLog;
}

export function queriesRoutes({ clock, queryLog }: QueriesSubject): AdminRoutes {
  return {
    '/api/queries': {
      method: 'GET',
      doors: 'both',
      access: 'admitted',
      answer: ({ query }) => {
        const read = readQueryWish(query);
        if ('problem' in read) return textAnswer(400, read.problem);
        return jsonAnswer(queryLogReport(queryLog, read.wish, clock));
      },
    },
  };
}

/** Of a form: `still`, of every page, means that nothing is to move. */
const FOR_PEOPLE: WishWords = {
  others: ['still'],
  called: (key) => (key in FIELD_LABELS ? `“${FIELD_LABELS[key as QueryField]}”` : `\`${key}\``),
};
/** What somebody on a phone can scroll past. */
const ROWS = 50;

export function queriesPages({ clock, queryLog, status }: QueriesSubject): AdminPages {
  return {
    '/queries': {
      access: 'admitted',
      page: ({ query }) => {
        const read = readQueryWish(query, FOR_PEOPLE);
        const [wish, problem] = 'wish' in read ? [read.wish, null] : [ANY_QUERY, read.problem];
        const limit = query.get('limit') ? wish.limit : ROWS;
        const report = queryLogReport(queryLog, { ...wish, limit }, clock);
        const typed = Object.fromEntries(QUERY_FIELDS.map((field) => [field, query.get(field) ?? '']));
        return queriesPage({ report, typed, problem, status: status() });
      },
    },
  };
}
