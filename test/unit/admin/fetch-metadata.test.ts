// What a browser may do here for a page of another place: lead somebody to a page, and nothing else.

import { describe, expect, it } from 'vitest';
import { type FetchFields, judgeFetch } from '../../../src/admin/fetch-metadata.ts';

const LINK: FetchFields = {
  method: 'GET',
  path: '/queries',
  isEncrypted: true,
  origin: undefined,
  site: 'cross-site',
  mode: 'navigate',
  dest: 'document',
};
const judge = (fields: Partial<FetchFields>) => judgeFetch({ ...LINK, ...fields });

describe('let through', () => {
  it.each([
    ['a link from elsewhere to a page', {}],
    ['a link from a sibling to a page', { site: 'same-site' }],
    ['an address that somebody typed', { site: 'none' }],
    [
      'what a page of ours does',
      { method: 'POST', site: 'same-origin', mode: 'cors', dest: 'empty', path: '/logout' },
    ],
    [
      'a program that says nothing',
      { method: 'DELETE', site: undefined, mode: undefined, dest: undefined, path: '/api/cache' },
    ],
    [
      'a form of ours over TLS',
      { method: 'POST', site: 'same-origin', origin: 'https://dns.home.example:8080' },
    ],
    [
      'a form of ours on loopback',
      { method: 'POST', site: 'same-origin', origin: 'http://localhost:8080', isEncrypted: false },
    ],
  ])('is %s', (_what, fields) => expect(judge(fields)).toBeNull());
});

describe('refused', () => {
  it.each([
    ['a form of another place', { method: 'POST' }],
    ['a form of a sibling', { method: 'POST', site: 'same-site' }],
    ['a deletion of another place', { method: 'DELETE', mode: 'cors', dest: 'empty' }],
    ['a script of another place that reads', { mode: 'cors', dest: 'empty', path: '/api/status' }],
    ['a picture of another place', { mode: 'no-cors', dest: 'image' }],
    ['a frame of another place', { dest: 'iframe' }],
    ['an embedded object', { dest: 'embed' }],
    ['a link to what is no page', { path: '/api/status' }],
    ['a link to the metrics', { path: '/metrics' }],
    ['one in capitals', { site: 'Cross-Site', method: 'POST' }],
    [
      'a page without TLS at our own host and port',
      { method: 'POST', site: undefined, origin: 'http://dns.home.example:8080' },
    ],
    ['a page of nowhere', { method: 'POST', site: undefined, origin: 'null' }],
  ])('is %s', (_what, fields) => expect(judge(fields)).toMatch(/may (?:lead here|not ask here)/));
});
