// The judgement of an HTTP request, as a table.

import { describe, expect, it } from 'vitest';
import { type DohRequest, judgeRequest, type RequestHead } from '../../../src/listener/doh-request.ts';

const DNS = 'application/dns-message';
const QUERY = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]);
const ENCODED = QUERY.toString('base64url');

type Outcome = number | 'query' | 'json' | 'body';
type Row = readonly [what: string, head: Partial<RequestHead>, gives: Outcome];

const ROWS: readonly Row[] = [
  ['a GET with a query', { target: `/dns-query?dns=${ENCODED}` }, 'query'],
  ['a HEAD with a query', { method: 'HEAD', target: `/dns-query?dns=${ENCODED}` }, 'query'],
  ['a GET with the parameter in second place', { target: `/dns-query?ct&dns=${ENCODED}` }, 'query'],
  ['a GET with another question mark in it', { target: `/dns-query?dns=${ENCODED}&x=?` }, 'query'],
  ['a GET with a name', { target: '/dns-query?name=www.example' }, 'json'],
  ['a HEAD with a name', { method: 'HEAD', target: '/dns-query?type=AAAA&name=www.example' }, 'json'],
  ['a GET with both', { target: `/dns-query?name=www.example&dns=${ENCODED}` }, 'query'],
  ['a GET with an empty name', { target: '/dns-query?name=' }, 400],
  ['a GET with a wrong type', { target: '/dns-query?name=www.example&type=NOSUCH' }, 400],
  ['a GET with a type alone', { target: '/dns-query?type=A' }, 400],
  ['a GET with a name elsewhere', { target: '/resolve?name=www.example' }, 404],
  ['a POST with a name', { method: 'POST', target: '/dns-query?name=www.example' }, 415],
  ['a PUT with a name', { method: 'PUT', target: '/dns-query?name=www.example' }, 405],
  ['a GET without parameters', { target: '/dns-query' }, 400],
  ['a GET with an empty parameter', { target: '/dns-query?dns=' }, 400],
  ['a GET with a parameter of another name', { target: `/dns-query?xdns=${ENCODED}` }, 400],
  ['a GET with base64 of the other alphabet', { target: '/dns-query?dns=ab+/' }, 400],
  ['a GET with padding', { target: '/dns-query?dns=YQ==' }, 400],
  ['a GET with percent signs', { target: '/dns-query?dns=%41%41' }, 400],
  ['a GET with an impossible length', { target: '/dns-query?dns=AAAAA' }, 400],
  ['a GET with the longest message', { target: `/dns-query?dns=${encodedOf(65_535)}` }, 'query'],
  ['a GET with a longer one', { target: `/dns-query?dns=${encodedOf(65_536)}` }, 413],
  ['a GET behind its origin', { target: `https://dns.example:8443/dns-query?dns=${ENCODED}` }, 'query'],
  ['a GET of an origin alone', { target: 'https://dns.example' }, 404],
  ['a GET behind two origins', { target: `http://a/https://b/dns-query?dns=${ENCODED}` }, 404],
  ['a GET of another scheme', { target: `ftp://dns.example/dns-query?dns=${ENCODED}` }, 404],
  ['a GET without a host', { target: `/dns-query?dns=${ENCODED}`, lacksHost: true }, 400],
  ['a GET of /', { target: '/' }, 404],
  ['a GET of a longer path', { target: `/dns-query/?dns=${ENCODED}` }, 404],
  ['a GET in capitals', { target: `/DNS-QUERY?dns=${ENCODED}` }, 404],
  ['a GET of an encoded path', { target: `/dns%2Dquery?dns=${ENCODED}` }, 404],
  ['an OPTIONS of *', { method: 'OPTIONS', target: '*' }, 404],
  ['a POST', { method: 'POST', contentType: DNS }, 'body'],
  ['a POST with parameters on its type', { method: 'POST', contentType: `${DNS} ; q=1` }, 'body'],
  ['a POST in capitals', { method: 'POST', contentType: DNS.toUpperCase() }, 'body'],
  ['a POST of the longest message', { method: 'POST', contentType: DNS, contentLength: '65535' }, 'body'],
  ['a POST of a longer one', { method: 'POST', contentType: DNS, contentLength: '65536' }, 413],
  ['a POST without a type', { method: 'POST' }, 415],
  ['a POST of another type', { method: 'POST', contentType: 'text/plain' }, 415],
  ['a POST elsewhere', { method: 'POST', contentType: DNS, target: '/x' }, 404],
  ['a PUT', { method: 'PUT', contentType: DNS }, 405],
  ['a lower-case get', { method: 'get', target: `/dns-query?dns=${ENCODED}` }, 405],
];

function encodedOf(octets: number): string {
  return Buffer.alloc(octets).toString('base64url');
}

function outcome(judged: DohRequest): Outcome {
  if ('query' in judged) return judged.answerAs === 'json' ? 'json' : 'query';
  return 'status' in judged ? judged.status : 'body';
}

describe('judgeRequest', () => {
  it.each(ROWS)('%s', (_what, head, gives) => {
    const whole = {
      method: 'GET',
      target: '/dns-query',
      contentType: undefined,
      contentLength: undefined,
      ...head,
    };
    expect(outcome(judgeRequest(whole))).toBe(gives);
  });

  it.each(['name=', 'name=a..b', 'name=a&type=0', 'name=a&cd=2'])('refuses ?%s as JSON', (search) => {
    const head = { method: 'GET', contentType: undefined, contentLength: undefined };
    expect(judgeRequest({ ...head, target: `/dns-query?${search}` })).toMatchObject({ asJson: true });
    expect(judgeRequest({ ...head, target: '/dns-query?dns=' })).not.toHaveProperty('asJson');
  });

  it('keeps a question mark that stands in a name', () => {
    const head = { method: 'GET', contentType: undefined, contentLength: undefined };
    const judged = judgeRequest({ ...head, target: '/dns-query?name=a?b' }) as { query: Uint8Array };
    expect(Buffer.from(judged.query).toString('latin1')).toContain('\x03a?b\0');
  });

  it('gives the very octets of the query', () => {
    const head = {
      method: 'GET',
      target: `/dns-query?dns=${ENCODED}`,
      contentType: undefined,
      contentLength: undefined,
    };
    expect(judgeRequest(head)).toEqual({ query: QUERY, answerAs: 'message' });
  });
});
