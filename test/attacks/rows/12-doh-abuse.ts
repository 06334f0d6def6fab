// Row 12: whatever is wrong with a request of DoH gets the status that fits (RFC 8484, RFC 9110), and a good one on the same
// connection is answered; where nobody can tell where a message ends, the connection ends with it.

import http2 from 'node:http2';
import { connect } from 'node:tls';
import { addressed } from '../../support/dns-client.ts';
import { makeQuery } from '../../support/dns-message.ts';
import { INTERNAL_NAME } from '../../support/noonmark.ts';
import type { Door } from '../../support/peers/hostile-client.ts';
import { HTTP_ABUSES, tryAbuse } from '../../support/peers/hostile-client-http.ts';
import { clientAddress, doorOf } from '../door.ts';
import type { Trial } from '../trial.ts';

const ANSWERED_WITHIN_MS = 3_000;
const TYPE = 'application/dns-message';
const QUERY = makeQuery(INTERNAL_NAME, 'A', { id: 0 });
const GOOD = `/dns-query?dns=${QUERY.toString('base64url')}`;

const ABUSE_OVER_HTTP1: Trial = {
  row: 12,
  name: 'bad requests over HTTP/1.1, each with a good one after it',
  over: ['DoH'],
  async attack(arena) {
    const doors = HTTP_ABUSES.map((_, at) => doorOf(arena, clientAddress(at)));
    return (await Promise.all(HTTP_ABUSES.map((abuse, at) => tryAbuse(abuse, doors[at]!)))).flat();
  },
};

interface BadRequest {
  readonly what: string;
  readonly headers: http2.OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly statuses: readonly number[];
}

const post = (headers: http2.OutgoingHttpHeaders) => ({
  ':method': 'POST',
  ':path': '/dns-query',
  ...headers,
});
const BAD_REQUESTS: readonly BadRequest[] = [
  { what: 'bad base64', headers: { ':path': `${GOOD}+/w` }, statuses: [400] },
  { what: 'padded base64', headers: { ':path': `${GOOD}==` }, statuses: [400] },
  { what: 'no query', headers: { ':path': '/dns-query' }, statuses: [400, 404, 415] },
  { what: 'another path', headers: { ':path': '/elsewhere' }, statuses: [404, 400] },
  { what: 'PUT', headers: { ':method': 'PUT', ':path': '/dns-query' }, statuses: [405, 400, 501] },
  { what: 'TRACE', headers: { ':method': 'TRACE', ':path': '/dns-query' }, statuses: [405, 400, 501] },
  { what: 'no type', headers: post({}), body: QUERY, statuses: [415, 400] },
  { what: 'another type', headers: post({ 'content-type': 'text/html' }), body: QUERY, statuses: [415, 400] },
  {
    what: '70 kB',
    headers: post({ 'content-type': TYPE }),
    body: Buffer.alloc(70_000),
    statuses: [413, 400],
  },
  { what: 'an empty body', headers: post({ 'content-type': TYPE }), body: Buffer.alloc(0), statuses: [400] },
  { what: 'no DNS', headers: post({ 'content-type': TYPE }), body: Buffer.from('no DNS'), statuses: [400] },
];

const ABUSE_OVER_HTTP2: Trial = {
  row: 12,
  name: 'bad requests over one connection of HTTP/2, and a good one after each',
  over: ['DoH'],
  async attack(arena) {
    const session = openSession(doorOf(arena));
    const complaints: string[] = [];
    for (const { what, headers, body, statuses } of BAD_REQUESTS) {
      const status = await statusOf(session, headers, body);
      if (!statuses.includes(status)) complaints.push(`${what}: status ${status}`);
      const next = await statusOf(session, { ':path': GOOD });
      if (next !== 200) complaints.push(`a good request after ${what}: status ${next}`);
    }
    session.destroy();
    return complaints;
  },
};

function openSession({ endpoint, trust }: Door): http2.ClientHttp2Session {
  const session = http2.connect(`https://${trust.name}`, {
    createConnection: () =>
      connect({ ...addressed(endpoint), servername: trust.name, ca: trust.ca, ALPNProtocols: ['h2'] }),
  });
  return session.on('error', () => {});
}

/** 0: none came. */
function statusOf(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
): Promise<number> {
  if (session.destroyed) return Promise.resolve(0);
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'GET', ...headers }, { endStream: body === undefined });
    stream.on('response', ({ ':status': status = 0 }) => resolve(status));
    stream.on('error', () => {}).on('close', () => resolve(0));
    stream.setTimeout(ANSWERED_WITHIN_MS, () => stream.close());
    stream.resume();
    if (body !== undefined) stream.end(body);
  });
}

export const DOH_ABUSE: readonly Trial[] = [ABUSE_OVER_HTTP1, ABUSE_OVER_HTTP2];
