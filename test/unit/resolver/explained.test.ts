// One question explained: the real chain is asked for the client that is named, and every link that spoke is taken down.

import { describe, expect, it } from 'vitest';
import { Answer, DROP } from '../../../src/dns/answer.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { ClockNotReady, UpstreamFailure } from '../../../src/dns/failures.ts';
import { parseName } from '../../../src/dns/names.ts';
import type { Query } from '../../../src/dns/query.ts';
import { explainName } from '../../../src/resolver/explained.ts';
import { failure } from '../../../src/resolver/failure.ts';
import type { Context } from '../../../src/resolver/resolver.ts';
import { House, RecordedLog } from '../../support/answer-path.ts';
import { giving } from '../../support/late.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const clock = new SimulatedClock();
const nas = { name: parseName('Nas.home.arpa'), type: TYPE.A, client: '192.168.1.30' };

function explainedBy(next: (query: Query, context: Context) => Answer | Promise<Answer>, question = nas) {
  return explainName(failure(new RecordedLog())({ resolve: giving(next) }), question, clock);
}

it('asks the whole chain and shows the answer as records', async () => {
  const explained = await explainName(new House().resolver, nas, clock);
  expect(explained).toMatchObject({
    ...{ name: 'Nas.home.arpa.', type: 'A', client: '192.168.1.30', rcode: 'NOERROR' },
    answer: ['Nas.home.arpa. 300 A 192.168.1.20'],
    errors: [],
    answeredBy: 'local',
    steps: [{ link: 'local', detail: expect.any(String) }],
  });
});

it('neither logs nor counts a client that never came, however often it is asked for', async () => {
  const house = new House();
  const outsider = { ...nas, client: '8.8.8.8' };
  for (let times = 0; times < 1001; times += 1) await explainName(house.explained, outsider, house.clock);
  expect(house.log.lines).toEqual([]);
  expect(await house.ask('nas.home.arpa', 'A', {}, { client: outsider.client })).toMatchObject({ rcode: 5 });
  expect(house.log.lines.map(({ line }) => line)).toEqual([expect.stringMatching(/^warn refused a client/)]);
});

it('asks for the client that is named, within five seconds', async () => {
  const seen: Context[] = [];
  const resolve = (_: unknown, context: Context) => {
    seen.push(context);
    return DROP;
  };
  await explainedBy(resolve);
  await explainedBy(resolve, { ...nas, client: 'fd00::7' });
  expect(seen).toMatchObject([
    { client: '192.168.1.30', localAddress: '127.0.0.1' },
    { client: 'fd00::7', localAddress: '::1' },
  ]);
  expect(seen[0]!.deadlineMs - clock.monotonic()).toBe(5000);
});

it('the last link that spoke has answered', async () => {
  const explained = await explainedBy((_, { trace }) => {
    trace!.say('cache', 'stale');
    trace!.say('forward', 'tls://192.0.2.1');
    return Promise.resolve(Answer.ofRcode(3, { code: 15, text: 'ads' }));
  });
  expect(explained).toMatchObject({
    answeredBy: 'forward',
    steps: [
      { link: 'cache', detail: 'stale' },
      { link: 'forward', detail: 'tls://192.0.2.1' },
    ],
    rcode: 'NXDOMAIN',
    answer: [],
    errors: [{ code: 15, text: 'ads' }],
  });
});

describe('what is no answer', () => {
  it('is said: a failure with its reason, and no response at all', async () => {
    const failed = await explainedBy(() => {
      throw new ClockNotReady('it is 1970');
    });
    expect(failed).toMatchObject({ rcode: 'SERVFAIL', answeredBy: null, steps: [] });
    expect(failed.errors[0]?.text).toContain('it is 1970');
    expect(await explainedBy(() => DROP)).toMatchObject({ rcode: 'dropped', answer: [] });
  });

  it('a chain that never stops talking is cut short', async () => {
    const explained = await explainedBy((_, { trace }) => {
      for (let at = 0; at < 1000; at += 1) trace!.say('local', String(at));
      return DROP;
    });
    expect(explained.steps).toHaveLength(64);
  });
});

describe('what the answering link said is told as values too', () => {
  const facts = (parts: object) => ({
    ...{ zone: null, list: null, rule: null, group: null },
    ...{ ttlLeftSeconds: null, pastSeconds: null, upstream: null },
    ...parts,
  });
  const explain = (house: House, name: string, client = '192.168.1.30') =>
    explainName(house.resolver, { name: parseName(name), type: TYPE.A, client }, house.clock);

  it('of a zone of ours', async () => {
    expect(await explain(new House(), 'nas.home.arpa')).toMatchObject(facts({ zone: 'home.arpa.' }));
  });

  it('of the cache, while it lasts and after', async () => {
    const house = new House();
    await explain(house, 'www.example');
    house.clock.advance(50_000);
    const kept = await explain(house, 'www.example');
    expect(kept).toMatchObject({ answeredBy: 'cache', ...facts({ ttlLeftSeconds: 250 }) });
    expect(kept.steps).toEqual([
      { link: 'cache', detail: 'kept answer, TTL left 250 s', ttlLeftSeconds: 250 },
    ]);
    house.clock.advance(260_000);
    house.upstreams = () => new UpstreamFailure('upstream-unreachable', 'nobody is there');
    expect(await explain(house, 'www.example')).toMatchObject({
      answeredBy: 'cache',
      ...facts({ pastSeconds: 10 }),
    });
  });

  it('of a group, which the words name as well', async () => {
    const found = await explainedBy((_, { trace }) => {
      trace!.say('filter', 'list "ads" blocks a.example.', { list: 'ads', rule: 'a', group: 'anna' });
      return DROP;
    });
    expect(found).toMatchObject(facts({ list: 'ads', rule: 'a', group: 'anna' }));
    expect(found.steps[0]!.detail).toBe('list "ads" blocks a.example., for group "anna"');
  });

  it('only where it is the last word', async () => {
    const found = await explainedBy((_, { trace }) => {
      trace!.say('filter', 'allows', { list: 'ok', rule: 'a' });
      trace!.say('forward', 'b', { zone: 'lab.example.', upstream: 'b' });
      return DROP;
    });
    expect(found).toMatchObject(facts({ zone: 'lab.example.', upstream: 'b' }));
    expect(found.steps[0]).toMatchObject({ list: 'ok', rule: 'a' });
  });

  it('and the records are taken apart', async () => {
    expect((await explain(new House(), 'files.home.arpa')).records).toEqual([
      { owner: 'files.home.arpa.', ttlSeconds: 300, type: 'CNAME', data: 'nas.home.arpa.' },
      { owner: 'nas.home.arpa.', ttlSeconds: 300, type: 'A', data: '192.168.1.20' },
    ]);
  });
});
