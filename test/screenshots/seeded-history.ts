// A week that this server has not lived, for the pictures of its history: quiet nights, busy evenings, an upstream that was away,
// and the power cut that this project exists for. Made with the server's own tables, so that their form cannot differ.

import * as sqlite from 'node:sqlite';
import type { KeptIncident } from '../../src/history/kept-incident.ts';
import type { Moment } from '../../src/history/life-time.ts';
import { type PointValues, valuesBy } from '../../src/history/point.ts';
import { SqliteHistory } from '../../src/history/sqlite-store.ts';
import { SPANS, type Span } from '../../src/history/store.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Of the life before this one; the one before that ended with the power. */
const LIFE = 2;

/** The file that a server with such a week behind it would find. */
export async function seededHistory(): Promise<Uint8Array> {
  const nowMs = Date.now();
  const store = new SqliteHistory(sqlite, null);
  const cutMs = nowMs - 2.4 * DAY_MS;
  const at = (dateMs: number): Moment => ({
    ...{ life: dateMs < cutMs ? LIFE - 1 : LIFE, ms: Math.max(0, dateMs - cutMs) },
    ...{ dateMs, isSure: true },
  });
  for (const [index, incident] of incidents(nowMs, cutMs).entries()) {
    const { fromMs, toMs, ...rest } = incident;
    store.put({ ...rest, id: index + 1, returns: 0, started: at(fromMs), ended: at(toMs) });
  }
  for (const span of Object.keys(SPANS) as Span[]) {
    const { stepMs, points } = SPANS[span];
    const last = Math.floor(nowMs / stepMs) - 1;
    for (let key = last - points + 1; key <= last; key += 1) {
      const dateMs = key * stepMs;
      if (dateMs > cutMs - 4 * HOUR_MS && dateMs < cutMs) continue; // the power was away
      store.putPoint(span, { key, values: pointAt(dateMs, nowMs) });
    }
  }
  store.recordLife({ number: LIFE, version: '0.1.0', seen: at(nowMs - 5 * MINUTE_MS), isOver: true });
  return store.image;
}

type Lived = Omit<KeptIncident, 'id' | 'returns' | 'started' | 'ended'> & {
  readonly fromMs: number;
  readonly toMs: number;
};

function incidents(nowMs: number, cutMs: number): Lived[] {
  const moment = (fromMs: number) => ({ fromMs, toMs: fromMs, doThis: '' });
  return [
    {
      ...moment(nowMs - 5.2 * DAY_MS),
      ...{
        kind: 'renewed',
        subject: 'dns.home.arpa',
        what: 'a new certificate for dns.home.arpa was issued',
      },
      evidence: 'by acme.ca.example, by dns-01; it ends on 2027-02-23',
    },
    {
      ...moment(cutMs),
      ...{ kind: 'start', subject: '0.1.0', what: 'the server started again without having been stopped' },
      evidence:
        'the run before this one was last heard of 4 h 2 min before; the machine itself had started 21 s before: the power, or a restart of the machine',
    },
    {
      ...{ kind: 'clock', subject: 'untrusted', what: 'the time is not known', doThis: '' },
      evidence: 'the system clock says 1970-01-01, which is before this release was made',
      ...{ fromMs: cutMs, toMs: cutMs + 1900 },
    },
    {
      ...moment(cutMs + 1900),
      ...{ kind: 'time', subject: 'synchronized', what: 'the time is known: sources agree on it' },
      evidence: '3 of 3 votes agree within 14 ms; the system clock is 56.9 years behind',
    },
    {
      ...{ kind: 'upstream', subject: 'tls://two.dns.example', doThis: '' },
      what: 'the upstream tls://two.dns.example does not answer',
      evidence: 'the connection was refused; the other upstream answered for it',
      ...{ fromMs: nowMs - 9.3 * HOUR_MS, toMs: nowMs - 8.9 * HOUR_MS },
    },
    {
      ...{ kind: 'list', subject: 'ads and trackers', doThis: '' },
      what: 'the list "ads and trackers" could not be fetched',
      evidence: 'the server answered 503; yesterday’s list went on',
      ...{ fromMs: nowMs - 3.1 * HOUR_MS, toMs: nowMs - 2.8 * HOUR_MS },
    },
  ];
}

/** How much goes on in a house at an hour: little at night, most in the evening. */
function busyness(dateMs: number): number {
  const hour = (dateMs / HOUR_MS) % 24;
  const bell = (middle: number, width: number) => Math.exp(-(((hour - middle) / width) ** 2));
  return 0.08 + 0.45 * bell(8, 1.6) + 0.35 * bell(13, 3) + bell(20, 2.4);
}

function pointAt(dateMs: number, nowMs: number): PointValues {
  const agoMs = nowMs - dateMs;
  const isAway = agoMs < 9.3 * HOUR_MS && agoMs > 8.9 * HOUR_MS;
  const busy = busyness(dateMs) * (0.8 + 0.4 * noise(dateMs, 1));
  const values: PointValues = {
    perSecond: 9 * busy,
    hitShare: 0.78 + 0.14 * busy * noise(dateMs, 2),
    blockedPerSecond: 1.1 * busy * noise(dateMs, 3),
    p50Ms: 0.2 + 0.1 * noise(dateMs, 4),
    p99Ms: isAway ? 140 + 60 * noise(dateMs, 5) : 24 + 22 * noise(dateMs, 5),
    systemClockOffsetMs: 1.5 * Math.sin(dateMs / HOUR_MS / 3) + noise(dateMs, 6),
    uncertaintyMs: 9 + 5 * noise(dateMs, 7),
    upstreamRttMs: 14 + 4 * noise(dateMs, 8),
    upstreamFailuresPerSecond: isAway ? 0.4 * noise(dateMs, 9) : 0,
    rssOctets: (88 + 6 * busy) * 2 ** 20,
  };
  return valuesBy((field) => values[field]);
}

/** From 0 to 1, and the same for the same minute. */
function noise(dateMs: number, salt: number): number {
  const wave = Math.sin((dateMs / MINUTE_MS) * 12.9898 + salt * 78.233) * 43758.5453;
  return wave - Math.floor(wave);
}
