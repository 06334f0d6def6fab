// The options of the bench, who takes part in which row, and the messages that are asked.

import { describe, expect, it } from 'vitest';
import { between, functionOf, placeOf, selfTimes } from '../../../bench/cpu-profile.ts';
import { NumberedQuery, responseTo } from '../../../bench/micro/messages.ts';
import { readOptions } from '../../../bench/options.ts';
import { MEASURE, PEERS } from '../../../bench/peers/peers.ts';
import { forwardingOf, type Row, whyNot } from '../../../bench/rows/row.ts';
import { ROWS } from '../../../bench/rows/rows.ts';
import { answerOctets, wireQuery } from '../../../bench/zone.ts';
import { Answer } from '../../../src/dns/answer.ts';
import { Query } from '../../../src/dns/query.ts';

describe('the options', () => {
  it('without any are a full run', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({
      isFull: true,
      rounds: 3,
      seconds: 6,
      idleSeconds: 600,
      withProfile: true,
    });
    expect(options.rows).toBe(ROWS);
  });

  it.each(['--quick', '--only=udp-hit', '--peers=noonmark,unbound', '--rounds=1', '--seconds=1'])(
    'with %s are none, so that no page is written',
    (option) => expect(readOptions([option]).isFull).toBe(false),
  );

  it('of a quick run leave out long rows, unless they are named', () => {
    const ids = (...args: string[]) => readOptions(args).rows.map(({ id }) => id);
    expect(ids('--quick')).not.toContain('growth');
    expect(ids('--quick', '--only', 'growth')).toEqual(['growth']);
    expect(readOptions(['--quick']).peers.map(({ name }) => name)).toEqual(['noonmark', 'unbound']);
  });

  it('say what is wrong with them', () => {
    expect(() => readOptions(['--only', 'nothing'])).toThrow(/no row "nothing"; there are udp-hit,/);
    expect(() => readOptions(['--peers', 'bind'])).toThrow(/no server "bind"/);
    expect(() => readOptions(['--rounds', '0'])).toThrow(/--rounds 0/);
    expect(() => readOptions(['--seconds', 'x'])).toThrow(/--seconds x/);
  });
});

describe('a row', () => {
  const row = (id: string): Row => ROWS.find((one) => one.id === id)!;
  const peer = (name: string) => PEERS.find((one) => one.name === name)!;
  const why = (name: string, id: string) => whyNot(peer(name), row(id), MEASURE);

  it('is for whoever has the door and the way to the upstream', () => {
    expect(PEERS.filter(({ name }) => why(name, 'udp-hit') === null)).toHaveLength(PEERS.length);
    expect(why('dnsmasq', 'doh-get')).toBe('dnsmasq does not answer over DoH');
    expect(why('named', 'miss-dot')).toBe('BIND cannot forward over DoT');
    expect(why('dnsdist', 'miss-doh')).toBeNull();
  });

  it('compares with unbound over DoT what unbound cannot do over DoH', () => {
    expect(why('unbound', 'miss-doh')).toBeNull();
    expect(forwardingOf(MEASURE, row('miss-doh'), MEASURE)).toBe('DoT');
    expect(forwardingOf(peer('noonmark'), row('miss-doh'), MEASURE)).toBe('DoH');
  });

  it('has an id of its own', () => expect(new Set(ROWS.map(({ id }) => id)).size).toBe(ROWS.length));
});

describe('the messages', () => {
  it('are queries with EDNS that Noonmark reads', () => {
    const query = new Query(wireQuery('hit1.bench.example'));
    expect([query.isMalformed, query.type, query.edns?.payloadOctets]).toEqual([false, 1, 1232]);
    expect(new Query(wireQuery('a.example', { edns: false })).edns).toBeNull();
  });

  it('have names of seven digits', () => {
    const numbered = new NumberedQuery();
    expect(new Query(numbered.of(42)).nameKey).toContain('0000042');
    expect(new Query(numbered.of(1_234_567)).nameKey).toContain('1234567');
  });

  it('are answered by one record, as long as is said', () => {
    const response = responseTo(wireQuery('a.bench.example'));
    expect(Answer.fromMessage(response)).toMatchObject({ answers: 1, rcode: 0, lifetimeSeconds: 86_400 });
    expect(response).toHaveLength(answerOctets('a.bench.example') + 11); // OPT
  });
});

describe('a CPU profile', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 });
  const frames = [
    frame('(idle)'),
    frame('(program)'),
    frame('layoutOf', 'file:///x/src/dns/wire.ts'),
    frame('write', 'node:internal/streams/writable'),
  ];
  const profile = {
    startTime: 1000,
    nodes: frames.map((callFrame, at) => ({ id: at + 1, callFrame })),
    samples: [1, 2, 3, 4, 3],
    timeDeltas: [600, 200, 50, 100, 50],
  };

  it('is shares of what is not idle, the largest first', () => {
    expect(selfTimes(profile, placeOf)).toEqual([
      { what: 'kernel, OpenSSL, libuv: all that is not JavaScript', share: 0.5 },
      { what: 'src/dns', share: 0.25 },
      { what: 'Node, streams', share: 0.25 },
    ]);
  });

  it('of a stretch of time has nothing from before or after it', () => {
    const { samples, timeDeltas } = between(profile, 1700, 1860);
    expect([samples, timeDeltas]).toEqual([
      [2, 3],
      [200, 50],
    ]);
  });

  it('names functions by file and line', () => {
    expect(functionOf(frames[2]!)).toBe('src/dns/wire.ts:10 layoutOf');
    expect(placeOf(frame('toString'))).toBe('built-in functions of V8');
    expect(placeOf(frame('x', 'file:///x/node_modules/undici/lib/a.js'))).toBe('package undici');
  });
});
