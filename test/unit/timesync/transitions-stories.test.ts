// The stories of the lab (test/lab) and their relatives in pure form: who says what in which round, what the certificates
// hold, and where that leaves the clock. Each row is one story; the truth is TRUTH_MS, and `off` is how far from it.

import { describe, expect, it } from 'vitest';
import type { ClockBasis, ClockState } from '../../../src/clock/clock.ts';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import {
  type Says,
  TimeHouse,
  type TimeHouseOptions,
  TRUTH_MS,
  witness,
} from '../../support/time-sources.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;
const GPS_ERA = 1024 * 7 * DAY;
const IN_1970 = -TRUTH_MS;
const IN_2045 = Date.UTC(2045, 0, 1) - TRUTH_MS;
const BEYOND_CEILING = 25 * YEAR;

type Step = (house: TimeHouse) => void;

const plain = (name: string, offMs = 0): Says => ({ name, offMs });
const keyed = (name: string, offMs = 0): Says => ({ name, offMs, isAuthenticated: true });
const trusted = (name: string, offMs = 0): Says => ({ name, offMs, isTrusted: true });
/** HTTPS Date: a second is all it knows, and its certificate holds for a month around the truth. */
const date = (name: string, offMs = 0, from = -DAY * 30, to = DAY * 30): Says => ({
  name,
  offMs,
  boundMs: 700,
  isAuthenticated: true,
  validity: [TRUTH_MS + from, TRUTH_MS + to],
});
const of = (operator: string, ...all: Says[]): Says[] => all.map((says) => ({ ...says, operator }));
const three = (offMs = 0): Says[] => ['a', 'b', 'c'].map((name) => plain(name, offMs));

const round =
  (...says: Says[]): Step =>
  (house) =>
    house.round(says);
const silence = round();
const pass =
  (ms: number): Step =>
  (house) => {
    house.pass(ms);
    house.reconsider(null);
  };
const suspend =
  (ms: number): Step =>
  (house) =>
    house.suspend(ms);
const setSystemClock =
  (offMs: number): Step =>
  (house) =>
    house.setSystemClock(offMs);
/** `count` rounds with the pauses that the rhythm has between them. */
const rounds =
  (count: number, ...says: Says[]): Step =>
  (house) => {
    for (let done = 0; done < count; done += 1) {
      if (done > 0) house.pause();
      house.round(says);
    }
  };
const roundsFor =
  (ms: number, ...says: Says[]): Step =>
  (house) => {
    const endMs = house.nowMs + ms;
    house.round(says);
    while (house.nowMs < endMs) {
      house.pause();
      house.round(says);
    }
  };
/** Most upstreams' certificates, from and to so far from the truth. */
const certificates = (from: number, to: number) =>
  ['dns-a', 'dns-b'].map((who) => witness(who, TRUTH_MS + from, TRUTH_MS + to));
const hear =
  (from: number, to: number): Step =>
  (house) => {
    house.witnesses = certificates(from, to);
    house.reconsider(null);
  };
/** The same, before anybody has judged the time by it. */
const seeUnjudged =
  (from: number, to: number): Step =>
  (house) => {
    house.witnesses = certificates(from, to);
  };

const VALID = certificates(-30 * DAY, 60 * DAY);
const EXPIRED = certificates(-90 * DAY, -DAY);
const POWER_CUT: TimeHouseOptions = { systemClockOffMs: IN_1970 };
const STAMPED: TimeHouseOptions = { ...POWER_CUT, stampMs: TRUTH_MS - 4 * HOUR };

interface Story {
  readonly story: string;
  readonly given?: TimeHouseOptions;
  readonly first?: readonly Step[];
  readonly from: ClockState;
  readonly steps: readonly Step[];
  readonly to: ClockState;
  readonly basis?: ClockBasis;
  /** How far our time is from the truth, to a second; default 0. */
  readonly off?: number;
  readonly words: string;
}

const INCIDENT: readonly Story[] = [
  {
    story: 'the incident with its GPS server alive: the key and one operator of the internet are two',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(keyed('gps'), ...of('pool', plain('p1'), plain('p2'), plain('p3')))],
    to: 'synchronized',
    words: 'the authenticated source gps and 1 of 1 plain ones agree',
  },
  {
    story: 'its GPS server dead, three addresses of one operator that nobody has merged',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree; none is authenticated',
  },
  {
    story: 'its GPS server dead, the three addresses merged into their one operator',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(...of('pool', ...three()))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from a alone',
  },
  {
    story: 'its internet NTP dead, the GPS server alone, with its key',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(keyed('gps'))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from gps alone',
  },
  {
    story: 'every NTP server dead, the Date of two upstreams',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(date('dns-a'), date('dns-b'))],
    to: 'synchronized',
    words: '2 of 2 authenticated sources agree',
  },
  {
    story: 'every NTP server dead, the Date of one upstream',
    given: { ...POWER_CUT, witnesses: VALID },
    from: 'untrusted',
    steps: [round(date('dns-a'))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from dns-a alone',
  },
  {
    story: 'everything dead and no stamp: all reasons are given',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [silence],
    to: 'untrusted',
    off: HARD_FLOOR_MS - TRUTH_MS,
    words:
      'before this release was made (2026-11-22); no time source gives an answer that is fit; there is no stamp',
  },
  {
    story: 'everything dead for ten minutes, then one server returns',
    given: POWER_CUT,
    first: [roundsFor(10 * MINUTE)],
    from: 'untrusted',
    steps: [round(plain('a'))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from a alone',
  },
  {
    story: 'no address on the interface for 20 s, then all servers answer',
    given: POWER_CUT,
    first: [silence, pass(20_000)],
    from: 'untrusted',
    steps: [round(...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'everything dead but a stamp four hours old and the certificates of upstreams',
    given: STAMPED,
    from: 'provisional',
    steps: [hear(-30 * DAY, 60 * DAY), silence],
    to: 'provisional',
    basis: 'stamp',
    off: -4 * HOUR,
    words: 'carried on from what was written down on 2027-06-',
  },
  {
    story: 'a stamp so old that the certificates have all been renewed since',
    given: { ...POWER_CUT, stampMs: TRUTH_MS - 100 * DAY },
    from: 'provisional',
    steps: [hear(-30 * DAY, 60 * DAY)],
    to: 'untrusted',
    off: -100 * DAY,
    words: "the stamp says 2027-03-02, but the upstreams' certificates are not valid then",
  },
  {
    story: 'chrony on the same host: both depend on each other until a server has an address',
    given: STAMPED,
    first: [silence],
    from: 'provisional',
    steps: [round(...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'two resolvers in 1970, each the time source of the other',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(...three(IN_1970))],
    to: 'untrusted',
    off: HARD_FLOOR_MS - TRUTH_MS,
    words: 'no time source gives an answer that is fit',
  },
];

const WRONG_CLOCKS: readonly Story[] = [
  {
    story: 'a right system clock, nobody asked yet',
    from: 'provisional',
    steps: [],
    to: 'provisional',
    basis: 'system-clock',
    words: 'the system clock says 2027-06-10, which is plausible',
  },
  {
    story: 'a clock three hours behind, and one server: the plausible clock goes before it',
    given: { systemClockOffMs: -3 * HOUR, witnesses: VALID },
    from: 'provisional',
    steps: [round(plain('a'))],
    to: 'provisional',
    basis: 'system-clock',
    off: -3 * HOUR,
    words: 'the time sources have not confirmed it',
  },
  {
    story: 'a clock three days ahead, and three servers',
    given: { systemClockOffMs: 3 * DAY },
    from: 'provisional',
    steps: [round(...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'a clock 100 days behind, where no certificate was valid yet, and one server',
    given: { systemClockOffMs: -100 * DAY, witnesses: VALID },
    from: 'untrusted',
    steps: [round(plain('a'))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from a alone',
  },
  {
    story: 'a clock in 2045 that the certificates contradict, and nobody else',
    given: { systemClockOffMs: IN_2045 },
    from: 'provisional',
    steps: [hear(-30 * DAY, 60 * DAY), silence],
    to: 'untrusted',
    off: IN_2045,
    words: "the system clock says 2045-01-01, but the upstreams' certificates are not valid then",
  },
  {
    story: 'a clock beyond the ceiling',
    given: { systemClockOffMs: BEYOND_CEILING },
    from: 'untrusted',
    steps: [round(...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'a clock beyond the ceiling and everything dead, told in words',
    given: { systemClockOffMs: BEYOND_CEILING },
    from: 'untrusted',
    steps: [silence],
    to: 'untrusted',
    off: HARD_FLOOR_MS - TRUTH_MS,
    words: 'more than 20 years after this release was made',
  },
  {
    story: 'the system clock is set to 1970 while we are synchronized: nothing happens',
    first: [round(...three())],
    from: 'synchronized',
    steps: [pass(HOUR), setSystemClock(IN_1970), round(...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'the system clock is set to 1970 while we go by it, and a stamp is there',
    given: { stampMs: TRUTH_MS - HOUR },
    from: 'provisional',
    steps: [setSystemClock(IN_1970)],
    to: 'provisional',
    basis: 'stamp',
    off: -HOUR,
    words: 'before the restart',
  },
  {
    story: 'a fake hardware clock restores an hour before the stamp',
    given: { systemClockOffMs: -5 * HOUR, stampMs: TRUTH_MS - 4 * HOUR },
    from: 'provisional',
    steps: [silence],
    to: 'provisional',
    basis: 'system-clock',
    off: -5 * HOUR,
    words: 'which is plausible',
  },
  {
    story: 'eight hours of sleep: the agreement is held, and what is then said within them is taken at once',
    first: [round(...three())],
    from: 'synchronized',
    steps: [suspend(8 * HOUR), round(...three(3 * MINUTE))],
    to: 'synchronized',
    off: 3 * MINUTE,
    words: '3 of 3 sources agree',
  },
];

const LIARS: readonly Story[] = [
  {
    story: 'one liar of four',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(...three(), plain('liar', YEAR))],
    to: 'synchronized',
    words: '3 of 4 sources agree',
  },
  {
    story: 'two liars of four: nobody has a majority, and the certificates choose whom to go by',
    given: { ...POWER_CUT, witnesses: VALID },
    from: 'untrusted',
    steps: [round(plain('liar1', YEAR), plain('liar2', YEAR), plain('a'), plain('b'))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from a alone',
  },
  {
    story: 'two liars of four and a right system clock',
    from: 'provisional',
    steps: [round(plain('liar1', YEAR), plain('liar2', YEAR), plain('a'), plain('b'))],
    to: 'provisional',
    basis: 'system-clock',
    words: 'the time sources have not confirmed it',
  },
  {
    story: 'all plain NTP moved by a year on the path, while a key and a Date tell the truth',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(...three(YEAR), plain('d', YEAR), keyed('gps'), date('dns-a'))],
    to: 'synchronized',
    words: '2 of 2 authenticated sources agree',
  },
  {
    story: 'all plain NTP moved by a year on the path, and one key tells the truth: it goes before them',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(...three(YEAR), keyed('gps'))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from gps alone',
  },
  {
    story: 'all plain NTP moved by a year, nothing authenticated: the certificates refuse it',
    given: { ...STAMPED, witnesses: VALID },
    from: 'provisional',
    steps: [round(...three(YEAR))],
    to: 'provisional',
    basis: 'stamp',
    off: -4 * HOUR,
    words: 'carried on from what was written down',
  },
  {
    story:
      'all plain NTP moved by 50 days, nothing authenticated: as far as the certificates reach, it is believed',
    given: { ...POWER_CUT, witnesses: VALID },
    from: 'untrusted',
    steps: [round(...three(50 * DAY))],
    to: 'synchronized',
    off: 50 * DAY,
    words: '3 of 3 sources agree',
  },
  {
    story: 'a stolen Date whose certificate ended before the stamp',
    given: STAMPED,
    from: 'provisional',
    steps: [round(date('stolen', -60 * DAY, -90 * DAY, -50 * DAY), plain('accomplice', -60 * DAY))],
    to: 'provisional',
    basis: 'stamp',
    off: -4 * HOUR,
    words: 'carried on from what was written down',
  },
  {
    story: 'a stolen Date against one honest key: two authenticated that disagree decide nothing',
    given: { ...POWER_CUT, witnesses: VALID },
    from: 'untrusted',
    steps: [round(date('stolen', -60 * DAY, -90 * DAY, -50 * DAY), ...three(-60 * DAY), keyed('gps'))],
    to: 'provisional',
    basis: 'one-source',
    words: 'the time is taken from gps alone',
  },
  {
    story: 'a trusted source alone',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(trusted('gps'))],
    to: 'synchronized',
    words: 'the trusted source gps says so',
  },
  {
    story:
      'a trusted GPS server falls back by 1,024 weeks: that is before the floor, and the others are heard',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(trusted('gps', -GPS_ERA), ...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'a trusted source that an authenticated one contradicts',
    given: POWER_CUT,
    from: 'untrusted',
    steps: [round(trusted('gps', YEAR), keyed('lab'), plain('a'))],
    to: 'synchronized',
    words: 'the authenticated source lab and 1 of 2 plain ones agree',
  },
  {
    story:
      'a trusted source that the certificates contradict is one like any other, and three honest ones are heard',
    given: { ...POWER_CUT, witnesses: VALID },
    from: 'untrusted',
    steps: [round(trusted('gps', 18 * YEAR), ...three())],
    to: 'synchronized',
    words: '3 of 4 sources agree',
  },
  {
    story: 'a trusted source that says 2046 for two hours, with the certificates of upstreams: never adopted',
    given: { ...STAMPED, witnesses: VALID },
    from: 'provisional',
    steps: [roundsFor(2 * HOUR, trusted('gps', 18 * YEAR))],
    to: 'provisional',
    basis: 'stamp',
    off: -4 * HOUR,
    words: 'carried on from what was written down',
  },
  {
    story: 'and then the truth',
    given: { ...STAMPED, witnesses: VALID },
    first: [roundsFor(2 * HOUR, trusted('gps', 18 * YEAR))],
    from: 'provisional',
    steps: [round(trusted('gps'))],
    to: 'synchronized',
    words: 'the trusted source gps says so',
  },
  {
    story: 'a stamp from 2045 is withdrawn by two authenticated operators',
    given: { stampMs: TRUTH_MS + IN_2045 },
    from: 'provisional',
    steps: [round(date('dns-a'), date('dns-b'))],
    to: 'synchronized',
    words: '2 of 2 authenticated sources agree',
  },
  {
    story: 'a stamp from 2045 stands against any number of plain servers',
    given: { stampMs: TRUTH_MS + IN_2045 },
    from: 'provisional',
    steps: [round(...three())],
    to: 'provisional',
    basis: 'stamp',
    off: IN_2045,
    words: 'written down on 2045-01-01',
  },
  {
    story: 'a public certificate that was seen begins after what three servers and the system clock say',
    given: { systemClockOffMs: -10 * DAY, chainFloorMs: TRUTH_MS - 5 * DAY },
    from: 'untrusted',
    steps: [round(...three(-10 * DAY))],
    to: 'untrusted',
    off: HARD_FLOOR_MS - TRUTH_MS,
    words: 'before a public certificate that was seen began (2027-06-05)',
  },
];

const LATER: readonly Story[] = [
  {
    story: 'two rounds without enough are not yet a holdover',
    first: [round(...three())],
    from: 'synchronized',
    steps: [rounds(2)],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'three rounds without enough are one',
    first: [round(...three())],
    from: 'synchronized',
    steps: [rounds(3, plain('a'))],
    to: 'holdover',
    words: '3 rounds without enough time sources (1 of 1 sources agree',
  },
  {
    story: 'a holdover of six days ends with an agreement',
    first: [round(...three()), rounds(3), pass(6 * DAY)],
    from: 'holdover',
    steps: [round(...three(2 * MINUTE))],
    to: 'synchronized',
    off: 2 * MINUTE,
    words: '3 of 3 sources agree',
  },
  {
    story: 'a holdover of seven days goes on as a candidate',
    first: [round(...three()), rounds(3)],
    from: 'holdover',
    steps: [pass(7 * DAY)],
    to: 'provisional',
    basis: 'last-quorum',
    words: 'carried on from when the sources last agreed',
  },
  {
    story: 'and goes on for months while no certificate contradicts it',
    given: POWER_CUT,
    first: [round(...three()), rounds(3), pass(7 * DAY)],
    from: 'provisional',
    steps: [pass(90 * DAY), silence],
    to: 'provisional',
    basis: 'last-quorum',
    words: 'carried on from when the sources last agreed',
  },
  {
    story: 'three servers that move by a day are not followed at once',
    first: [round(...three())],
    from: 'synchronized',
    steps: [rounds(2, ...three(DAY))],
    to: 'synchronized',
    words: '(the sources now say a time 1 d away, which is not believed yet)',
  },
  {
    story: 'nor after eight rounds within the hour',
    first: [round(...three())],
    from: 'synchronized',
    steps: [rounds(8, ...three(DAY))],
    to: 'synchronized',
    words: 'which is not believed yet',
  },
  {
    story: 'nor when there are eight rounds in which they say one thing and then another',
    first: [round(...three())],
    from: 'synchronized',
    steps: [roundsFor(40 * MINUTE, ...three(DAY)), roundsFor(40 * MINUTE, ...three(2 * DAY))],
    to: 'synchronized',
    words: 'a time 2 d away, which is not believed yet',
  },
  {
    story: 'but they are after an hour in which they have said nothing else',
    first: [round(...three())],
    from: 'synchronized',
    steps: [roundsFor(HOUR + 2 * MINUTE, ...three(DAY))],
    to: 'synchronized',
    off: DAY,
    words: '3 of 3 sources agree; none is authenticated',
  },
  {
    story: 'two rounds an hour apart, with silence between, are not eight',
    first: [round(...three()), round(...three(DAY))],
    from: 'synchronized',
    steps: [roundsFor(2 * HOUR), round(...three(DAY))],
    to: 'holdover',
    words: 'which is not believed yet',
  },
  {
    story: 'a dissent between rounds without enough: no three of those in a row',
    first: [round(...three())],
    from: 'synchronized',
    steps: [rounds(2), round(...three(DAY)), rounds(2), round(...three(DAY)), rounds(2)],
    to: 'synchronized',
    words: 'which is not believed yet',
  },
  {
    story:
      'certificates run out for the time that is held while a dissent is heard: its second word is enough',
    first: [round(...three(50 * DAY)), round(...three())],
    from: 'synchronized',
    steps: [seeUnjudged(-30 * DAY, 20 * DAY), round(...three())],
    to: 'synchronized',
    words: '3 of 3 sources agree',
  },
  {
    story: 'a lost packet within that hour does not begin it anew',
    first: [round(...three())],
    from: 'synchronized',
    steps: [
      roundsFor(30 * MINUTE, ...three(DAY)),
      pass(MINUTE),
      round(plain('a', DAY)),
      roundsFor(33 * MINUTE, ...three(DAY)),
    ],
    to: 'synchronized',
    off: DAY,
    words: '3 of 3 sources agree; none is authenticated',
  },
  {
    story: 'one round that confirms us begins it anew, and is all that is told',
    first: [round(...three())],
    from: 'synchronized',
    steps: [
      roundsFor(50 * MINUTE, ...three(DAY)),
      round(...three()),
      roundsFor(20 * MINUTE, ...three(DAY)),
      round(...three()),
    ],
    to: 'synchronized',
    words: '3 of 3 sources agree; none is authenticated',
  },
  {
    story: 'an authenticated agreement that is far off is not followed on its first word',
    first: [round(...three())],
    from: 'synchronized',
    steps: [round(keyed('gps', DAY), date('dns-a', DAY))],
    to: 'synchronized',
    words: 'which is not believed yet',
  },
  {
    story: 'and is on its second',
    first: [round(...three())],
    from: 'synchronized',
    steps: [rounds(2, keyed('gps', DAY), date('dns-a', DAY))],
    to: 'synchronized',
    off: DAY,
    words: '2 of 2 authenticated sources agree',
  },
  {
    story:
      'we were led astray by 50 days; the certificates that come to be seen say so, and the next candidate is gone by',
    first: [round(...three(50 * DAY))],
    from: 'synchronized',
    steps: [hear(-30 * DAY, 20 * DAY)],
    to: 'provisional',
    basis: 'system-clock',
    words: 'which is plausible',
  },
  {
    story: 'certificates that have really expired: two authenticated operators are believed against them',
    given: { ...POWER_CUT, witnesses: EXPIRED },
    from: 'untrusted',
    steps: [round(keyed('gps'), date('dns-a'))],
    to: 'synchronized',
    words: "so it is the upstreams' certificates that have expired",
  },
  {
    story: 'certificates that have really expired: one authenticated operator and plain ones are not',
    given: { ...POWER_CUT, witnesses: EXPIRED },
    from: 'untrusted',
    steps: [round(keyed('gps'), ...three())],
    to: 'untrusted',
    off: HARD_FLOOR_MS - TRUTH_MS,
    words:
      "(2026-11-22); a time source says 2027-06-10, but the upstreams' certificates are not valid then; there is no stamp",
  },
  {
    story:
      'and while they are held against, plain servers that go back to when they were valid are not followed in two rounds',
    given: { ...POWER_CUT, witnesses: EXPIRED },
    first: [round(keyed('gps'), date('dns-a'))],
    from: 'synchronized',
    steps: [rounds(5, ...three(-40 * DAY))],
    to: 'synchronized',
    words: 'which is not believed yet',
  },
  {
    story: 'and when the two operators are silent for a week, what they said is carried on',
    given: { ...POWER_CUT, witnesses: EXPIRED },
    first: [round(keyed('gps'), date('dns-a')), rounds(3)],
    from: 'holdover',
    steps: [pass(7 * DAY), silence],
    to: 'provisional',
    basis: 'last-quorum',
    words: 'carried on from when the sources last agreed',
  },
  {
    story:
      'certificates expire while we hold over and nobody confirms us: they are believed, and it is said what they refuse',
    given: { ...POWER_CUT, witnesses: VALID },
    first: [round(keyed('gps'), date('dns-a')), rounds(3)],
    from: 'holdover',
    steps: [hear(-90 * DAY, -DAY)],
    to: 'untrusted',
    words:
      "the last agreement of the sources leads to 2027-06-10, but the upstreams' certificates are not valid then",
  },
];

const CHAPTERS: Record<string, readonly Story[]> = {
  'the incident and its relatives': INCIDENT,
  'a wrong system clock': WRONG_CLOCKS,
  'liars, thieves and old stamps': LIARS,
  'what happens later': LATER,
};

describe.each(Object.entries(CHAPTERS))('%s', (_chapter, stories) => {
  it.each(stories)('$story', ({ given, first = [], from, steps, to, basis = null, off = 0, words }) => {
    const house = new TimeHouse(given);
    for (const step of first) step(house);
    expect(house.memory.reading.state).toBe(from);
    for (const step of steps) step(house);
    const { reading } = house.memory;
    expect(reading).toMatchObject({ state: to, basis, reason: expect.stringContaining(words) });
    expect(Math.abs(house.errorMs - off)).toBeLessThan(1000);
  });
});
