// What a query says about itself, read from octets that a client chose.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TYPE } from '../../../src/dns/codes.ts';
import { parseName } from '../../../src/dns/names.ts';
import { Query } from '../../../src/dns/query.ts';
import { layoutOf } from '../../../src/dns/wire.ts';
import { anyOctets, SEED, soundMessage } from '../../support/arbitrary-messages.ts';
import { ask, FLAG, OPTION, queryBytes } from '../../support/messages.ts';

/** A query whose header word at `at` has another value. */
function withWord(bytes: Buffer, at: number, value: number): Query {
  const changed = Buffer.from(bytes);
  changed.writeUInt16BE(value, at);
  return new Query(changed);
}

describe('a query', () => {
  it('gives its header, question and EDNS parts', () => {
    const query = ask('WWW.Example', 'AAAA', {
      id: 0xfffe,
      flags: FLAG.RD | FLAG.CD,
      edns: { payloadOctets: 1400, dnssecOk: true },
    });
    expect(query).toMatchObject({
      id: 0xfffe,
      isResponse: false,
      opcode: 0,
      type: TYPE.AAAA,
      class: 1,
      recursionDesired: true,
      checkingDisabled: true,
      nameKey: '\x03www\x07example\0',
      isMalformed: false,
      edns: { version: 0, payloadOctets: 1400, dnssecOk: true },
    });
  });

  it('keeps the letters of its question as they came', () => {
    expect(Buffer.from(ask('wWw.ExAmPlE').question).toString('latin1')).toBe(
      '\x03wWw\x07ExAmPlE\0\x00\x01\x00\x01',
    );
  });

  it('has no EDNS part where there is no OPT record', () => {
    expect(ask('www.example').edns).toBeNull();
    expect(ask('www.example').isMalformed).toBe(false);
  });

  it.each([
    [0, {}, false],
    [FLAG.AD, {}, true],
    [0, { edns: { dnssecOk: true } }, true],
    [0, { edns: {} }, false],
  ])('wants AD for flags %i and %o: %s (RFC 6840 section 5.7)', (flags, parts, wants) => {
    expect(ask('www.example', 'A', { flags, ...parts }).wantsAuthenticData).toBe(wants);
  });

  it('with the longest possible name has a key and a question', () => {
    const label = 'x'.repeat(63);
    const query = ask(`${label}.${label}.${label}.${'y'.repeat(61)}`);
    expect(query.questionEnd).toBe(12 + 255 + 4);
    expect(query.nameKey).toHaveLength(255);
    expect(query.cacheKey).toHaveLength(5 + 255);
  });
});

describe('a query that is read over another', () => {
  const read = (query: Query, bytes: Uint8Array) => query.read(bytes, 0, bytes.length);

  it('has its own key, though nobody else has asked for one meanwhile', () => {
    const names = ['one.example', 'two.example'];
    const keys = names.map((name) => ask(name).cacheKey);
    const query = new Query();
    const read = names.map((name) => {
      const bytes = queryBytes(name);
      query.read(bytes, 0, bytes.length);
      return query.key.text;
    });
    expect(read).toEqual(keys);
  });

  it('is none the worse for one that was malformed', () => {
    const query = new Query();
    const [cut, plain] = [queryBytes('www.example', 'A', { edns: {} }), queryBytes('www.example')];
    read(query, cut.subarray(0, cut.length - 1));
    expect(query.isMalformed).toBe(true);
    read(query, plain);
    expect(query.isMalformed).toBe(false);
  });

  it('takes nothing from one that went on, whose cookie stands in its own octets from then on', () => {
    const cookies = ['0102030405060708', '1112131415161718'].map((hex) => Buffer.from(hex, 'hex'));
    const [first, second] = cookies.map((octets) =>
      queryBytes('www.example', 'A', { edns: { options: [{ code: OPTION.COOKIE, data: octets }] } }),
    );
    const query = new Query();
    read(query, first!);
    expect(query.edns?.cookie).toEqual(cookies[0]);
    const next = query.successor();
    read(next, second!);
    expect(next.edns?.cookie).toEqual(cookies[1]);
    expect(query.edns?.cookie).toEqual(cookies[0]);
  });
});

describe('a malformed query', () => {
  const plain = queryBytes('www.example');
  const edns = queryBytes('www.example', 'A', { edns: {} });

  it.each<[string, Query]>([
    ['no octets', new Query(Buffer.alloc(0))],
    ['half a header', new Query(Buffer.alloc(6))],
    ['no question', withWord(plain, 4, 0)],
    ['two questions (RFC 9619)', withWord(plain, 4, 2)],
    ['an answer that is not there', withWord(plain, 6, 1)],
    ['an authority that is not there', withWord(plain, 8, 1)],
    ['an additional that is not there', withWord(plain, 10, 1)],
    ['octets behind its question', new Query(Buffer.concat([plain, Buffer.of(0)]))],
    ['an OPT record that it does not count', withWord(edns, 10, 0)],
    ['a cut OPT record', new Query(edns.subarray(0, -1))],
    ['a question that ends too early', new Query(plain.subarray(0, -1))],
    ['an EDNS option that is longer than its record', optionOf([0, 10, 0, 5, 1])],
    ['half an EDNS option header', optionOf([0, 10, 0])],
  ])('is known by %s', (_, query) => {
    expect(query.isMalformed).toBe(true);
    expect(query.edns).toBeNull();
  });

  it('with another opcode has no question, for its sections mean something else', () => {
    const update = withWord(plain, 2, 5 << 11);
    expect(update).toMatchObject({ questionEnd: 0, opcode: 5 });
  });
});

describe('the cache key of a query', () => {
  const key = (name: string, type?: string, parts?: Parameters<typeof ask>[2]) =>
    ask(name, type, parts).cacheKey;

  it('is the same for other letters, IDs, payload sizes, options, RD and AD', () => {
    const options = [{ code: OPTION.COOKIE, data: Buffer.alloc(8) }];
    const other = { id: 99, flags: FLAG.AD, edns: { payloadOctets: 512, options } };
    expect(key('WWW.example', 'A', other)).toBe(key('www.EXAMPLE'));
  });

  it('is another for another name, type, DO or CD', () => {
    const keys = [
      key('www.example'),
      key('ww.wexample'),
      key('www.example', 'UNKNOWN_65'),
      key('www.example', 'UNKNOWN_97'), // 0x41 and 0x61: no letters here
      key('www.example', 'A', { flags: FLAG.RD | FLAG.CD }),
      key('www.example', 'A', { edns: { dnssecOk: true } }),
      key('www.example', 'A', { flags: FLAG.RD | FLAG.CD, edns: { dnssecOk: true } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('a query derived from another', () => {
  it('has the same key as its copy, whatever its origin becomes', () => {
    const read = (query: Query, { bytes }: Query) => query.read(bytes, 0, bytes.length);
    const origin = new Query();
    read(origin, ask('www.example', 'A', { edns: { dnssecOk: true } }));
    const derived = Query.derived(origin, parseName('elsewhere.example.'), TYPE.A);
    const [copy, key] = [derived.copy(), derived.cacheKey];
    read(origin, ask('www.example', 'A', { edns: {} }));
    expect(origin.dnssecOk).toBe(false);
    expect(copy).toMatchObject({ cacheKey: key, dnssecOk: true });
  });

  it('has another question and the same wishes', () => {
    const origin = ask('www.home.arpa', 'A', {
      id: 5,
      flags: FLAG.RD | FLAG.CD | FLAG.AD,
      edns: { dnssecOk: true },
    });
    const derived = Query.derived(origin, parseName('Elsewhere.example.'), TYPE.AAAA);
    expect(derived).toMatchObject({
      id: 5,
      type: TYPE.AAAA,
      class: 1,
      recursionDesired: true,
      checkingDisabled: true,
      dnssecOk: true,
      isMalformed: false,
      nameKey: '\x09elsewhere\x07example\0',
    });
    expect(layoutOf(derived.bytes)).not.toBeNull();
  });
});

describe('any octets as a query', () => {
  it('never throw, and are malformed or have a sound layout', () => {
    fc.assert(
      fc.property(anyOctets, (bytes) => {
        const query = new Query(bytes);
        const isSound = !query.isMalformed;
        void [query.id, query.flags, query.edns, query.dnssecOk, query.wantsAuthenticData, query.opcode];
        if (query.questionEnd > 0) void [query.cacheKey, query.nameKey, query.question, query.type];
        if (isSound) expect(layoutOf(bytes)).not.toBeNull();
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('are never malformed when they are a sound message of opcode 0 without options', () => {
    fc.assert(
      fc.property(soundMessage, ({ wire, hasOpt }) => {
        wire[2]! &= 0x87;
        expect(new Query(wire).isMalformed).toBe(false);
        expect(new Query(wire).edns !== null).toBe(hasOpt);
      }),
      { seed: SEED },
    );
  });
});

function optionOf(rdata: readonly number[]): Query {
  const bytes = queryBytes('www.example', 'A', { edns: {} });
  bytes.writeUInt16BE(rdata.length, bytes.length - 2);
  return new Query(Buffer.concat([bytes, Buffer.from(rdata)]));
}
