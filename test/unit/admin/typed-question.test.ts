// What people type, and the question that is read out of it.

import { describe, expect, it } from 'vitest';
import { readableForm, readTypedName, readTypedQuestion } from '../../../src/admin/typed-question.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { formatName } from '../../../src/dns/names.ts';

const nameOf = (typed: string) => {
  const read = readTypedName(typed);
  return 'problem' in read ? read : formatName(read.wire);
};
const read = (query: string, asker = '192.168.1.30') => readTypedQuestion(new URLSearchParams(query), asker);

describe('a name', () => {
  it.each([
    ['nas.home.arpa', 'nas.home.arpa.'],
    [' Nas.home.arpa.. ', 'Nas.home.arpa.'],
    ['nas.home.arpa\u00a0', 'nas.home.arpa.'],
    ['.', '.'],
    ['bücher.example', 'xn--bcher-kva.example.'],
    ['BÜCHER。example.', 'xn--bcher-kva.example.'],
    ['_dmarc.bücher.example', '_dmarc.xn--bcher-kva.example.'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example.'],
    ['a\\.b\\032c.example', 'a\\.b\\032c.example.'],
    ['ends in a dot\\.'.replaceAll(' ', ''), 'endsinadot\\..'],
    ['<script>alert(1)</script>.example', '<script>alert\\(1\\)</script>.example.'],
    ['192.168.1.20', '20.1.168.192.in-addr.arpa.'],
    ['192.168.1.20.', '192.168.1.20.'], // a name, as the command line writes it
    ['１９２.168.1.20', '20.1.168.192.in-addr.arpa.'],
    ['fd00::1%eth0', `1.${'0.'.repeat(29)}d.f.ip6.arpa.`],
  ])('%j is %s', (typed, name) => expect(nameOf(typed)).toBe(name));

  it.each([
    ['', 'A name is needed, such as nas.home.arpa.'],
    ['a..example', '"a..example" has an empty label.'],
    ['a b', '"a b" holds a space; where one is really meant, write it as \\032.'],
    ['a\0b', '"a\\u0000b" holds a control character; where one is really meant, write it as \\000.'],
    ['\u202eelpmaxe.evil', '"\\u202eelpmaxe.evil" has characters that no name may have (IDNA).'],
    ['ü@b.example', /^"ü@b.example" mixes letters beyond ASCII with characters/],
    ['https://user:secret@www.example:443/x', 'That is a URL, and a name is needed: "www.example".'],
    [`${'x'.repeat(64)}.example`, /has a label of over 63 octets\.$/],
    [`${'x'.repeat(63)}.`.repeat(4), /is over 255 octets long\.$/],
    ['\\', '"\\" ends in a lone backslash.'],
  ])('%j is none, and it says why', (typed, problem) => {
    const found = nameOf(typed);
    expect(found).toEqual({
      problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
    });
  });

  it('is repeated in part, however long it is', () => {
    for (const typed of ['x'.repeat(7000), 'ü'.repeat(2000), `${'a.'.repeat(3000)} b`])
      expect(JSON.stringify(nameOf(typed)).length).toBeLessThan(250);
  });
});

describe('a question', () => {
  it('is for whom it is asked, or for who asks', () => {
    expect(read('name=a.example')).toMatchObject({ question: { type: TYPE.A, client: '192.168.1.30' } });
    expect(read('name=a.example&client=+fd00::7+&type=aaaa')).toMatchObject({
      question: { type: TYPE.AAAA, client: 'fd00::7' },
    });
    expect(read('name=a.example&client=&type=', '')).toMatchObject({
      question: { type: TYPE.A, client: '127.0.0.1' },
    });
    expect(read('name=a.example&client=phone')).toEqual({
      problem: '"phone" is no address; write that of the client, such as 192.168.1.30.',
    });
  });

  it.each([
    ['name=192.168.1.20', TYPE.PTR],
    ['name=192.168.1.20&type=AAAA', TYPE.PTR],
    ['name=192.168.1.20&type=SOA', TYPE.SOA],
    ['name=a.example&type=TYPE65280', 65280],
  ])('%s asks for type %d', (query, type) => expect(read(query)).toMatchObject({ question: { type } }));

  it('of no type is refused with the type that was meant', () => {
    expect(read('name=a.example&type=AAAAA')).toEqual({ problem: '"AAAAA" is no record type; write AAAA.' });
    expect(read('name=a.example&type=address')).toMatchObject({
      problem: expect.stringContaining('write A, AAAA'),
    });
  });
});

describe('the form that people read', () => {
  it.each([
    ['xn--bcher-kva.example.', 'bücher.example.'],
    ['www.XN--BCHER-KVA.example.', 'www.bücher.example.'],
    ['www.example.', null],
    ['xn--a.example.', null], // no Punycode
    ['xn--80ak6aa92e.example.', 'аррӏе.example.'], // all Cyrillic: shown beside what is asked for, never instead
    ['a\\.xn--bcher-kva.example.', null],
    ['a/b.xn--bcher-kva.example.', null], // to a parser of hosts, a path begins at the stroke
  ])('of %s is %s', (name, readable) => expect(readableForm(name)).toBe(readable));
});
