// One question over DoH (RFC 8484), read: h2load counts answers by their HTTP status and never looks into them. The length
// of the content is said beforehand, which BIND insists on.

import { readFileSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { readUint16 } from '../src/dns/wire.ts';
import { openHttp2 } from '../test/support/dns-client.ts';
import { DOH_PATH } from './upstream.ts';

const RCODE_MASK = 15;
const MEDIA_TYPE = 'application/dns-message';

/** @throws Error where the answer is not one record and NOERROR */
export async function probeDoh(
  port: number,
  rootFile: string,
  query: Buffer,
  method: 'GET' | 'POST',
): Promise<void> {
  const session = await openDohSession(port, rootFile);
  try {
    await askDoh(session, query, method);
  } finally {
    session.destroy();
  }
}

export function openDohSession(port: number, rootFile: string): Promise<ClientHttp2Session> {
  const trust = { ca: readFileSync(rootFile, 'utf8'), name: 'localhost' };
  return openHttp2({ address: '127.0.0.1', port }, trust);
}

/** @throws Error where the answer is not one record and NOERROR */
export async function askDoh(
  session: ClientHttp2Session,
  query: Buffer,
  method: 'GET' | 'POST',
): Promise<void> {
  const isPost = method === 'POST';
  const stream = session.request({
    ':method': method,
    ':path': isPost ? DOH_PATH : `${DOH_PATH}?dns=${query.toString('base64url')}`,
    accept: MEDIA_TYPE,
    ...(isPost ? { 'content-type': MEDIA_TYPE, 'content-length': query.length } : {}),
  });
  let status = 0;
  stream.on('response', (headers) => {
    status = headers[':status'] ?? 0;
  });
  stream.end(isPost ? query : undefined);
  const body = Buffer.concat(await stream.toArray());
  if (status !== 200) throw new Error(`DoH ${method} answers ${status}`);
  const [rcode, answers] = [readUint16(body, 2) & RCODE_MASK, readUint16(body, 6)];
  if (rcode !== 0 || answers !== 1) throw new Error(`DoH ${method}: RCODE ${rcode}, ${answers} records`);
}
