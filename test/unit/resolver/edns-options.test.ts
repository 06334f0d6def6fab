// Cookies and NSID around the whole chain: who gets them, on which responses, and that nobody else notices.

import { beforeEach, describe, expect, it } from 'vitest';
import { DROP } from '../../../src/dns/answer.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { Query } from '../../../src/dns/query.ts';
import { ednsOptions } from '../../../src/resolver/edns-options.ts';
import { LateAnswer } from '../../../src/resolver/late-answer.ts';
import { type Context, keeping, type Resolver } from '../../../src/resolver/resolver.ts';
import { House } from '../../support/answer-path.ts';
import {
  contextAt,
  type EdnsOption,
  type EdnsParts,
  OPTION,
  queryBytes,
  render,
  type Seen,
  see,
  UDP_LIMITS,
} from '../../support/messages.ts';

const CLIENT_COOKIE = Buffer.from('2464c4abcf10c957', 'hex');
const NAME = 'www.example';
const STRANGER = '203.0.113.9';

let house: House;
let resolver: Resolver;
let nsid: string;
beforeEach(() => {
  house = new House();
  nsid = 'dns.home.example';
  const parts = { cookieSecret: Buffer.alloc(16, 5), nsid: () => nsid, clock: house.clock };
  resolver = ednsOptions(parts)(house.resolver);
});

const cookie = (data: Buffer = CLIENT_COOKIE): EdnsOption => ({ code: OPTION.COOKIE, data });
const NSID_WANTED: EdnsOption = { code: OPTION.NSID, data: Buffer.alloc(0) };

async function tell(bytes: Buffer, context: Partial<Context> = {}): Promise<Seen> {
  const query = new Query(bytes);
  const answer = await resolver.resolve(query, contextAt(house.clock.monotonic(), context));
  if (answer === DROP) throw new Error('the query was dropped');
  return see(render(answer, query, UDP_LIMITS));
}

const ask = (options: readonly EdnsOption[], context?: Partial<Context>, name = NAME, edns: EdnsParts = {}) =>
  tell(queryBytes(name, 'A', { edns: { ...edns, options } }), context);

const optionOf = (seen: Seen, code: number) => seen.opt?.options.find((option) => option.code === code)?.data;
const cookieOf = (seen: Seen) => optionOf(seen, OPTION.COOKIE);

describe('a client that sends a cookie', () => {
  it('gets it back with a server cookie, which it then gets back as it is, hit or miss', async () => {
    const first = cookieOf(await ask([cookie()]))!;
    expect(first.subarray(0, 8)).toEqual(CLIENT_COOKIE);
    expect(first).toHaveLength(24);
    house.clock.advance(60_000);
    expect(cookieOf(await ask([cookie(first)]))).toEqual(first);
    expect(cookieOf(await ask([cookie(first)], {}, 'other.example'))).toEqual(first);
  });

  it('gets a fresh one after half an hour, and for a wrong one, and its answer each time', async () => {
    const first = cookieOf(await ask([cookie()]))!;
    const wrong = Buffer.concat([CLIENT_COOKIE, Buffer.alloc(16, 1)]);
    house.clock.advance(1_801_000);
    for (const sent of [first, wrong]) {
      const seen = await ask([cookie(sent)]);
      expect(seen.answers).toEqual([`${NAME} 300 A 192.0.2.1`]);
      expect(cookieOf(seen)).toHaveLength(24);
      expect(cookieOf(seen)).not.toEqual(sent);
    }
  });

  it('gets one at any idea of the date, and what was made under another is replaced', async () => {
    const before = cookieOf(await ask([cookie()]))!;
    house.clock.setSystemClock(0);
    const after = cookieOf(await ask([cookie(before)]))!;
    expect(after).toHaveLength(24);
    expect(after).not.toEqual(before);
  });

  it('at another address gets another one; the scope of an address is no part of it', async () => {
    const at = async (client: string) => cookieOf(await ask([cookie()], { client }))!.toString('hex');
    expect(await at('192.168.1.2')).not.toBe(await at('192.168.1.3'));
    expect(await at('fe80::1%eth0')).toBe(await at('fe80::1%eth1'));
    expect(await at('fe80::1%eth0')).not.toBe(await at('fe80::2%eth0'));
  });

  it.each<[string, number, () => Promise<Seen>]>([
    ['from the house', 0, () => ask([cookie()], {}, 'nas.home.arpa')],
    ['that a name is not there', 3, () => ask([cookie()], {}, 'nobody.home.arpa')],
    ['that it is not allowed', 5, () => ask([cookie()], { client: STRANGER })],
    ['of another version of EDNS', 16, () => ask([cookie()], {}, NAME, { version: 1 })],
    [
      'to a form of query that we do not know',
      4,
      () => tell(changed((bytes) => bytes.writeUInt16BE(2 << 11, 2))),
    ],
    ['from upstreams that fail', 2, () => failing()],
  ])('has it on a response %s', async (_, rcode, asking) => {
    const seen = await asking();
    expect(seen.rcode).toBe(rcode);
    expect(cookieOf(seen)).toHaveLength(24);
  });

  function failing(): Promise<Seen> {
    house.upstreams = () => new UpstreamFailure('upstream-silent', 'no upstream answered in time');
    return ask([cookie()]);
  }

  it('and no question gets a response with a cookie and nothing else (section 5.4)', async () => {
    const seen = await tell(lone([cookie()]));
    expect(seen).toMatchObject({ rcode: 0, question: '', answers: [], id: 7 });
    expect(cookieOf(seen)).toHaveLength(24);
    expect(await tell(lone([cookie()]), { client: STRANGER })).toMatchObject({ rcode: 5 });
    expect(await tell(lone([]))).toMatchObject({ rcode: 1 });
  });

  it('of a length that none has gets FORMERR', async () => {
    expect((await ask([cookie(Buffer.alloc(9))])).rcode).toBe(1);
    expect((await tell(lone([cookie(Buffer.alloc(9))]))).rcode).toBe(1);
    expect(house.sent).toEqual([]);
  });

  it('whose connection is gone, and its address with it, throws nothing', async () => {
    expect(cookieOf(await ask([cookie()], { client: '' }))).toHaveLength(24);
  });
});

describe('NSID (RFC 5001)', () => {
  it('is told to who asks, on any answer, and follows a reload', async () => {
    expect(optionOf(await ask([NSID_WANTED]), OPTION.NSID)!.toString()).toBe('dns.home.example');
    nsid = 'other.home.example';
    expect(optionOf(await ask([NSID_WANTED], {}, 'nas.home.arpa'), OPTION.NSID)!.toString()).toBe(nsid);
  });

  it('has 64 octets at most', async () => {
    nsid = 'x'.repeat(65);
    expect(optionOf(await ask([NSID_WANTED]), OPTION.NSID)).toHaveLength(64);
  });

  it('is not told to who is not allowed', async () => {
    const seen = await ask([NSID_WANTED, cookie()], { client: STRANGER });
    expect(seen.opt!.options.map(({ code }) => code)).toEqual([OPTION.COOKIE, OPTION.EDE]);
  });
});

describe('everybody else', () => {
  it('gets the very answer of the chain, at once where it is there', async () => {
    for (const edns of [
      undefined,
      {},
      { options: [{ code: OPTION.CLIENT_SUBNET, data: Buffer.alloc(4) }] },
    ]) {
      const query = new Query(queryBytes(NAME, 'A', edns && { edns }));
      const answer = LateAnswer.of(keeping(house.resolver.resolve(query, contextAt(0))));
      const around = ednsOptions({ cookieSecret: Buffer.alloc(16), nsid: () => '', clock: house.clock });
      expect(around({ resolve: () => answer }).resolve(query, contextAt(0))).toBe(answer);
      const known = await answer;
      expect(around({ resolve: () => known }).resolve(query, contextAt(0))).toBe(known);
    }
  });

  it('is dropped as before: a response, and what is shorter than a header', async () => {
    const response = changed((bytes) => bytes.writeUInt8(0x81, 2));
    for (const bytes of [response, Buffer.alloc(5)])
      expect(await resolver.resolve(new Query(bytes), contextAt(0))).toBe(DROP);
  });

  it('is not given what was made for another from the cache', async () => {
    await ask([cookie(), NSID_WANTED]);
    expect((await ask([])).opt!.options).toEqual([]);
    expect(house.sent).toHaveLength(1);
  });
});

it('no cookie and no wish for NSID leaves the house', async () => {
  await ask([cookie(), NSID_WANTED, { code: OPTION.CLIENT_SUBNET, data: Buffer.of(0, 1, 24, 0, 192, 0, 2) }]);
  expect(house.sent).toHaveLength(1);
  const options = see(house.sent[0]!).opt!.options;
  expect(options.map(({ code }) => code)).toEqual([OPTION.PADDING]);
  expect(house.sent[0]!.includes(CLIENT_COOKIE)).toBe(false);
});

it('an answer that leaves no room for the cookie is cut: without it the client would discard it', async () => {
  const records = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      type: 'A' as const,
      name: NAME,
      ttl: 60,
      data: `192.0.2.${at}`,
    }));
  house.upstreams = () => ({ answers: records(44) }); // 1,228 octets of 1,232 with an empty OPT record
  expect((await ask([])).flags).not.toContain('TC');
  const cut = await ask([cookie()]);
  expect(cut.flags).toContain('TC');
  expect(cookieOf(cut)).toHaveLength(24);
});

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = queryBytes(NAME, 'A', { edns: { options: [cookie()] } });
  change(bytes);
  return bytes;
}

/** A header and an OPT record. */
function lone(options: readonly EdnsOption[]): Buffer {
  const whole = queryBytes(NAME, 'A', { edns: { options } });
  const question = 12 + NAME.length + 2 + 4;
  const bytes = Buffer.concat([whole.subarray(0, 12), whole.subarray(question)]);
  bytes.writeUInt16BE(0, 4);
  return bytes;
}
