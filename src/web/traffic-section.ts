// The part of the page of now about queries: how many a second, how many of them the cache answered, how long they took, and
// the last minute as a line of bars. Pure.

import type { Status } from '../status/status.ts';
import { formatCount } from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { html, type Markup } from './markup.ts';
import type { PageSection } from './page.ts';

/** Of the last minute, as it ends now. */
export interface Traffic {
  /** Queries taken in each of its seconds, oldest first; fewer when the server is younger. */
  readonly lastMinute: readonly number[];
  /** Of the names of the world: how many the cache had; null when there were none. */
  readonly hitShare: number | null;
  /** From a query's arrival to its answer; null when there were none. */
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
}

const WIDTH = 480;
const HEIGHT = 72;
const SECONDS = 60;
const STEP = WIDTH / SECONDS;

export function trafficSection(traffic: Traffic, { queries }: Pick<Status, 'queries'>): PageSection {
  const { lastMinute, hitShare, p50Ms, p90Ms, p99Ms } = traffic;
  const taken = lastMinute.reduce((sum, count) => sum + count, 0);
  const perSecond = lastMinute.length === 0 ? 0 : taken / lastMinute.length;
  const ever = Object.values(queries).reduce((sum, count) => sum + count, 0);
  const body = html`<div class="traffic">${bars(lastMinute)}
<dl class="figures">${[
    figure('queries a second', perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))),
    figure('from the cache', hitShare === null ? '–' : `${Math.round(hitShare * 100)} %`),
    figure('half within', span(p50Ms)),
    figure('nine of ten', span(p90Ms)),
    figure('99 of 100', span(p99Ms)),
    figure('since the start', formatCount(ever)),
  ]}</dl></div>`;
  return { id: 'traffic', title: 'Queries in the last minute', body, isLive: true };
}

function span(ms: number | null): string {
  return ms === null ? '–' : formatSpan(ms);
}

function figure(what: string, value: string): Markup {
  return html`<div><dt>${what}</dt><dd>${value}</dd></div>`;
}

/** A bar a second, the latest at the right; the highest fills the height. */
function bars(lastMinute: readonly number[]): Markup {
  const most = Math.max(1, ...lastMinute);
  const first = SECONDS - lastMinute.length;
  const shown = lastMinute.map((count, at) => {
    const height = Math.round((count / most) * HEIGHT * 10) / 10;
    return count === 0
      ? ''
      : `M${((first + at) * STEP + STEP / 2).toFixed(1)} ${HEIGHT}v-${Math.max(1, height)}`;
  });
  const busiest = lastMinute.length === 0 ? 0 : Math.max(...lastMinute);
  return html`<svg class="bars" viewBox="0 0 ${WIDTH} ${HEIGHT + 1}" preserveAspectRatio="none" role="img" aria-label="Queries in each second of the last minute, ${formatCount(busiest)} in the busiest"><path class="base" d="M0 ${HEIGHT + 0.5}H${WIDTH}"/><path class="count" d="${shown.join('')}"/></svg>`;
}
