// The answer path of a thread: what it takes from the cache itself and what it leaves to the main thread, told apart query by
// query, and that it counts what it answers and nothing else. With real threads: contract/udp-threads.test.ts.

import { describe, expect, it, vi } from 'vitest';
import { Answer, DROP } from '../../../src/dns/answer.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { FigureBook } from '../../../src/observe/figure-book.ts';
import { QueryFigures } from '../../../src/observe/query-figures.ts';
import { PackedAnswerStore } from '../../../src/resolver/cache/answer-store.ts';
import { ClientRate } from '../../../src/resolver/client-rate.ts';
import { HouseNames } from '../../../src/resolver/local/house-names.ts';
import { NameIndex } from '../../../src/resolver/local/name-index.ts';
import { HANDED_OVER, ShortPath } from '../../../src/resolver/short-path.ts';
import { ThreadBoard, type ThreadFacts } from '../../../src/resolver/thread-facts.ts';
import { aRecord, ask, contextAt, render, replyTo, see } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const NAME = 'www.example';
const CLIENT = '192.168.1.7';

function scene(changes: Partial<ThreadFacts> = {}) {
  const clock = new SimulatedClock();
  const board = new ThreadBoard();
  board.udpQueriesPerClient = 1000;
  const book = new FigureBook();
  const store = new PackedAnswerStore(2 ** 20);
  const onBug = vi.fn();
  const limitLog = { reached: vi.fn() };
  const path = new ShortPath({ board, rate: new ClientRate(), limitLog, book, clock, onBug });
  const files = new NameIndex();
  const name = Buffer.from(nameKey('filed.lan.example'), 'latin1').toString('latin1');
  files.add({
    ...{
      name,
      address: Uint8Array.of(192, 168, 1, 9),
      isPointedTo: false,
      expiresMs: Number.POSITIVE_INFINITY,
    },
    ...{ isLease: false, source: 'file' },
  });
  const house = HouseNames.of({
    ...{ zones: { apexes: [nameKey('home.example')] }, ownNames: { names: [nameKey('dns.own.example')] } },
    ...{ designated: { names: [] }, files },
  });
  const facts = (): ThreadFacts => ({
    ...{ generation: board.generation, mayAnswer: true, access: { ranges: ['private'], onLink: [] } },
    house: { own: house.shared, files: files.sharedHashes },
    ...{ limits: { queryDeadlineMs: 4500, udpPayloadOctets: 1232 }, table: store.shared },
    ...changes,
  });
  path.learn(facts());
  const keep = (kept: string, ttl = 300) => {
    const query = ask(kept);
    store.set(
      query.key,
      Answer.fromMessage(replyTo(query.bytes, { answers: [aRecord(kept, '192.0.2.1', ttl)] }))!,
      clock.monotonic(),
    );
  };
  const resolve = (query = ask(NAME), client = CLIENT) =>
    path.resolve(query, contextAt(clock.monotonic(), { client, transport: 'udp' }));
  return { clock, board, book, store, onBug, limitLog, path, facts, keep, resolve };
}

describe('the short path', () => {
  it('answers as the cache does, with the age of the answer, and counts a hit', () => {
    const { clock, book, keep, resolve } = scene();
    keep(NAME);
    clock.advance(100_000);
    const query = ask(NAME);
    const answer = resolve(query) as Answer;
    expect(see(render(answer, query))).toMatchObject({ answers: ['www.example 200 A 192.0.2.1'] });
    expect([book.queries, book.hits]).toEqual([1, 1]);
    const figures = new QueryFigures(clock);
    figures.include(book);
    expect(figures.totals()).toMatchObject({ answeredBy: { cache: 1 }, byRcode: { NOERROR: 1 } });
  });

  it.each([
    ['is not there', 0, 'other.example'],
    ['is past its lifetime', 300_000, NAME],
    ['is near its end, for the main thread to fetch it anew', 270_000, NAME],
  ])('hands over what %s', (_, passedMs, name) => {
    const { clock, book, keep, resolve } = scene();
    keep(NAME);
    clock.advance(269_000);
    expect(resolve()).not.toBe(HANDED_OVER);
    clock.advance(Math.max(0, passedMs - 269_000));
    expect(resolve(ask(name))).toBe(HANDED_OVER);
    expect(book.queries).toBe(1);
  });

  it('hands over what is past a lifetime too short to be fetched anew before', () => {
    const { clock, keep, resolve } = scene();
    keep(NAME, 5);
    clock.advance(4999);
    expect(resolve()).not.toBe(HANDED_OVER);
    clock.advance(1);
    expect(resolve()).toBe(HANDED_OVER);
  });

  it.each(['nas.home.example', 'home.example', 'dns.own.example', 'filed.lan.example', 'nas', 'a.onion'])(
    'hands over %s, which the house may have something to say about',
    (name) => {
      const { keep, resolve } = scene();
      keep(name);
      expect(resolve(ask(name))).toBe(HANDED_OVER);
    },
  );

  it('hands over who may not ask, for the main thread to refuse', () => {
    const { keep, resolve } = scene();
    keep(NAME);
    expect(resolve(ask(NAME), '8.8.8.8')).toBe(HANDED_OVER);
    expect(resolve()).not.toBe(HANDED_OVER);
  });

  it('hands over who does not ask for recursion: no name of the world is theirs to see, kept or not', () => {
    const { keep, resolve } = scene();
    keep(NAME);
    expect(resolve(ask(NAME))).not.toBe(HANDED_OVER);
    expect(resolve(ask(NAME, 'A', { flags: 0 }))).toBe(HANDED_OVER);
  });

  it('hands over everything while it may answer nothing', () => {
    const { keep, resolve } = scene({ mayAnswer: false });
    keep(NAME);
    expect(resolve()).toBe(HANDED_OVER);
  });

  it('knows nothing before it has learnt, nor between the raising of the board and what is learnt after it', () => {
    const { board, facts, keep, path, resolve } = scene();
    keep(NAME);
    board.raise();
    expect(resolve()).toBe(HANDED_OVER);
    const old = { ...facts(), generation: board.generation - 1 };
    path.learn(old);
    expect(resolve()).toBe(HANDED_OVER);
    path.learn(facts());
    expect(resolve()).not.toBe(HANDED_OVER);
  });

  it('has nothing of a table that is not in use any more', () => {
    const { facts, keep, path, resolve, store } = scene();
    keep(NAME);
    store.clear();
    keep(NAME);
    expect(resolve()).toBe(HANDED_OVER);
    path.learn(facts());
    expect(resolve()).not.toBe(HANDED_OVER);
  });

  it('slows down who asks too often, by the limit on the board, and counts what it dropped', () => {
    const { board, book, keep, limitLog, resolve } = scene();
    keep(NAME);
    board.udpQueriesPerClient = 2;
    const answers = Array.from({ length: 6 }, () => resolve());
    expect(answers.slice(0, 2)).not.toContain(HANDED_OVER);
    expect(answers.filter((answer) => answer === DROP)).toHaveLength(2);
    expect(limitLog.reached).toHaveBeenCalledTimes(4);
    expect([book.queries, book.hits]).toEqual([6, 2]);
  });

  it('counts against the rate what it hands over, and drops what is no query', () => {
    const { board, resolve } = scene();
    board.udpQueriesPerClient = 2;
    expect([resolve(), resolve(), resolve()]).toEqual([HANDED_OVER, HANDED_OVER, DROP]);
    const response = ask(NAME);
    response.message[2]! |= 0x80;
    expect(resolve(response, '192.168.1.8')).toBe(DROP);
  });

  it('hands over a query that a bug of ours stumbles over, and tells of it', () => {
    const { facts, keep, onBug, path, resolve } = scene();
    keep(NAME);
    path.learn({
      ...facts(),
      house: { own: { names: null as never, trees: null as never }, files: facts().house.files },
    });
    expect(resolve()).toBe(HANDED_OVER);
    expect(onBug).toHaveBeenCalledTimes(1);
  });
});
