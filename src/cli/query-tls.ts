// The verified connection of `noonmark query`, with its two times apart: until TCP stood, and until TLS did.
// When TCP stood is told by Node's diagnostics channel, because the connector hands out only what it trusts.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { VerifiedSocket } from '../tls/connect.ts';
import type { ExchangeParts, Trace } from './query-exchange.ts';
import type { QueryServer } from './query-server.ts';

/** https://nodejs.org/api/diagnostics_channel.html: a client socket was made. */
const NEW_SOCKET = 'net.client.socket';

/** Whatever name the server goes by, the connection is to its address. */
export async function connectTls(
  { address, name }: QueryServer,
  alpn: readonly string[],
  parts: ExchangeParts & { readonly signal: AbortSignal },
  trace: Trace,
): Promise<VerifiedSocket> {
  const { clock, timeoutMs, signal } = parts;
  const { connector, anchors, pins } = parts.tls!;
  const startMs = clock.monotonic();
  const follow = (message: unknown) =>
    (message as { socket: Socket }).socket.once('connect', () => {
      trace.connectMs = clock.monotonic() - startMs;
    });
  subscribe(NEW_SOCKET, follow);
  const connecting = connector.connect({
    address: address.address,
    port: address.port,
    serverName: name!,
    anchors,
    pins,
    alpn,
    timeoutMs,
    signal,
  });
  unsubscribe(NEW_SOCKET, follow); // connect makes its socket at once
  const verified = await connecting;
  trace.tlsMs = clock.monotonic() - startMs - (trace.connectMs ?? 0);
  const { socket, verdict, leaf } = verified;
  trace.tls = { version: socket.getProtocol(), alpn: socket.alpnProtocol || null, verdict, leaf };
  return verified;
}
