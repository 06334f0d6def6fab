// What a path of the admin listener is: for which method, on which doors, for whom, and what it answers. The tables
// themselves are the *-routes.ts files, joined in routes.ts; whether a request may be made at all is admin-request.ts.

import type { Page } from '../web/page.ts';
import type { AdminAnswer, AdminStream } from './admin-answer.ts';

/** One request, as plain values. */
export interface AdminVisit {
  /** As it was sent: "GET", "HEAD", "POST". */
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The Accept field, as it was sent. */
  readonly accept: string;
  /** The address of who asks; empty on the control socket. */
  readonly client: string;
  /** Our end of the connection; undefined on the control socket. */
  readonly localAddress: string | undefined;
  /** Host and perhaps port as they were asked for, in lower case. */
  readonly host: string;
  readonly isEncrypted: boolean;
  /** Came over the control socket, whose file only the owner may open. */
  readonly isControl: boolean;
  /** A proxy has brought it (access/forwarded.ts): whoever connects is not who asks. */
  readonly isForwarded: boolean;
  /** Of a POST's body; empty otherwise. */
  readonly form: URLSearchParams;
  /** The Cookie and Authorization fields, as they were sent. */
  readonly cookie: string;
  readonly authorization: string;
  /** Signed in, or needs no sign-in where he is. */
  readonly isAdmitted: boolean;
}

export interface AdminRoute {
  /** GET answers HEAD as well. */
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Both, or the control socket alone. */
  readonly doors: 'both' | 'control';
  readonly access: 'anybody' | 'admitted';
  readonly answer: (visit: AdminVisit) => AdminAnswer | Promise<AdminAnswer | AdminStream>;
  /** It may be owed for so long without the client being at fault (milliseconds); at once unless said. */
  readonly answersWithinMs?: number;
}

/** Who may see what; without it everybody who reaches the door is admitted. */
export interface AdminAccess {
  readonly admits: (visit: Omit<AdminVisit, 'isAdmitted'>) => boolean;
  /** What somebody gets who is not. */
  readonly refuse: (visit: AdminVisit) => AdminAnswer;
  /** Of its own: signing in and out. */
  readonly routes?: AdminRoutes;
}

/** By path; several methods of one path are several entries. */
export type AdminRoutes = Readonly<Record<string, AdminRoute | readonly AdminRoute[]>>;

export interface AdminPage {
  readonly access: AdminRoute['access'];
  readonly page: (visit: AdminVisit) => Page | Promise<Page>;
}

/** By path. */
export type AdminPages = Readonly<Record<string, AdminPage>>;

/** For who has lost the way: the methods that are understood at a path; empty where there is no such path. */
export interface NoRoute {
  readonly allowed: readonly string[];
}

export function findRoute(
  routes: AdminRoutes,
  {
    path,
    method,
    isControl,
  }: { readonly path: string; readonly method: string; readonly isControl: boolean },
): AdminRoute | NoRoute {
  const there = Object.hasOwn(routes, path) ? [routes[path]!].flat() : [];
  const open = there.filter(({ doors }) => isControl || doors === 'both');
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = open.find((route) => route.method === wanted);
  return (
    found ?? { allowed: open.flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : route.method)) }
  );
}

export function isRoute(found: AdminRoute | NoRoute): found is AdminRoute {
  return 'answer' in found;
}

/** Of what people look at; all else is for programs. */
export function isPagePath(path: string): boolean {
  return !/^\/(?:api\/|control\/|metrics$|healthz$|readyz$)/.test(path);
}
