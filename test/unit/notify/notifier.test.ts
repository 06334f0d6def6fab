// All of it together, with programs as channels: from an incident to a message, over reloads and restarts, and the test
// that an owner asks for.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { NotifyConfig } from '../../../src/config/config.ts';
import type { Incident } from '../../../src/history/incident.ts';
import { Notifier } from '../../../src/notify/notifier.ts';
import type { Degraded, Status } from '../../../src/status/status.ts';
import { createTlsConnector } from '../../../src/tls/connect.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { synchronized } from '../../support/statuses.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { ended, incident, opened } from './incidents.ts';

const AFTER_MS = 30_000;
const OVER_GATHER_MS = 1_000;

let clock: SimulatedClock;
let log: RecordedLog;
let directory: string;
let status: Status;
let open: Incident[];
const notifiers: Notifier[] = [];
beforeEach(() => {
  clock = new SimulatedClock({ state: 'synchronized' });
  log = new RecordedLog();
  directory = temporaryDirectory('notifier');
  status = synchronized;
  open = [];
});
afterEach(async () => {
  for (const notifier of notifiers.splice(0)) await notifier.close();
});

function start(isTelling = true): Notifier {
  const notifier = new Notifier({
    ...{ isTelling, stateDir: join(directory, 'state'), clock, log, tls: createTlsConnector({ clock }) },
    ...{ status: () => status, serverName: () => 'dns1', openIncidents: () => open },
    lookup: async () => Promise.reject(new Error('nothing is known here')),
  });
  notifiers.push(notifier);
  return notifier;
}

/** A program that writes down what it is told: "EVENT TITLE", a line each. */
function program(name: string, lines = ''): NotifyConfig {
  const file = join(directory, name);
  const text = `#!/bin/sh\n${lines}\ncat > /dev/null\necho "$NOONMARK_EVENT $NOONMARK_TITLE" >> '${file}.told'\n`;
  writeFileSync(file, text, { mode: 0o755 });
  return configOf({ kind: 'command', program: file });
}

function configOf(channel: NotifyConfig['channel'], more: Partial<NotifyConfig> = {}): NotifyConfig {
  return { channel, place: 'notify[0]', about: ['clock', 'upstreams'], afterMs: AFTER_MS, ...more };
}

function toldBy(name: string): string[] {
  const file = join(directory, `${name}.told`);
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}
/** What is due at this moment runs meanwhile: a program takes its time to end, and the next message follows it. */
const isTold = (name: string, lines: number) => {
  const look = () => {
    clock.advance(0);
    return toldBy(name).length === lines;
  };
  return eventually(look, { what: `${lines} messages by ${name}` });
};

/** It stands, as the status has it. */
function stand(...incidents: readonly Incident[]): void {
  const degraded = incidents.map(
    ({ kind, subject, what, evidence, doThis }): Degraded => ({
      ...{ id: `${kind} ${subject}`.trim(), what, evidence, doThis, since: null, sinceMs: 0 },
    }),
  );
  const { state } = clock.status;
  status = { ...synchronized, clock: { ...synchronized.clock, state }, degraded };
}

const down = () => incident('upstream', 'tls://a.example');
const TITLE = 'dns1: the upstream tls://a.example does not work';

describe('An incident', () => {
  it('is told everybody who wants to know, and its end too', async () => {
    const notifier = start();
    notifier.become([
      program('one'),
      { ...program('two'), about: ['certificate'] },
      { ...program('three'), place: 'notify[2]' },
    ]);
    const one = down();
    stand(one);
    notifier.hear(opened(one));
    clock.advance(AFTER_MS);
    await isTold('one', 1);
    await isTold('three', 1);
    stand();
    notifier.hear(ended(one));
    clock.advance(OVER_GATHER_MS);
    await isTold('one', 2);
    await isTold('three', 2);
    expect(toldBy('one')).toEqual([
      `opened ${TITLE}`,
      'ended dns1: over after 1 min: "the upstream tls://a.example does not work"',
    ]);
    expect(toldBy('two')).toEqual([]);
  });

  it('that is open when a way is added is told there too', async () => {
    const notifier = start();
    const one = { ...down(), lastedMs: 3_600_000 };
    stand(one);
    open = [one];
    notifier.become([program('one')]);
    await isTold('one', 1);
    notifier.become([program('one'), { ...program('two'), place: 'notify[1]' }]);
    await isTold('two', 1);
    expect(toldBy('one')).toHaveLength(1);
  });

  it.each([
    ['the last upstream', 'upstream', 'tls://a.example'],
    ['all upstreams', 'upstreams', ''],
  ] as const)('of %s, or of the time, is urgent', async (_, kind, subject) => {
    const notifier = start();
    notifier.become([program('one')]);
    const one = incident(kind, subject);
    stand(one);
    status = { ...status, notReady: ['tls://a.example is down'] };
    notifier.hear(opened(one));
    clock.advance(5_000);
    await isTold('one', 1);
    const lost = incident('clock', 'untrusted');
    clock.setState('untrusted');
    stand(lost);
    notifier.hear(opened(lost));
    clock.advance(5_000);
    await isTold('one', 2);
  });
});

describe('Over a restart', () => {
  it('what was over when the server stopped is told by the next one', async () => {
    const first = start();
    first.become([program('one')]);
    const one = down();
    stand(one);
    first.hear(opened(one));
    clock.advance(AFTER_MS);
    await isTold('one', 1);
    await eventually(() => log.lines.some(({ line }) => line.includes('was told')));
    stand();
    first.hear(ended(one));
    await first.close();
    const second = start();
    second.become([program('one')]);
    await isTold('one', 2);
    expect(toldBy('one')[1]).toMatch(/^ended /);
  });

  it('what was told is not told again, and what is over is', async () => {
    const first = start();
    first.become([program('one')]);
    const one = down();
    stand(one);
    first.hear(opened(one));
    clock.advance(AFTER_MS);
    await isTold('one', 1);
    await eventually(() => log.lines.some(({ line }) => line.includes('was told')));
    await first.close();
    const second = start();
    open = [one];
    second.become([program('one')]);
    clock.advance(3_600_000);
    second.hear(ended(one));
    clock.advance(OVER_GATHER_MS);
    await isTold('one', 2);
    expect(toldBy('one')[1]).toMatch(/^ended /);
  });
});

describe('A reload', () => {
  it('that fails leaves those who are told already', async () => {
    const notifier = start();
    notifier.become([program('one')]);
    const broken = configOf({ kind: 'ntfy', host: 'ntfy.example' } as unknown as NotifyConfig['channel']);
    Object.defineProperty(broken.channel, 'protocol', {
      enumerable: false, // it is found when the channel is made, and not before
      get: () => {
        throw new Error('a bug');
      },
    });
    expect(() => notifier.become([broken])).toThrow('a bug');
    const one = down();
    stand(one);
    notifier.hear(opened(one));
    clock.advance(AFTER_MS);
    await isTold('one', 1);
  });

  it('of a way that is changed takes over what is over at that moment', async () => {
    const notifier = start();
    const way = program('one');
    notifier.become([way]);
    const one = down();
    stand(one);
    notifier.hear(opened(one));
    clock.advance(AFTER_MS);
    await isTold('one', 1);
    await eventually(() => log.lines.some(({ line }) => line.includes('was told')));
    stand();
    notifier.hear(ended(one));
    notifier.become([{ ...way, afterMs: 1_000 }]);
    await isTold('one', 2);
    expect(toldBy('one')[1]).toMatch(/^ended /);
  });

  it('leaves alone what has not changed, and lets go of what is gone', async () => {
    const notifier = start();
    const [kept, gone] = [program('one'), { ...program('two', 'exit 1'), place: 'notify[1]' }];
    notifier.become([kept, gone]);
    const one = down();
    stand(one);
    notifier.hear(opened(one));
    clock.advance(AFTER_MS);
    await isTold('one', 1);
    await eventually(() => notifier.reports.length === 1, { what: 'a report' });
    expect(notifier.reports).toMatchObject([
      {
        ...{ place: 'notify[1]', subject: join(directory, 'two'), waiting: 1 },
        ...{ name: `the program ${join(directory, 'two')}`, reason: 'it failed with the exit code 1' },
      },
    ]);
    notifier.become([{ ...kept }]);
    expect(notifier.reports).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    expect(log.lines.at(-1)!.line).toMatch(/not in the configuration any more/);
    clock.advance(3_600_000);
    expect(toldBy('one')).toHaveLength(1);
  });
});

describe('A test', () => {
  it('goes everywhere, and says what came of it; a second one joins the first', async () => {
    const notifier = start();
    notifier.become([program('one'), { ...program('two', 'echo no >&2; exit 1'), place: 'notify[1]' }]);
    const [tested, again] = await Promise.all([notifier.test(), notifier.test()]);
    expect(again).toBe(tested);
    expect(tested).toEqual([
      {
        ...{ place: 'notify[0]', name: `the program ${join(directory, 'one')}` },
        ...{ isDelivered: true, sentence: 'delivered' },
      },
      {
        ...{ place: 'notify[1]', name: `the program ${join(directory, 'two')}` },
        ...{ isDelivered: false, sentence: 'not delivered: it failed with the exit code 1: no' },
      },
    ]);
    expect(toldBy('one')).toEqual(['test dns1: a test']);
    expect(notifier.reports).toMatchObject([{ place: 'notify[1]', waiting: 0 }]);
  });

  it('that needs the time says so while it is not known', async () => {
    clock.setState('untrusted');
    const notifier = start();
    notifier.become([
      configOf({
        ...{ kind: 'ntfy', protocol: 'https', host: 'ntfy.example', port: 443, target: '/secret' },
        ...{ addresses: ['127.0.0.1'], caFile: null, tokenFile: null },
      }),
    ]);
    expect(await notifier.test()).toEqual([
      {
        ...{ place: 'notify[0]', name: 'the ntfy topic at https://ntfy.example', isDelivered: false },
        sentence: 'not sent: the time is not known, so no certificate can be judged',
      },
    ]);
  });

  it('that gets through sends what waits', async () => {
    const notifier = start();
    const flag = join(directory, 'works');
    notifier.become([program('one', `test -e '${flag}' || exit 1`)]);
    const one = down();
    stand(one);
    notifier.hear(opened(one));
    clock.advance(AFTER_MS);
    await eventually(() => notifier.reports.length === 1, { what: 'a report' });
    clock.advance(4_000);
    writeFileSync(flag, '');
    expect(await notifier.test()).toMatchObject([{ isDelivered: true }]);
    expect(notifier.reports).toEqual([]);
    clock.advance(1_000);
    await isTold('one', 2);
    expect(toldBy('one')).toEqual(['test dns1: a test', `opened ${TITLE}`]);
  });
});

test('a rehearsal tells nobody', async () => {
  const notifier = start(false);
  notifier.become([program('one')]);
  notifier.hear(opened(down()));
  expect(await notifier.test()).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

test('without channels nothing is told, written or waited for', async () => {
  const notifier = start();
  notifier.become([]);
  notifier.hear(opened(down()));
  clock.setState('holdover');
  expect(await notifier.test()).toEqual([]);
  await notifier.close();
  expect(clock.pendingTimers).toBe(0);
  expect(existsSync(join(directory, 'state'))).toBe(false);
});
