// One question explained: the real chain is asked for the client that is named, and every link that spoke is taken down.

import { describe, expect, it } from 'vitest';
import { Answer, DROP } from '../../../src/dns/answer.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { ClockNotReady } from '../../../src/dns/failures.ts';
import { parseName } from '../../../src/dns/names.ts';
import { explainName } from '../../../src/resolver/explained.ts';
import { failure } from '../../../src/resolver/failure.ts';
import type { Context, Resolver } from '../../../src/resolver/resolver.ts';
import { House, RecordedLog } from '../../support/answer-path.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const clock = new SimulatedClock();
const nas = { name: parseName('Nas.home.arpa'), type: TYPE.A, client: '192.168.1.30' };

function explainedBy(resolve: Resolver['resolve'], question = nas) {
  return explainName(failure(new RecordedLog())({ resolve }), question, clock);
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
