// Parameters of a URL to a query, which dns-packet reads; and what is refused, in which words.

import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { JsonQueryError, readJsonQuery } from '../../../src/listener/doh-json-request.ts';

function read(search: string) {
  const message = Buffer.from(readJsonQuery(new URLSearchParams(search)));
  const { questions = [], additionals = [], flags = 0 } = packet.decode(message);
  const [question] = questions;
  const [opt] = additionals as unknown as { type: string; flag_do: boolean; options: unknown[] }[];
  expect([questions.length, additionals.length, opt!.type, opt!.options.length]).toEqual([1, 1, 'OPT', 0]);
  return {
    name: question!.name,
    type: message.readUInt16BE(message.length - 15),
    dnssecOk: opt!.flag_do,
    cd: (flags & 0x10) !== 0,
    others: flags & ~0x10,
  };
}

function refusal(search: string): string {
  try {
    readJsonQuery(new URLSearchParams(search));
  } catch (error) {
    expect(error).toBeInstanceOf(JsonQueryError);
    return (error as Error).message;
  }
  throw new Error(`${search} was taken`);
}

const RD_AND_AD = 0x0120;

describe('a query in a URL', () => {
  it('needs its name and nothing else: type A, RD, AD, no DO, no CD', () => {
    const plain = { name: 'example.com', type: 1, dnssecOk: false, cd: false, others: RD_AND_AD };
    expect(read('name=example.com')).toEqual(plain);
    expect(
      read('name=example.com.&ct=application/dns-json&random_padding=xx&edns_client_subnet=0.0.0.0/0'),
    ).toEqual(plain);
  });

  it.each([
    ['AAAA', 28],
    ['aaaa', 28],
    ['28', 28],
    ['TYPE28', 28],
    ['HTTPS', 65],
    ['TYPE65280', 65_280],
    ['1', 1],
    ['65535', 65_535],
    ['ANY', 255],
  ])('takes the type %s for %i', (text, type) => {
    expect(read(`name=example.com&type=${text}`).type).toBe(type);
  });

  it.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
    ['', false],
  ])('takes "%s" for %s, as do and as cd', (text, set) => {
    expect(read(`name=a&do=${text}`)).toMatchObject({ dnssecOk: set, cd: false });
    expect(read(`name=a&cd=${text}`)).toMatchObject({ dnssecOk: false, cd: set });
  });

  it.each([
    ['.', '.'],
    ['eXaMple.COM', 'eXaMple.COM'],
    ['_dns.resolver.arpa', '_dns.resolver.arpa'],
    ['%2A.example', '*.example'],
    ['xn--qxam', 'xn--qxam'],
    ['@', '@'],
    ['a%20b.example', 'a b.example'],
    ['a+b.example', 'a b.example'],
    ['__proto__', '__proto__'],
    ['a?b.example', 'a?b.example'],
  ])('takes the name %s as %s', (text, name) => {
    expect(read(`name=${text}`).name).toBe(name);
  });

  it('takes escapes in a name (RFC 4343 section 2.1)', () => {
    const octets = (search: string) =>
      Buffer.from(readJsonQuery(new URLSearchParams(search))).toString('latin1');
    expect(octets('name=a%5C.b.example')).toContain('\x03a.b\x07example\0');
    expect(octets('name=a%5C000%5C255.example')).toContain('\x03a\0\xff\x07example\0');
  });

  it('counts the first one of two', () => {
    expect(read('name=one.example&name=two.example&type=TXT&type=A')).toMatchObject({
      name: 'one.example',
      type: 16,
    });
  });
});

describe('a query in a URL is refused, in one sentence that says what to write, for', () => {
  it.each([
    ['name=', 'name=example.com'],
    ['name=.example.com', 'empty label'],
    ['name=example..com', 'empty label'],
    [`name=${'a'.repeat(64)}.example`, '63 octets'],
    [`name=${'abcdefg.'.repeat(32)}`, '255 octets'],
    ['name=%CE%B5%CE%BB', 'xn--'],
    ['name=%FF', 'xn--'],
    ['name=a%5C256', 'escape'],
    ['name=a%5C', 'backslash'],
    ['name=a&type=', 'AAAA'],
    ['name=a&type=0', '65535'],
    ['name=a&type=TYPE0', '65535'],
    ['name=a&type=65536', '65535'],
    ['name=a&type=-1', '65535'],
    ['name=a&type=1e3', '65535'],
    ['name=a&type=constructor', 'AAAA'],
    ['name=a&do=2', 'parameter do is "2"; write 1, true, 0 or false'],
    ['name=a&cd=yes', 'parameter cd is "yes"'],
    ['name=a&cd=True', 'parameter cd'],
  ])('%s', (search, words) => {
    const message = refusal(search);
    expect(message).toContain(
      words.startsWith('255') || words.startsWith('63') ? 'the parameter name' : words,
    );
    expect(message).not.toContain('\n');
  });

  it('a name of which only the beginning is repeated, and all of the advice', () => {
    const label = 'ü'.repeat(40);
    expect(refusal(`name=${label}.${label}.example`)).toBe(
      `the parameter name is no domain name: "${label}.${'ü'.repeat(39)}…" holds the non-ASCII character "ü"; write its IDNA form (xn--…)`,
    );
    expect(refusal('name=b%C3%BCcher.example')).toContain('write its IDNA form, "xn--bcher-kva.example"');
  });

  it('sixteen thousand characters without repeating them', () => {
    for (const search of [`name=${'a'.repeat(16_000)}`, `name=a&type=${'a'.repeat(16_000)}`])
      expect(refusal(search).length).toBeLessThan(250);
  });
});
