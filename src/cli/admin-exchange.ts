// One HTTP/1.1 exchange with a server of our own, over its control socket or its admin listener on this host: a request
// without a body, and an answer of known length, as admin/admin-server.ts writes it (RFC 9112). It understands no more.
// Without an HTTP client, because a health check that runs twice a minute would spend most of its time loading one.

import { connect } from 'node:net';

/** It is on this host: whoever is silent for longer hangs. */
const SILENCE_MS = 10_000;
/** A Status of a few hundred sources and upstreams is far below. */
const MAX_ANSWER_OCTETS = 4 * 2 ** 20;

/** A unix socket, or an address of this host. */
export type AdminPlace = { readonly path: string } | { readonly host: string; readonly port: number };

export interface AdminReply {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks for `target`, an origin form without spaces, at `place`. `silenceMs`: for how long nothing may come.
 * @throws the system's error, or one that says what was wrong with the answer
 */
export function exchangeWithAdmin(
  place: AdminPlace,
  method: 'GET' | 'POST',
  target: string,
  silenceMs = SILENCE_MS,
): Promise<AdminReply> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let octets = 0;
    const socket = connect({ ...place, timeout: silenceMs });
    // The socket has no name, and the listener goes by this one.
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      octets += chunk.length;
      if (octets > MAX_ANSWER_OCTETS) socket.destroy(new Error(`more than ${MAX_ANSWER_OCTETS} octets`));
    });
    socket.on('timeout', () => socket.destroy(new Error(`nothing within ${silenceMs / 1000} s`)));
    socket.on('error', reject);
    socket.on('close', () => {
      const reply = readReply(Buffer.concat(chunks));
      if (reply === null) reject(new Error('it hung up before its answer was whole'));
      else resolve(reply);
    });
  });
}

/** Null for what is no whole answer. */
function readReply(octets: Buffer): AdminReply | null {
  const head = /^HTTP\/1\.1 (\d{3}) .*?\r\ncontent-length: (\d+)\r\n.*?\r\n\r\n/is.exec(
    octets.toString('latin1'),
  );
  if (head === null) return null;
  const [{ length: start }, status, length] = head as unknown as [string, string, string];
  const body = octets.subarray(start, start + Number(length));
  return body.length < Number(length) ? null : { status: Number(status), body: body.toString() };
}
