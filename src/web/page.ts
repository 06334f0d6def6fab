// What a page is, and how it becomes a document: the frame with its navigation around a lead and sections. Everything
// reads without a script; what is live is rendered anew here and morphed into place in the browser (assets/live.js).
// Pure; nothing inline, since the Content-Security-Policy lets no inline script or style through.

import { assetUrl } from './assets.ts';
import { html, type Markup, NOTHING, withTimes } from './markup.ts';

export interface Page {
  /** Of the document: "Queries · Noonmark" is made of "Queries". */
  readonly title: string;
  /** The h1, and what stands right under it. */
  readonly lead: Markup;
  /** Whether the lead is rendered anew as well. */
  readonly isLeadLive?: boolean;
  readonly sections: readonly PageSection[];
  /** Files of src/web/assets, loaded as modules once the page is there. */
  readonly scripts?: readonly string[];
  /** 200 unless said otherwise. */
  readonly status?: number;
  /** A source of images besides this server (Content-Security-Policy level 3, img-src). */
  readonly imagesFrom?: string;
}

export interface PageSection {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** One sentence under the title. */
  readonly note?: string;
  readonly body: Markup;
  /** Rendered anew every few seconds while somebody looks. */
  readonly isLive?: boolean;
}

export interface Frame {
  /** Where the page is: "/queries". */
  readonly path: string;
  /** The same with what follows the question mark. */
  readonly target: string;
  /** What runs, and for how long; null: not told to everybody. */
  readonly running: string | null;
  /** How things stand, for the mark in the head; null: not told to everybody. */
  readonly mood: Mood | null;
  /** Our own time as people read it; null while it is not known. */
  readonly now: string | null;
  /** May see more than the pages for anybody. */
  readonly isAdmitted: boolean;
  /** There is a password to sign in with. */
  readonly canSignIn: boolean;
  /** Signed in by password, and can sign out. */
  readonly canSignOut: boolean;
  /** Somebody asked that nothing moves (WCAG 2.2, 2.2.2). */
  readonly isStill: boolean;
}

export type Mood = 'well' | 'limping' | 'down';

const PLACES: readonly (readonly [path: string, name: string])[] = [
  ['/', 'Now'],
  ['/history', 'History'],
  ['/queries', 'Queries'],
  ['/names', 'Names'],
  ['/devices', 'Devices'],
];
/** What anybody may see. */
const PUBLIC_PLACE = '/devices';

const SIGN_IN = '/login';

/** Seconds after which a browser without script asks again for a page that has something live. */
export const REFRESH_SECONDS = 10;

const ICON = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="#e0a526"/></svg>')}`;

/** The whole document as HTML. */
export function documentOf(page: Page, frame: Frame): string {
  const isMoving = isLive(page) && !frame.isStill;
  const refresh = isMoving
    ? html`<noscript><meta http-equiv="refresh" content="${REFRESH_SECONDS}"></noscript>`
    : NOTHING;
  const scripts = [...(isMoving ? ['live.js'] : []), ...(page.scripts ?? [])];
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title id="title">${titleOf(page, frame)}</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="${assetUrl('style.css')}">
${refresh}
${isMoving ? html`<script defer src="${assetUrl('idiomorph.js')}"></script>` : NOTHING}
${scripts.map((file) => html`<script type="module" src="${assetUrl(file)}"></script>`)}
<a class="skip" href="#main">To the content</a>
<header>${head(frame)}</header>
<main id="main"${isMoving ? html` data-live="/api/live?of=${encodeURIComponent(frame.target)}"` : NOTHING}>
${inside(page)}</main>
<footer>${foot(page, frame)}</footer>
</html>
`.text;
}

function inside({ lead, sections }: Page): Markup {
  return html`<div id="lead">${lead}</div>
${sections.map(sectionMarkup)}`;
}

function head({ path, mood, isAdmitted, canSignIn, canSignOut }: Frame): Markup {
  const places = PLACES.filter(([place]) => isAdmitted || place === PUBLIC_PLACE).map(
    ([place, name]) =>
      html`<a href="${place}"${isAt(path, place) ? html` aria-current="${path === place ? 'page' : 'true'}"` : NOTHING}>${name}</a>`,
  );
  const sign = canSignOut
    ? html`<form method="post" action="/logout"><button class="plain">Sign out</button></form>`
    : isAdmitted || !canSignIn || path === SIGN_IN
      ? NOTHING
      : html`<a href="${SIGN_IN}">Sign in</a>`;
  return html`<a class="brand" id="brand" href="${isAdmitted ? '/' : PUBLIC_PLACE}">${brand(mood)}</a><nav aria-label="Pages">${places}${sign}</nav>`;
}

const MOODS: Readonly<Record<Mood, string>> = {
  well: 'all is well',
  limping: 'something needs attention',
  down: 'names of the world are not answered',
};

function brand(mood: Mood | null): Markup {
  const words = mood === null ? NOTHING : html`<span class="unseen"> (${MOODS[mood]})</span>`;
  return html`<span class="mark ${mood ?? ''}"></span>Noonmark${words}`;
}

/** What needs somebody is seen on a tab that nobody looks at. */
function titleOf({ title }: Page, { mood }: Frame): string {
  return `${mood === 'down' ? '(!) ' : ''}${title} · Noonmark`;
}

function isAt(path: string, place: string): boolean {
  return path === place || (place !== '/' && path.startsWith(`${place}/`));
}

function sectionMarkup({ id, title, note, body }: PageSection): Markup {
  const remark = note === undefined || note === '' ? NOTHING : html`<p class="soft">${withTimes(note)}</p>`;
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${remark}${body}</section>
`;
}

function foot(page: Page, frame: Frame): Markup {
  return html`<span id="as-of">${asOf(frame)}</span>${isLive(page) ? pace(frame) : NOTHING}${
    frame.isAdmitted ? html`<a href="/api/status">As JSON</a><a href="/metrics">As metrics</a>` : NOTHING
  }<span id="running">${frame.running ?? ''}</span>`;
}

function asOf({ now }: Frame): string {
  return now === null ? 'Made at a time that is not known' : `As of ${now}`;
}

/** Script turns the link into a button that holds the page still where it is. */
function pace({ target, isStill }: Frame): Markup {
  const [path = '', query = ''] = target.split('?', 2);
  const kept = query.split('&').filter((part) => part !== '' && part !== 'still');
  const search = (isStill ? kept : [...kept, 'still']).join('&');
  const href = search === '' ? path : `${path}?${search}`;
  return isStill
    ? html`<a href="${href}">Held still; go on</a>`
    : html`<a id="pace" href="${href}">Hold it still</a>`;
}

/** Whether anything of it is rendered anew. */
export function isLive({ sections, isLeadLive = false }: Page): boolean {
  return isLeadLive || sections.some((section) => section.isLive === true);
}

export interface LivePage {
  /** Which sections there are; where that changes, all of it is rendered anew. */
  readonly shape: string;
  /** The whole inside of main. */
  readonly main: string;
  /** What is live, by the id of the element that it stands in; the whole inside of that element. */
  readonly parts: ReadonlyMap<string, string>;
}

export function livePage(page: Page, frame: Frame): LivePage {
  const parts = new Map([
    ['as-of', asOf(frame)],
    ['running', frame.running ?? ''],
    ['brand', brand(frame.mood).text],
    ['title', titleOf(page, frame)],
  ]);
  if (page.isLeadLive === true) parts.set('lead', page.lead.text);
  for (const section of page.sections) {
    if (section.isLive !== true) continue;
    const whole = sectionMarkup(section).text;
    parts.set(section.id, whole.slice(whole.indexOf('>') + 1, whole.lastIndexOf('</section>')));
  }
  return { shape: page.sections.map(({ id }) => id).join(' '), main: inside(page).text, parts };
}
