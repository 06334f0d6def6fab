// An HTTPS front before Pebble: everything passes through, what Pebble 2.4.0 lacks is added (renewal information and
// `replaces`, RFC 9773; profiles), and faults are switched on by tests. HTTP/2 and HTTP/1.1.
// No URL has to be rewritten: Pebble builds its URLs from the Host header and compares the JWS with it.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import { pause } from '../eventually.ts';
import { freePort } from '../free-ports.ts';
import type { Pki } from '../pki.ts';
import {
  type AcmeResource,
  type Asked,
  editJson,
  type Passage,
  type Problem,
  passageTo,
  problemReply,
  RENEWAL_INFO_PATH,
  type Reply,
  resourceOf,
} from './acme-exchange.ts';
import { type AcmeFaults, type Act, createFaults } from './acme-front-faults.ts';
import { createOrders, type OrderRequest } from './acme-front-orders.ts';
import { createRenewalInformation, type Recommendation } from './acme-front-renewal.ts';
import { ACME_NAME, type Pebble } from './pebble.ts';

/** Far more than any ACME request has. */
const BODY_MAX_OCTETS = 1_000_000;
/** Let's Encrypt's, in 2026. */
const PROFILES = {
  classic: 'https://acme.test/docs/profiles#classic',
  tlsserver: 'https://acme.test/docs/profiles#tlsserver',
  shortlived: 'https://acme.test/docs/profiles#shortlived',
};

export interface AcmeFrontOptions {
  readonly pebble: Pick<Pebble, 'port' | 'apiCaFile'>;
  readonly pki: Pki;
  /** Names with their descriptions; null: the CA knows none. Pebble's certificates are the same under each. */
  readonly profiles?: Readonly<Record<string, string>> | null;
  /** Default true; false: no such resource in the directory. */
  readonly renewalInfo?: boolean;
}

export interface RequestSeen {
  readonly method: string;
  readonly resource: AcmeResource | undefined;
  readonly path: string;
  readonly httpVersion: string;
}

export type RequestHook = (resource: AcmeResource, when: 'before' | 'after') => void | Promise<void>;

export interface AcmeFront extends AcmeFaults, AsyncDisposable {
  /** URL of the directory by address; `namedDirectory`: by the name acme.test. */
  readonly directory: string;
  readonly namedDirectory: string;
  readonly caFile: string;
  readonly port: number;
  /** As they came, also those that were refused, reset or left to hang. */
  readonly requests: readonly RequestSeen[];
  readonly orders: readonly OrderRequest[];
  /** CertIDs (RFC 9773 section 4.1) of the certificates that were downloaded, oldest first. */
  certIds(): string[];
  /** For all certificates downloaded so far, or for the first one to come; later ones have the usual window. */
  recommend(recommendation: Recommendation): void;
  /** The next order that is asked for says that it is invalid, and says so ever after. */
  invalidateOrder(problem?: Problem): void;
  /**
   * Is called, and waited for, when a request has come and Pebble does not know yet (before), and when Pebble has acted
   * and the client does not know yet (after). The result takes the hook away.
   */
  onRequest(hook: RequestHook): () => void;
  /** Nobody listens, and open connections are reset. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export async function startAcmeFront(options: AcmeFrontOptions): Promise<AcmeFront> {
  const { pebble, pki, profiles = PROFILES, renewalInfo = true } = options;
  const { certificateFile, keyFile } = pki.issue({ names: [ACME_NAME], addresses: ['127.0.0.1'] });
  const passage = passageTo(pebble);
  const faults = createFaults();
  const renewal = createRenewalInformation();
  const orders = createOrders(profiles, renewal);
  const requests: RequestSeen[] = [];
  const hooks = new Set<RequestHook>();

  const answer = async (asked: Asked): Promise<Reply> => {
    if (renewalInfo && asked.resource === 'renewalInfo') return renewal.answer(asked);
    const objection = orders.objectionTo(asked);
    const reply = objection === undefined ? await passage.forward(asked) : problemReply(objection);
    orders.edit(asked, reply);
    if (asked.resource === 'certificate' && reply.status === 200) renewal.sees(reply.body.toString());
    if (asked.resource === 'directory') {
      editJson(reply, (directory) => {
        if (renewalInfo) directory.renewalInfo = `https://${asked.host}${RENEWAL_INFO_PATH}`;
        if (profiles !== null) Object.assign(directory.meta as object, { profiles });
      });
    }
    return reply;
  };
  const server = listener({ certificateFile, keyFile }, async (asked, httpVersion) => {
    const { method, path, resource } = asked;
    requests.push({ method, path, resource, httpVersion });
    const call = async (when: 'before' | 'after') => {
      for (const hook of hooks) if (resource !== undefined) await hook(resource, when);
    };
    await call('before');
    const before = faults.due(asked, 'before');
    if (isCut(before)) return before;
    const problem = faults.takeBadNonce(asked) ? ({ type: 'badNonce' } as const) : failure(before);
    const reply = problem === undefined ? await answer(asked) : problemReply(problem);
    await call('after');
    const after = faults.due(asked, 'after');
    for (const act of after) if (act.kind === 'slow') await pause(act.ms);
    if (isCut(after)) return after;
    return withDate(await withNonce(reply, asked, passage), faults.dateHeader());
  });

  const port = await freePort();
  await server.up(port);
  const stop = async () => {
    await server.down();
    passage.close();
  };
  return {
    ...faults.switches,
    directory: `https://127.0.0.1:${port}/dir`,
    namedDirectory: `https://${ACME_NAME}:${port}/dir`,
    caFile: pki.rootFile,
    port,
    requests,
    orders: orders.requests,
    certIds: renewal.certIds,
    recommend: renewal.recommend,
    invalidateOrder: (problem = { type: 'unauthorized', detail: 'So the test wills it.' }) =>
      orders.invalidateNext(problem),
    onRequest: (hook) => {
      hooks.add(hook);
      return () => void hooks.delete(hook);
    },
    down: server.down,
    up: () => server.up(port),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function isCut(acts: readonly Act[]): boolean {
  return acts.some(({ kind }) => kind === 'hang' || kind === 'reset');
}

function failure(acts: readonly Act[]): Problem | undefined {
  return acts.find((act) => act.kind === 'fail')?.problem;
}

/** Answers to a JWS carry a nonce, errors too (RFC 8555 section 6.5); the front's own have none yet. */
async function withNonce(reply: Reply, { method }: Asked, passage: Passage): Promise<Reply> {
  if (method !== 'POST' || reply.headers['replay-nonce'] !== undefined) return reply;
  const nonce = await passage.freshNonce().catch(() => undefined);
  return nonce === undefined ? reply : { ...reply, headers: { ...reply.headers, 'replay-nonce': nonce } };
}

interface Dated extends Reply {
  /** The header, null for none, undefined for the usual one. */
  readonly date?: string | null;
}

function withDate(reply: Reply, date: string | null | undefined): Dated {
  return { ...reply, date };
}

type Respond = (asked: Asked, httpVersion: string) => Promise<Dated | readonly Act[]>;

interface Listener {
  up(port: number): Promise<void>;
  down(): Promise<void>;
}

/** The server: reads a request, and does with the connection what `respond` gives. */
function listener(files: { certificateFile: string; keyFile: string }, respond: Respond): Listener {
  const credentials = { cert: readFileSync(files.certificateFile), key: readFileSync(files.keyFile) };
  /** By the client's port. */
  const sockets = new Map<number | undefined, Socket>();
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => {});
    const client = request.socket.remotePort;
    const body = await bodyOf(request);
    const path = request.url ?? '/';
    const { method = 'GET', headers, httpVersion } = request;
    const host = String(headers[':authority'] ?? headers.host);
    const asked: Asked = { method, path, resource: resourceOf(path), host, headers, body };
    const outcome = await respond(asked, httpVersion).catch((error: Error) =>
      problemReply({ status: 502, detail: error.message }),
    );
    if ('status' in outcome) send(response, method, outcome);
    else if (outcome.some(({ kind }) => kind === 'reset')) sockets.get(client)?.resetAndDestroy();
  };
  const server = createSecureServer({ ...credentials, allowHTTP1: true });
  server.on('request', (request, response) => {
    take(request as never, response as never).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(remotePort));
  });
  for (const event of ['sessionError', 'tlsClientError', 'clientError']) server.on(event, () => {});
  return {
    up: async (port) => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    down: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets.values()) socket.resetAndDestroy();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > BODY_MAX_OCTETS) throw new Error(`a request of more than ${BODY_MAX_OCTETS} octets`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, method: string, { status, headers, body, date }: Dated): void {
  if (response.destroyed) return;
  if (date !== undefined) response.sendDate = false;
  const length = method === 'HEAD' || status === 204 ? {} : { 'content-length': String(body.length) };
  response.writeHead(status, { ...headers, ...length, ...(date ? { date } : {}) } as Record<string, string>);
  response.end(method === 'HEAD' ? undefined : body);
}
