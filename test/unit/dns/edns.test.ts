// OPT records read as clients and upstreams write them, and written so that dns-packet reads them back.

import packet from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loneOpt,
  type OptParts,
  optOctets,
  readEdns,
  readExtendedErrors,
  writeOpt,
} from '../../../src/dns/edns.ts';
import { SEED, uint16, writeRecord } from '../../support/arbitrary-messages.ts';
import { wholeText } from '../../support/arbitrary-texts.ts';
import { extendedError, OPTION } from '../../support/messages.ts';

const PLAIN: OptParts = {
  payloadOctets: 1232,
  dnssecOk: false,
  extendedRcode: 0,
  errors: [],
  keepaliveMs: null,
  padToOctets: 0,
};
/** Behind the root owner, as layoutOf gives it. */
const FIXED_AT = 1;

function opt(options: readonly { code: number; data: Buffer }[], flags = 0, payload = 1232): Buffer {
  const rdata = options.map(({ code, data }) => Buffer.concat([uint16(code), uint16(data.length), data]));
  return writeRecord(Buffer.of(0), 41, payload, flags, Buffer.concat(rdata));
}

/** Written at `at` of a target that has exactly the room that is promised. */
function written(parts: OptParts, at = 0): Buffer {
  const target = Buffer.alloc(at + optOctets(parts) + 4 + parts.padToOctets, 0xee);
  return target.subarray(at, writeOpt(target, at, parts));
}

function decoded(bytes: Buffer): { options: { code: number; data: Buffer }[]; [key: string]: unknown } {
  const { answer } = packet as unknown as {
    answer: { decode: (bytes: Buffer) => ReturnType<typeof decoded> };
  };
  return answer.decode(bytes);
}

describe('an OPT record, read', () => {
  it('gives version, payload size, DO and the options that matter', () => {
    const options = [
      { code: OPTION.CLIENT_SUBNET, data: Buffer.of(0, 1, 24, 0, 192, 0, 2) },
      { code: OPTION.KEEPALIVE, data: Buffer.alloc(0) },
      { code: OPTION.PADDING, data: Buffer.alloc(5) },
    ];
    expect(readEdns(opt(options, 0x00018000, 4096), FIXED_AT)).toEqual({
      version: 1,
      payloadOctets: 4096,
      dnssecOk: true,
      asksForPadding: true,
      asksForKeepalive: true,
      asksForNsid: false,
      cookie: null,
    });
    expect(readEdns(opt([]), FIXED_AT)).toMatchObject({ asksForPadding: false, asksForKeepalive: false });
  });

  it.each([0, 511])('takes a payload size of %i for 512 (RFC 6891 section 6.2.3)', (payload) => {
    expect(readEdns(opt([], 0, payload), FIXED_AT)!.payloadOctets).toBe(512);
  });

  it('takes DO from its own bit and no other flag', () => {
    expect(readEdns(opt([], 0x00007fff), FIXED_AT)!.dnssecOk).toBe(false);
  });

  it('stays within its own RDATA: what follows is no option', () => {
    const bytes = Buffer.concat([opt([]), Buffer.of(0, OPTION.PADDING, 0, 0)]);
    expect(readEdns(bytes, FIXED_AT)!.asksForPadding).toBe(false);
  });
});

describe('a cookie in a query (RFC 7873)', () => {
  const cookieOf = (...lengths: readonly number[]) =>
    readEdns(
      opt(lengths.map((octets) => ({ code: OPTION.COOKIE, data: Buffer.alloc(octets, octets) }))),
      FIXED_AT,
    );

  it.each([8, 16, 17, 24, 39, 40])('of %i octets is taken as it is', (octets) => {
    expect(cookieOf(octets)!.cookie).toEqual(Buffer.alloc(octets, octets));
  });

  it.each([0, 1, 7, 9, 15, 41, 500])(
    'of %i octets makes the OPT record malformed (section 5.2.2)',
    (octets) => {
      expect(cookieOf(octets)).toBeNull();
    },
  );

  it('counts when it is the first one, whatever follows (section 5)', () => {
    expect(cookieOf(8, 24, 3)!.cookie).toEqual(Buffer.alloc(8, 8));
  });

  it('and the wish for NSID are read beside each other', () => {
    const options = [
      { code: OPTION.NSID, data: Buffer.alloc(0) },
      { code: OPTION.COOKIE, data: Buffer.alloc(8, 1) },
    ];
    expect(readEdns(opt(options), FIXED_AT)).toMatchObject({ asksForNsid: true, cookie: Buffer.alloc(8, 1) });
  });
});

it('ten thousand options are read as one is, and what they ask for is asked for once (reliability row 8)', () => {
  const many = (code: number, octets: number) =>
    opt(Array.from({ length: 10_000 }, () => ({ code, data: Buffer.alloc(octets) })));
  const none = { asksForNsid: false, cookie: null };
  expect(readEdns(many(OPTION.COOKIE, 0), FIXED_AT)).toBeNull();
  expect(readEdns(many(OPTION.NSID, 0), FIXED_AT)).toMatchObject({ ...none, asksForNsid: true });
  expect(readEdns(many(65_001, 2), FIXED_AT)).toMatchObject(none);
});

describe('a query that is an OPT record and nothing else', () => {
  const header = (...counts: readonly number[]) => Buffer.concat([0, 0x0100, ...counts].map(uint16));

  it('is told by its counts, and must end with that record', () => {
    const record = opt([{ code: OPTION.COOKIE, data: Buffer.alloc(8) }]);
    expect(loneOpt(Buffer.concat([header(0, 0, 0, 1), record]))).toBe(13);
    for (const counts of [
      [1, 0, 0, 1],
      [0, 1, 0, 1],
      [0, 0, 1, 1],
      [0, 0, 0, 0],
      [0, 0, 0, 2],
    ])
      expect(loneOpt(Buffer.concat([header(...counts), record]))).toBe(-1);
    expect(loneOpt(Buffer.concat([header(0, 0, 0, 1), record, Buffer.of(0)]))).toBe(-1);
    expect(loneOpt(Buffer.concat([header(0, 0, 0, 1), record]).subarray(0, -1))).toBe(-1);
    expect(loneOpt(header(0, 0, 0, 1))).toBe(-1);
  });

  it('is none where the record is another, or has an owner', () => {
    const other = writeRecord(Buffer.of(0), 16, 1232, 0, Buffer.alloc(0));
    expect(loneOpt(Buffer.concat([header(0, 0, 0, 1), other]))).toBe(-1);
    const owned = writeRecord(Buffer.of(1, 0x61, 0), 41, 1232, 0, Buffer.alloc(0));
    expect(loneOpt(Buffer.concat([header(0, 0, 0, 1), owned]))).toBe(-1);
  });
});

describe('extended errors', () => {
  it('are read in their order, other options passed over', () => {
    const bytes = opt([extendedError(6, 'bogus'), { code: 10, data: Buffer.alloc(8) }, extendedError(22)]);
    expect(readExtendedErrors(bytes, FIXED_AT)).toEqual([
      { code: 6, text: 'bogus' },
      { code: 22, text: '' },
    ]);
  });

  it('that are too short, or cut off, are none', () => {
    const short = opt([{ code: OPTION.EDE, data: Buffer.of(1) }, extendedError(3, 'stale')]);
    expect(readExtendedErrors(short, FIXED_AT)).toEqual([{ code: 3, text: 'stale' }]);
    const lying = opt([extendedError(3, 'stale')]);
    lying.writeUInt16BE(99, lying.length - 2 - 2 - 'stale'.length);
    expect(readExtendedErrors(lying, FIXED_AT)).toEqual([]);
  });

  it('of an upstream are kept to a few, for each is remembered and given on', () => {
    const many = opt(Array.from({ length: 1000 }, () => extendedError(0, 'x')));
    expect(readExtendedErrors(many, FIXED_AT)).toHaveLength(4);
    const long = opt([extendedError(0, 'x'.repeat(60_000))]);
    expect(readExtendedErrors(long, FIXED_AT)).toEqual([{ code: 0, text: 'x'.repeat(250) }]);
    const odd = opt([{ code: OPTION.EDE, data: Buffer.alloc(60_000, 0x80) }]); // continuation octets and nothing else
    expect(readExtendedErrors(odd, FIXED_AT)[0]!.text).toBe('');
  });
});

describe('an OPT record, written', () => {
  it('has payload size, DO, the upper bits of the RCODE, and nothing else when nothing else is asked for', () => {
    expect(decoded(written({ ...PLAIN, dnssecOk: true, extendedRcode: 1 }))).toMatchObject({
      name: '.',
      udpPayloadSize: 1232,
      extendedRcode: 1,
      ednsVersion: 0,
      flags: 0x8000,
      options: [],
    });
  });

  it('tells the idle time-out in tenths of a second (RFC 7828 section 3.1)', () => {
    const { options } = decoded(written({ ...PLAIN, keepaliveMs: 12_345 }));
    expect(options).toMatchObject([{ code: OPTION.KEEPALIVE, data: uint16(123) }]);
  });

  it('tells the longest time-out where the idle time is longer than can be told', () => {
    const { options } = decoded(written({ ...PLAIN, keepaliveMs: 10_000_000 }));
    expect(options[0]!.data).toEqual(uint16(0xffff));
  });

  it('cuts a long error text at a whole character', () => {
    const text = `${'x'.repeat(249)}é`; // the é is octets 249 and 250
    const { options } = decoded(written({ ...PLAIN, errors: [{ code: 0, text }] }));
    expect(options[0]!.data.subarray(2).toString('utf8')).toBe('x'.repeat(249));
    const fits = `${'x'.repeat(248)}é`;
    const whole = decoded(written({ ...PLAIN, errors: [{ code: 0, text: fits }] }));
    expect(whole.options[0]!.data.subarray(2).toString('utf8')).toBe(fits);
  });

  it('takes as many octets as promised, and ends on a block where padding is asked for', () => {
    const content = fc
      .constantFrom(8, 16, 24, 40)
      .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
    const parts: fc.Arbitrary<OptParts & Required<Pick<OptParts, 'options'>>> = fc.record({
      payloadOctets: fc.nat(0xffff),
      dnssecOk: fc.boolean(),
      extendedRcode: fc.nat(255),
      errors: fc.array(fc.record({ code: fc.nat(0xffff), text: wholeText(300) }), {
        maxLength: 3,
      }),
      options: fc.uniqueArray(
        fc.record({ code: fc.constantFrom(OPTION.NSID, OPTION.COOKIE, 65_001), octets: content }),
        { selector: ({ code }) => code },
      ),
      keepaliveMs: fc.option(fc.nat(100_000), { nil: null }),
      padToOctets: fc.constantFrom(0, 128, 468),
    });
    fc.assert(
      fc.property(parts, fc.nat(1500), (some, at) => {
        const bytes = written(some, at);
        if (some.padToOctets === 0) expect(bytes).toHaveLength(optOctets(some));
        else expect((at + bytes.length) % some.padToOctets).toBe(0);
        const { options } = decoded(bytes);
        const errors = readExtendedErrors(bytes, FIXED_AT);
        expect(errors.map(({ code }) => code)).toEqual(some.errors.map(({ code }) => code));
        expect(options.some(({ code }) => code === OPTION.PADDING)).toBe(some.padToOctets > 0);
        for (const { code, octets } of some.options)
          expect(options.find((option) => option.code === code)!.data).toEqual(Buffer.from(octets));
        const cookie = some.options.find(({ code }) => code === OPTION.COOKIE)?.octets ?? null;
        expect(readEdns(bytes, FIXED_AT)).toMatchObject({
          cookie: cookie && Buffer.from(cookie),
          asksForNsid: some.options.some(({ code }) => code === OPTION.NSID),
        });
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
