// HTTP requests to DoH (src/listener/doh-request.ts, doh-json-request.ts) and to the admin door
// (src/admin/admin-request.ts), judged without a socket: a query in the URL is the octets that Buffer reads there, a
// query in words is one that dns-packet reads with that very question, and no page of another place gets in at the
// admin door.

import fc from 'fast-check';
import { judgeAdminRequest } from '../../../src/admin/admin-request.ts';
import { findRoute, isRoute } from '../../../src/admin/route.ts';
import { adminRoutes } from '../../../src/admin/routes.ts';
import { NameSyntaxError, parseName } from '../../../src/dns/names.ts';
import { Query } from '../../../src/dns/query.ts';
import { DNS_MESSAGE, DOH_PATH, judgeRequest, type RequestHead } from '../../../src/listener/doh-request.ts';
import { adminSubject } from '../../support/admin-subjects.ts';
import { anyText, piecesOf } from '../../support/arbitrary-texts.ts';
import { readAsPacket } from '../oracle.ts';
import { type FuzzTarget, must, mustEqual, unlessRefused } from '../target.ts';

export interface HttpStory {
  readonly head: RequestHead;
  readonly octets: Buffer;
  readonly name: string;
  readonly host: string;
  readonly origin: string | undefined;
  readonly path: string;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'get', ''];
const STATUSES: ReadonlySet<number> = new Set([400, 403, 404, 405, 413, 415, 421]);
const OWN_HOSTS = ['dns.home.example', '*.lab.example'];
const ROUTES = adminRoutes(adminSubject());
const OWN_ADDRESS = '192.0.2.1';
const MESSAGE_OCTETS_MAX = 65_535;

const target = fc.oneof(
  piecesOf(
    [
      DOH_PATH,
      '/',
      '?',
      '&',
      'dns=',
      'name=',
      'type=',
      'do=',
      'cd=',
      'AAAA',
      '1',
      '65536',
      'a.example',
      '%',
      '%00',
      '+',
      '=',
      'AAAB',
      '__proto__',
      'ü',
    ],
    10,
    '&',
  ),
  anyText.map((text) => `${DOH_PATH}?${text}`),
);
const host = fc.oneof(
  piecesOf(
    [
      'dns.home.example',
      'x.lab.example',
      'evillab.example',
      'x.y.lab.example',
      'localhost',
      '127.0.0.1',
      '192.0.2.1',
      '[::1]',
      '[',
      ']',
      ':8080',
      '.',
      'evil.example',
      '0x7f.1',
      '@',
      '%',
      ' ',
    ],
    4,
  ),
  anyText,
);

export const httpRequests: FuzzTarget<HttpStory> = {
  name: 'http-requests',
  oracle: 'Buffer, dns-packet, and the list of names that the server goes by',
  runs: 4000,
  input: fc.record({
    head: fc.record({
      method: fc.constantFrom(...METHODS),
      target,
      contentType: fc.option(
        piecesOf([DNS_MESSAGE, ';', ' ', 'charset=x', 'text/html', 'APPLICATION/DNS-MESSAGE'], 4),
        { nil: undefined },
      ),
      contentLength: fc.option(piecesOf(['0', '65535', '65536', '-1', '1e9', 'x', ' '], 2), {
        nil: undefined,
      }),
    }),
    octets: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((octets) => Buffer.from(octets)),
    name: fc.oneof(fc.domain(), anyText),
    host,
    origin: fc.option(
      host.map((text) => `http://${text}`),
      { nil: undefined },
    ),
    path: piecesOf(
      [
        '/',
        '/healthz',
        '/api/explain',
        '/control/flush-cache',
        '/metrics',
        '?',
        'x',
        '__proto__',
        '..',
        '//',
      ],
      3,
    ),
  }),
  holds({ head, octets, name, host, origin, path }) {
    mustBeJudged(head);
    const get = { method: 'GET', contentType: undefined, contentLength: undefined };
    const asked = judgeRequest({ ...get, target: `${DOH_PATH}?x=1&dns=${octets.toString('base64url')}` });
    must('query' in asked && Buffer.from(asked.query).equals(octets), 'the query in the URL');
    mustAskFor(
      name,
      judgeRequest({ ...get, target: `${DOH_PATH}?name=${encodeURIComponent(name.toWellFormed())}&type=28` }),
    );
    mustKeepOthersOut({ host, origin, path, method: head.method });
  },
};

function mustBeJudged(head: RequestHead): void {
  const judged = judgeRequest(head);
  if ('status' in judged)
    must(STATUSES.has(judged.status) && judged.message.length < 500, 'a refusal has a status and a sentence');
  else if ('readBody' in judged)
    must(head.method === 'POST' && head.target.startsWith(DOH_PATH), 'only POST has a body');
  else must(judged.query.length > 0 && judged.query.length <= MESSAGE_OCTETS_MAX, 'a query has octets');
}

function mustAskFor(name: string, judged: ReturnType<typeof judgeRequest>): void {
  const text = name.toWellFormed();
  const wire = unlessRefused(() => (text === '@' ? '\x01@\0' : parseName(text)), NameSyntaxError);
  mustEqual('query' in judged, wire !== null, 'a name that can be asked for');
  if (!('query' in judged)) return;
  const query = new Query(judged.query);
  mustEqual(readAsPacket(judged.query).additionals.length, 1, 'records of the query');
  mustEqual(
    [query.type, Buffer.from(query.question.subarray(0, -4)).toString('latin1')],
    [28, wire],
    'the question',
  );
  must(!query.isMalformed, 'a sound query');
}

function mustKeepOthersOut({
  host,
  origin,
  path,
  method,
}: Pick<HttpStory, 'host' | 'origin' | 'path'> & { method: string }): void {
  const request = { target: path, hosts: [host], origin, localAddress: OWN_ADDRESS };
  const refused = judgeAdminRequest(request, OWN_HOSTS);
  if (refused !== null) {
    must(
      STATUSES.has(refused.status) && refused.message.length < 500,
      'a refusal has a status and a sentence',
    );
    return;
  }
  const bare = host.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();
  const isOwn =
    ['localhost', OWN_ADDRESS, '[::1]', OWN_HOSTS[0]].includes(bare) ||
    /^127\.0\.0\.1$|^[\w-]+\.lab\.example$/.test(bare);
  must(isOwn, `${JSON.stringify(host)} is a name of this server`);
  must(
    origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`,
    'a page of this server asks',
  );
  const route = findRoute(ROUTES, { path, method, isControl: false });
  must(!isRoute(route) || route.doors === 'both', 'what changes something is for the control socket');
}
