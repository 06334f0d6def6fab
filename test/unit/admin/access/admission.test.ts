// Whether a visit is let in, and why: the judgement, and what it stands on.

import { describe, expect, it } from 'vitest';
import { type AdmissionFacts, judgeAdmission } from '../../../../src/admin/access/admission.ts';
import { isTokenRight } from '../../../../src/admin/access/bearer-token.ts';
import { isForwarded } from '../../../../src/admin/access/forwarded.ts';

/** From another machine, with a password that it has not said. */
const STRANGER: AdmissionFacts = {
  isControl: false,
  client: '192.168.1.30',
  localAddress: '192.168.1.2',
  isForwarded: false,
  loopback: 'open',
  isSignedIn: false,
  isTokenRight: null,
  hasPassword: true,
  hasToken: true,
};
const HERE = { client: '127.0.0.1', localAddress: '127.0.0.1' };
const judge = (facts: Partial<AdmissionFacts>) => judgeAdmission({ ...STRANGER, ...facts });

describe('let in', () => {
  it.each([
    [
      'the control socket',
      { isControl: true, client: '', localAddress: undefined, loopback: 'closed' },
      'control',
    ],
    ['who has signed in', { isSignedIn: true }, 'session'],
    ['who has signed in and sends an old token', { isSignedIn: true, isTokenRight: false }, 'session'],
    ['who has the token', { isTokenRight: true }, 'token'],
    ['this host', HERE, 'loopback'],
    [
      'this host, by another of its loopback addresses',
      { client: '127.8.8.8', localAddress: '127.0.0.53' },
      'loopback',
    ],
    ['this host, over IPv6', { client: '::1', localAddress: '::1' }, 'loopback'],
    ['this host, where there is no password', { ...HERE, hasPassword: false, hasToken: false }, 'loopback'],
    ['this host through a proxy, signed in', { ...HERE, isForwarded: true, isSignedIn: true }, 'session'],
  ] as const)('is %s', (_who, facts, by) => expect(judge(facts)).toEqual({ isAdmitted: true, by }));
});

describe('not let in', () => {
  it.each([
    ['a stranger', {}, 'not-signed-in'],
    ['a stranger with a wrong token', { isTokenRight: false }, 'wrong-token'],
    [
      'a stranger with a token where there is none',
      { isTokenRight: false, hasToken: false },
      'not-signed-in',
    ],
    ['a stranger where there is a token alone', { hasPassword: false }, 'no-password'],
    ['a stranger where there is nothing', { hasPassword: false, hasToken: false }, 'locked'],
    ['this host where loopback is closed', { ...HERE, loopback: 'closed' }, 'not-signed-in'],
    ['whom a proxy of this host brings', { ...HERE, isForwarded: true }, 'not-signed-in'],
    ['who comes from loopback to another address', { client: '127.0.0.1' }, 'not-signed-in'],
    ['who comes from elsewhere to loopback', { localAddress: '127.0.0.1' }, 'not-signed-in'],
    ['whose address is not known', { client: '', localAddress: '127.0.0.1' }, 'not-signed-in'],
    [
      'who comes to an address that is not known',
      { client: '127.0.0.1', localAddress: undefined },
      'not-signed-in',
    ],
  ] as const)('is %s', (_who, facts, why) => expect(judge(facts)).toEqual({ isAdmitted: false, why }));
});

describe('a request that a proxy has brought', () => {
  const carried = (...fieldNames: string[]) => isForwarded({ httpVersion: '1.1', fieldNames });

  it.each([
    'forwarded',
    'via',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded',
    'x-real-ip',
    'x-original-forwarded-for',
    'x-client-ip',
    'true-client-ip',
    'client-ip',
    'cf-connecting-ip',
  ])('is told by %s', (name) => expect(carried('host', name, 'accept')).toBe(true));

  it('is told by an HTTP/1.0 that only proxies speak', () => {
    expect(isForwarded({ httpVersion: '1.0', fieldNames: ['host'] })).toBe(true);
  });

  it('is none with what browsers and scrapers send', () => {
    const fields = [
      'host',
      'user-agent',
      'accept',
      'cookie',
      'origin',
      'sec-fetch-site',
      'x-prometheus-scrape-timeout-seconds',
    ];
    expect(carried(...fields, 'authorization', 'upgrade-insecure-requests', 'connection')).toBe(false);
  });
});

describe('a bearer token', () => {
  const TOKEN = 'Yq8wX2h5Vb0nTzR7kLmC3dPf9sJgA1uE';

  it.each([
    [`Bearer ${TOKEN}`, true],
    [`bearer  ${TOKEN} `, true],
    [`Bearer ${TOKEN}x`, false],
    [`Bearer ${TOKEN.slice(1)}`, false],
    [`Bearer x`, false],
    ['', null],
    ['Bearer', null],
    ['Bearer ', null],
    [`Basic ${TOKEN}`, null],
    [TOKEN, null],
    [`Bearer ${TOKEN} ${TOKEN}`, null],
  ] as const)('in %j is right: %s', (field, found) => expect(isTokenRight(field, TOKEN)).toBe(found));

  it('is never right where there is none', () => {
    expect(isTokenRight('Bearer null', null)).toBe(false);
    expect(isTokenRight('Bearer undefined', null)).toBe(false);
  });
});
