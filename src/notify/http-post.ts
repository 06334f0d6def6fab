// One POST to a URL of `notify` (RFC 9110) and the status that comes back: over verified HTTPS, the name looked up through our
// own resolver, or over plain HTTP to an address of the own network. On a connection of its own, since messages are
// rare. Of an answer only the head is read, no redirect is followed, and no failure repeats the path.

import { createRequire } from 'node:module';
import { connect, isIP, isIPv6, type Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { NotifyUrlConfig } from '../config/config.ts';
import { formatOrigin } from '../config/notify-url.ts';
import type { TlsConnector } from '../tls/connect.ts';
import { describeConnectFailure } from '../tls/connect-failure.ts';
import { HttpsConnection, HttpsFailure, Watch } from '../tls/https-connection.ts';
import { TrustAnchors } from '../tls/trust-anchors.ts';

/** Looking up, connecting, asking and hearing. */
const WHOLE_MS = 30_000;
/** As for everybody who is connected to. */
const CONNECT_WITHIN_MS = 5_000;
/** Of header fields that come back over plain HTTP. */
const HEADER_OCTETS_MAX = 16_384;
/** RFC 9110 section 10.2.3: seconds; a date is not heeded. */
const RETRY_AFTER = /^\d{1,6}$/;

export interface PostParts {
  readonly tls: Pick<TlsConnector, 'connect'>;
  /** The addresses of a host name, through our own resolver. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}

export interface Posted {
  readonly status: number;
  /** Null: it does not say. */
  readonly retryAfterMs: number | null;
}

interface Asked {
  readonly method: 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @throws HttpsFailure with a clause for people, CaFileUnusable, or the signal's reason */
export async function post(
  to: NotifyUrlConfig,
  { headers, body }: Pick<Asked, 'headers' | 'body'>,
  parts: PostParts,
  signal: AbortSignal,
): Promise<Posted> {
  const watch = new Watch({
    clock: parts.clock,
    signal,
    whole: { ms: WHOLE_MS, problem: `it did not answer within ${WHOLE_MS / 1000} s` },
  });
  const asked: Asked = {
    ...{ method: 'POST', path: to.target, body },
    headers: { 'accept-encoding': 'identity', 'user-agent': 'Noonmark', ...headers },
  };
  try {
    return await (to.protocol === 'https' ? postSecurely : postPlainly)(to, asked, parts, watch);
  } finally {
    watch.close();
  }
}

async function postSecurely(to: NotifyUrlConfig, asked: Asked, parts: PostParts, watch: Watch) {
  const { caFile, addresses } = to;
  const anchors = caFile === null ? TrustAnchors.public() : TrustAnchors.fromFile(caFile);
  const lookup = addresses.length > 0 ? async () => addresses : parts.lookup;
  const connection = await HttpsConnection.open(
    new URL(formatOrigin(to)),
    { anchors, tls: parts.tls, lookup, clock: parts.clock },
    watch,
  );
  try {
    return postedOf(await connection.request(asked, watch));
  } finally {
    connection.close(); // with what there may be of a body
  }
}

async function postPlainly(to: NotifyUrlConfig, asked: Asked, { clock }: PostParts, watch: Watch) {
  const socket = await dial(to, clock, watch);
  const { Client } = createRequire(import.meta.url)('undici') as typeof import('undici');
  const bare = to.host.split('%', 1)[0]!; // an interface is nothing to a server
  let isTaken = false;
  const client = new Client(`http://${isIPv6(bare) ? `[${bare}]` : bare}:${to.port}`, {
    connect(_options, callback) {
      // Undici overlooks the request that made it connect when it is called back at once; it gets no second connection.
      queueMicrotask(() => {
        if (isTaken || socket.destroyed) callback(new HttpsFailure('it closed the connection'), null);
        else callback(null, socket);
        isTaken = true;
      });
    },
    maxHeaderSize: HEADER_OCTETS_MAX,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    const answer = await watch.over(client.request(asked));
    answer.body.on('error', () => {}); // it is cut off unread
    return postedOf(answer);
  } catch (error) {
    watch.signal.throwIfAborted();
    if (error instanceof HttpsFailure) throw error;
    throw new HttpsFailure(`it broke off: ${(error as Error).message}`, { cause: error });
  } finally {
    socket.destroy();
    void client.destroy().catch(() => {});
  }
}

async function dial({ host, port }: NotifyUrlConfig, clock: Clock, watch: Watch): Promise<Socket> {
  const socket = connect({ host, port, family: isIP(host.split('%', 1)[0]!) });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = () => reject(new HttpsFailure(`no connection within ${CONNECT_WITHIN_MS / 1000} s`));
  const timer = clock.after(CONNECT_WITHIN_MS, late);
  socket.once('connect', resolve);
  socket.on('error', reject); // Stays for good: an error behind the first must not end the process.
  try {
    await watch.over(promise);
    return socket;
  } catch (error) {
    socket.destroy();
    watch.signal.throwIfAborted();
    if (error instanceof HttpsFailure) throw error;
    throw new HttpsFailure(`it cannot be connected to: ${describeConnectFailure(error).reason}`);
  } finally {
    timer.cancel();
  }
}

function postedOf({
  statusCode,
  headers,
}: {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}): Posted {
  const after = headers['retry-after'];
  const isNumber = typeof after === 'string' && RETRY_AFTER.test(after);
  return { status: statusCode, retryAfterMs: isNumber ? Number(after) * 1000 : null };
}
