// The page Names: what it says of each way in which a name may be answered, and that no name does anything to it.

import { describe, expect, it } from 'vitest';
import type { Explained } from '../../../src/resolver/explained.ts';
import { keptSentence, lookupSentences, stationsOf } from '../../../src/web/lookup-words.ts';
import { type NamesAsked, namesPage } from '../../../src/web/names-page.ts';
import { documentText } from '../../support/documents.ts';
import { explained } from '../../support/explained.ts';

const ASKED: NamesAsked = {
  name: 'www.example',
  type: 'A',
  client: '',
  asker: '192.168.1.30',
  flushed: null,
};
const NOTHING = {
  zone: null,
  list: null,
  rule: null,
  group: null,
  ttlLeftSeconds: null,
  pastSeconds: null,
  upstream: null,
};

const lookup = (parts: Partial<Explained> = {}) => ({ ...explained(parts), readableName: null });
const shown = (parts: Partial<Explained> = {}, asked: Partial<NamesAsked> = {}) =>
  documentText(
    namesPage({ asked: { ...ASKED, ...asked }, examples: [], meant: [], found: { lookup: lookup(parts) } }),
  );

describe('the sentences', () => {
  const by = (
    answeredBy: Explained['answeredBy'],
    detail: string,
    facts: Partial<Explained>,
    rest: Partial<Explained> = {},
  ) =>
    lookupSentences(
      lookup({
        ...{ answeredBy, steps: answeredBy === null ? [] : [{ link: answeredBy, detail }] },
        ...{ ...NOTHING, ...facts, ...rest },
      }),
    ).join(' ');
  const nothing = { records: [], answer: [] };
  const blocked = { code: 15, text: 'list "ads"' };

  it.each([
    [by('local', 'zone home.arpa.', { zone: 'home.arpa.' }), 'Answered here, by your own zone home.arpa.'],
    [by('local', 'own name', {}), 'Answered here, by this house itself: own name.'],
    [by('cache', '', { ttlLeftSeconds: 250 }), 'Answered by the cache: 4 min 10 s of its TTL left.'],
    [by('cache', '', { ttlLeftSeconds: 0 }), 'Answered by the cache: less than 1 s of its TTL left.'],
    [
      by('cache', '', { pastSeconds: 7200 }),
      'Answered by the cache with what is stale: 2 h past its TTL, for want of something better.',
    ],
    [
      by('cache', 'remembered failure', {}, { ...nothing, rcode: 'SERVFAIL' }),
      'The cache remembers that this could not be looked up a moment ago. Who asks is told that it failed (SERVFAIL).',
    ],
    [
      by(
        'filter',
        '',
        { list: 'ads', rule: '||ads.example^' },
        { ...nothing, rcode: 'NXDOMAIN', errors: [blocked] },
      ),
      'Blocked by the list “ads”: rule ||ads.example^. The answer is: there is no such name.',
    ],
    [
      by('filter', 'list "ok" allows it', { list: 'ok', rule: '@@||a^' }),
      'Let pass by the list “ok”, and then nobody answered.',
    ],
    [by('filter', 'rewrite of a. to b.', {}), 'Rewritten, as you wish: rewrite of a. to b.'],
    [by('forward', '', { upstream: 'tls://dns.example' }), 'Answered by the upstream tls://dns.example.'],
    [
      by('forward', '', { upstream: '192.168.1.1:53', zone: 'lab.example.' }),
      'Answered by 192.168.1.1:53, to whom the zone lab.example is forwarded.',
    ],
    [
      by(
        'forward',
        'no answer from 192.168.1.1:53',
        { zone: 'lab.example.' },
        { ...nothing, rcode: 'SERVFAIL' },
      ),
      'Nobody answered for the zone lab.example: no answer from 192.168.1.1:53. Who asks is told that it failed (SERVFAIL).',
    ],
    [
      by('forward', 'nobody is asked while the clock is untrusted', {}, { ...nothing, rcode: 'SERVFAIL' }),
      'Nobody is asked while the clock is untrusted. Who asks is told that it failed (SERVFAIL).',
    ],
    [
      by('guard', 'client not allowed (access.allow)', {}, { ...nothing, rcode: 'REFUSED' }),
      'Stopped at the door: client not allowed (access.allow). Who asks is refused (REFUSED).',
    ],
    [
      by('guard', 'too many', {}, { ...nothing, rcode: 'dropped' }),
      'Stopped at the door: too many. Who asks gets no answer at all.',
    ],
    [
      by('rebinding', 'private address removed', {}, nothing),
      'Answered by an upstream, without the private addresses that it gave (rebinding.protect). The name has nothing of type A.',
    ],
    [
      by('degrade', "time server's name", {}),
      "The clock is untrusted, so this name is looked up in a way of its own: time server's name.",
    ],
    [
      by(null, '', {}, { ...nothing, rcode: 'YXDOMAIN' }),
      'Nobody has answered. The answer is the code YXDOMAIN.',
    ],
  ])('%s', (said, expected) => expect(said).toBe(expected));
});

describe('the way', () => {
  const way = (...links: Explained['steps'][number]['link'][]) =>
    stationsOf({
      steps: links.map((link) => ({ link, detail: 'said' })),
      answeredBy: links.at(-1) ?? null,
    }).map(({ link, isSilent, isLast }) => `${isSilent ? '(' : ''}${link}${isLast ? '!' : ''}`);

  it.each([
    [way('guard'), ['guard!']],
    [way('local'), ['(guard', 'local!']],
    [way('cache'), ['(guard', '(local', '(filter', 'cache!']],
    [way('forward'), ['(guard', '(local', '(filter', '(cache', 'forward!']],
    [way('filter', 'cache'), ['(guard', '(local', 'filter', 'cache!']],
    [way('local', 'cache'), ['(guard', 'local', '(filter', 'cache!']], // a CNAME of ours that leads out
    [way('forward', 'cache'), ['(guard', '(local', '(filter', '(cache', 'forward', 'cache!']], // stale
    [way('forward', 'rebinding'), ['(guard', '(local', '(filter', '(cache', 'forward', 'rebinding!']],
    [way('filter', 'local'), ['(guard', '(local', 'filter', 'local!']], // a rewrite into the house
    [way('degrade'), ['(guard', '(local', '(filter', 'degrade!']],
    [way(), []],
  ])('%j', (stations, expected) => expect(stations).toEqual(expected));
});

describe('the page', () => {
  it('says who answered, the way, the records, and offers to forget it', () => {
    const page = shown();
    expect(page).toContain('<p class="verdict">Answered by the upstream tls://dns.example.</p>');
    expect(page).toContain('<bdi>www.example</bdi> A, as asked by <bdi>192.168.1.30</bdi>');
    expect(page).toContain(
      '<li><b>The upstreams:</b> <bdi>tls://dns.example</bdi> <span class="tag good">answered</span></li>',
    );
    expect(page).toMatch(/data-is="data"><bdi>192\.0\.2\.1<\/bdi>/);
    expect(page).toContain('<form class="filter" method="post" action="/names/flush">');
    expect(page).toContain('<option value="A" selected>');
  });

  it.each([
    ['NOERROR', 'good">answered'],
    ['NXDOMAIN', 'good">answered'],
    ['SERVFAIL', 'bad">failed'],
    ['REFUSED', 'bad">refused'],
    ['dropped', 'bad">no answer'],
    ['NOTIMP', 'bad">NOTIMP'],
  ])('says of the last link that with %s it has %s', (rcode, tag) => {
    expect(shown({ rcode, records: [] }).match(/<span class="tag [^<]*/g)).toEqual([
      `<span class="tag ${tag}`,
    ]);
  });

  it('shows the type that was asked for: PTR, where an address was typed', () => {
    expect(shown({ type: 'PTR' }, { type: 'A' })).toContain('<option value="PTR" selected>');
  });

  it('offers nothing to forget where nothing is kept: at the door and in the house', () => {
    for (const answeredBy of ['local', 'guard'] as const)
      expect(shown({ answeredBy, steps: [{ link: answeredBy, detail: 'x' }] })).not.toContain('/names/flush');
  });

  it('keeps a type that is not on its list, and the client', () => {
    const page = shown({ type: 'TYPE65280' }, { type: 'type65280', client: 'fd00::7' });
    expect(page).toContain('<option selected>TYPE65280</option>');
    expect(page).toContain('<input type="hidden" name="client" value="fd00::7">');
  });

  it('says extended errors in words', () => {
    const errors = [
      { code: 15, text: 'list "ads".' },
      { code: 22, text: '' },
    ];
    expect(shown({ errors })).toContain(
      '<li>Blocked: <bdi>list &quot;ads&quot;</bdi> <span class="soft">(extended error 15)</span></li>' +
        '<li>No Reachable Authority <span class="soft">(extended error 22)</span></li>',
    );
  });

  it('shows a hundred records, and says how many more there are', () => {
    const record = { owner: 'a.example.', ttlSeconds: 1, type: 'TXT', data: '"x"' };
    const page = shown({ records: Array(250).fill(record) });
    expect(page.match(/<tr role="row">/g)).toHaveLength(101);
    expect(page).toContain('And 150 more records.');
  });

  it('says that something was forgotten, or that there was nothing', () => {
    expect(shown({}, { flushed: 1 })).toContain('1 answer was forgotten just now; this is a new look-up.');
    expect(shown({}, { flushed: 0 })).toContain('Nothing was kept of it.');
  });

  it.each<[string, Partial<Explained>]>([
    ['The answer above is kept for another 4 min 10 s.', { answeredBy: 'cache', ttlLeftSeconds: 250 }],
    ['The answer above is kept, although it is past its TTL.', { answeredBy: 'cache', pastSeconds: 7 }],
    ['No answer to this question is kept, but for a moment that it failed.', { answeredBy: 'cache' }],
    ['The answer above has just come, and is kept for as long as its TTL says.', {}],
    ['No answer to this question is kept.', { rcode: 'SERVFAIL' }],
    ['', { answeredBy: 'filter', rcode: 'NXDOMAIN' }],
    ['', { answeredBy: 'degrade' }],
  ])('says of what is kept what is sure: "%s"', (sentence, parts) => {
    expect(keptSentence(lookup(parts))).toBe(sentence);
    const text = shown(parts).replaceAll(/<\/?span[^>]*>/g, '');
    expect(text).toContain(`<p class="soft">${sentence === '' ? '' : `${sentence} `}Where an answer is`);
  });

  it('begins with names of the house', () => {
    const empty = { ...ASKED, name: '' };
    const page = documentText(
      namesPage({ asked: empty, examples: ['nas.home.arpa'], meant: [], found: null }),
    );
    expect(page).toContain('<a href="/names?name=nas.home.arpa"><bdi>nas.home.arpa</bdi></a>');
    expect(documentText(namesPage({ asked: empty, examples: [], meant: [], found: null }))).not.toContain(
      'to begin with',
    );
  });
});

describe('a hostile name', () => {
  const HOSTILE = [
    '<script>alert(1)</script>.example',
    '"><img src=x onerror=alert(1)>.example',
    "' autofocus onfocus='alert(1)",
    '\u202egnp.example\u2066',
    'a\0b\u0007.example',
    '</title><base href=//evil.example>',
    'javascript:alert(1)',
    `${'x'.repeat(63)}.`.repeat(4).slice(0, 255),
  ];

  it.each(HOSTILE)('%j is text and nothing else, wherever it stands', (evil) => {
    const record = { owner: evil, ttlSeconds: 1, type: 'TXT', data: evil };
    const answered = shown(
      {
        ...{ name: evil, client: evil, zone: evil, answeredBy: 'local' },
        ...{ records: [record], answer: [evil], errors: [{ code: 15, text: evil }] },
        steps: [
          { link: 'filter', detail: evil, list: evil, rule: evil },
          { link: 'local', detail: evil },
        ],
      },
      { name: evil, type: evil, client: evil, asker: evil },
    );
    const blocked = shown({ answeredBy: 'filter', list: evil, rule: evil, errors: [{ code: 15, text: '' }] });
    const refused = documentText(
      namesPage({
        asked: { ...ASKED, name: evil },
        examples: [evil],
        meant: [],
        found: { problem: evil, status: 400 },
      }),
    );
    const begun = documentText(
      namesPage({ asked: { ...ASKED, name: evil }, examples: [evil], meant: [], found: null }),
    );
    const harmless = new Set(
      elementsOf(documentText(namesPage({ asked: ASKED, examples: ['a'], meant: [], found: null }))),
    );
    for (const element of elementsOf(
      shown({ errors: [{ code: 15, text: 'x' }] }, { type: 'TYPE9', client: '::1' }),
    ))
      harmless.add(element);
    for (const page of [answered, blocked, refused, begun]) {
      expect(elementsOf(page).filter((element) => !harmless.has(element))).toEqual([]);
      expect(page).not.toMatch(/[\0\u0007\u202a-\u202e\u2066-\u2069]/);
      for (const [, href] of page.matchAll(/(?:href|src|action)="([^"]*)"/g))
        expect(href).toMatch(/^(?:\/(?!\/)|data:image\/svg|#)/);
    }
  });

  /** Each element with the names of its attributes. */
  function elementsOf(page: string): string[] {
    return [...page.matchAll(/<([a-z!][^\s>]*)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*>/gi)].map(
      ([, element, attributes]) =>
        [element, ...[...attributes!.matchAll(/\s([^\s=>]+)(?:="[^"]*")?/g)].map(([, name]) => name)].join(
          ' ',
        ),
    );
  }
});
