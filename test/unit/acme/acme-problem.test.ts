// Problem documents as CAs send them, as nobody should, and the words that the owner gets.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AcmeProblem,
  describeProblem,
  isFinal,
  PROBLEM_OCTETS_MAX,
  problemOf,
  readProblem,
  whatToCheck,
} from '../../../src/acme/acme-problem.ts';

const URN = 'urn:ietf:params:acme:error:';
const read = (document: unknown, status = 400, headers = {}) =>
  readProblem(
    status,
    headers,
    Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
  );

/** RFC 8555 section 6.7. */
const OF_THE_RFC = [
  'accountDoesNotExist',
  'alreadyRevoked',
  'badCSR',
  'badNonce',
  'badPublicKey',
  'badRevocationReason',
  'badSignatureAlgorithm',
  'caa',
  'compound',
  'connection',
  'dns',
  'externalAccountRequired',
  'incorrectResponse',
  'invalidContact',
  'malformed',
  'orderNotReady',
  'rateLimited',
  'rejectedIdentifier',
  'serverInternal',
  'tls',
  'unauthorized',
  'unsupportedContact',
  'unsupportedIdentifier',
  'userActionRequired',
];
const LATER = [
  'alreadyReplaced',
  'invalidProfile',
  'onionCAARequired',
  'badAttestationStatement',
  'unknownDelegation',
];

describe('a problem', () => {
  it('is read with its subproblems (the example of RFC 8555 section 6.7.1)', () => {
    const problem = read(
      {
        type: `${URN}malformed`,
        detail: 'Some of the identifiers requested were rejected',
        subproblems: [
          {
            type: `${URN}malformed`,
            detail: 'Invalid underscore in DNS name "_example.org"',
            identifier: { type: 'dns', value: '_example.org' },
          },
          {
            type: `${URN}rejectedIdentifier`,
            detail: 'This CA will not issue for "example.net"',
            identifier: { type: 'dns', value: 'example.net' },
          },
        ],
      },
      403,
      { 'retry-after': '120' },
    );
    expect(problem).toBeInstanceOf(AcmeProblem);
    expect(problem).toMatchObject({
      code: 'acme-problem',
      type: 'malformed',
      status: 403,
      retryAfter: '120',
    });
    expect(problem.message).toBe('the CA says: Some of the identifiers requested were rejected (malformed)');
    expect(problem.subproblems).toEqual([
      { name: '_example.org', type: 'malformed', detail: 'Invalid underscore in DNS name "_example.org"' },
      { name: 'example.net', type: 'rejectedIdentifier', detail: 'This CA will not issue for "example.net"' },
    ]);
    expect(isFinal(problem)).toBe(true);
  });

  it.each([
    ['an empty body', '', 503, 'serverInternal'],
    ['a page of HTML', '<html>502 Bad Gateway</html>', 502, 'serverInternal'],
    ['a front end that is fed up', 'slow down', 429, 'rateLimited'],
    ['a list', '[1]', 400, 'unknown'],
    ['a number for a type', { type: 5, detail: ['x'] }, 403, 'unknown'],
    ['a type that says nothing', { type: 'about:blank' }, 404, 'unknown'],
    ['a bare prefix', { type: URN }, 404, 'unknown'],
    ['too much', `{"type":"x"${' '.repeat(PROBLEM_OCTETS_MAX)}}`, 400, 'unknown'],
  ])('is made of %s', (_what, body, status, type) => {
    const problem = read(body, status);
    expect(problem.type).toBe(type);
    expect(problem.detail).toBe(`it answered with the HTTP status ${status} and did not say why`);
    expect([problem.retryAfter, problem.subproblems]).toEqual([undefined, []]);
  });

  it('keeps a type of another kind, and its title where there is no detail', () => {
    expect(read({ type: 'https://ca.example/errors/quota', title: 'Quota exceeded' })).toMatchObject({
      type: 'https://ca.example/errors/quota',
      detail: 'Quota exceeded',
    });
  });

  it('has no control characters, no turns of the text and no second line', () => {
    const detail = '\u001b[2Ja\r\n\u0000b\u202ec\u2028d\ud800\u200be';
    expect(read({ type: `${URN}dns\n`, detail })).toMatchObject({ type: 'dns', detail: '[2Ja b c d e' });
  });

  it('is cut to 500 characters, never through one', () => {
    expect(read({ detail: 'x'.repeat(500) }).detail).toBe('x'.repeat(500));
    expect(read({ detail: 'x'.repeat(501) }).detail).toBe(`${'x'.repeat(499)}…`);
    expect(read({ detail: `${'x'.repeat(498)}🔒🔒` }).detail).toBe(`${'x'.repeat(498)}…`);
  });

  it('names the page at which new terms are agreed to, where that is a page', () => {
    const problem = (instance: unknown) =>
      read({ type: `${URN}userActionRequired`, detail: 'Terms of service have changed', instance }, 403)
        .detail;
    expect(problem('https://ca.example/agree?id=1')).toBe(
      'Terms of service have changed (https://ca.example/agree?id=1)',
    );
    for (const none of [
      undefined,
      'agree here',
      'javascript:x',
      'https://x/\n',
      `https://x/${'y'.repeat(300)}`,
    ]) {
      expect(problem(none)).toBe('Terms of service have changed');
    }
    const long = read({ type: `${URN}userActionRequired`, detail: 'x'.repeat(600), instance: 'https://x/' });
    expect(long.detail).toMatch(/… \(https:\/\/x\/\)$/);
    expect(long.detail).toHaveLength(500);
  });

  it('has at most a hundred subproblems, and any of them may be nonsense', () => {
    const one = { type: `${URN}dns`, detail: 'd', identifier: { type: 'dns', value: 'n'.repeat(300) } };
    const many = read({ subproblems: Array(150).fill(one) }).subproblems;
    expect(many).toHaveLength(100);
    expect(many[0]!.name).toHaveLength(253);
    expect(read({ subproblems: [null, 'x', [], {}, { identifier: 'x' }] }).subproblems).toEqual([
      { name: '', type: 'unknown', detail: 'no explanation' },
      { name: '', type: 'unknown', detail: 'no explanation' },
    ]);
    expect(read({ subproblems: { 0: one } }).subproblems).toEqual([]);
  });

  it.each([
    ['120', '120'],
    [['Fri, 31 Dec 1999 23:59:59 GMT', '5'], 'Fri, 31 Dec 1999 23:59:59 GMT'],
    ['\r\n', undefined],
    [[], undefined],
  ])('keeps when to come back: %j', (field, expected) => {
    expect(read({}, 429, { 'retry-after': field }).retryAfter).toBe(expected);
  });

  it('of a challenge or an order is read without a response', () => {
    const error = { type: `${URN}unauthorized`, detail: 'Invalid response', status: 403 };
    expect(problemOf(error, 200)).toMatchObject({
      type: 'unauthorized',
      detail: 'Invalid response',
      status: 200,
    });
    expect(problemOf(undefined, 200).type).toBe('unknown');
  });

  it('of anything at all can be described', () => {
    const text = fc.uint16Array().map((units) => String.fromCharCode(...units));
    const document = fc.oneof(
      fc.json(),
      fc
        .record(
          { type: text, detail: text, subproblems: fc.array(fc.record({ type: text, detail: text })) },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
      text,
    );
    fc.assert(
      fc.property(document, fc.integer({ min: 400, max: 599 }), (body, status) => {
        const problem = read(body, status);
        expect(problem.detail.length).toBeLessThanOrEqual(500);
        expect(problem.detail).not.toBe('');
        expect(describeProblem(problem, 'dns-01')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
      }),
    );
  });
});

describe('what to check', () => {
  const CHALLENGES = ['http-01', 'tls-alpn-01', 'dns-01', null] as const;
  const other = whatToCheck('somethingElse', null);

  it.each([...OF_THE_RFC, ...LATER])('is said of %s, for every challenge', (type) => {
    for (const challenge of CHALLENGES) {
      expect(whatToCheck(type, challenge)).not.toBe(other);
      // The rest of a sentence that others end.
      expect(whatToCheck(type, challenge)).toMatch(/^[a-zA-Z].*[^.]$/);
    }
  });

  it.each([
    ['connection', 'http-01', /port 80/],
    ['connection', 'tls-alpn-01', /port 443/],
    ['connection', 'dns-01', /delegated/],
    ['unauthorized', 'http-01', /port 80.*\/\.well-known\/acme-challenge\//],
    ['unauthorized', 'tls-alpn-01', /port 443/],
    ['unauthorized', 'dns-01', /_acme-challenge.*delegation.*DNSSEC/],
    ['dns', 'http-01', /A or AAAA record/],
    ['dns', 'dns-01', /_acme-challenge.*delegation.*CAA.*DNSSEC/],
    ['caa', 'dns-01', /CAA records/],
    ['malformed', null, /^the names first: .*\*\.example\.com: delete it\); then .*newer release/],
  ] as const)('of %s with %s it is the right thing', (type, challenge, words) => {
    expect(whatToCheck(type, challenge)).toMatch(words);
  });

  it('is something for types that nobody knows, those of every object included', () => {
    for (const type of ['unknown', 'toString', '__proto__', 'constructor', '']) {
      expect(whatToCheck(type, 'http-01')).toBe(other);
    }
  });
});

describe('the sentence for the owner', () => {
  it('has what the CA says, its type, and what to check', () => {
    const problem = read({ type: `${URN}rateLimited`, detail: 'too many certificates already issued' }, 429);
    expect(describeProblem(problem, 'dns-01')).toBe(
      `the CA says: too many certificates already issued (rateLimited); what to check: ${whatToCheck('rateLimited', null)}`,
    );
  });

  it('names three of many subproblems, and checks for each kind of a compound', () => {
    const one = (type: string, value: string) => ({
      type: URN + type,
      detail: 'no',
      identifier: { type: 'dns', value },
    });
    const subproblems = [
      one('caa', 'a.x'),
      one('dns', 'b.x'),
      one('dns', 'c.x'),
      one('dns', 'd.x'),
      one('dns', 'e.x'),
    ];
    const problem = read({ type: `${URN}compound`, detail: 'Several', subproblems });
    expect(describeProblem(problem, 'http-01')).toBe(
      `the CA says: Several (compound): a.x: no (caa); b.x: no (dns); c.x: no (dns); and 2 more; what to check: ${whatToCheck('caa', null)}; ${whatToCheck('dns', 'http-01')}; trying again alone will not help`,
    );
  });

  const final = [
    'badCSR',
    'badPublicKey',
    'badSignatureAlgorithm',
    'caa',
    'externalAccountRequired',
    'invalidContact',
    'invalidProfile',
    'onionCAARequired',
    'rejectedIdentifier',
    'unsupportedContact',
    'unsupportedIdentifier',
    'userActionRequired',
  ];
  it.each([...OF_THE_RFC, ...LATER, 'unknown'])('says of %s whether a hand is needed', (type) => {
    const problem = read({ type: URN + type, detail: 'no' });
    expect(isFinal(problem)).toBe(final.includes(type));
    const ends = describeProblem(problem, null).endsWith('; trying again alone will not help');
    expect(ends).toBe(final.includes(type));
  });
});
