// Why a peer could not be connected to, as people are told it.

import { expect, test } from 'vitest';
import { describeConnectFailure } from '../../../src/tls/connect-failure.ts';
import { nothingHolds, PeerUntrusted } from '../../../src/tls/verdict.ts';

const ofSystem = (code: string, message: string) => Object.assign(new Error(message), { code });
const ofTls = (reason: string) =>
  new Error(
    `4073E9E1D37F0000:error:0A000460:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/rec_layer_s3.c:918:SSL alert number 120\n`,
  );
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
])('%s', (error, reason) => {
  expect(describeConnectFailure(error)).toEqual({ reason, isUntrusted: reason === untrusted.message });
});
