// Whether a certificate may be ordered with the date that we have (docs/time.md). An order stands on the date twice: the
// CA's own certificate is judged by it, and what comes back is compared with it. Pure; who asks the CA for its date,
// over a connection verified strictly at our time, is elsewhere.

import type { ClockStatus } from '../clock/clock.ts';
import { writeRfc3339 } from '../clock/rfc3339.ts';

/** How far the CA's Date may be from ours while our clock is provisional. */
export const CA_DATE_WITHIN_MS = 3_600_000;

export type OrderLeave =
  | { readonly ok: true; readonly reason: string }
  /** `ca-date`: ask the CA's API, and then here again; `time`: nothing but a better clock helps. */
  | { readonly ok: false; readonly needs: 'time' | 'ca-date'; readonly reason: string };

/**
 * @param nowMs our date, milliseconds since 1970
 * @param caDateMs the Date that the CA's API sent just now; undefined: it has not been asked; null: it sent none
 */
export function mayOrder(
  status: Pick<ClockStatus, 'state' | 'basis' | 'reason'>,
  nowMs: number,
  caDateMs: number | null | undefined,
): OrderLeave {
  switch (status.state) {
    case 'synchronized':
      return { ok: true, reason: 'the time is synchronized' };
    case 'holdover':
      return { ok: true, reason: 'the time was synchronized, and is carried on' };
    case 'provisional':
      return judgeCaDate(status.basis ?? 'no known basis', nowMs, caDateMs);
    default:
      return { ok: false, needs: 'time', reason: `the time is not known (${status.reason})` };
  }
}

function judgeCaDate(basis: string, nowMs: number, caDateMs: number | null | undefined): OrderLeave {
  const provisional = `the time is provisional (${basis})`;
  const refuse = (needs: 'time' | 'ca-date', reason: string): OrderLeave => ({ ok: false, needs, reason });
  if (caDateMs === undefined)
    return refuse('ca-date', `${provisional}, and the CA has not been asked for its date`);
  if (caDateMs === null) return refuse('time', `${provisional}, and the CA sent no date to compare it with`);
  const both = `the CA's date is ${writeRfc3339(caDateMs)} and ours ${writeRfc3339(nowMs)}`;
  // Turned around, so that what is no number is no leave.
  if (!(Math.abs(caDateMs - nowMs) <= CA_DATE_WITHIN_MS)) {
    return refuse('time', `${provisional}, and ${both}, over an hour apart`);
  }
  return { ok: true, reason: `${provisional}, and the CA's own date agrees with it within an hour` };
}
