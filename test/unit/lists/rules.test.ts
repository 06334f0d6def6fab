// Every syntax that a line of a list may have, as a table of what it does to a name, to the names below it, and to others.

import { describe, expect, it, test } from 'vitest';
import { MARK, readRule, ruleText } from '../../../src/lists/rules.ts';

const BLOCK_SELF = MARK.BLOCK & MARK.SELF;
const BLOCK_BELOW = MARK.BLOCK & MARK.BELOW;

describe('a line that is understood', () => {
  it.each([
    ['0.0.0.0 ads.example', ['ads.example'], BLOCK_SELF],
    ['127.0.0.1\tads.example', ['ads.example'], BLOCK_SELF],
    [':: ads.example', ['ads.example'], BLOCK_SELF],
    ['::1   ads.example  ', ['ads.example'], BLOCK_SELF],
    ['0.0.0.0 a.example b.example # two of them', ['a.example', 'b.example'], BLOCK_SELF],
    ['0.0.0.0 localhost ads.example', ['ads.example'], BLOCK_SELF],
    ['ads.example', ['ads.example'], BLOCK_SELF],
    ['  ADS.Example.  ', ['ads.example'], BLOCK_SELF],
    ['ads.example # why', ['ads.example'], BLOCK_SELF],
    ['ads.example \t # why # not', ['ads.example'], BLOCK_SELF],
    ['ads.example\r', ['ads.example'], BLOCK_SELF],
    ['_dmarc.ads-.example', ['_dmarc.ads-.example'], BLOCK_SELF],
    ['bücher.example', ['xn--bcher-kva.example'], BLOCK_SELF],
    ['*.ads.example', ['ads.example'], BLOCK_BELOW],
    ['||ads.example^', ['ads.example'], MARK.BLOCK],
    ['||BÜCHER.example^', ['xn--bcher-kva.example'], MARK.BLOCK],
    ['||zip^', ['zip'], MARK.BLOCK],
    ['||ads.example^$important', ['ads.example'], MARK.BLOCK_IMPORTANT],
    ['|ads.example^', ['ads.example'], BLOCK_SELF],
    ['@@||good.example^', ['good.example'], MARK.ALLOW],
    ['@@|good.example^', ['good.example'], MARK.ALLOW & MARK.SELF],
    ['@@||good.example^$important', ['good.example'], MARK.ALLOW_IMPORTANT],
    ['__proto__.example', ['__proto__.example'], BLOCK_SELF],
  ])('%j is read', (line, names, marks) => {
    expect(readRule(line)).toEqual({ names, marks });
  });
});

describe('a line that says nothing', () => {
  it.each([
    '',
    '   ',
    '# ads.example',
    '! Title: ads',
    '; ads.example',
    '[Adblock Plus 2.0]',
    '##.banner',
    '127.0.0.1 localhost',
    '127.0.0.1 localhost.localdomain',
    '::1 ip6-localhost ip6-loopback',
    'fe80::1%lo0 localhost',
    '255.255.255.255 broadcasthost',
    '0.0.0.0 0.0.0.0',
  ])('%j is passed over', (line) => {
    expect(readRule(line)).toBeNull();
  });
});

describe('a line that is not understood is unread, and never a wider rule:', () => {
  it.each([
    // an address that names are to be sent to
    '192.0.2.1 bank.example',
    '2001:db8::1 bank.example',
    // parts of pages, paths and patterns
    'example.com##.ad',
    'example.com#@#.ad',
    '||ads.example/banner^',
    '||ads.example^banner',
    '||ads.example',
    '||ads.*^',
    '||*.ads.example^',
    '|https://ads.example^',
    'ads.example^',
    '/ads[0-9]+/',
    '-banner-',
    'https://ads.example/x.js',
    // modifiers
    '||ads.example^$third-party',
    '||ads.example^$important,third-party',
    '||ads.example^$badfilter',
    '||ads.example^$denyallow=good.example',
    '||ads.example^$dnsrewrite=192.0.2.1',
    '||ads.example^$',
    '@@||good.example^$client=192.168.1.2',
    '@@good.example',
    // other programs' syntaxes
    'address=/ads.example/0.0.0.0',
    'local-zone: "ads.example" always_nxdomain',
    'ads.example CNAME .',
    // no names
    'word',
    '1.2.3.4',
    '2001:db8::1',
    '0.0.0.0 ads..example',
    '0.0.0.0 good.example <b>bad.example',
    'ads..example',
    '.ads.example',
    'ads.*.example',
    '*.*.example',
    '*',
    '||^',
    '||1.2.3.4^',
    'a b.example',
    `${'a'.repeat(64)}.example`,
    `${'abcdefghi.'.repeat(26)}example`,
    `ads${'\u00ad'.repeat(250)}.example`, // IDNA would take the soft hyphens out, but reads for long
    'ads#.example # why',
    '１２７.０.０.１',
    'ads\u0000.example',
    'bad\ufffd.example',
  ])('%j', (line) => {
    expect(readRule(line)).toBe('unread');
  });
});

test('a line of endless blanks comes to its end', () => {
  expect(readRule(`a${' '.repeat(200_000)}b#`)).toBe('unread');
});

test.each([
  [BLOCK_SELF, 'ads.example'],
  [BLOCK_BELOW, '*.ads.example'],
  [MARK.BLOCK, '||ads.example^'],
  [MARK.ALLOW, '@@||ads.example^'],
  [MARK.ALLOW & MARK.SELF, '@@|ads.example^'],
  [MARK.BLOCK_IMPORTANT, '||ads.example^$important'],
  [MARK.ALLOW_IMPORTANT, '@@||ads.example^$important'],
])('marks %i are told as %s, which reads back as the same', (marks, text) => {
  expect(ruleText('ads.example', marks)).toBe(text);
  expect(readRule(text)).toEqual({ names: ['ads.example'], marks });
});
