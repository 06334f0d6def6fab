// What is made of `filter`, and every sentence about what is wrong with it.

import { describe, expect, it, test } from 'vitest';
import { filesUnseen } from '../../../src/config/named-files.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigProblems } from '../../../src/config/problems.ts';
import { nameKey } from '../../../src/dns/names.ts';

const parse = (lines: string, files = filesUnseen) =>
  parseConfig(`upstreams:\n  - {url: "tls://192.0.2.1"}\nfilter:\n${lines}`, {
    file: '/etc/noonmark/home.yaml',
    files,
  });

function problemsOf(lines: string): string[] {
  try {
    parse(lines);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

test('everything that may be written is read', () => {
  const { config, warnings } = parse(`
  answer: blocked.home.arpa
  lists:
    - {name: ads, url: "https://Lists.example:443/hosts.txt?a=b", every: 12h, ca_file: ca.pem}
    - {name: mine, file: mine.txt, allow: on}
  rewrites: {"video.example": 192.168.1.5, "*.Ads.example": nas.home.arpa, "six.example": "FD00::5"}
  groups:
    - {name: workshop, clients: ["192.168.1.64/27", "fd00::20"]}
    - {name: children, clients: ["192.168.1.7"], lists: [ads]}
`);
  expect(warnings).toEqual([]);
  expect(config.filter).toEqual({
    blocked: { kind: 'name', name: nameKey('blocked.home.arpa') },
    lists: [
      {
        name: 'ads',
        allows: false,
        source: { kind: 'url', url: 'https://lists.example/hosts.txt?a=b', caFile: '/etc/noonmark/ca.pem' },
        everyMs: 43_200_000,
      },
      {
        name: 'mine',
        allows: true,
        source: { kind: 'file', file: '/etc/noonmark/mine.txt' },
        everyMs: 86_400_000,
      },
    ],
    rewrites: [
      { name: nameKey('video.example'), to: { kind: 'address', address: '192.168.1.5' } },
      { name: nameKey('*.ads.example'), to: { kind: 'name', name: nameKey('nas.home.arpa') } },
      { name: nameKey('six.example'), to: { kind: 'address', address: 'fd00::5' } },
    ],
    groups: [
      { name: 'workshop', clients: ['192.168.1.64/27', 'fd00::20/128'], lists: [] },
      { name: 'children', clients: ['192.168.1.7/32'], lists: ['ads'] },
    ],
  });
});

test('without it nothing is filtered', () => {
  const nothing = { blocked: { kind: 'nxdomain' }, lists: [], rewrites: [], groups: [] };
  expect(parse('').config.filter).toEqual(nothing);
  expect(parse('  answer: ZERO').config.filter).toEqual({ ...nothing, blocked: { kind: 'zero' } });
});

test('a list file that is not there is a warning', () => {
  const files = { ...filesUnseen, nameFileProblem: () => 'there is no such file' };
  const { warnings } = parse('  lists: [{name: ads, file: ads.txt}]', files);
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'filter.lists[0].file: "ads.txt": there is no such file; nothing is on this list until that is mended',
  ]);
});

describe('a secret in the URL of a list', () => {
  /** In every place where somebody may write it, and in URLs that are refused for every reason there is. */
  it.each([
    'http://a.example/l?key=SECRET',
    'ftp://a.example/l?key=SECRET',
    'a.example/l?key=SECRET',
    'me:SECRET@a.example/l',
    'https://me:SECRET@a.example/l',
    'https://SECRET@a.example/l?key=SECRET',
    'https://me:SEC/SECRET@a.example/l',
    'https://me:SEC?SECRET@a.example/l',
    'http://me:SEC#SECRET@a.example/l',
    'http://a.example/{?key=SECRET',
    'https://a.example/l?key=SECRET#x',
    'https://a.example/l?key=SECRET and more',
    'https://a.example:x/l?key=SECRET',
    'https://*.example/l?key=SECRET',
    'https://fd00::1?key=SECRET',
    'https://?key=SECRET',
  ])('is in no message about %s', (url) => {
    const inPlace = `[{name: a, url: "${url}"}]`;
    const bare = url.includes('://') ? [`["${url}"]`, `"${url}"`, `["url:${url}"]`] : [];
    for (const written of [inPlace, ...bare]) {
      const problems = problemsOf(`  lists: ${written}`).join('\n');
      expect(problems).toMatch(/^filter\.lists/);
      expect(problems).not.toContain('SEC');
    }
  });

  it('is in no message about a list that is there twice', () => {
    const entry = (name: string) => `{name: ${name}, url: "https://a.example/l?key=SECRET"}`;
    expect(problemsOf(`  lists: [${entry('a')}, ${entry('b')}]`)).toEqual([
      'filter.lists[1].url: "https://a.example/l?…" is taken already by filter.lists[0]; keep one of them',
    ]);
  });

  it('is kept, as a query, for whoever is asked', () => {
    const { lists } = parse('  lists: [{name: a, url: "https://a.example/l@2?key=SECRET"}]').config.filter;
    expect(lists[0]!.source).toMatchObject({ url: 'https://a.example/l@2?key=SECRET' });
  });
});

describe('is refused:', () => {
  it.each([
    ['answer: nxdomian', 'filter.answer: "nxdomian" is no answer for blocked names; did you mean nxdomain?'],
    [
      'answer: refused',
      'filter.answer: "refused" is no answer for blocked names; write nxdomain, zero, or a name such as blocked.home.arpa',
    ],
    [
      'lists: ["https://a.example/b"]',
      'filter.lists[0]: a list is an entry with keys; write "- {name: ads, url: "https://a.example/b"}"',
    ],
    ['lists: [{file: a.txt}]', 'filter.lists[0].name: a list needs a `name`, such as ads'],
    [
      'lists: [{name: " ads", file: a.txt}]',
      'filter.lists[0].name: " ads" is no name for it; write 1 to 63 printable characters, such as ads',
    ],
    [
      'lists: [{name: a, url: "http://a.example/b.txt"}]',
      'filter.lists[0].url: "http://a.example/b.txt" would let anybody on the way replace the list; write https://a.example/b.txt',
    ],
    [
      'lists: [{name: a, url: "ftp://a.example/b.txt"}]',
      'filter.lists[0].url: "ftp://a.example/b.txt" has the scheme ftp://, which lists are not fetched by; write https://a.example/b.txt',
    ],
    [
      'lists: [{name: a, url: ads.txt}]',
      'filter.lists[0].url: "ads.txt" is not a URL; write https://lists.example/hosts.txt, or name a `file`',
    ],
    [
      'lists: [{name: a, url: "https://me:pw@a.example/"}]',
      'filter.lists[0].url: "https://…@a.example/" carries a user name; write https://a.example',
    ],
    [
      'lists: [{name: a, url: "https://a.example/#x"}]',
      'filter.lists[0].url: "https://a.example/#…" has a fragment or a character that no URL has, or is too long; write it percent-encoded, at most 2048 characters',
    ],
    [
      'lists: [{name: a, url: "https://a.example/", every: 5m}]',
      'filter.lists[0].every: "5m" is out of bounds; write 1h to 7d (default 1d)',
    ],
    ['lists: [{name: a}]', 'filter.lists[0]: the list "a" has neither `url` nor `file`; write where it is'],
    [
      'lists: [{name: a, url: "https://a.example/", file: b}]',
      'filter.lists[0]: the list "a" has a `url` and a `file`; keep the one that you want',
    ],
    [
      'lists: [{name: a, file: b, every: 2h}]',
      'filter.lists[0].every: a list in a file is read when it changes; delete `every`, which is for a `url`',
    ],
    [
      'lists: [{name: a, file: b}, {name: a, file: c}]',
      'filter.lists[1].name: "a" is taken already by filter.lists[0]; keep one of them',
    ],
    [
      'lists: [{name: a, file: b}, {name: c, file: ./b}]',
      'filter.lists[1].file: "/etc/noonmark/b" is taken already by filter.lists[0]; keep one of them',
    ],
    [
      'rewrites: {"a.example": nas}',
      'filter.rewrites.a.example: "nas" is no address and no whole name; write an address, or a whole name such as nas.home.arpa',
    ],
    [
      'rewrites: {"a.example": }',
      'filter.rewrites.a.example: this name has no answer; write an address or a name',
    ],
    [
      'rewrites: {"a.example": A.example.}',
      'filter.rewrites.a.example: "a.example" leads to itself; write another name or an address',
    ],
    [
      'rewrites: {"a.example": "*.b.example"}',
      'filter.rewrites.a.example: "*.b.example" is a wildcard, which answers nothing; write an address, or a whole name such as nas.home.arpa',
    ],
    [
      'rewrites: {"*": 192.0.2.1}',
      'filter.rewrites.*: "*" is every name; write one, such as video.example or "*.ads.example"',
    ],
    [
      'rewrites: {"a.example": 192.0.2.1, "A.example.": 192.0.2.2}',
      'filter.rewrites.A.example.: "A.example." is rewritten already; keep one of them',
    ],
    [
      'groups: [{name: g, clients: [nas]}]',
      'filter.groups[0].clients[0]: "nas" is a name, not an address; write addresses such as 192.0.2.1 or 2001:db8::1',
    ],
    [
      'groups: [{name: g, clients: ["192.168.1.2"], lists: [ad]}]\n  lists: [{name: ads, file: a}]',
      'filter.groups[0].lists[0]: "ad" is no list; did you mean ads?',
    ],
    [
      'groups: [{name: g, clients: []}, {name: g, clients: []}]',
      'filter.groups[1].name: "g" is the name of filter.groups[0] already; write another',
    ],
  ])('%s', (lines, problem) => {
    expect(problemsOf(`  ${lines}`)).toEqual([problem]);
  });
});
