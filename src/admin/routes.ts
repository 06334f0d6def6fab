// Every path of the admin listener and the control socket: the tables of all areas, joined. What an area has to know of the
// house it says as its subject; src/app gives it.

import { type ControlSubject, controlRoutes } from './control-routes.ts';
import { type DevicesSubject, devicesPages, devicesRoutes } from './devices-routes.ts';
import { type HistorySubject, historyPages, historyRoutes } from './history-routes.ts';
import { type NamesSubject, namesCommon, namesPages, namesRoutes } from './names-routes.ts';
import { type NotifySubject, notifyRoutes } from './notify-routes.ts';
import { type PageSubject, pageRoutes } from './page-routes.ts';
import { type QueriesSubject, queriesPages, queriesRoutes } from './queries-routes.ts';
import type { AdminAccess, AdminPages, AdminRoutes } from './route.ts';
import { type StatusSubject, statusPages, statusRoutes } from './status-routes.ts';

export interface AdminSubject
  extends ControlSubject,
    DevicesSubject,
    HistorySubject,
    NamesSubject,
    NotifySubject,
    PageSubject,
    QueriesSubject,
    StatusSubject {}

/** Everybody who reaches the door is admitted. */
export const OPEN_ACCESS: AdminAccess = {
  admits: () => true,
  refuse: () => {
    throw new Error('nobody is refused here');
  },
};

export function adminRoutes(subject: AdminSubject, access: AdminAccess = OPEN_ACCESS): AdminRoutes {
  const names = namesCommon(subject);
  const pages: AdminPages = {
    ...statusPages(subject),
    ...historyPages(subject),
    ...namesPages(subject, names),
    ...queriesPages(subject),
    ...devicesPages(subject),
  };
  return {
    ...pageRoutes(pages, subject, access.admits),
    ...access.routes,
    ...statusRoutes(subject),
    ...historyRoutes(subject),
    ...controlRoutes(subject),
    ...namesRoutes(subject, names),
    ...notifyRoutes(subject),
    ...queriesRoutes(subject),
    ...devicesRoutes(subject),
  };
}
