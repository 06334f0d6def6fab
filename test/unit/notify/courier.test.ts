// How a notice gets to a channel that is slow, broken, or gone for days, and what becomes of it over a restart.

import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, test } from 'vitest';
import type { Incident } from '../../../src/history/incident.ts';
import type { Channel, Delivery } from '../../../src/notify/channel.ts';
import { Courier, pauseMs } from '../../../src/notify/courier.ts';
import { noticeMessage } from '../../../src/notify/message.ts';
import { eventOf, type Item, momentNow, type Notice, noticeOf } from '../../../src/notify/notice.ts';
import { Outbox } from '../../../src/notify/outbox.ts';
import { outboxFile } from '../../../src/notify/outbox-file.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { incident, itemOf } from './incidents.ts';

const DAY_MS = 86_400_000;
const SETTLES_WITHIN_MS = 15_000;
const SETTLES_AFTER_START_MS = 65_000;
const CHANNEL = 'a-digest';

const DELIVERED: Delivery = { kind: 'delivered' };
const FAILED: Delivery = { kind: 'failed', reason: 'it cannot be connected to' };
const REFUSED: Delivery = { kind: 'refused', reason: 'it answers with 400', doThis: 'look at notify[0]' };
const MISSING: Delivery = {
  ...{ kind: 'refused', reason: 'it answers with 404', doThis: 'look at notify[0]' },
  isPerhapsPassing: true,
};

let clock: SimulatedClock;
let log: RecordedLog;
let stateDir: string;
/** Every attempt: which notice, and what it says. */
let sent: { readonly id: string; readonly event: string; readonly text: string }[];
/** What comes of the next attempts; then DELIVERED. A promise: that one takes its time. */
let outcomes: (Delivery | Promise<Delivery>)[];
/** Subjects of what is not there at this moment, though its incident is open. */
let seemOver: Set<string>;
let looks: number;
beforeEach(() => {
  clock = new SimulatedClock({ state: 'synchronized' });
  seemOver = new Set();
  looks = 0;
  log = new RecordedLog();
  stateDir = temporaryDirectory('notify-state');
  sent = [];
  outcomes = [];
});

interface Life {
  readonly outbox: Outbox;
  readonly courier: Courier;
  /** What was told and is not over. */
  readonly told: Map<number, Item>;
  end(): Promise<void>;
}

function live(needsTime = false): Life {
  const outbox = new Outbox({ stateDir, clock, log });
  const box = outbox.boxOf(CHANNEL);
  const channel: Channel = {
    ...{ name: 'the webhook at https://hooks.example', needsTime },
    async send({ id, event, text }, signal) {
      sent.push({ id, event, text });
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason));
      return Promise.race([outcomes.shift() ?? DELIVERED, promise]);
    },
  };
  const courier = new Courier({
    ...{ channel, box, clock, log, save: () => outbox.save() },
    look: () => {
      looks += 1;
      return { wordsOf: (item) => (isStanding(item) ? { what: '', evidence: '', doThis: '' } : null) };
    },
    word: (notice) =>
      noticeMessage(notice, {
        ...{ server: 'dns', version: '1', works: { works: [], waits: [] }, degraded: [] },
        ...{ isStanding, clock },
      }),
  });
  courier.start();
  const end = async () => {
    courier.close();
    await settle();
    await outbox.close();
  };
  return { outbox, courier, told: box.told, end };
}

const isStanding = ({ subject }: { readonly subject: string }) => !seemOver.has(subject);
const settle = () => new Promise((resolve) => setImmediate(resolve));
/** Time passes, and what was due has an end. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

const upstream = (subject = 'a') => incident('upstream', subject);
const begun = (one: Incident) => itemOf(one, clock);
const over = (one: Incident): Item => ({
  ...itemOf(one, clock),
  ...{ ended: momentNow(clock), lastedMs: 60_000, wasTold: true },
});
const noticeFor = (...items: Item[]): Notice => noticeOf(items, clock);
const warnings = () => log.lines.filter(({ line }) => line.startsWith('warn'));

describe('A notice', () => {
  it('is sent at once, and that is all', async () => {
    const { courier, outbox } = live();
    const notice = noticeFor(begun(upstream()));
    courier.take(notice);
    await pass(0);
    expect(sent).toMatchObject([{ id: notice.id, event: 'opened' }]);
    expect(courier.trouble).toBeNull();
    expect(outbox.boxOf(CHANNEL).waiting).toBeNull();
    await pass(DAY_MS);
    expect(sent).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
    expect(log.lines).toEqual([
      {
        line: 'info somebody was told',
        fields: {
          by: 'the webhook at https://hooks.example',
          about: ['the upstream a does not work: nothing does'],
        },
      },
    ]);
  });

  it('is sent again with growing pauses, as the same one, until it is there', async () => {
    const { courier } = live();
    outcomes = Array.from({ length: 9 }, () => FAILED);
    courier.take(noticeFor(begun(upstream())));
    await pass(0);
    const pauses: number[] = [];
    for (let last = 0; sent.length < 10; ) {
      const before = sent.length;
      await pass(1_000);
      if (sent.length === before) continue;
      pauses.push((clock.monotonic() - last) / 1_000);
      last = clock.monotonic();
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(courier.trouble).toBeNull();
    expect(warnings()).toHaveLength(1); // of nine failures that are the same
  });

  test('whose server wants to be left alone waits for as long, whatever seems to have changed', async () => {
    const { courier } = live();
    outcomes = [{ kind: 'failed', reason: 'it answers with 429', retryAfterMs: 120_000 }];
    courier.take(noticeFor(begun(upstream())));
    await pass(0);
    await pass(60_000);
    expect(sent).toHaveLength(1);
    courier.wake();
    await pass(59_999);
    expect(sent).toHaveLength(1);
    await pass(1);
    expect(sent).toHaveLength(2);
  });

  it('is sent at once when something has changed, and not more often than every 5 s', async () => {
    const { courier } = live();
    outcomes = Array.from({ length: 100 }, () => FAILED);
    courier.take(noticeFor(begun(upstream())));
    await pass(0);
    for (let at = 0; at < 10; at += 1) await pass(60_000);
    const before = sent.length;
    courier.wake();
    await pass(0);
    expect(sent).toHaveLength(before + 1);
    for (let at = 0; at < 100; at += 1) {
      courier.wake();
      await pass(100);
    }
    expect(sent).toHaveLength(before + 3);
  });

  it('that needs the time waits for it, and has its date then', async () => {
    clock = new SimulatedClock({ state: 'untrusted', epochMs: 0 });
    const { courier } = live(true);
    courier.take(noticeFor(begun(upstream())));
    await pass(60_000);
    expect(sent).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    clock.setSystemClock(Date.parse('2027-01-01T00:01:00Z'));
    clock.setState('synchronized');
    courier.wake();
    await pass(0);
    expect(sent[0]!.text).toContain('\nSince: 2027-01-01 00:00:00 UTC, for 1 min\n');
  });

  it('that is refused is given up, with what to do, and the next one is tried', async () => {
    const { courier, told, outbox } = live();
    const one = upstream();
    told.set(one.id, begun(one));
    outcomes = [REFUSED];
    courier.take(noticeFor(begun(one)));
    await pass(0);
    expect(courier.trouble).toEqual({
      ...{ reason: 'it answers with 400', doThis: 'look at notify[0]', waiting: 0, forMs: 0 },
    });
    expect(told.size).toBe(0); // so its end is not told either
    expect(outbox.boxOf(CHANNEL).waiting).toBeNull();
    await pass(DAY_MS);
    expect(sent).toHaveLength(1);
    expect(warnings().map(({ line }) => line)).toEqual([
      'warn nobody could be told',
      'warn a message is dropped',
    ]);
    courier.take(noticeFor(begun(upstream('b'))));
    await pass(0);
    expect(sent).toHaveLength(2);
    expect(courier.trouble).toBeNull();
  });

  it('that a proxy refuses for a moment gets through, and so does its end', async () => {
    const { courier, told } = live();
    const one = upstream();
    told.set(one.id, begun(one));
    outcomes = [MISSING, MISSING, MISSING];
    courier.take(noticeFor(begun(one)));
    await pass(0);
    expect(courier.trouble).toMatchObject({ reason: 'it answers with 404', doThis: 'look at notify[0]' });
    for (let at = 0; at < 35; at += 1) await pass(1_000);
    expect(sent).toHaveLength(4);
    expect([courier.trouble, told.size]).toEqual([null, 1]);
  });

  it('that is refused so for some minutes, and more than a few times, is given up', async () => {
    const { courier, told } = live();
    const one = upstream();
    told.set(one.id, begun(one));
    outcomes = Array.from({ length: 9 }, () => MISSING);
    courier.take(noticeFor(begun(one)));
    await pass(0);
    for (let at = 0; at < 299; at += 1) await pass(1_000);
    expect([sent.length, told.size]).toEqual([6, 1]);
    for (let at = 0; at < 30; at += 1) await pass(1_000);
    expect([sent.length, told.size]).toEqual([7, 0]);
    expect(warnings().at(-1)).toMatchObject({
      line: 'warn a message is dropped',
      fields: { reason: 'it answers with 404' },
    });
    await pass(DAY_MS);
    expect(sent).toHaveLength(7);
  });

  it('that has failed for long is not given up at the second refusal', async () => {
    const { courier, told } = live();
    const one = upstream();
    told.set(one.id, begun(one));
    outcomes = [...Array.from({ length: 9 }, () => FAILED), MISSING, MISSING, MISSING, DELIVERED];
    courier.take(noticeFor(begun(one)));
    for (let past = 0; past < DAY_MS && outcomes.length > 0; past += 60_000) await pass(60_000);
    expect([sent.length, told.size]).toEqual([13, 1]);
  });

  it('is dropped after 7 days, and the log says so', async () => {
    const { courier, told } = live();
    const one = upstream();
    told.set(one.id, begun(one));
    outcomes = Array.from({ length: 2_000 }, () => FAILED);
    courier.take(noticeFor(begun(one)));
    for (let passed = 0; passed < 7 * DAY_MS; passed += 600_000) await pass(600_000);
    expect(sent.length).toBeGreaterThan(1_000);
    const attempts = sent.length;
    await pass(600_000);
    await pass(DAY_MS);
    expect(sent).toHaveLength(attempts);
    expect(told.size).toBe(0);
    expect(warnings().at(-1)).toMatchObject({
      line: 'warn a message is dropped',
      fields: { reason: 'it could not be sent for 7 days' },
    });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('What waits', () => {
  it('is one message when it gets through: what began and is over, and what lasts', async () => {
    const { courier } = live();
    const [first, second] = [upstream('a'), upstream('b')];
    outcomes = [FAILED];
    courier.take(noticeFor(begun(first)));
    await pass(0);
    courier.take(noticeFor(begun(second)));
    courier.take(noticeFor(over(first)));
    expect(courier.trouble).toMatchObject({ waiting: 2 });
    await pass(5_000);
    expect(sent.map(({ event }) => event)).toEqual(['opened', 'opened']);
    expect(sent[1]!.text).toMatch(/^The upstream b .*\nOver by now:\n- The upstream a /s);
    expect(sent[1]!.id).not.toBe(sent[0]!.id);
    await pass(DAY_MS);
    expect(sent).toHaveLength(2);
  });

  it('is one message too when all of it is over', async () => {
    const { courier } = live();
    const one = upstream();
    outcomes = [FAILED];
    courier.take(noticeFor(begun(one)));
    await pass(0);
    courier.take(noticeFor(over(one)));
    await pass(5_000);
    expect(sent[1]).toMatchObject({ event: 'passed' });
    await pass(DAY_MS);
    expect(sent).toHaveLength(2);
  });

  test('what seems to be over is waited for, for a while', async () => {
    const { courier } = live();
    outcomes = [FAILED, DELIVERED, FAILED];
    const [over1, lasting] = [upstream('a'), upstream('b')];
    courier.take(noticeFor(begun(over1)));
    await pass(0);
    seemOver.add('a');
    courier.wake();
    for (let at = 0; at < 10; at += 1) await pass(1_000);
    expect(sent).toHaveLength(1);
    courier.take(noticeFor(over(over1)));
    await pass(1_000);
    expect(sent.map(({ event }) => event)).toEqual(['opened', 'passed']);

    courier.take(noticeFor(begun(lasting)));
    await pass(0);
    seemOver.add('b'); // and its incident does not end
    for (let at = 0; at < 5 + SETTLES_WITHIN_MS / 1_000; at += 1) {
      expect(sent).toHaveLength(3);
      await pass(1_000);
    }
    expect(sent[3]!.text).toContain('\nNow: it is not so at this moment\n');
  });

  test('of however many things, and the status is asked once a look', async () => {
    const { courier } = live();
    outcomes = [FAILED];
    courier.take(noticeFor(...Array.from({ length: 40 }, (_, at) => begun(upstream(String(at))))));
    await pass(0);
    expect(looks).toBe(1);
    seemOver.add('7');
    await pass(5_000);
    expect(looks).toBe(2);
    await pass(1_000);
    expect(looks).toBe(3);
  });

  test('what is urgent does not wait for that', async () => {
    const { courier } = live();
    outcomes = [FAILED];
    courier.take(noticeFor(begun(upstream('a'))));
    await pass(0);
    seemOver.add('a');
    courier.take(noticeFor({ ...begun(incident('clock', 'untrusted')), isUrgent: true }));
    await pass(5_000);
    expect(sent).toHaveLength(2);
  });

  test('what comes while a message is under way follows it, and joins it where that fails', async () => {
    const { courier } = live();
    const one = upstream();
    const first = Promise.withResolvers<Delivery>();
    outcomes = [first.promise];
    courier.take(noticeFor(begun(one)));
    await pass(0);
    courier.take(noticeFor(over(one)));
    await pass(10_000);
    expect(sent).toHaveLength(1);
    first.resolve(DELIVERED);
    await settle();
    await pass(0);
    expect(sent.map(({ event }) => event)).toEqual(['opened', 'ended']);

    const [again, slow] = [upstream('b'), Promise.withResolvers<Delivery>()];
    outcomes = [slow.promise];
    courier.take(noticeFor(begun(again)));
    await pass(0);
    courier.take(noticeFor(over(again)));
    slow.resolve(FAILED);
    await settle();
    await pass(5_000);
    expect(sent.map(({ event }) => event)).toEqual(['opened', 'ended', 'opened', 'passed']);
  });

  it('is bounded: of a hundred things the oldest are dropped, and the log says so', async () => {
    const { courier, outbox, told } = live();
    outcomes = [FAILED];
    const all = Array.from({ length: 100 }, (_, at) => upstream(String(at)));
    for (const one of all) {
      told.set(one.id, begun(one));
      courier.take(noticeFor(begun(one)));
      await pass(0);
    }
    expect(outbox.boxOf(CHANNEL).waiting!.items.map(({ subject }) => subject)).toEqual(
      all.slice(36).map(({ subject }) => subject),
    );
    expect(told.size).toBe(64);
    expect(warnings().filter(({ line }) => line.includes('the oldest is dropped'))).toHaveLength(36);
  });
});

describe('Over a restart', () => {
  it('what waits is kept for this user alone, and without where it goes', async () => {
    outcomes = [FAILED];
    const first = live();
    const one = upstream();
    first.told.set(one.id, begun(one));
    first.courier.take(noticeFor(begun(one)));
    await pass(0);
    await first.end();
    expect(clock.pendingTimers).toBe(0);
    expect(statSync(outboxFile(stateDir)).mode & 0o777).toBe(0o600);
    expect(readFileSync(outboxFile(stateDir), 'utf8')).not.toContain('hooks.example');

    sent = [];
    const second = live();
    expect([...second.told.keys()]).toEqual([one.id]);
    await pass(0);
    expect(sent).toMatchObject([{ event: 'opened' }]);
    expect(sent[0]!.text).toMatch(/\nSince: 20\d\d-.* UTC, for /);
    await second.end();
  });

  it('what was made on a stamp of weeks ago is not too old, and told with a date that is not sure', async () => {
    clock = new SimulatedClock({ epochMs: Date.parse('2027-01-01T00:00:00Z'), basis: 'stamp' });
    outcomes = [FAILED];
    const first = live();
    first.courier.take(noticeFor(begun(upstream())));
    await pass(0);
    await first.end();
    sent = [];
    clock.setSystemClock(Date.parse('2027-02-01T00:00:00Z'));
    clock.setState('synchronized');
    const second = live();
    await pass(0);
    expect(sent).toMatchObject([{ event: 'opened' }]);
    expect(sent[0]!.text).toContain('\nSince: about 2027-01-01 00:00:00 UTC\n');
    await second.end();
  });

  it('nor is it by a clock that nobody has confirmed; by one that is sure it is', async () => {
    outcomes = [FAILED, FAILED];
    const first = live();
    first.courier.take(noticeFor(begun(upstream())));
    await pass(0);
    await first.end();
    clock.setState('provisional');
    clock.setSystemClock(clock.now().epochMs + 30 * DAY_MS);
    const second = live();
    await pass(0);
    expect(sent).toHaveLength(2);
    await second.end();
    clock.setState('synchronized');
    const third = live();
    await pass(0);
    expect(sent).toHaveLength(2);
    expect(warnings().at(-1)).toMatchObject({ fields: { reason: 'it could not be sent for 7 days' } });
    await third.end();
  });

  it('what lasted and is over is one message', async () => {
    outcomes = [FAILED];
    const first = live();
    const one = upstream();
    first.courier.take(noticeFor(begun(one)));
    await pass(0);
    await first.end();
    sent = [];
    seemOver.add('a');
    const second = live();
    await pass(SETTLES_AFTER_START_MS - 1_000);
    expect(sent).toEqual([]);
    second.courier.take(noticeFor({ ...over(one), lastedMs: null }));
    await pass(0);
    expect(sent).toMatchObject([{ event: 'passed' }]);
    await second.end();
  });

  it('what is over is told at once', async () => {
    outcomes = [FAILED];
    const first = live();
    first.courier.take(noticeFor(over(upstream())));
    await pass(0);
    await first.end();
    sent = [];
    const second = live();
    await pass(0);
    expect(sent).toMatchObject([{ event: 'ended' }]);
    await second.end();
  });

  it('what was under way is sent again, as the same message', async () => {
    outcomes = [new Promise(() => {})];
    const first = live();
    first.courier.take(noticeFor(over(upstream())));
    await pass(0);
    await first.end();
    const second = live();
    await pass(0);
    expect(sent).toHaveLength(2);
    expect(sent[1]!.id).toBe(sent[0]!.id);
    await second.end();
  });

  it('what came while another was under way is not lost', async () => {
    outcomes = [new Promise(() => {})];
    const first = live();
    const one = upstream();
    first.courier.take(noticeFor(begun(one)));
    await pass(0);
    first.courier.take(noticeFor(over(one)));
    await first.end();
    sent = [];
    const second = live();
    await pass(0);
    expect(sent).toMatchObject([{ event: 'passed' }]);
    await second.end();
  });

  test.each([
    ['torn', '{"version": 1, "chan'],
    ['of another version', '{"version": 2, "channels": {}}'],
    ['a list', '[]'],
    ['too long', `{"version": 1, "channels": {}}${' '.repeat(4 * 2 ** 20)}`],
  ])('a file that is %s is told and replaced', async (_, text) => {
    writeFileSync(outboxFile(stateDir), text);
    const { courier, end } = live();
    expect(warnings()[0]!.line).toBe('warn messages of before the restart cannot be used');
    courier.take(noticeFor(over(upstream())));
    await pass(0);
    await end();
    expect(JSON.parse(readFileSync(outboxFile(stateDir), 'utf8'))).toMatchObject({ version: 1 });
  });

  it('of a file with wrong things in it the right ones are used', async () => {
    outcomes = [FAILED];
    const first = live();
    first.courier.take(noticeFor(over(upstream('good')), over(upstream('bad'))));
    await pass(0);
    await first.end();
    const written = JSON.parse(readFileSync(outboxFile(stateDir), 'utf8'));
    const box = written.channels[CHANNEL];
    box.waiting.items[1].kind = '__proto__';
    box.waiting.items.push(null, 7, { incident: 'x' }, { ...box.waiting.items[0], what: { toString: 1 } });
    box.told = [box.waiting.items[0], 'x'];
    written.channels.other = 'x';
    writeFileSync(outboxFile(stateDir), JSON.stringify(written));
    const { outbox, told, end } = live();
    expect(outbox.boxOf(CHANNEL).waiting!.items.map(({ subject }) => subject)).toEqual(['good']);
    expect(eventOf(outbox.boxOf(CHANNEL).waiting!)).toBe('ended');
    expect(told.size).toBe(0); // what is over does not stand
    await end();
  });

  it('a directory that cannot be written to costs one warning', async () => {
    const { courier, end } = live();
    writeFileSync(join(stateDir, 'notify.json.new'), '');
    const blocked = join(stateDir, 'file');
    writeFileSync(blocked, '');
    await end();
    stateDir = blocked;
    const second = live();
    for (let at = 0; at < 3; at += 1) {
      second.courier.take(noticeFor(over(upstream(String(at)))));
      await pass(0);
      await second.outbox.written;
    }
    expect(sent).toHaveLength(3);
    expect(warnings().map(({ line }) => line)).toEqual([
      'warn messages that wait would not outlive a restart',
    ]);
    await second.end();
    courier.close();
  });

  it('a file that could not be read is left alone, and that stands in the status', async () => {
    symlinkSync('notify.json', outboxFile(stateDir)); // a circle, which even root cannot read
    const { courier, outbox, end } = live();
    courier.take(noticeFor(begun(upstream())));
    await pass(90_000);
    await end();
    expect(sent).toHaveLength(1);
    expect(outbox.problem).toEqual({
      ...{ reason: expect.stringMatching(/ELOOP.*left as it is$/), isTriedAgain: false, forMs: 90_000 },
    });
    expect(warnings().map(({ line }) => line)).toEqual([
      'warn messages of before the restart cannot be used',
    ]);
    expect(readdirSync(stateDir)).toEqual(['notify.json']);
    expect(lstatSync(outboxFile(stateDir)).isSymbolicLink()).toBe(true);
  });

  it('a disk that was full is tried again by itself, and meanwhile that stands in the status', async () => {
    const outbox = new Outbox({ stateDir: join(stateDir, 'later'), clock, log });
    writeFileSync(join(stateDir, 'later'), 'a file in its place');
    outbox.boxOf(CHANNEL).waiting = noticeFor(over(upstream()));
    expect(outbox.problem).toBeNull();
    outbox.save();
    await outbox.written;
    await pass(59_000);
    expect(outbox.problem).toEqual({
      reason: expect.stringMatching(/ENOTDIR|EEXIST/),
      isTriedAgain: true,
      forMs: 59_000,
    });
    await pass(1_000);
    await outbox.written;
    expect(outbox.problem).toMatchObject({ forMs: 60_000 });
    rmSync(join(stateDir, 'later'));
    clock.advance(60_000);
    await outbox.written;
    expect(outbox.problem).toBeNull();
    expect(existsSync(outboxFile(join(stateDir, 'later')))).toBe(true);
    expect(log.lines.map(({ line }) => line)).toEqual([
      'warn messages that wait would not outlive a restart',
      'info messages that wait are written down again',
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('a disk that stays full leaves no timer behind', async () => {
    writeFileSync(join(stateDir, 'later'), 'a file in its place');
    for (const isLate of [false, true]) {
      const outbox = new Outbox({ stateDir: join(stateDir, 'later'), clock, log });
      outbox.save();
      if (!isLate) await outbox.written;
      await outbox.close();
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it('a channel that is not configured any more is forgotten, and the log says what was to be told', async () => {
    outcomes = [FAILED];
    const { courier, outbox, end } = live();
    courier.take(noticeFor(begun(upstream())));
    await pass(0);
    courier.close();
    outbox.keepOnly(['another']);
    await end();
    expect(warnings().at(-1)!.line).toBe(
      'warn a message is dropped: where it should go is not in the configuration any more',
    );
    expect(JSON.parse(readFileSync(outboxFile(stateDir), 'utf8')).channels).toEqual({});
  });

  test('without a directory nothing is written', async () => {
    const outbox = new Outbox({ stateDir: null, clock, log });
    outbox.boxOf(CHANNEL).waiting = noticeFor(over(upstream()));
    outbox.save();
    await outbox.written;
    expect(existsSync(outboxFile(stateDir))).toBe(false);
  });
});

test('pauses', () => {
  expect([1, 2, 7, 8, 1000].map(pauseMs)).toEqual([5_000, 10_000, 320_000, 600_000, 600_000]);
});
