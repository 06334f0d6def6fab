// One request to the admin listener as its routes see it: by its target, from a device of the house, by somebody who is
// admitted, unless a test says otherwise.

import type { AdminAnswer } from '../../src/admin/admin-answer.ts';
import { isStream } from '../../src/admin/admin-answer.ts';
import {
  type AdminRoute,
  type AdminRoutes,
  type AdminVisit,
  findRoute,
  isRoute,
} from '../../src/admin/route.ts';

export function adminVisit(target: string, parts: Partial<AdminVisit> = {}): AdminVisit {
  const [path = '', query = ''] = target.split('?', 2);
  return {
    ...{ method: 'GET', path, query: new URLSearchParams(query), form: new URLSearchParams() },
    ...{ accept: '', cookie: '', authorization: '', host: 'dns.home.example:8080' },
    ...{ client: '192.168.1.30', localAddress: '192.168.1.2' },
    ...{ isEncrypted: true, isControl: false, isForwarded: false, isAdmitted: true },
    ...parts,
  };
}

/** What the route there answers; throws where there is none, or where it goes on and on. */
export async function answerOf(
  routes: AdminRoutes,
  method: AdminRoute['method'],
  target: string,
  parts: Partial<AdminVisit> = {},
): Promise<AdminAnswer> {
  const visit = adminVisit(target, { method, ...parts });
  const route = findRoute(routes, { path: visit.path, method, isControl: visit.isControl });
  if (!isRoute(route)) throw new Error(`there is no ${method} ${visit.path}`);
  const answer = await route.answer(visit);
  if (isStream(answer)) throw new Error(`${visit.path} goes on and on`);
  return answer;
}
