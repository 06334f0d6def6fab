// UPDATE messages as dns-packet reads them, and the responses that servers may give to them.

import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName, nameKey } from '../../../src/dns/names.ts';
import { rcodeText, readRcode, soaQuestion, txtUpdate, zoneOf } from '../../../src/dns/update.ts';
import { anyOctets, SEED } from '../../support/arbitrary-messages.ts';

const NAME = '_acme-challenge.dns.home.example';
const VALUE = 'gfj9Xq...Rg85nM';
const change = { zone: nameKey('home.example'), name: nameKey(NAME), value: VALUE };
const AA_RESPONSE = 0x8400;

describe('an update', () => {
  it.each([
    ['add', { class: 'IN', ttl: 60 }],
    ['delete', { class: 254, ttl: 0 }],
  ] as const)(
    'that is to %s a record names the zone, demands nothing, and holds that record',
    (action, rest) => {
      const message = dnsPacket.decode(Buffer.from(txtUpdate(4711, { ...change, action })));
      expect(message).toMatchObject({
        ...{ id: 4711, type: 'query', opcode: 'UPDATE', flags: 5 << 11 },
        questions: [{ name: 'home.example', type: 'SOA', class: 'IN' }],
        answers: [],
        additionals: [],
      });
      const [record, ...others] = message.authorities as unknown as Record<string, unknown>[];
      expect(others).toEqual([]);
      expect(record).toMatchObject({ name: NAME, type: 'TXT', ttl: rest.ttl, data: [Buffer.from(VALUE)] });
      expect([rest.class, `UNKNOWN_${rest.class}`]).toContain(record!.class);
    },
  );

  it('holds values of up to 255 octets, and no longer ones', () => {
    const message = txtUpdate(1, { ...change, action: 'add', value: 'x'.repeat(255) });
    const [record] = dnsPacket.decode(Buffer.from(message)).authorities as { data?: unknown }[];
    expect(record!.data).toEqual([Buffer.from('x'.repeat(255))]);
    expect(() => txtUpdate(1, { ...change, action: 'add', value: 'x'.repeat(256) })).toThrow(RangeError);
  });
});

interface Section {
  readonly name: string;
  readonly type: 'SOA' | 'CNAME';
}

function response({
  asked = NAME,
  answers = [],
  authorities = [],
  flags = AA_RESPONSE,
}: {
  readonly asked?: string;
  readonly answers?: readonly Section[];
  readonly authorities?: readonly Section[];
  readonly flags?: number;
}): Buffer {
  const soa = {
    mname: 'ns.example',
    rname: 'h.example',
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  };
  const written = (all: readonly Section[]) =>
    all.map(({ name, type }) =>
      type === 'SOA'
        ? { name, type, ttl: 60, data: soa }
        : { name, type, ttl: 60, data: 'elsewhere.example' },
    );
  const message = dnsPacket.encode({
    ...{ type: 'response', id: 7 },
    questions: [{ name: asked, type: 'SOA' }],
    answers: written(answers),
    authorities: written(authorities),
  });
  message.writeUInt16BE(flags, 2);
  return message;
}

describe('the zone of a name', () => {
  const request = soaQuestion(7, nameKey(NAME));
  const soa = (name: string) => ({ name, type: 'SOA' as const });

  it.each<[string, Parameters<typeof response>[0], string | null]>([
    ['that is a zone', { answers: [soa(NAME)] }, `${NAME}.`],
    ['spelt otherwise', { answers: [soa(NAME.toUpperCase())] }, `${NAME}.`],
    ['in a zone above, by a negative answer', { authorities: [soa('home.example')] }, 'home.example.'],
    ['that is not there', { authorities: [soa('home.example')], flags: AA_RESPONSE | 3 }, 'home.example.'],
    ['in a zone of one label', { authorities: [soa('example')] }, 'example.'],
    ['when only the root says so', { authorities: [soa('.')] }, null],
    ['without authority', { authorities: [soa('home.example')], flags: 0x8000 }, null],
    ['when nothing is said', {}, null],
    ['in a zone beside it', { authorities: [soa('other.example')] }, null],
    ['in a zone below it', { authorities: [soa(`x.${NAME}`)] }, null],
    ['by an answer about another name', { answers: [soa('home.example')] }, null],
    [
      'that is an alias',
      { answers: [{ name: NAME, type: 'CNAME' }], authorities: [soa('home.example')] },
      null,
    ],
    ['by an answer to another question', { asked: `x${NAME}`, authorities: [soa('home.example')] }, null],
  ])('%s', (_what, parts, zone) => {
    const found = zoneOf(response(parts), request);
    expect(found === null ? null : formatName(found)).toBe(zone);
  });

  it('is asked for without recursion', () => {
    expect(dnsPacket.decode(Buffer.from(request))).toMatchObject({
      ...{ id: 7, flags: 0, opcode: 'QUERY' },
      questions: [{ name: NAME, type: 'SOA', class: 'IN' }],
    });
  });
});

describe('a response code', () => {
  const update = txtUpdate(0x1234, { ...change, action: 'add' });
  const header = (text: string) => Buffer.from(text, 'hex');

  it.each([
    ['of success', '1234a8000000000000000000', 0],
    ['of a refusal, with its zone section', '1234a8050001000000000000', 5],
    ['of another ID', '1235a8050001000000000000', null],
    ['of a question, not a response', '123428050001000000000000', null],
    ['of a response to another opcode', '123480050001000000000000', null],
    ['of a header cut short', '1234a80000000000000000', null],
    ['of nothing', '', null],
  ])('%s', (_what, octets, rcode) => {
    expect(readRcode(header(octets), update)).toBe(rcode);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('%i has words and says what to check', (rcode) => {
    expect(rcodeText(rcode)).toMatch(/^[A-Z]+: .+(check|read|allow|use) /);
  });

  it('that nobody knows sends its reader to the log', () => {
    expect(rcodeText(13)).toBe('RCODE13: look at its log');
  });
});

describe('any octets', () => {
  it('are read without an error', () => {
    const request = soaQuestion(1, nameKey(NAME));
    fc.assert(
      fc.property(anyOctets, (octets) => {
        expect([null, ...Array(16).keys()]).toContain(readRcode(octets, request));
        const zone = zoneOf(octets, request);
        expect(zone === null || typeof zone === 'string').toBe(true);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
