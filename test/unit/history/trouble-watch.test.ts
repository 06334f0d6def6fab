// When a trouble counts, when it is over, and that what flaps is one.

import { describe, expect, it } from 'vitest';
import { type Seen, type TroubleChange, TroubleWatch } from '../../../src/history/trouble-watch.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

const away: Seen = { id: 'upstream tls://a', what: 'a does not work', evidence: 'refused', doThis: 'look' };
const list: Seen = { id: 'list ads', what: 'ads is old', evidence: 'HTTP 404', doThis: 'look' };

/** What is seen second by second; each change as "second type id". */
class Story {
  readonly watch = new TroubleWatch();
  readonly changes: (TroubleChange & { readonly second: number })[] = [];
  #second = -1;

  seconds(count: number, seen: readonly Seen[], isBlind = false): this {
    for (let past = 0; past < count; past += 1) {
      this.#second += 1;
      for (const change of this.watch.look(seen, this.#second * SECOND_MS, isBlind))
        this.changes.push({ ...change, second: this.#second });
    }
    return this;
  }

  get told(): string[] {
    return this.changes.map(({ second, type, trouble }) => `${second} ${type} ${trouble.id}`);
  }
}

describe('a trouble', () => {
  it('that stands counts after a moment, since it was first seen', () => {
    const story = new Story().seconds(5, []).seconds(10, [away]);
    expect(story.told).toEqual(['8 opened upstream tls://a']);
    expect(story.changes[0]).toMatchObject({ atMs: 5 * SECOND_MS, returns: 0, trouble: away });
  });

  it('that does not is never told', () => {
    expect(new Story().seconds(3, [away]).seconds(60, []).seconds(3, [away]).seconds(60, []).told).toEqual(
      [],
    );
  });

  it('counts at once where it is known to have lasted, but from no earlier than this life', () => {
    const story = new Story().seconds(7, []).seconds(1, [
      { ...away, forMs: 4000 },
      { ...list, forMs: 1e9 },
    ]);
    expect(story.changes).toMatchObject([
      { type: 'opened', atMs: 3000 },
      { type: 'opened', atMs: 0 },
    ]);
  });

  it('is over when it has been gone for a while, as of when it was last there', () => {
    const story = new Story().seconds(10, [away]).seconds(20, []);
    expect(story.told).toEqual(['3 opened upstream tls://a', '20 ended upstream tls://a']);
    expect(story.changes[1]).toMatchObject({ atMs: 10 * SECOND_MS });
  });

  it('that ends and comes much later is another one', () => {
    const story = new Story().seconds(5, [away]).seconds(60, []).seconds(5, [away]);
    expect(story.changes.map(({ type, returns }) => [type, returns])).toEqual([
      ['opened', 0],
      ['ended', 0],
      ['opened', 0],
    ]);
  });

  it('tells of new words, and of nothing while they are the same', () => {
    const story = new Story().seconds(5, [away]).seconds(2, [{ ...away, evidence: 'silent' }]);
    expect(story.told).toEqual(['3 opened upstream tls://a', '5 reworded upstream tls://a']);
    expect(story.changes[1]?.trouble.evidence).toBe('silent');
  });

  it('and another are two', () => {
    const story = new Story().seconds(4, [away]).seconds(8, [away, list]).seconds(11, [list]);
    expect(story.told).toEqual([
      '3 opened upstream tls://a',
      '7 opened list ads',
      '22 ended upstream tls://a',
    ]);
  });
});

describe('what flaps', () => {
  it('is one, with a count of its returns, and is over when it has kept quiet for longer each time', () => {
    const story = new Story().seconds(4, [away]);
    for (let round = 0; round < 5; round += 1) story.seconds(8, []).seconds(2, [away]);
    story.seconds(1000, []);
    expect(story.told[0]).toBe('3 opened upstream tls://a');
    expect(story.changes.slice(1, -1).map(({ type, returns }) => [type, returns])).toEqual(
      [1, 2, 3, 4, 5].map((returns) => ['returned', returns]),
    );
    // Last seen in second 53; after five returns its patience is 320 s.
    expect(story.changes.at(-1)).toMatchObject({ type: 'ended', second: 54 + 320, atMs: 54 * SECOND_MS });
  });

  it('counts although it never stands for long', () => {
    const story = new Story();
    for (let round = 0; round < 3; round += 1) story.seconds(1, [away]).seconds(1, []);
    expect(story.told).toEqual(['4 opened upstream tls://a']);
  });

  it('for a day is over ten minutes after it has stopped, and no later', () => {
    const story = new Story();
    for (let minute = 0; minute < 200; minute += 1) story.seconds(5, [away]).seconds(9, []);
    const before = story.changes.length;
    story.seconds(590, []);
    expect(story.changes).toHaveLength(before);
    story.seconds(20, []);
    expect(story.told.at(-1)).toMatch(/ended/);
    expect(story.changes.filter(({ type }) => type === 'opened')).toHaveLength(1);
  });
});

describe('while the time is not known', () => {
  it.each([away, { ...away, id: 'upstreams' }])('nobody can tell whether $id works again', (gone) => {
    const story = new Story().seconds(5, [gone, list]).seconds(60, [], true);
    expect(story.told.slice(2)).toEqual(['15 ended list ads']);
    story.seconds(11, []);
    expect(story.told.slice(3)).toEqual([`75 ended ${gone.id}`]);
  });

  it('a trouble of before the restart waits to be seen', () => {
    const story = new Story();
    story.watch.carry(away, 2);
    story.seconds(100, [], true).seconds(59, []);
    expect(story.told).toEqual([]);
    expect(story.seconds(2, []).changes).toMatchObject([{ type: 'ended', isCarried: true, returns: 2 }]);
  });
});

describe('a trouble of before a restart', () => {
  it('goes on when it shows itself, and has not returned', () => {
    const story = new Story();
    story.watch.carry({ ...away, evidence: 'old' }, 1);
    story.seconds(30, []).seconds(5, [away]).seconds(21, []);
    expect(story.told).toEqual(['30 reworded upstream tls://a', '55 ended upstream tls://a']);
    expect(story.changes[1]).toMatchObject({ isCarried: false, returns: 1, atMs: 35 * SECOND_MS });
  });

  it('has ended with the life before where it does not within a minute', () => {
    const story = new Story();
    story.watch.carry(away, 0);
    story.seconds(MINUTE_MS / SECOND_MS + 1, []);
    expect(story.changes).toMatchObject([{ type: 'ended', isCarried: true, second: 60 }]);
  });
});

it('the one that counts however short it is', () => {
  const watch = new TroubleWatch();
  const lost: Seen = { ...away, id: 'clock untrusted' };
  expect(watch.appear(lost, 5, true)).toMatchObject([{ type: 'opened', atMs: 5 }]);
  watch.disappear(lost.id, 9);
  expect(watch.look([], 9000, false)).toEqual([]);
  expect(watch.look([], 10_009, false)).toMatchObject([{ type: 'ended', atMs: 9 }]);
});

it('no more than a thousand are watched', () => {
  const watch = new TroubleWatch();
  const many = Array.from({ length: 1500 }, (_, at) => ({ ...away, id: `list ${at}`, forMs: 9e9 }));
  expect(watch.look(many, 10_000, false)).toHaveLength(1000);
});
