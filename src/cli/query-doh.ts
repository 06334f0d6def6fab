// One exchange over DNS over HTTPS (RFC 8484): POST, HTTP/2 or 1.1, no redirect followed, on our verified connection.
// At most 64 kB are read. The status and the media type are judged here, the message by the caller.

import { isIPv6 } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { undiciConnect } from '../tls/undici-connect.ts';
import { BadAnswer, type Carry, isReply } from './query-exchange.ts';
import { connectTls } from './query-tls.ts';

const DNS_MESSAGE = 'application/dns-message';
const ALPN = ['h2', 'http/1.1'];

export const overDoh: Carry = async (server, query, parts, trace) => {
  const { timeoutMs, clock, signal } = parts;
  const { connector, anchors } = parts.tls!;
  let startMs = clock.monotonic();
  const towardsServer = {
    ...connector,
    connect: async () => {
      const verified = await connectTls(server, ALPN, parts, trace);
      startMs = clock.monotonic();
      return verified;
    },
  };
  const addressOf = () => server.address.address;
  const name = isIPv6(server.name!) ? `[${server.name}]` : server.name;
  const client = new Client(`https://${name}:${server.address.port}`, {
    connect: undiciConnect(towardsServer, { anchors, timeoutMs, addressOf }),
    allowH2: true,
  });
  try {
    const headers = { accept: DNS_MESSAGE, 'content-type': DNS_MESSAGE };
    const response = await client.request({
      path: server.path,
      method: 'POST',
      headers,
      body: query,
      signal,
    });
    const reply = await readMessage(response);
    if (!isReply(reply, query)) throw new BadAnswer('what it sent is no answer to this question');
    trace.queryMs = clock.monotonic() - startMs;
    return reply;
  } finally {
    await client.destroy();
  }
};

/** @throws BadAnswer for anything but a DNS message */
async function readMessage({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Uint8Array> {
  if (statusCode !== 200) {
    const where = statusCode === 404 || (statusCode >= 300 && statusCode < 400) ? '; check the path' : '';
    throw new BadAnswer(`it answered with the HTTP status ${statusCode}${where}`);
  }
  const [mediaType] = String(headers['content-type'] ?? '').split(';', 1) as [string];
  if (mediaType.trim().toLowerCase() !== DNS_MESSAGE)
    throw new BadAnswer(`it answered with something else than ${DNS_MESSAGE}; check the path`);
  const chunks: Uint8Array[] = [];
  let octets = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    octets += chunk.length;
    if (octets > MAX_MESSAGE_OCTETS)
      throw new BadAnswer(
        `it answered with more than ${MAX_MESSAGE_OCTETS} octets, which no DNS message has`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
