// The pages as routes: each as a document, the live ones also as a stream of what has changed in them (server-sent events,
// HTML Living Standard section 9.2), and the files that they load.

import type { Clock } from '../clock/clock.ts';
import type { Status } from '../status/status.ts';
import { formatAge, formatInstant, mood } from '../status/words.ts';
import { ASSETS, asset } from '../web/assets.ts';
import { documentOf, type Frame, isLive, type LivePage, livePage, type Page } from '../web/page.ts';
import { type AdminAnswer, type AdminStream, htmlAnswer, textAnswer } from './admin-answer.ts';
import type { AdminPages, AdminRoute, AdminRoutes, AdminVisit } from './route.ts';

export interface PageSubject {
  readonly status: () => Status;
  readonly clock: Clock;
  /** Whether a visit is one of a session that can be ended. */
  readonly canSignOut?: (visit: AdminVisit) => boolean;
  /** Whether there is a password to sign in with. */
  readonly canSignIn?: () => boolean;
}

/** A page that is looked at is rendered anew so often; a state of the clock is seen within 2 s (milliseconds). */
const LIVE_EVERY_MS = 2000;
const EVENT_TYPE = 'text/event-stream; charset=utf-8';
/** Browsers come back by themselves after this (milliseconds). */
const RETRY_MS = 2000;
const KEPT_FOR_GOOD = 'private, max-age=31536000, immutable';

/** `isStillAdmitted`: whether the same visit would be let in now; a sign-in ends while a page is open. */
export function pageRoutes(
  pages: AdminPages,
  subject: PageSubject,
  isStillAdmitted: (visit: AdminVisit) => boolean,
): AdminRoutes {
  const get = (access: AdminRoute['access'], answer: AdminRoute['answer']): AdminRoute => ({
    method: 'GET',
    doors: 'both',
    access,
    answer,
  });
  const documents = Object.entries(pages).map(([path, { access, page }]) => [
    path,
    get(access, async (visit) => pageAnswer(await page(visit), visit, subject)),
  ]);
  const files = ASSETS.map((file) => [
    `/assets/${file}`,
    get('anybody', ({ query }) => {
      const { type, text, digest } = asset(file);
      const answer = { status: 200, type, body: text };
      return query.has(digest) ? { ...answer, fields: { 'cache-control': KEPT_FOR_GOOD } } : answer;
    }),
  ]);
  return {
    ...Object.fromEntries([...documents, ...files]),
    '/api/live': get('admitted', (visit) => live(visit, { pages, subject, isStillAdmitted })),
  };
}

/** A page in its frame, as an answer to somebody's visit. */
export function pageAnswer(page: Page, visit: AdminVisit, subject: PageSubject): AdminAnswer {
  return htmlAnswer(documentOf(page, frameOf(visit, subject)), page.status, page.imagesFrom);
}

function frameOf(visit: AdminVisit, { status, canSignIn, canSignOut }: PageSubject): Frame {
  const { path, query, isAdmitted } = visit;
  const found = status();
  const { now } = found.clock;
  const search = query.toString().replace(/(^|&)still=(?=&|$)/, '$1still');
  return {
    path,
    target: search === '' ? path : `${path}?${search}`,
    running: isAdmitted ? `Noonmark ${found.version}, up ${formatAge(found.uptimeMs)}` : null,
    mood: isAdmitted ? mood(found) : null,
    now: now === null ? null : formatInstant(now),
    isAdmitted,
    canSignIn: canSignIn?.() ?? false,
    canSignOut: canSignOut?.(visit) ?? false,
    isStill: query.has('still'),
  };
}

interface LiveParts {
  readonly pages: AdminPages;
  readonly subject: PageSubject;
  readonly isStillAdmitted: (visit: AdminVisit) => boolean;
}

/** `of`: path and query of the page that is looked at. */
async function live(
  visit: AdminVisit,
  { pages, subject, isStillAdmitted }: LiveParts,
): Promise<AdminAnswer | AdminStream> {
  const [path = '', query = ''] = (visit.query.get('of') ?? '').split('?', 2);
  if (!Object.hasOwn(pages, path)) return textAnswer(400, '`of` needs the path of a page, such as /');
  const looked = { ...visit, path, query: new URLSearchParams(query) };
  if (!isLive(await pages[path]!.page(looked))) return textAnswer(400, 'nothing of that page changes');
  return {
    type: EVENT_TYPE,
    begin: (send, fail) => {
      const sent = new SentPage(send);
      let isRendering = false;
      const render = async () => {
        if (isRendering) return;
        isRendering = true;
        try {
          const page = await pages[path]!.page(looked);
          sent.become(livePage(page, frameOf(looked, subject)));
        } finally {
          isRendering = false;
        }
      };
      const look = () => {
        if (isStillAdmitted(visit)) void render().catch(fail);
        else send(event('reload', {})); // to be asked to sign in
      };
      send(`retry: ${RETRY_MS}\n\n`);
      look();
      const timer = subject.clock.every(LIVE_EVERY_MS, look);
      return () => timer.cancel();
    },
  };
}

/** What a browser shows of a page, as far as it was sent; a slow one is sent the rest later. */
class SentPage {
  readonly #send: (text: string) => boolean;
  readonly #parts = new Map<string, string>();
  #shape: string | null = null;

  constructor(send: (text: string) => boolean) {
    this.#send = send;
  }

  become({ shape, main, parts }: LivePage): void {
    if (shape !== this.#shape) {
      if (!this.#send(event('part', { id: 'main', html: main }))) return;
      this.#shape = shape;
      for (const [id, html] of parts) if (!OUTSIDE_MAIN.has(id)) this.#parts.set(id, html);
    }
    for (const [id, html] of parts) {
      if (this.#parts.get(id) === html) continue;
      if (!this.#send(event('part', { id, html }))) return;
      this.#parts.set(id, html);
    }
  }
}

/** In the head and in the footer. */
const OUTSIDE_MAIN: ReadonlySet<string> = new Set(['as-of', 'running', 'brand', 'title']);

function event(name: string, content: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(content)}\n\n`;
}
