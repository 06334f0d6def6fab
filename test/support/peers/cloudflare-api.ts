// A stand-in for the part of Cloudflare's API v4 that dns-01 needs, over HTTPS on loopback, as strict as the real one or
// stricter: paths, the Bearer token, JSON with its content type, fields and their types, TXT content in quotes, errors
// with Cloudflare's own codes, pages. What it holds can be asked for by a DNS server of a test.
//
//   const api = await startCloudflareApi(certificate, { token, zones: [{ name: 'home.example' }] });
//   `https://api.example:${api.port}/client/v4` // the base of the API
//   api.records('_acme-challenge.home.example') // ['…'], without the quotes

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Behaviour } from '../list-server.ts';
import type { IssuedCertificate } from '../pki.ts';

const BASE = '/client/v4';
const ZONES_PER_PAGE = 20;
const RECORDS_PER_PAGE = 100;
const CONTENT_CHARACTERS_MAX = 2_048;

export interface CloudflareZone {
  readonly name: string;
  /** Default `active`. */
  readonly status?: 'active' | 'pending' | 'initializing' | 'moved';
}

export interface CloudflareRecord {
  readonly id: string;
  readonly zone: string;
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly ttl: number;
}

export interface CloudflareApiOptions {
  readonly zones: readonly CloudflareZone[];
  readonly token: string;
  /** What the token may do besides being known; default both. */
  readonly may?: { readonly readZones?: boolean; readonly editDns?: boolean };
  /** After each record that comes or goes. */
  readonly onChange?: () => void;
  readonly recordsPerPage?: number;
  /** Of each request, as `requests` has it, before it is answered. */
  readonly onRequest?: (request: string) => void;
}

export interface CloudflareApi {
  readonly port: number;
  /** "METHOD path?query", in the order they came. */
  readonly requests: string[];
  /** Everything that is held, of all zones; a test may put something there, or take it away. */
  readonly held: CloudflareRecord[];
  /** TXT values at a name, without their quotes. */
  records(name: string): string[];
  /** Answers in its place while it is not null. */
  behave: Behaviour | null;
  close(): void;
}

/** A refusal as the API words it. */
class Refused extends Error {
  readonly status: number;
  readonly errors: readonly object[];

  constructor(status: number, code: number, message: string, below?: { code: number; message: string }) {
    super(message);
    this.status = status;
    this.errors = [{ code, message, ...(below === undefined ? {} : { error_chain: [below] }) }];
  }
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** HTTP/2 or HTTP/1.1, as is asked. */
export async function startCloudflareApi(
  { certificateFile, keyFile }: IssuedCertificate,
  options: CloudflareApiOptions,
): Promise<CloudflareApi> {
  const zones = options.zones.map((zone) => ({ status: 'active', ...zone, id: newId() }));
  const held: CloudflareRecord[] = [];
  const answer = (asked: Asked) => answerTo(asked, { options, zones, held });
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'https://api.invalid');
      const { method = '', headers } = request;
      api.requests.push(`${method} ${url.pathname}${url.search}`);
      options.onRequest?.(api.requests.at(-1)!);
      if (api.behave !== null) api.behave(request, response);
      else {
        const body = Buffer.concat(chunks).toString();
        const asked = { method, path: url.pathname, query: url.searchParams, headers, body };
        respond(response, () => answer(asked));
      }
    });
  };
  const credentials = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
  const server = createSecureServer({ ...credentials, allowHTTP1: true }, take as never);
  const sockets = new Set<Socket>();
  server.on('sessionError', () => {}).on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: CloudflareApi = {
    port: (server.address() as AddressInfo).port,
    requests: [],
    held,
    records: (name) =>
      held
        .filter((record) => record.type === 'TXT' && record.name === name.toLowerCase())
        .map(({ content }) => content.replace(/^"|"$/g, '')),
    behave: null,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return api;
}

interface World {
  readonly options: CloudflareApiOptions;
  readonly zones: readonly { readonly id: string; readonly name: string; readonly status: string }[];
  readonly held: CloudflareRecord[];
}

function respond(response: ServerResponse, answer: () => object): void {
  let [status, envelope]: [number, object] = [200, {}];
  try {
    envelope = { success: true, errors: [], messages: [], ...answer() };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    status = error.status;
    envelope = { success: false, errors: error.errors, messages: [], result: null };
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(envelope));
}

function answerTo(asked: Asked, world: World): object {
  const { method, path, query } = asked;
  authorize(asked.headers, world.options.token);
  const route = `${method} ${path.replace(/[\da-f]{32}/g, ':id')}`;
  const [zoneId = '', recordId = ''] = path.match(/[\da-f]{32}/g) ?? [];
  switch (route) {
    case `GET ${BASE}/zones`:
      return listZones(query, world);
    case `GET ${BASE}/zones/:id/dns_records`:
      return listRecords(zoneOf(zoneId, world), query, world);
    case `POST ${BASE}/zones/:id/dns_records`:
      return createRecord(zoneOf(zoneId, world), asked, world);
    case `DELETE ${BASE}/zones/:id/dns_records/:id`:
      return deleteRecord(zoneOf(zoneId, world), recordId, asked, world);
    default:
      throw new Refused(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`);
  }
}

function authorize({ authorization }: IncomingMessage['headers'], token: string): void {
  if (authorization === undefined)
    throw new Refused(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers');
  const given = /^Bearer ([\w-]{8,})$/.exec(authorization)?.[1];
  if (given === undefined) {
    throw new Refused(400, 6003, 'Invalid request headers', {
      code: 6111,
      message: 'Invalid format for Authorization header',
    });
  }
  if (given !== token) throw new Refused(403, 9109, 'Invalid access token');
}

function zoneOf(id: string, { zones, options }: World) {
  const zone = zones.find((one) => one.id === id);
  if (zone === undefined || options.may?.editDns === false)
    throw new Refused(403, 10000, 'Authentication error');
  return zone;
}

function listZones(query: URLSearchParams, { zones, options }: World): object {
  demandQuery(query, ['name', 'page', 'per_page', 'status'], 50);
  const name = query.get('name');
  if (options.may?.readZones === false) return pageOf([], query, ZONES_PER_PAGE);
  const found = zones.filter((zone) => name === null || zone.name === name);
  return pageOf(
    found.map((zone) => ({ ...zone, type: 'full', paused: false })),
    query,
    ZONES_PER_PAGE,
  );
}

function listRecords(zone: World['zones'][number], query: URLSearchParams, { held, options }: World): object {
  demandQuery(query, ['type', 'name', 'name.exact', 'page', 'per_page'], 5_000_000);
  const [type, name] = [query.get('type'), query.get('name') ?? query.get('name.exact')];
  const found = held
    .filter((record) => record.zone === zone.name)
    .filter((record) => type === null || record.type === type)
    .filter((record) => name === null || record.name === name.toLowerCase());
  return pageOf(found.map(shown), query, options.recordsPerPage ?? RECORDS_PER_PAGE);
}

function createRecord(zone: World['zones'][number], asked: Asked, { held, options }: World): object {
  const { type, name, content, ttl, ...others } = bodyOf(asked);
  const isTtl = Number.isInteger(ttl) && (ttl === 1 || ((ttl as number) >= 60 && (ttl as number) <= 86_400));
  if (type !== 'TXT') throw invalid(9004, 'this stand-in holds TXT records only');
  if (typeof name !== 'string' || !(name === zone.name || name.endsWith(`.${zone.name}`)))
    throw invalid(9000, 'DNS name is invalid.');
  if (typeof content !== 'string' || !/^"(?:[^"\\]|\\.)*"$/.test(content))
    throw invalid(9207, 'Content for TXT record must be in quotation marks.');
  if (content.length > CONTENT_CHARACTERS_MAX) throw invalid(9207, 'Content for TXT record is too long.');
  if (!isTtl) throw invalid(9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.');
  if (Object.keys(others).length > 0) throw invalid(9999, `unknown fields: ${Object.keys(others)}`);
  const lower = name.toLowerCase();
  if (held.some((one) => one.type === type && one.name === lower && one.content === content))
    throw new Refused(400, 81058, 'An identical record already exists.');
  const record = { id: newId(), zone: zone.name, type, name: lower, content, ttl: ttl as number };
  held.push(record);
  options.onChange?.();
  return { result: shown(record) };
}

function deleteRecord(zone: World['zones'][number], id: string, { body }: Asked, world: World): object {
  const { held, options } = world;
  if (body !== '') throw invalid(9999, 'a DELETE has no body');
  const index = held.findIndex((record) => record.zone === zone.name && record.id === id);
  if (index === -1) throw new Refused(404, 81044, 'Record does not exist.');
  held.splice(index, 1);
  options.onChange?.();
  return { result: { id } };
}

function bodyOf({ headers, body }: Asked): Record<string, unknown> {
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? ''))
    throw new Refused(415, 10015, 'Content-Type must be application/json');
  try {
    const read: unknown = JSON.parse(body);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return { ...read };
  } catch {
    // said below
  }
  throw new Refused(400, 9207, 'Request body is invalid.');
}

function demandQuery(query: URLSearchParams, known: readonly string[], perPageMax: number): void {
  for (const key of query.keys()) if (!known.includes(key)) throw invalid(9999, `unknown parameter ${key}`);
  const page = Number(query.get('page') ?? 1);
  const perPage = Number(query.get('per_page') ?? 5);
  if (!Number.isInteger(page) || page < 1) throw invalid(9999, 'page is out of bounds');
  if (!Number.isInteger(perPage) || perPage < 5 || perPage > perPageMax)
    throw invalid(9999, 'per_page is out of bounds');
}

function pageOf(all: readonly object[], query: URLSearchParams, perPageByDefault: number): object {
  const page = Number(query.get('page') ?? 1);
  const perPage = Number(query.get('per_page') ?? perPageByDefault);
  const result = all.slice((page - 1) * perPage, page * perPage);
  return {
    result,
    result_info: {
      page,
      per_page: perPage,
      count: result.length,
      total_count: all.length,
      total_pages: Math.ceil(all.length / perPage),
    },
  };
}

function shown({ zone, ...record }: CloudflareRecord): object {
  return {
    ...record,
    zone_name: zone,
    ...{ proxiable: false, proxied: false, settings: {}, meta: {}, comment: null, tags: [] },
    created_on: '2026-11-29T12:00:00.000000Z',
    modified_on: '2026-11-29T12:00:00.000000Z',
  };
}

function invalid(code: number, message: string): Refused {
  return new Refused(400, 1004, 'DNS Validation Error', { code, message });
}

function newId(): string {
  return randomBytes(16).toString('hex');
}
