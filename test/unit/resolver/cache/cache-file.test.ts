// The cache over a restart: what comes back, how old it is by which clock, and that no file, however torn, foreign or
// hostile, does more than cost a log line. Files are real, the clock is not.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { HARD_FLOOR_MS } from '../../../../src/clock/hard-floor.ts';
import { Answer } from '../../../../src/dns/answer.ts';
import { nameKey } from '../../../../src/dns/names.ts';
import { packAnswer } from '../../../../src/dns/packed-answer.ts';
import { questionKey } from '../../../../src/dns/question-key.ts';
import { type KeptAnswer, PackedAnswerStore } from '../../../../src/resolver/cache/answer-store.ts';
import { CacheFile } from '../../../../src/resolver/cache/cache-file.ts';
import {
  FIRST_LINE,
  frame,
  LAST_FRAME,
  writeEntry,
  writeHead,
} from '../../../../src/resolver/cache/cache-frames.ts';
import { RecordedLog } from '../../../support/answer-path.ts';
import { eventually } from '../../../support/eventually.ts';
import { aRecord, ask, replyTo } from '../../../support/messages.ts';
import { SimulatedClock, type SimulatedClockOptions } from '../../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TTL_SECONDS = 600;
/** When the first life ends, in every story. */
const END_MS = HARD_FLOOR_MS + 30 * DAY_MS;

let stateDir: string;
beforeEach(() => {
  stateDir = temporaryDirectory('cache-file');
});

/** A server's cache from one start to the next. */
class Life {
  readonly clock: SimulatedClock;
  readonly store: PackedAnswerStore;
  readonly log = new RecordedLog();
  readonly file: CacheFile;
  isOn = true;
  configKey = 'a';

  constructor(options: SimulatedClockOptions = {}, maxOctets = 2 ** 20) {
    this.clock = new SimulatedClock({ epochMs: END_MS, state: 'synchronized', ...options });
    this.store = new PackedAnswerStore(maxOctets);
    const { clock, store, log } = this;
    const configKey = () => this.configKey;
    this.file = new CacheFile({ store, stateDir, clock, log, configKey, isOn: () => this.isOn });
  }

  learn(...names: string[]): void {
    for (const name of names) this.store.set(ask(name).key, answerFor(name), this.clock.monotonic());
  }

  /** Age in seconds where it is fresh, "stale" where it is past its lifetime, null where it is not there. */
  ageOf(name: string): number | 'stale' | null {
    const nowMs = this.clock.monotonic();
    const fresh = this.store.get(ask(name).key, nowMs);
    if (fresh !== null) return fresh.ageSeconds;
    return this.store.getStale(ask(name).key, nowMs) === null ? null : 'stale';
  }

  async loaded(): Promise<this> {
    this.file.start();
    await this.file.loaded;
    return this;
  }

  async end(): Promise<void> {
    await this.file.save();
    this.file.close();
  }

  get lines(): string[] {
    return this.log.lines.map(({ line }) => line);
  }
}

const keyOf = (name: string) => ask(name).cacheKey;

function answerFor(name: string): Answer {
  return Answer.fromMessage(
    replyTo(ask(name).bytes, { answers: [aRecord(name, '192.0.2.1', TTL_SECONDS)] }),
  )!;
}

const cacheFile = () => join(stateDir, 'cache');

/** A life that learns `old.example`, goes on for 100 s, learns `new.example` and ends. */
async function firstLife(options: SimulatedClockOptions = {}): Promise<Life> {
  const life = await new Life({ epochMs: END_MS - 100_000, ...options }).loaded();
  life.learn('old.example');
  life.clock.advance(100_000);
  life.learn('new.example');
  await life.end();
  return life;
}

describe('after a restart', () => {
  it('answers are as old as the date says, and the very same', async () => {
    await firstLife();
    const life = await new Life({ epochMs: END_MS + 50_000 }).loaded();
    expect([life.ageOf('old.example'), life.ageOf('new.example'), life.ageOf('x.example')]).toEqual([
      150,
      50,
      null,
    ]);
    expect(life.store.get(ask('new.example').key, 0)?.kept()).toEqual(answerFor('new.example').aged(50));
    expect(life.lines).toEqual(['info answers of before the restart are in the cache']);
    life.clock.advance(450_000);
    expect([life.ageOf('old.example'), life.ageOf('new.example')]).toEqual(['stale', 500]);
  });

  it('an answer that has come since is not replaced by an older one', async () => {
    await firstLife();
    const life = new Life({ epochMs: END_MS + 50_000 });
    life.learn('old.example');
    await life.loaded();
    expect([life.ageOf('old.example'), life.ageOf('new.example')]).toEqual([0, 50]);
  });

  it('the popular ones are still popular', async () => {
    const before = new Life();
    before.learn('hot.example', 'cold.example');
    before.ageOf('hot.example');
    await before.end();
    const life = await new Life().loaded();
    const kept = Array.from({ length: life.store.places }, (_, place) => life.store.keptAt(place));
    expect(kept.flatMap((one) => (one?.isPopular ? [one.key] : []))).toEqual([keyOf('hot.example')]);
  });

  it('the file is for nobody else to read', async () => {
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(`${cacheFile()}.new`, 'of a save that was cut off', { mode: 0o666 });
    chmodSync(`${cacheFile()}.new`, 0o666);
    await firstLife();
    expect(statSync(cacheFile()).mode & 0o777).toBe(0o600);
    expect(existsSync(`${cacheFile()}.new`)).toBe(false);
  });

  it('what was restored is still there after the next one, no younger', async () => {
    await firstLife();
    const second = await new Life({ epochMs: END_MS + 50_000 }).loaded();
    second.learn('third.example');
    await second.end();
    const life = await new Life({ epochMs: END_MS + 80_000 }).loaded();
    expect(['old', 'new', 'third'].map((name) => life.ageOf(`${name}.example`))).toEqual([180, 80, 30]);
  });
});

describe('the date', () => {
  it('while it is not known makes everything stale, and tells the real ages once it is', async () => {
    await firstLife();
    const life = await new Life({ state: 'untrusted', epochMs: 5000 }).loaded();
    expect([life.ageOf('old.example'), life.ageOf('new.example')]).toEqual(['stale', 'stale']);
    life.clock.advance(10_000);
    life.learn('new.example');
    life.clock.setSystemClock(END_MS + 60_000);
    life.clock.setState('synchronized');
    expect([life.ageOf('old.example'), life.ageOf('new.example')]).toEqual([160, 0]);
    life.clock.setState('untrusted');
    expect(life.ageOf('old.example')).toBe('stale');
  });

  it('of the stamp is behind the truth, and makes nothing fresh', async () => {
    await firstLife();
    const life = await new Life({ state: 'provisional', basis: 'stamp' }).loaded();
    expect(life.ageOf('new.example')).toBe('stale');
  });

  it('before that of the file is wrong, or that of the file is, and makes nothing fresh', async () => {
    await firstLife();
    const life = await new Life({ epochMs: END_MS - 1 }).loaded();
    expect(life.ageOf('new.example')).toBe('stale');
    life.clock.advance(1);
    expect(life.ageOf('new.example')).toBe(0);
  });

  it('lets go of answers over a week old, and finds them again where it was wrong', async () => {
    await firstLife();
    const life = await new Life({ epochMs: END_MS + 7 * DAY_MS - 50_000 }).loaded();
    expect([life.ageOf('old.example'), life.ageOf('new.example')]).toEqual([null, 'stale']);
    life.clock.setSystemClock(END_MS + 1000);
    expect([life.ageOf('old.example'), life.ageOf('new.example')]).toEqual([101, 1]);
  });

  it.each([
    ['synchronized', null],
    ['provisional', 'stale'],
  ] as const)('of a week later, while %s, leaves of them in the next file: %s', async (state, expected) => {
    await firstLife();
    const later = await new Life({ state, epochMs: END_MS + 8 * DAY_MS }).loaded();
    later.learn('third.example');
    await later.end();
    const life = await new Life({ state: 'untrusted' }).loaded();
    expect([life.ageOf('new.example'), life.ageOf('third.example')]).toEqual([expected, 'stale']);
  });

  it('unknown for a week ends them too', async () => {
    await firstLife();
    const life = await new Life({ state: 'untrusted' }).loaded();
    life.clock.advance(7 * DAY_MS - 1);
    expect(life.ageOf('new.example')).toBe('stale');
    life.clock.advance(1);
    expect(life.ageOf('new.example')).toBeNull();
  });

  it('of a file from a future that never was does not make its answers fresh two lives later', async () => {
    await firstLife({ epochMs: END_MS + 20 * 365 * DAY_MS });
    const second = await new Life().loaded();
    expect(second.ageOf('new.example')).toBe('stale');
    second.learn('third.example');
    await second.end();
    const life = await new Life().loaded();
    expect([life.ageOf('new.example'), life.ageOf('third.example')]).toEqual(['stale', 0]);
  });

  it('is never made younger by a second life that did not know it', async () => {
    await firstLife();
    const second = await new Life({
      state: 'provisional',
      basis: 'system-clock',
      epochMs: END_MS + 3 * DAY_MS,
    }).loaded();
    second.learn('third.example');
    second.clock.advance(5000);
    await second.end();
    const life = await new Life({ epochMs: END_MS + 3 * DAY_MS + 5000 }).loaded();
    expect([life.ageOf('new.example'), life.ageOf('third.example')]).toEqual(['stale', 5]);
    life.clock.setSystemClock(END_MS + 7 * DAY_MS + 1);
    expect([life.ageOf('new.example'), life.ageOf('third.example')]).toEqual([null, 'stale']);
  });
});

describe('a date that nobody has confirmed', () => {
  it.each([
    ['provisional', 'system-clock'],
    ['provisional', 'one-source'],
    ['provisional', 'stamp'],
    ['untrusted', null],
  ] as const)('makes nothing fresh while %s, %s', async (state, basis) => {
    await firstLife();
    // A board that restored the last hour at boot: the power was off for a day.
    const life = await new Life({ state, basis, epochMs: END_MS + 60_000 }).loaded();
    expect(life.ageOf('new.example')).toBe('stale');
  });

  it.each([
    ['provisional', 'one-source'],
    ['provisional', 'stamp'],
    ['untrusted', null],
  ] as const)('is written into no file while %s, %s', async (state, basis) => {
    const life = await new Life({ state, basis }).loaded();
    life.learn('a.example');
    await life.end();
    expect(existsSync(cacheFile())).toBe(false);
  });

  it('leaves no file in which something is that was forgotten', async () => {
    await firstLife();
    const life = await new Life({ state: 'untrusted' }).loaded();
    life.store.flush(nameKey('old.example'), { below: false });
    await life.end();
    expect(existsSync(cacheFile())).toBe(false);
  });
});

it('an answer of this life that is over a week old is in no file', async () => {
  const life = await new Life({ epochMs: END_MS - 8 * DAY_MS }).loaded();
  life.learn('old.example');
  life.clock.advance(7 * DAY_MS + 1);
  life.learn('new.example');
  await life.end();
  const next = await new Life().loaded();
  expect([next.ageOf('old.example'), next.ageOf('new.example')]).toEqual([null, 'stale']);
  expect(readFileSync(cacheFile(), 'latin1')).not.toContain('\x03old');
});

describe('a save', () => {
  const writtenAt = () => statSync(cacheFile(), { bigint: true }).ctimeNs;

  it('comes every hour, and only when something has changed', async () => {
    const life = await new Life().loaded();
    life.learn('a.example');
    life.clock.advance(HOUR_MS - 1);
    expect(existsSync(cacheFile())).toBe(false);
    life.clock.advance(1);
    await eventually(() => existsSync(cacheFile()));
    await life.file.save();
    const first = writtenAt();
    life.clock.advance(HOUR_MS);
    await life.file.save();
    expect(writtenAt()).toBe(first);
    life.learn('b.example');
    life.clock.advance(HOUR_MS);
    await eventually(() => writtenAt() !== first);
    await life.file.save();
    life.file.close();
    expect(life.clock.pendingTimers).toBe(0);
  });

  it('waits for the clock: the older file stays while it is untrusted', async () => {
    await firstLife();
    const [before, life] = [readFileSync(cacheFile()), await new Life({ state: 'untrusted' }).loaded()];
    life.learn('a.example');
    await life.end();
    expect(readFileSync(cacheFile()).equals(before)).toBe(true);
  });

  it('that comes before the load is done loses nothing', async () => {
    const before = new Life({}, 2 ** 24);
    before.learn(...Array.from({ length: 20_000 }, (_, at) => `n${at}.example`));
    await before.end();
    const life = new Life({}, 2 ** 24);
    life.learn('a.example');
    life.file.start();
    await life.end();
    expect((await new Life({}, 2 ** 24).loaded()).store.entries).toBe(20_001);
  });

  it('that fails says so once, leaves the old file, and works again when it can', async () => {
    await firstLife();
    const before = readFileSync(cacheFile());
    const life = await new Life().loaded();
    life.log.lines.length = 0;
    life.learn('a.example');
    mkdirSync(join(`${cacheFile()}.new`, 'in the way'), { recursive: true });
    await life.file.save();
    await life.file.save();
    expect(life.lines).toEqual([
      expect.stringMatching(/^warn .*\/cache cannot be written \(\w+\); make state_dir writable/),
    ]);
    expect(readFileSync(cacheFile()).equals(before)).toBe(true);
    execFileSync('rmdir', [join(`${cacheFile()}.new`, 'in the way'), `${cacheFile()}.new`]);
    await life.end();
    expect(life.lines).toHaveLength(1);
    expect((await new Life().loaded()).ageOf('a.example')).toBe(0);
  });

  it('into a state_dir that is a file says what to do', async () => {
    stateDir = join(stateDir, 'file');
    writeFileSync(stateDir, '');
    const life = await new Life().loaded();
    life.learn('a.example');
    await life.end();
    expect(life.lines).toEqual([expect.stringContaining('state_dir is a file: name a directory')]);
  });

  it('writes nothing through a link that somebody has put there', async () => {
    const elsewhere = join(stateDir, 'elsewhere');
    writeFileSync(elsewhere, 'untouched');
    symlinkSync(elsewhere, `${cacheFile()}.new`);
    await firstLife();
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
  });

  it('is given up at the end when the disk takes too long', async () => {
    const life = await new Life().loaded();
    life.learn('a.example');
    const saved = life.file.save();
    life.clock.advance(4000);
    await saved;
    expect(existsSync(cacheFile()), 'no disk is as fast as that: nobody waited for it').toBe(false);
    life.file.close();
    await eventually(() => existsSync(cacheFile()));
  });
});

describe('what is forgotten on purpose', () => {
  it('is gone from the file within a second', async () => {
    await firstLife();
    const life = await new Life().loaded();
    life.store.flush(nameKey('old.example'), { below: false });
    const before = readFileSync(cacheFile()).length;
    life.clock.advance(1000);
    await eventually(() => readFileSync(cacheFile()).length < before);
    const next = await new Life({ epochMs: END_MS + 1000 }).loaded();
    expect([next.ageOf('old.example'), next.ageOf('new.example')]).toEqual([null, 1]);
  });

  it('takes the file with it where it is everything and nothing can be dated', async () => {
    await firstLife();
    const life = await new Life({ state: 'untrusted' }).loaded();
    life.store.clear();
    life.clock.advance(1000);
    await eventually(() => !existsSync(cacheFile()));
  });

  it('does not come back from a file that is being read', async () => {
    await firstLife();
    const life = new Life();
    life.file.start();
    life.store.clear();
    await life.file.loaded;
    expect(life.store.entries).toBe(0);
  });

  it('is all of it where the owner wants nothing kept', async () => {
    await firstLife();
    const life = new Life();
    life.isOn = false;
    await life.loaded();
    life.learn('a.example');
    await life.end();
    expect([life.ageOf('old.example'), life.ageOf('a.example')]).toEqual([null, 0]);
    expect(existsSync(cacheFile())).toBe(false);
  });
});

describe('a file', () => {
  it('that is not there is no news', async () => {
    expect((await new Life().loaded()).lines).toEqual([]);
  });

  it('of another configuration is not used, and the next save replaces it', async () => {
    await firstLife();
    const other = new Life();
    other.configKey = 'b';
    await other.loaded();
    expect(other.store.entries).toBe(0);
    expect(other.lines).toEqual([
      `warn ${cacheFile()} was written under another configuration of upstreams and is not used`,
    ]);
    other.learn('a.example');
    await other.end();
    expect((await new Life().loaded()).store.entries).toBe(0);
  });

  it.each([
    ['empty', ''],
    ['foreign', 'PK\u0003\u0004 and so on, long enough for a first line of ours'],
    ['of a later form', 'noonmark cache 9\n'],
  ])('that is %s is not used, and says so', async (_, text) => {
    writeFileSync(cacheFile(), text);
    const life = await new Life().loaded();
    expect(life.lines).toEqual([
      `warn ${cacheFile()} is not of this release or not ours; it is not used, and the next save replaces it`,
    ]);
    life.learn('a.example');
    await life.end();
    expect((await new Life().loaded()).ageOf('a.example')).toBe(0);
  });

  it.each([
    ['a directory', () => mkdirSync(cacheFile())],
    ['a pipe, which is not waited for', () => execFileSync('mkfifo', [cacheFile()])],
    ['a device without end', () => symlinkSync('/dev/zero', cacheFile())],
  ])('that is %s is not used, and says so', async (_, make) => {
    make();
    const life = await new Life().loaded();
    expect([life.store.entries, life.lines]).toEqual([
      0,
      [expect.stringMatching(/^warn .*\/cache (is|cannot be read)/)],
    ]);
  });

  it('that is cut off anywhere, or altered anywhere, gives back only what was in it', async () => {
    const before = new Life({}, 2 ** 24);
    const names = Array.from({ length: 2000 }, (_, at) => `n${at}.example`);
    before.learn(...names);
    await before.end();
    const whole = readFileSync(cacheFile());
    const damage = fc.oneof(
      fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
      fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
        const altered = Buffer.from(whole);
        altered[at] = altered[at]! ^ change;
        return altered;
      }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (octets) => {
        writeFileSync(cacheFile(), octets);
        const life = await new Life({}, 2 ** 24).loaded();
        expect(life.lines[0]).toMatch(/^warn .*\/cache (is torn|is not of this release)/);
        for (let place = 0; place < life.store.places; place += 1) {
          const key = life.store.keptAt(place)?.key;
          if (key === undefined) continue;
          const asked = questionKey(key);
          expect(life.store.get(asked, 0)?.kept()).toEqual(before.store.get(asked, 0)?.kept());
        }
      }),
      { numRuns: 30 },
    );
    writeFileSync(cacheFile(), whole);
    expect((await new Life({}, 2 ** 24).loaded()).store.entries).toBe(2000);
  });

  it('that holds more than fits is used as far as that goes', async () => {
    const before = new Life({}, 2 ** 24);
    before.learn(...Array.from({ length: 20_000 }, (_, at) => `n${at}.example`));
    await before.end();
    const life = await new Life({}, 2 ** 20).loaded();
    expect(life.lines).toEqual([
      `warn ${cacheFile()} holds more than cache.max_bytes; the rest of it is not used`,
      'info answers of before the restart are in the cache',
    ]);
    expect(life.store.octets).toBeLessThanOrEqual(2 ** 20);
  });

  it.each([
    ['an answer that was fetched after it', END_MS, END_MS + 1],
    ['an answer that was fetched on a monotonic clock', END_MS, 0],
    ['a date that cannot be', 0, END_MS],
  ])('with %s has nothing fresh', async (_, savedAtMs, fetchedAtMs) => {
    craft(savedAtMs, { packed: packAnswer(answerFor('a.example'), fetchedAtMs) });
    const life = await new Life({ epochMs: END_MS + 10_000 }).loaded();
    expect(life.store.entries).toBe(1);
    expect(life.ageOf('a.example')).not.toBeTypeOf('number');
  });

  it.each([
    ['no answer', { packed: Buffer.from('not one') }],
    ['a key that is too long', { key: keyOf('a.example') + 'x'.repeat(300) }],
    ['no key', { key: '' }],
  ])('with %s in it is used but for that', async (_, wrong) => {
    craft(END_MS, wrong, {});
    const life = await new Life().loaded();
    expect([life.store.entries, life.ageOf('a.example')]).toEqual([1, 0]);
  });
});

/** A file of ours by somebody else: entries are a good one of a.example but for what is given. */
function craft(savedAtMs: number, ...entries: Partial<KeptAnswer>[]): void {
  const good = {
    key: keyOf('a.example'),
    packed: packAnswer(answerFor('a.example'), END_MS),
    isPopular: false,
  };
  const payload = Buffer.concat(entries.map((entry) => writeEntry({ ...good, ...entry })));
  const frames = [writeHead({ savedAtMs, configKey: 'a' }), frame(payload), LAST_FRAME];
  writeFileSync(cacheFile(), Buffer.concat([Buffer.from(FIRST_LINE), ...frames]));
}
