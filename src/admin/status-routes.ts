// How the server is: the page of now, its JSON, its metrics, and the two short answers that programs watch. Those two are for
// anybody, and say no more than that.

import { metricsText } from '../status/metrics.ts';
import { METRICS_TYPE } from '../status/metrics-text.ts';
import type { Status } from '../status/status.ts';
import { nowPage } from '../web/now-page.ts';
import type { Traffic } from '../web/traffic-section.ts';
import { type AdminAnswer, JSON_TYPE, jsonAnswer, textAnswer } from './admin-answer.ts';
import type { AdminPages, AdminRoute, AdminRoutes } from './route.ts';

export interface StatusSubject {
  readonly status: () => Status;
  /** Of the last minute; absent where nobody counts. */
  readonly traffic?: () => Traffic;
}

export function statusPages({ status, traffic }: StatusSubject): AdminPages {
  return { '/': { access: 'admitted', page: () => nowPage(status(), traffic?.() ?? null) } };
}

export function statusRoutes({ status }: StatusSubject): AdminRoutes {
  const get = (access: AdminRoute['access'], answer: AdminRoute['answer']): AdminRoute => ({
    method: 'GET',
    doors: 'both',
    access,
    answer,
  });
  return {
    '/healthz': get('anybody', () => textAnswer(200, 'ok')),
    '/readyz': get('anybody', ({ accept, isAdmitted }) => readiness(status().notReady, accept, isAdmitted)),
    '/api/status': get('admitted', () => jsonAnswer(status())),
    '/metrics': get('admitted', () => ({ status: 200, type: METRICS_TYPE, body: metricsText(status()) })),
  };
}

/** The reasons name upstreams, which are for who may see the rest as well. */
function readiness(reasons: readonly string[], accept: string, isAdmitted: boolean): AdminAnswer {
  const isReady = reasons.length === 0;
  const status = isReady ? 200 : 503;
  const told = isAdmitted || isReady ? reasons : ['names of the world cannot be resolved'];
  if (accept.toLowerCase().includes(JSON_TYPE))
    return { status, type: JSON_TYPE, body: `${JSON.stringify({ ready: isReady, reasons: told })}\n` };
  return textAnswer(status, isReady ? 'ready' : told.join('\n'));
}
