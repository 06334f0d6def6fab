// Why a peer could not be connected to, as people are told it.

import { expect, test } from 'vitest';
import { describeConnectFailure } from '../../../src/tls/connect-failure.ts';
import { nothingHolds, PeerUntrusted } from '../../../src/tls/verdict.ts';

const ofSystem = (code: string, message: string) => Object.assign(new Error(message), { code });
const ofTls = (reason: string) =>
  new Error(
    `4073E9E1D37F0000:error:0A000460:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/rec_layer_s3.c:918:SSL alert number 120\n`,
  );
const at = (code: string, address: string) =>
  Object.assign(ofSystem(code, `connect ${code} ${address}:853`), { address });
const timedOut = Object.assign(new Error('no answer within 3000 ms'), { code: 'connect-timed-out' });
const untrusted = new PeerUntrusted('dns.example', nothingHolds('nobody vouches for it'));

test.each([
  [
    ofSystem('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:853'),
    'ECONNREFUSED 127.0.0.1:853 (nothing listens there)',
  ],
  [new Error('something else'), 'something else'],
  [
    ofTls('tlsv1 alert no application protocol'),
    'it speaks TLS, but not this protocol; something on the way may be answering in its place',
  ],
  [ofTls('wrong version number'), 'what answers speaks no TLS'],
  [ofTls('tlsv1 alert internal error'), 'TLS failed: tlsv1 alert internal error'],
  [new AggregateError([untrusted, ofSystem('ETIMEDOUT', 'connect ETIMEDOUT')]), untrusted.message],
  [
    ofSystem('ENETUNREACH', 'connect ENETUNREACH 2001:db8::1:853 - Local (:::0)'),
    'ENETUNREACH 2001:db8::1:853 (no way leads there; is this host online?)',
  ],
])('%s', (error, reason) => {
  expect(describeConnectFailure(error)).toEqual({ reason, isUntrusted: reason === untrusted.message });
});

test.each<[string, readonly Error[], RegExp]>([
  ['who is not trusted', [at('ECONNREFUSED', '192.0.2.1'), untrusted], /nobody vouches for it/],
  [
    'an answer',
    [timedOut, at('EHOSTUNREACH', '192.0.2.2'), at('ECONNREFUSED', '192.0.2.1')],
    /^ECONNREFUSED/,
  ],
  ['silence', [timedOut, at('EHOSTUNREACH', '2001:db8::1')], /^no answer within/],
  ['IPv4', [at('EHOSTUNREACH', '192.0.2.1'), at('ENETUNREACH', '2001:db8::1')], /192\.0\.2\.1/],
  ['a way that is there', [at('ECONNREFUSED', '2001:db8::1'), at('ENETUNREACH', '192.0.2.1')], /2001:db8::1/],
  [
    'IPv4, whichever failed last,',
    [at('ENETUNREACH', '2001:db8::1'), at('EHOSTUNREACH', '192.0.2.1')],
    /192\.0\.2\.1/,
  ],
  ['the first of equals', [at('ECONNREFUSED', '192.0.2.1'), at('ECONNREFUSED', '192.0.2.2')], /192\.0\.2\.1/],
])('of several addresses that failed, %s tells most', (_, errors, reason) => {
  expect(describeConnectFailure(new AggregateError(errors)).reason).toMatch(reason);
});

test('no address at all is a reason too', () => {
  expect(describeConnectFailure(new AggregateError([], 'no address is known')).reason).toBe(
    'no address is known',
  );
});
