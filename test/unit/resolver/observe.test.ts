// What is counted, and what the query log shows of whom.

import { describe, expect, it } from 'vitest';
import { Answer, DROP } from '../../../src/dns/answer.ts';
import { EDE, RCODE } from '../../../src/dns/codes.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { Query } from '../../../src/dns/query.ts';
import { QueryFigures } from '../../../src/observe/query-figures.ts';
import { QueryLog, type QueryLogMode } from '../../../src/observe/query-log.ts';
import { observe } from '../../../src/resolver/observe.ts';
import type { Context } from '../../../src/resolver/resolver.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { giving } from '../../support/late.ts';
import { ask, contextAt } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

/** As giving() takes it. */
type Next = (query: Query, context: Context) => Answer | Promise<Answer>;

function observed(next: Next, mode: QueryLogMode = 'full') {
  const [clock, log] = [new SimulatedClock(), new RecordedLog()];
  const counts = { udp: 0, tcp: 0, dot: 0, doh: 0 };
  const [figures, queryLog] = [new QueryFigures(clock), new QueryLog(clock)];
  queryLog.become(mode);
  const resolver = observe({ counts, figures, clock, log, queryLog })({ resolve: giving(next) });
  const fields = () => log.lines.map((line) => line.fields);
  return { clock, log, counts, figures, queryLog, resolver, fields };
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

  it.each([
    ['at once', (answer: Answer) => answer],
    ['late', (answer: Answer) => Promise.resolve(answer)],
  ])('is counted %s by who says that he has answered, and how long it took', async (_when, given) => {
    const { clock, figures, resolver } = observed((_, context) => {
      context.answeredBy = 'stale';
      clock.advance(30);
      return given(Answer.ofRcode(RCODE.NXDOMAIN));
    }, 'off');
    await resolver.resolve(ask('a.example'), contextAt(0));
    const { answeredBy, byRcode, latencies } = figures.totals();
    expect([answeredBy.stale, byRcode.NXDOMAIN, latencies.sumMs]).toEqual([1, 1, 30]);
  });

  it('that nobody says to have answered was the guard, whatever it got', () => {
    const answers = [Answer.ofRcode(RCODE.REFUSED), DROP];
    const { figures, resolver } = observed(() => answers.pop()!, 'off');
    resolver.resolve(ask('a.example'), contextAt(0));
    resolver.resolve(ask('a.example'), contextAt(0));
    const { answeredBy, byRcode, dropped } = figures.totals();
    expect([answeredBy.guard, byRcode.REFUSED, dropped]).toEqual([2, 1, 1]);
  });

  it('that failed is nobody’s answer, though a link had written itself down', async () => {
    const fail = (context: Context): never => {
      context.answeredBy = 'upstream';
      throw new UpstreamFailure('upstream-silent', 'nobody');
    };
    const atOnce = observed((_, context) => fail(context), 'off');
    expect(() => atOnce.resolver.resolve(ask('a.example'), contextAt(0))).toThrow();
    const late = observed(async (_, context) => fail(context), 'off');
    await expect(late.resolver.resolve(ask('a.example'), contextAt(0))).rejects.toThrow();
    for (const { figures } of [atOnce, late]) {
      const { answeredBy, byRcode } = figures.totals();
      expect([answeredBy.upstream, answeredBy.failure, byRcode.SERVFAIL]).toEqual([0, 1, 1]);
    }
  });

  it('is one that a list blocks where the filter has answered and says so', () => {
    const errors = [EDE.BLOCKED, EDE.FORGED_ANSWER];
    const by = ['filter', 'filter', 'upstream'] as const;
    const { figures, resolver } = observed((_, context) => {
      const at = Number(context.clientPort);
      context.answeredBy = by[at];
      return Answer.ofRcode(RCODE.NOERROR, { code: errors[at % 2]!, text: '' });
    }, 'off');
    for (const clientPort of [0, 1, 2]) resolver.resolve(ask('a.example'), contextAt(0, { clientPort }));
    expect(figures.totals()).toMatchObject({ blocked: 1, answeredBy: { filter: 2, upstream: 1 } });
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

  it('has the network in place of the address when anonymised, in the log as in memory', () => {
    const { fields, queryLog, resolver } = observed(() => DROP, 'anonymised');
    resolver.resolve(ask('a.example'), contextAt(0, { client: '192.168.1.77' }));
    expect(fields()[0]!.client).toBe('192.168.1.0');
    expect(queryLog.session!.queries[0]!.client).toBe('192.168.1.0/24');
    expect(queryLog.session!.topClients(1)[0]!.key).toBe('192.168.1.0/24');
  });
});

describe('what is kept in memory while the log is on', () => {
  const kept = ({ queryLog }: ReturnType<typeof observed>) => queryLog.session!.queries;

  it('has who answered, and what was said last', async () => {
    const scene = observed(async (_, context) => {
      context.trace!.say('cache', 'stale answer');
      context.answeredBy = 'upstream';
      context.trace!.say('forward', 'tls://dns.example');
      return Answer.ofRcode(RCODE.NOERROR);
    });
    await scene.resolver.resolve(ask('a.example'), contextAt(0, { client: '192.168.1.77' }));
    expect(kept(scene)).toMatchObject([
      {
        ...{ client: '192.168.1.77', transport: 'udp', name: 'a.example.', type: 'A', rcode: 'NOERROR' },
        ...{ answeredBy: 'upstream', detail: 'tls://dns.example' },
      },
    ]);
  });

  it('has the word of the filter where that has answered, whoever spoke after it', () => {
    const scene = observed((_, context) => {
      context.trace!.say('filter', 'list "ads" blocks a.example.');
      context.trace!.say('cache', 'kept answer');
      context.answeredBy = 'filter';
      return Answer.ofRcode(RCODE.NOERROR);
    });
    scene.resolver.resolve(ask('a.example'), contextAt(0));
    expect(kept(scene)[0]!.detail).toBe('list "ads" blocks a.example.');
  });

  it.each<[QueryLogMode, string]>([
    ['full', 'list "ads" blocks a.example., for group "anna"'],
    ['anonymised', 'list "ads" blocks a.example.'],
  ])('has, when it is %s, as detail: %s', (mode, detail) => {
    for (const answeredBy of ['filter', 'local'] as const) {
      const scene = observed((_, context) => {
        context.trace!.say('filter', 'list "ads" blocks a.example.', { group: 'anna' });
        context.answeredBy = answeredBy;
        return Answer.ofRcode(RCODE.NXDOMAIN);
      }, mode);
      scene.resolver.resolve(ask('a.example'), contextAt(0));
      expect(kept(scene)[0]!.detail).toBe(detail);
      expect(JSON.stringify([kept(scene), scene.log.lines]).includes('anna')).toBe(mode === 'full');
    }
  });

  it('has the reason where nobody said anything: of the failure, or of the answer', async () => {
    const failing = observed(async () => {
      throw new UpstreamFailure('upstream-silent', 'nobody is there');
    });
    await expect(failing.resolver.resolve(ask('a.example'), contextAt(0))).rejects.toThrow();
    expect(kept(failing)[0]!).toMatchObject({ answeredBy: 'failure', detail: 'nobody is there' });
    const refusing = observed(() => Answer.ofRcode(RCODE.REFUSED, { code: 20, text: 'not asked for' }));
    refusing.resolver.resolve(ask('a.example'), contextAt(0));
    expect(kept(refusing)[0]!).toMatchObject({ answeredBy: 'guard', detail: 'not asked for' });
  });

  it('does not take the trace from who has one', () => {
    const said: string[] = [];
    const scene = observed((_, context) => {
      context.trace!.say('local', 'zone home.arpa.', { zone: 'home.arpa.' });
      return DROP;
    });
    const say = (link: string, detail: string, facts = {}) =>
      void said.push(`${link} ${detail} ${JSON.stringify(facts)}`);
    scene.resolver.resolve(ask('a.example'), contextAt(0, { trace: { say } }));
    expect(said).toEqual(['local zone home.arpa. {"zone":"home.arpa."}']);
  });

  it.each<[string, QueryLogMode, QueryLogMode[]]>([
    ['before it was switched on', 'off', ['full']],
    ['before it was switched off', 'full', ['off']],
    ['before it was switched off and on', 'full', ['off', 'full']],
    ['in full and answered when it is anonymised', 'full', ['anonymised']],
  ])('has no query that was asked %s', async (_when, before, after) => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const { queryLog, log, resolver, figures } = observed(() => promise, before);
    const answered = resolver.resolve(ask('a.example'), contextAt(0));
    for (const mode of after) queryLog.become(mode);
    resolve(Answer.ofRcode(RCODE.NOERROR));
    await answered;
    expect(queryLog.session?.queries ?? []).toEqual([]);
    expect(queryLog.session?.topNames(1) ?? []).toEqual([]);
    expect(log.lines).toEqual([]);
    expect(figures.totals().byRcode.NOERROR).toBe(1);
  });

  it('leaves the context of the client alone while it is off', () => {
    const contexts: Context[] = [];
    const { resolver } = observed((_, context) => {
      contexts.push(context);
      return DROP;
    }, 'off');
    const context = contextAt(0);
    resolver.resolve(ask('a.example'), context);
    expect(contexts[0]).toBe(context);
  });
});
