// What a CA says of the time for a renewal, asked of a scripted HTTP client: when it is asked again, what stays when it says
// nothing of use, and what is forgotten.

import { beforeEach, describe, expect, it } from 'vitest';
import { AskedWindow } from '../../../src/acme/asked-window.ts';
import { certificateIdOf } from '../../../src/acme/renewal-info.ts';
import type { HttpsResponse } from '../../../src/tls/https-client.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { createPki, toPem } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const DIRECTORY = 'https://ca.example/directory';
const INFO = 'https://ca.example/renewal-info';
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

const pki = createPki(temporaryDirectory('asked-window'));
const [chain, successor] = [1, 2].map(() =>
  pki
    .issue({ names: ['dns.example'] })
    .der.map(toPem)
    .join(''),
) as [string, string];

type Said = Partial<Omit<HttpsResponse, 'body'>> & { readonly body?: unknown };

let clock: SimulatedClock;
let log: RecordedLog;
let asked: string[];
let window: AskedWindow;
let directory: Said | Error;
let info: Said | Error | Promise<Said>;

const http = {
  async request({ url }: { readonly url: string }, signal: AbortSignal): Promise<HttpsResponse> {
    signal.throwIfAborted();
    asked.push(url);
    const said = await (url === DIRECTORY ? directory : info);
    if (said instanceof Error) throw said;
    const { status = 200, headers = { 'content-type': 'application/json' }, body = {} } = said;
    return { status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
  },
};

const suggested = (day: number) => ({
  suggestedWindow: { start: `2027-01-0${day}T00:00:00Z`, end: `2027-01-0${day}T12:00:00Z` },
});
const windowOf = (day: number) => ({
  startMs: Date.UTC(2027, 0, day),
  endMs: Date.UTC(2027, 0, day, 12),
  explanationUrl: null,
});
const withRetryAfter = (said: Said, value: string): Said => ({
  ...said,
  headers: { 'content-type': 'application/json', 'retry-after': value },
});
const ask = (pem = chain, signal = never) => window.ask(pem, http, signal);

beforeEach(() => {
  clock = new SimulatedClock();
  log = new RecordedLog();
  asked = [];
  window = new AskedWindow({ directory: DIRECTORY, clock, log });
  directory = { body: { newOrder: DIRECTORY, renewalInfo: INFO } };
  info = { body: suggested(1) };
});

it('is unknown and due at first, and known once the CA was asked for this certificate', async () => {
  expect([window.current, window.dueInMs]).toEqual([null, 0]);
  await ask();
  expect(asked).toEqual([DIRECTORY, `${INFO}/${certificateIdOf(chain)}`]);
  expect(window.current).toEqual(windowOf(1));
});

it('is asked for below the URL of the directory, with and without a slash at its end', async () => {
  directory = { body: { newOrder: DIRECTORY, renewalInfo: `${INFO}/` } };
  await ask();
  expect(asked[1]).toBe(`${INFO}/${certificateIdOf(chain)}`);
});

describe('it is asked for again', () => {
  it.each<[string, () => void, number]>([
    ['after six hours where the CA does not say', () => {}, 6 * HOUR_MS],
    ['when the CA says', () => (info = withRetryAfter({ body: suggested(1) }, '7200')), 2 * HOUR_MS],
    ['no sooner than in a minute', () => (info = withRetryAfter({ body: suggested(1) }, '0')), MINUTE_MS],
    ['no later than in a day', () => (info = withRetryAfter({ body: suggested(1) }, '999999')), 24 * HOUR_MS],
    [
      'at a date of HTTP',
      () =>
        (info = withRetryAfter(
          { body: suggested(1) },
          new Date(clock.now().epochMs + 3 * HOUR_MS).toUTCString(),
        )),
      3 * HOUR_MS,
    ],
    [
      'after six hours where the CA has no such thing',
      () => (directory = { body: { newOrder: DIRECTORY } }),
      6 * HOUR_MS,
    ],
    [
      'after six hours where it was not reached',
      () => (directory = new Error('nobody is there')),
      6 * HOUR_MS,
    ],
    ['after six hours where it does not know the certificate', () => (info = { status: 404 }), 6 * HOUR_MS],
    ['after six hours where it is in trouble', () => (info = { status: 500 }), 6 * HOUR_MS],
    [
      'no sooner than that, whatever it says in its trouble',
      () => (info = withRetryAfter({ status: 503 }, '60')),
      6 * HOUR_MS,
    ],
    [
      'later, where it asks for that in its trouble',
      () => (info = withRetryAfter({ status: 503 }, `${10 * 3600}`)),
      10 * HOUR_MS,
    ],
  ])('%s', async (_when, given, inMs) => {
    given();
    await ask();
    expect(window.dueInMs).toBe(inMs);
    clock.advance(inMs - 1);
    expect(window.dueInMs).toBe(1);
    clock.advance(5000);
    expect(window.dueInMs).toBe(0);
  });
});

describe('nothing that can be used', () => {
  it.each<[string, () => void, string | RegExp]>([
    ['no answer', () => (directory = new Error('nobody is there')), 'nobody is there'],
    [
      'a directory that is an error',
      () => (directory = { status: 503, body: 'away' }),
      /503|serverInternal|unknown/,
    ],
    [
      'no such certificate',
      () => (info = { status: 404, body: { detail: 'never heard of it' } }),
      'never heard of it',
    ],
    ['a redirect', () => (info = { status: 302 }), 'the HTTP status 302'],
    ['no JSON', () => (info = { body: '<html>' }), 'it is no JSON object'],
    ['no window', () => (info = { body: {} }), 'it has no "suggestedWindow"'],
    [
      'a window without an end',
      () => (info = { body: { suggestedWindow: { start: '2027-01-01T00:00:00Z' } } }),
      '"end"',
    ],
  ])('%s: what the CA said before stays, and only the debug log hears of it', async (_what, given, words) => {
    await ask();
    given();
    await ask();
    expect(window.current).toEqual(windowOf(1));
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]!.line).toMatch(/^debug the CA names no time for the renewal: /);
    expect(log.lines[0]!.line).toMatch(words);
  });

  it('a chain that cannot be asked about is no reason to fail either', async () => {
    await ask('no certificate');
    expect([window.current, window.dueInMs, asked]).toEqual([null, 6 * HOUR_MS, []]);
  });

  it('a CA that has given up on the whole thing takes its window back', async () => {
    await ask();
    directory = { body: { newOrder: 'https://ca.example/order' } };
    await ask();
    expect(window.current).toBeNull();
    expect(log.lines).toEqual([]);
  });
});

it('is given up with the attempt, and that alone is an error', async () => {
  const giveUp = new AbortController();
  giveUp.abort(new Error('the server is being stopped'));
  await expect(ask(chain, giveUp.signal)).rejects.toThrow('the server is being stopped');
  expect(window.dueInMs).toBe(0);
});

it('is due again after a change of the clock where asking had failed, and stays known meanwhile', async () => {
  await ask();
  window.askSoon();
  expect([window.current, window.dueInMs]).toEqual([windowOf(1), 6 * HOUR_MS]);
  info = { status: 500 };
  await ask();
  window.askSoon();
  expect([window.current, window.dueInMs]).toEqual([windowOf(1), 0]);
});

describe('once it is forgotten', () => {
  it('it is unknown and due', async () => {
    await ask();
    window.forget();
    expect([window.current, window.dueInMs]).toEqual([null, 0]);
  });

  it.each<[string, Said]>([
    ['says it', { body: suggested(2) }],
    ['says nothing of use', { status: 404 }],
  ])('an answer about the old certificate that is late changes nothing: it %s', async (_what, said) => {
    const late = Promise.withResolvers<Said>();
    info = late.promise;
    const asking = ask();
    window.forget();
    late.resolve(said);
    await asking;
    expect([window.current, window.dueInMs]).toEqual([null, 0]);
    info = { body: suggested(3) };
    await ask(successor);
    expect(window.current).toEqual(windowOf(3));
  });
});
