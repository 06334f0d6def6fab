// Blocked and rewritten names as clients see them, on a chain of this link over a world that a test answers for.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, test } from 'vitest';
import type { BlockedAnswer, FilterConfig, RewriteConfig } from '../../../src/config/config.ts';
import { Answer } from '../../../src/dns/answer.ts';
import { RCODE, TYPE } from '../../../src/dns/codes.ts';
import { writeMessage } from '../../../src/dns/message-writer.ts';
import { nameKey, ROOT } from '../../../src/dns/names.ts';
import { Query } from '../../../src/dns/query.ts';
import { parseRdata } from '../../../src/dns/rdata-text.ts';
import { tokenize } from '../../../src/dns/tokens.ts';
import { FLAG } from '../../../src/dns/wire.ts';
import type { Filter } from '../../../src/lists/filter.ts';
import { filterLink } from '../../../src/resolver/filter.ts';
import type { Context, Resolver, TraceFacts } from '../../../src/resolver/resolver.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { createFilter } from '../../support/filters.ts';
import { giving } from '../../support/late.ts';
import {
  aRecord,
  cnameRecord,
  contextAt,
  queryBytes,
  type ReplyParts,
  render,
  replyTo,
  type Seen,
  see,
} from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const directory = temporaryDirectory('filter-link');
const open: Filter[] = [];
afterEach(() => {
  for (const filter of open.splice(0)) filter.close();
});

const RULES = ['ads.example', '||tracker.example^', '@@||good.tracker.example^'];
const EDNS = { edns: {} };

interface Setup {
  readonly blocked?: BlockedAnswer;
  readonly rewrites?: readonly RewriteConfig[];
  readonly groups?: FilterConfig['groups'];
  readonly rules?: readonly string[] | null;
}

/** What the world and the names of the house answer with, by name; by default an address. */
type World = (name: string) => ReplyParts;

async function house(setup: Setup = {}, world: World = (name) => ({ answers: [aRecord(name)] })) {
  const { blocked = { kind: 'nxdomain' }, rewrites = [], groups = [], rules = RULES } = setup;
  const file = join(directory, 'ads.txt');
  writeFileSync(file, (rules ?? []).join('\n'));
  const source = { kind: 'file', file } as const;
  const lists = rules === null ? [] : [{ name: 'ads', allows: false, source, everyMs: 3_600_000 }];
  const parts = { clock: new SimulatedClock(), log: new RecordedLog() };
  const filter = createFilter(parts, { blocked, rewrites, groups, lists });
  open.push(filter);
  await eventually(() => filter.report().every(({ problem }) => problem === null));
  const asked: string[] = [];
  const resolver = (where: string): Resolver => ({
    resolve(query) {
      const { question } = see(Buffer.from(query.bytes));
      asked.push(`${where} ${question}`);
      return Answer.fromMessage(replyTo(query.bytes, world(question.split(' ')[0]!)))!;
    },
  });
  const link = filterLink({ filter: () => filter, inside: resolver('inside') })(resolver('world'));
  const said: string[] = [];
  const facts: (TraceFacts | undefined)[] = [];
  const say = (from: string, detail: string, about?: TraceFacts) => {
    said.push(`${from}: ${detail}`);
    facts.push(about);
  };
  const trace = { say };
  const ask = async (name: string, type = 'A', context: Partial<Context> = {}): Promise<Seen> => {
    const octets = queryBytes(name, type, EDNS);
    const answer = await link.resolve(new Query(octets), contextAt(0, { trace, ...context }));
    return see(render(answer, new Query(octets)));
  };
  return { ask, asked, said, facts, filter, link };
}

describe('a blocked name', () => {
  it('does not exist, for any type, for a short while, and it is said which list says so', async () => {
    const { ask, asked, said, facts } = await house();
    for (const type of ['A', 'AAAA', 'TXT', 'UNKNOWN_65']) {
      const seen = await ask('ADS.example', type);
      expect(seen).toMatchObject({
        rcode: RCODE.NXDOMAIN,
        flags: 'QR RD RA',
        answers: [],
        errors: ['15 list "ads"'],
      });
      expect(seen.authorities).toEqual([expect.stringMatching(/^ads\.example 10 SOA /i)]);
    }
    expect(asked).toEqual([]);
    expect(said[0]).toBe('filter: list "ads" blocks ads.example. (rule ads.example)');
    expect(facts[0]).toEqual({ list: 'ads', rule: 'ads.example' });
  });

  it('may be kept by others for its ten seconds', async () => {
    const { link } = await house();
    const answer = await link.resolve(new Query(queryBytes('ads.example')), contextAt(0));
    expect(answer.lifetimeSeconds).toBe(10);
  });

  it('has zero addresses where that is wanted, and nothing else', async () => {
    const { ask } = await house({ blocked: { kind: 'zero' } });
    expect((await ask('ads.example')).answers).toEqual(['ads.example 10 A 0.0.0.0']);
    expect((await ask('ads.example', 'AAAA')).answers).toEqual(['ads.example 10 AAAA ::']);
    const https = await ask('ads.example', 'UNKNOWN_65');
    expect(https).toMatchObject({ rcode: RCODE.NOERROR, answers: [], errors: ['15 list "ads"'] });
    expect(https.authorities).toHaveLength(1);
  });

  it('has what another name has where that is wanted, which is not filtered itself', async () => {
    const { ask, asked } = await house({
      blocked: { kind: 'name', name: nameKey('page.ads.example') },
      rules: ['||ads.example^'],
    });
    const seen = await ask('www.ads.example');
    expect(seen.answers).toEqual([
      'www.ads.example 10 CNAME page.ads.example',
      'page.ads.example 300 A 192.0.2.1',
    ]);
    expect(seen.errors).toEqual(['15 list "ads"']);
    expect(asked).toEqual(['inside page.ads.example A']);
  });

  it('has its proofs all the same: whoever validates needs them for names below', async () => {
    const { ask, asked } = await house({}, () => ({}));
    for (const type of ['DS', 'DNSKEY']) expect((await ask('ads.example', type)).errors).toEqual([]);
    expect(asked).toEqual(['world ads.example DS', 'world ads.example DNSKEY']);
  });
});

test('other names are answered by the world, and an exception says that it was one', async () => {
  const { ask, asked, said } = await house();
  expect((await ask('www.ads.example')).answers).toEqual(['www.ads.example 300 A 192.0.2.1']);
  expect((await ask('good.tracker.example')).errors).toEqual([]);
  expect(asked).toEqual(['world www.ads.example A', 'world good.tracker.example A']);
  expect(said).toEqual(['filter: list "ads" allows good.tracker.example. (rule @@||good.tracker.example^)']);
});

test('a group without lists has nothing blocked, and one with them is a fact of the trace, and in no detail', async () => {
  const groups = [
    { name: 'workshop', clients: ['192.168.1.64/27'], lists: [] },
    { name: 'others', clients: ['192.168.1.0/24'], lists: ['ads'] },
  ];
  const { ask, said, facts } = await house({ groups });
  expect((await ask('ads.example', 'A', { client: '192.168.1.65' })).rcode).toBe(RCODE.NOERROR);
  expect((await ask('ads.example', 'A', { client: '192.168.1.2' })).rcode).toBe(RCODE.NXDOMAIN);
  expect(said).toEqual(['filter: list "ads" blocks ads.example. (rule ads.example)']);
  expect(facts).toEqual([{ list: 'ads', rule: 'ads.example', group: 'others' }]);
});

describe('an answer whose CNAME leads to a blocked name', () => {
  const masked: World = () => ({
    answers: [
      cnameRecord('www.shop.example', 'shop.cdn.example'),
      cnameRecord('shop.cdn.example', 'a.TRACKER.example'),
      aRecord('a.tracker.example'),
    ],
  });

  it('is blocked too', async () => {
    const { ask, said } = await house({}, masked);
    expect(await ask('www.shop.example')).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      answers: [],
      errors: ['15 list "ads"'],
    });
    expect(said).toEqual([
      'filter: list "ads" blocks a.tracker.example., which www.shop.example. leads to (rule ||tracker.example^)',
    ]);
  });

  it('is not where the list makes an exception of the name that was asked, or of the target', async () => {
    const one = await house({ rules: [...RULES, '@@www.shop.example', '@@|www.shop.example^'] }, masked);
    expect((await one.ask('www.shop.example')).answers).toHaveLength(3);
    const two = await house({ rules: [...RULES, '@@||a.tracker.example^'] }, masked);
    expect((await two.ask('www.shop.example')).answers).toHaveLength(3);
  });

  it('is left alone for a group without that list', async () => {
    const groups = [{ name: 'workshop', clients: ['127.0.0.0/8'], lists: [] }];
    const { ask } = await house({ groups }, masked);
    expect((await ask('www.shop.example')).answers).toHaveLength(3);
  });

  it('is found in an answer that comes later, too', async () => {
    const { filter } = await house();
    const late: Resolver = {
      resolve: giving(async (query: Query) => Answer.fromMessage(replyTo(query.bytes, masked('')))!),
    };
    const link = filterLink({ filter: () => filter, inside: late })(late);
    const answer = await link.resolve(new Query(queryBytes('www.shop.example')), contextAt(0));
    expect(answer.rcode).toBe(RCODE.NXDOMAIN);
  });
});

describe('an HTTPS or SVCB record that leads to a blocked name', () => {
  const ask = async (setup: Setup, type: number, ...rdata: (Uint8Array | string)[]) => {
    const { filter } = await house(setup);
    const owner = nameKey('www.shop.example');
    const answers = rdata.map((one) => ({
      owner,
      type,
      ttlSeconds: 300,
      rdata: typeof one === 'string' ? parseRdata(type, tokenize(one), ROOT) : one,
    }));
    const world: Resolver = {
      resolve: ({ question }) => Answer.fromMessage(writeMessage({ question, flags: FLAG.QR, answers }))!,
    };
    const link = filterLink({ filter: () => filter, inside: world })(world);
    const query = new Query(queryBytes('www.shop.example', `UNKNOWN_${type}`, EDNS));
    return see(render(await link.resolve(query, contextAt(0)), query));
  };
  const SAFE = '1 safe.example. alpn=h2';
  const TRACKER = '1 a.TRACKER.example. alpn=h2 ipv4hint=203.0.113.66';

  it.each([
    [TYPE.HTTPS, TRACKER],
    [TYPE.HTTPS, '0 tracker.example.'],
    [TYPE.SVCB, TRACKER],
  ])(
    'is taken away with all of that type %i, and the name itself is not denied: %s',
    async (type, record) => {
      for (const blocked of [
        { kind: 'nxdomain' },
        { kind: 'name', name: nameKey('page.example') },
      ] as const) {
        const seen = await ask({ blocked }, type, SAFE, record);
        expect(seen).toMatchObject({ rcode: RCODE.NOERROR, answers: [], errors: ['15 list "ads"'] });
        expect(seen.authorities).toHaveLength(1);
      }
    },
  );

  it('is left where nothing is blocked, or the name that was asked has an exception', async () => {
    expect((await ask({}, TYPE.HTTPS, SAFE, '1 . alpn=h2')).answers).toHaveLength(2);
    const rules = [...RULES, '@@||www.shop.example^'];
    expect((await ask({ rules }, TYPE.HTTPS, TRACKER)).answers).toHaveLength(1);
  });

  it.each(['0001', '0001076164', '0001c0ff', '000107747261636b657207', ''])(
    'whose name is broken (%s) leads nowhere',
    async (hex) => {
      const seen = await ask({}, TYPE.HTTPS, Buffer.from(hex, 'hex'));
      expect(seen).toMatchObject({ rcode: RCODE.NOERROR, errors: [] });
    },
  );
});

describe('a rewrite', () => {
  const address = (name: string, to: string): RewriteConfig => ({
    name: nameKey(name),
    to: { kind: 'address', address: to },
  });

  it('to an address answers that family, and says of other types that there is none', async () => {
    const { ask, said } = await house({ rewrites: [address('video.example', '192.168.1.5')], rules: null });
    expect(await ask('video.example')).toMatchObject({
      answers: ['video.example 300 A 192.168.1.5'],
      errors: ['4 rewritten here'],
    });
    for (const type of ['AAAA', 'UNKNOWN_65', 'MX']) {
      const seen = await ask('video.example', type);
      expect(seen).toMatchObject({ rcode: RCODE.NOERROR, answers: [] });
      expect(seen.authorities).toHaveLength(1);
    }
    expect(said[0]).toBe('filter: rewrite of video.example. to 192.168.1.5');
  });

  it('to an IPv6 address likewise', async () => {
    const { ask } = await house({ rewrites: [address('*.video.example', 'fd00::5')], rules: null });
    expect((await ask('a.video.example', 'AAAA')).answers).toEqual(['a.video.example 300 AAAA fd00::5']);
    expect((await ask('a.video.example', 'A')).answers).toEqual([]);
  });

  it('comes before the lists, and to a name is followed in the house first and then in the world', async () => {
    const to = { kind: 'name', name: nameKey('nas.home.arpa') } as const;
    const { ask, asked } = await house({ rewrites: [{ name: nameKey('ads.example'), to }] });
    expect((await ask('ads.example')).answers).toEqual([
      'ads.example 300 CNAME nas.home.arpa',
      'nas.home.arpa 300 A 192.0.2.1',
    ]);
    expect(asked).toEqual(['inside nas.home.arpa A']);
  });

  it('to a name that does not exist says so', async () => {
    const to = { kind: 'name', name: nameKey('gone.example') } as const;
    const { ask } = await house({ rewrites: [{ name: nameKey('a.example'), to }] }, () => ({
      rcode: RCODE.NXDOMAIN,
    }));
    expect(await ask('a.example')).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      answers: ['a.example 300 CNAME gone.example'],
    });
  });
});

test('with nothing configured the answer passes as it is, at once', async () => {
  const { link, filter } = await house({ rules: null });
  expect(filter.isIdle).toBe(true);
  expect(link.resolve(new Query(queryBytes('a.example')), contextAt(0))).toBeInstanceOf(Answer);
});

test('with lists, too, an answer that is at hand is given at once', async () => {
  const { link } = await house();
  expect(link.resolve(new Query(queryBytes('a.example')), contextAt(0))).toBeInstanceOf(Answer);
});
