// What is counted, and what the query log shows of whom.

import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { Answer, DROP } from '../../../src/dns/answer.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { Query } from '../../../src/dns/query.ts';
import { observe } from '../../../src/resolver/observe.ts';
import type { Resolver } from '../../../src/resolver/resolver.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { ask, contextAt } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

function observed(next: Resolver['resolve'], queryLog: Config['log']['queries'] = 'full') {
  const [clock, log] = [new SimulatedClock(), new RecordedLog()];
  const counts = { udp: 0, tcp: 0, dot: 0, doh: 0 };
  const resolver = observe({ counts, clock, log, queryLog: () => queryLog })({ resolve: next });
  return { clock, log, counts, resolver, fields: () => log.lines.map((line) => line.fields) };
}

describe('every query', () => {
  it('is counted by transport, answered, dropped or failed', async () => {
    const answers = [Answer.ofRcode(0), DROP];
    const { counts, resolver } = observed(() => {
      const answer = answers.pop();
      if (answer === undefined) throw new Error('none left');
      return answer;
    }, 'off');
    resolver.resolve(ask('a.example'), contextAt(0, { transport: 'doh' }));
    resolver.resolve(ask('a.example'), contextAt(0, { transport: 'doh' }));
    expect(() => resolver.resolve(ask('a.example'), contextAt(0))).toThrow('none left');
    expect(counts).toEqual({ udp: 1, tcp: 0, dot: 0, doh: 2 });
  });
});

describe('the query log', () => {
  it('is empty when it is off', async () => {
    const { log, resolver } = observed(async () => Answer.ofRcode(0), 'off');
    await resolver.resolve(ask('a.example'), contextAt(0));
    expect(log.lines).toEqual([]);
  });

  it('has client, transport, name, type, RCODE and how long it took, when the answer is there', async () => {
    const { clock, fields, resolver } = observed(async () => {
      clock.advance(12.34);
      return Answer.ofRcode(3);
    });
    await resolver.resolve(
      ask('A.Example', 'AAAA'),
      contextAt(0, { transport: 'dot', client: '192.168.1.77' }),
    );
    expect(fields()).toEqual([
      {
        client: '192.168.1.77',
        transport: 'dot',
        name: 'a.example.',
        type: 'AAAA',
        rcode: 'NXDOMAIN',
        ms: 12.3,
      },
    ]);
  });

  it('has what was dropped, without a name where there is none', () => {
    const { fields, resolver } = observed(() => DROP);
    resolver.resolve(new Query(Buffer.alloc(3)), contextAt(0));
    expect(fields()).toMatchObject([{ name: '', type: '', rcode: 'dropped' }]);
  });

  it('has what failed below, at once or later, and lets the failure through', async () => {
    const error = new UpstreamFailure('upstream-silent', 'nobody');
    const later = observed(() => Promise.reject(error));
    await expect(later.resolver.resolve(ask('a.example'), contextAt(0))).rejects.toBe(error);
    expect(later.fields()).toMatchObject([{ name: 'a.example.', rcode: 'SERVFAIL' }]);
    const atOnce = observed(() => {
      throw error;
    });
    expect(() => atOnce.resolver.resolve(ask('a.example'), contextAt(0))).toThrow(error);
    expect(atOnce.fields()).toMatchObject([{ rcode: 'SERVFAIL' }]);
  });

  it.each([
    ['192.168.1.77', '192.168.1.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
    ['2001:db8::1', '2001:db8::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1', '::'],
  ])('when anonymised shows %s as %s', (client, shown) => {
    const { fields, resolver } = observed(() => DROP, 'anonymised');
    resolver.resolve(ask('a.example'), contextAt(0, { client }));
    expect(fields()[0]!.client).toBe(shown);
  });
});
