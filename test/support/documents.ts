// Pages as the whole documents that a browser gets, for tests that look at their text.

import type { Status } from '../../src/status/status.ts';
import { formatInstant, mood } from '../../src/status/words.ts';
import { nowPage } from '../../src/web/now-page.ts';
import { documentOf, type Frame, type Page } from '../../src/web/page.ts';
import type { Traffic } from '../../src/web/traffic-section.ts';

export const TRAFFIC: Traffic = {
  lastMinute: Array.from({ length: 60 }, (_, second) => (second * 7) % 13),
  hitShare: 0.91,
  p50Ms: 0.2,
  p90Ms: 12,
  p99Ms: 48,
};

export function frame(parts: Partial<Frame> = {}): Frame {
  return {
    ...{ path: '/', target: '/', now: '2026-11-03 12:00:00 UTC' },
    ...{ running: 'Noonmark 0.0.0, up 3 d 4 h', mood: 'well' },
    ...{ isAdmitted: true, canSignIn: true, canSignOut: false, isStill: false },
    ...parts,
  };
}

export function documentText(page: Page, parts: Partial<Frame> = {}): string {
  return documentOf(page, frame(parts));
}

/** The page of now. */
export function nowDocument(status: Status, parts: Partial<Frame> = {}): string {
  const { now } = status.clock;
  const own = { mood: mood(status), now: now === null ? null : formatInstant(now) };
  return documentText(nowPage(status, TRAFFIC), { ...own, ...parts });
}

/** Dates in sentences of the page within which a line may end. */
export function looseDates(document: string): string[] {
  const text = document
    .replace(/<footer>.*/s, '')
    .replace(/<span class="whole">[^<]*<\/span>|<(time|svg|h3).*?<\/\1>/gs, ' ')
    .replace(/<[^>]*>/g, ' ');
  return text.match(/\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d UTC/g) ?? [];
}
