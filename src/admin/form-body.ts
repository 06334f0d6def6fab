// The body of a form that a page of ours sent (application/x-www-form-urlencoded), bounded. Nothing else that has a body is
// read: its connection ends with the answer.

import type { IncomingMessage } from 'node:http';

const FORM_TYPE = 'application/x-www-form-urlencoded';
/** A password, a name and a path (a limit of our own). */
const FORM_OCTETS_MAX = 4096;

/** Empty for what is no form, or a longer one. */
export async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const { 'content-type': type = '', 'content-length': length = '' } = request.headers;
  const isForm = request.method === 'POST' && type.split(';', 1)[0]!.trim().toLowerCase() === FORM_TYPE;
  if (!isForm || !/^\d{1,4}$/.test(length) || Number(length) > FORM_OCTETS_MAX) return new URLSearchParams();
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}
