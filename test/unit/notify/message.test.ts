// What people read when they are told: the words of every kind of message, with the date known and not known.

import { expect, test } from 'vitest';
import { type Circumstances, noticeMessage, testMessage } from '../../../src/notify/message.ts';
import { type Item, mergedNotice, momentNow, noticeOf } from '../../../src/notify/notice.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { incident, itemOf } from './incidents.ts';

const AT_MS = Date.parse('2027-03-04T05:06:07Z');

function circumstances(clock: SimulatedClock, more: Partial<Circumstances> = {}): Circumstances {
  return {
    ...{ server: 'dns1.home.example', version: '0.3.0', clock, degraded: [] },
    works: { works: ['internal names'], waits: ['all other names: SERVFAIL'] },
    isStanding: () => true,
    ...more,
  };
}

const untrusted = (clock: SimulatedClock, more: Partial<Item> = {}): Item => ({
  ...itemOf(incident('clock', 'untrusted'), clock, { isUrgent: true, ...more }),
  what: 'the time is not known: names of the world are not resolved, internal names are',
  evidence: 'the system clock says 1970-01-01',
  doThis: 'bring a time source back',
});

test('one trouble while the time is not known, and the same message once it is', () => {
  const clock = new SimulatedClock({ state: 'untrusted', epochMs: 5_000 });
  const notice = noticeOf([untrusted(clock)], clock);
  clock.advance(5_000);
  const before = noticeMessage(notice, circumstances(clock));
  expect(before).toMatchObject({
    ...{ id: notice.id, event: 'opened', priority: 'high' },
    title: 'dns1.home.example: the time is not known',
    troubles: [
      { kind: 'clock', subject: 'untrusted', since: null, sinceMs: 5_000, isOver: false, lasted: null },
    ],
  });
  expect(before.text).toBe(
    `The time is not known: names of the world are not resolved, internal names are.
Since: a time that is not known, 5 s ago
Evidence: the system clock says 1970-01-01
Do this: bring a time source back

Still works: internal names
Does not: all other names: SERVFAIL

Noonmark 0.3.0 on dns1.home.example; \`noonmark explain\` there says more.`,
  );
  clock.setSystemClock(AT_MS);
  clock.setState('synchronized');
  clock.advance(60_000);
  const after = noticeMessage(notice, circumstances(clock));
  expect(after.id).toBe(before.id);
  expect(after.troubles[0]).toMatchObject({ since: '2027-03-04T05:06:02.000Z', sinceMs: 65_000 });
  expect(after.text).toContain('\nSince: 2027-03-04 05:06:02 UTC, for 1 min 5 s\n');
});

test('of what began in an earlier life, whose date nobody noted', () => {
  const clock = new SimulatedClock();
  const item = itemOf(incident('address', '192.0.2.1:53'), clock, {
    began: { atMs: null, date: null, isSure: false },
  });
  const { text } = noticeMessage(noticeOf([item], clock), circumstances(clock));
  expect(text).toContain('\nSince: a time that is not known\n');
});

test('of dates that no sources had agreed on: about, and nothing is measured by them', () => {
  const clock = new SimulatedClock({ epochMs: AT_MS, basis: 'stamp' });
  const item = itemOf(incident('address', '192.0.2.1:53'), clock);
  clock.advance(30_000);
  const now = noticeMessage(noticeOf([item], clock), circumstances(clock));
  expect(now.text).toContain('\nSince: about 2027-03-04 05:06:07 UTC, for 30 s\n');
  expect(now.troubles[0]).toMatchObject({ isSinceSure: false, isUntilSure: false, sinceMs: 30_000 });

  clock.setState('synchronized');
  const earlier = { atMs: null, date: '2027-02-01T00:00:00.000Z', isSure: false };
  const open = noticeMessage(noticeOf([{ ...item, began: earlier }], clock), circumstances(clock));
  expect(open.text).toContain('\nSince: about 2027-02-01 00:00:00 UTC\n');
  expect(open.troubles[0]).toMatchObject({ since: earlier.date, isSinceSure: false, sinceMs: null });
  const over = { ...item, began: earlier, ended: momentNow(clock), wasTold: true };
  const ended = noticeMessage(noticeOf([over], clock), circumstances(clock));
  expect(ended.title).toMatch(/^dns1\.home\.example: over: /);
  expect(ended.text).toContain(
    'from about 2027-02-01 00:00:00 UTC to 2027-03-04 05:06:37 UTC, nobody knows how long.',
  );
  expect(ended.troubles[0]).toMatchObject({ isSinceSure: false, isUntilSure: true });
});

test('several troubles', () => {
  const clock = new SimulatedClock({ epochMs: AT_MS, state: 'synchronized' });
  const items = [
    itemOf(incident('upstream', 'tls://a.example'), clock),
    itemOf(incident('upstream', 'tls://b.example'), clock, { times: 3 }),
  ];
  clock.advance(30_000);
  const message = noticeMessage(
    noticeOf(items, clock),
    circumstances(clock, { isStanding: ({ subject }) => subject.includes('a') && !subject.includes('b') }),
  );
  expect(message).toMatchObject({
    ...{ event: 'opened', priority: 'normal' },
    title: 'dns1.home.example: 2 things do not work as they should',
  });
  expect(message.text).toBe(
    `2 things do not work as they should:

1. The upstream tls://a.example does not work: nothing does.
   Since: 2027-03-04 05:06:07 UTC, for 30 s
   Evidence: evidence of tls://a.example
   Do this: mend tls://a.example

2. The upstream tls://b.example does not work: nothing does.
   Since: 2027-03-04 05:06:07 UTC, for 30 s
   Now: it is not so at this moment
   How often: this is the 3rd time in short order
   Evidence: evidence of tls://b.example
   Do this: mend tls://b.example

Still works: internal names
Does not: all other names: SERVFAIL

Noonmark 0.3.0 on dns1.home.example; \`noonmark explain\` there says more.`,
  );
});

test('that no upstream works gives the message its name, whatever else there is and in whichever order it came', () => {
  const clock = new SimulatedClock({ epochMs: AT_MS, state: 'synchronized' });
  const began = momentNow(clock);
  const what = 'names of the world are not answered: no upstream works';
  const one = itemOf(incident('upstream', 'tls://a.example'), clock);
  const outage = itemOf(incident('upstreams', '', { what }), clock, { isUrgent: true });
  const other = itemOf(incident('upstream', 'tls://b.example'), clock);
  const items = [one, outage, other];
  const message = noticeMessage(noticeOf(items, clock), circumstances(clock));
  expect(message).toMatchObject({
    ...{ event: 'opened', priority: 'high' },
    title: 'dns1.home.example: names of the world are not answered (and 2 things more)',
    troubles: [{ kind: 'upstreams' }, { subject: 'tls://a.example' }, { subject: 'tls://b.example' }],
  });
  expect(message.text).toContain('\n1. Names of the world are not answered: no upstream works.\n');
  clock.advance(60_000);
  const over = items.map((item) => ({
    ...item,
    began,
    ended: momentNow(clock),
    lastedMs: 60_000,
    wasTold: true,
  }));
  expect(noticeMessage(noticeOf(over, clock), circumstances(clock)).title).toBe(
    'dns1.home.example: over after 1 min: "names of the world are not answered" (and 2 things more)',
  );
});

test('what is over, and how long it lasted', () => {
  const clock = new SimulatedClock({ epochMs: AT_MS, state: 'synchronized' });
  const began = momentNow(clock);
  clock.advance(125_000);
  const over = { began, ended: momentNow(clock), lastedMs: 125_000, wasTold: true };
  const item = itemOf(incident('upstream', 'tls://a.example'), clock, over);
  const message = noticeMessage(noticeOf([item], clock), circumstances(clock));
  expect(message).toMatchObject({
    ...{ event: 'ended', priority: 'normal' },
    title: 'dns1.home.example: over after 2 min 5 s: "the upstream tls://a.example does not work"',
    troubles: [
      {
        ...{ isOver: true, lasted: '2 min 5 s', lastedMs: 125_000 },
        ...{ since: '2027-03-04T05:06:07.000Z', until: '2027-03-04T05:08:12.000Z' },
      },
    ],
  });
  expect(message.text).toBe(
    `What is no longer so:
- The upstream tls://a.example does not work: nothing does.
  It was so from 2027-03-04 05:06:07 UTC to 2027-03-04 05:08:12 UTC, for 2 min 5 s.

All is well now.

Noonmark 0.3.0 on dns1.home.example; \`noonmark explain\` there says more.`,
  );
  const two = [
    item,
    { ...item, incident: 0, lastedMs: null, began: { atMs: null, date: null, isSure: false } },
  ];
  const both = noticeMessage(
    noticeOf(two, clock),
    circumstances(clock, { degraded: ['the list "ads" is an old one'] }),
  );
  expect(both.title).toBe('dns1.home.example: over after 2 min 5 s: 2 things work again');
  expect(both.text).toMatch(/^What is no longer so:\n/);
  expect(both.text).toContain('  It was so until 2027-03-04 05:08:12 UTC, nobody knows how long.\n');
  expect(both.text).toContain('\nWhat does not work as it should now:\n- The list "ads" is an old one.\n');
});

test('what was over before it could be told is said once', () => {
  const clock = new SimulatedClock({ epochMs: AT_MS, state: 'synchronized' });
  const item = untrusted(clock);
  const over = { ...item, ended: momentNow(clock), lastedMs: 900, wasTold: true };
  const { notice } = mergedNotice(noticeOf([item], clock), noticeOf([over], clock));
  const message = noticeMessage(notice, circumstances(clock));
  expect(message).toMatchObject({
    ...{ event: 'passed', priority: 'normal' },
    title: 'dns1.home.example: over after less than 1 s: "the time is not known"',
  });
  expect(message.text).toMatch(
    /^Something did not work, and is over:\n- The time is not known: .*\n {2}It was so from .*\n {2}Evidence: .*\nIt could not be told while it lasted\.\n\nAll is well now\.\n/,
  );
});

test('what lasts, beside what was over before it could be told, and a moment', () => {
  const clock = new SimulatedClock({ epochMs: AT_MS, state: 'synchronized' });
  const [lasting, over] = [itemOf(incident('upstream', 'b'), clock), untrusted(clock)];
  const moment = itemOf(incident('withdrawn', ''), clock, { isMoment: true, ended: momentNow(clock) });
  const items = [lasting, { ...over, ended: momentNow(clock), lastedMs: 60_000 }, moment];
  const { event, title, text } = noticeMessage(noticeOf(items, clock), circumstances(clock));
  expect([event, title]).toEqual(['opened', 'dns1.home.example: the upstream b does not work']);
  expect(text).toMatch(
    /Does not: .*\n\nThe withdrawn {2}does not work: nothing does\.\nAt: 2027-03-04 05:06:07 UTC\n/,
  );
  expect(text).toContain('\nOver by now:\n- The time is not known: ');
});

test('a moment alone', () => {
  const clock = new SimulatedClock({ epochMs: AT_MS, state: 'synchronized' });
  const moment = itemOf(incident('withdrawn', ''), clock, { isMoment: true, ended: momentNow(clock) });
  const { event, title, text } = noticeMessage(noticeOf([moment], clock), circumstances(clock));
  expect([event, title]).toEqual(['instant', 'dns1.home.example: the withdrawn  does not work']);
  expect(text.split('\n')[1]).toBe('At: 2027-03-04 05:06:07 UTC');
});

test('a test', () => {
  const clock = new SimulatedClock();
  expect(testMessage(circumstances(clock))).toMatchObject({
    ...{ event: 'test', priority: 'normal', troubles: [], title: 'dns1.home.example: a test' },
    text: `This is a test: somebody has asked this server to show that its messages arrive.

All is well now.

Noonmark 0.3.0 on dns1.home.example; \`noonmark explain\` there says more.`,
  });
});

test('what comes from outside stays on its line and within a title', () => {
  const clock = new SimulatedClock();
  const what = `the upstream \u001b[31m\r\nSubject:x\u202e ${'long '.repeat(100)}`;
  const { title, text } = noticeMessage(
    noticeOf([{ ...itemOf(incident('upstream', 'a'), clock), what, evidence: 'a\nb' }], clock),
    circumstances(clock),
  );
  expect(title).toHaveLength(120);
  expect(title).toMatch(
    /^dns1\.home\.example: the upstream \\u001b\[31m\\u000d\\u000aSubject:x\\u202e long .*…$/,
  );
  expect(text).toContain('\nEvidence: a\\u000ab\n');
});

test('two things are not one because they have one number', () => {
  const clock = new SimulatedClock();
  const item = untrusted(clock);
  const other = { ...item, subject: 'provisional', ended: momentNow(clock) };
  const { notice } = mergedNotice(noticeOf([item], clock), noticeOf([other], clock));
  expect(notice.items).toEqual([item, other]);
});

test('of too much the oldest goes', () => {
  const clock = new SimulatedClock();
  const notice = (from: number) =>
    noticeOf(
      Array.from({ length: 40 }, (_, at) => itemOf(incident('address', String(from + at)), clock)),
      clock,
    );
  const { notice: both, dropped } = mergedNotice(notice(0), notice(40));
  expect(dropped.map(({ subject }) => subject)).toEqual(Array.from({ length: 16 }, (_, at) => String(at)));
  expect(both.items).toHaveLength(64);
});

test('of too much what is urgent stays, however old', () => {
  const clock = new SimulatedClock();
  const many = Array.from({ length: 70 }, (_, at) => itemOf(incident('address', String(at)), clock));
  const { notice, dropped } = mergedNotice(noticeOf([untrusted(clock)], clock), noticeOf(many, clock));
  expect(notice.items[0]).toMatchObject({ subject: 'untrusted' });
  expect(dropped.map(({ subject }) => subject)).toEqual(Array.from({ length: 7 }, (_, at) => String(at)));
});
