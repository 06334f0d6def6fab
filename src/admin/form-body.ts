// The body of a form that a page of ours sent (application/x-www-form-urlencoded), bounded in octets and time. Nothing else that
// has a body is read: its connection ends with the answer.

import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock/clock.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded';
/** A password, a name and a path (a limit of our own). */
const FORM_OCTETS_MAX = 4096;
/** A browser sends it along with the header fields (a limit of our own). */
export const FORM_WITHIN_MS = 3000;

/** Empty for what is no form, or a longer one; null when its end does not come, or its sender has gone. */
export async function formOf(request: IncomingMessage, clock: Clock): Promise<URLSearchParams | null> {
  const { 'content-type': type = '', 'content-length': length = '' } = request.headers;
  const isForm = request.method === 'POST' && type.split(';', 1)[0]!.trim().toLowerCase() === FORM_TYPE;
  if (!isForm || !/^\d{1,4}$/.test(length) || Number(length) > FORM_OCTETS_MAX) return new URLSearchParams();
  const parts: Buffer[] = [];
  return new Promise((resolve) => {
    const settle = (form: URLSearchParams | null) => {
      timeout.cancel();
      resolve(form);
    };
    const timeout = clock.after(FORM_WITHIN_MS, () => settle(null));
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => settle(new URLSearchParams(Buffer.concat(parts).toString())));
    request.on('close', () => settle(null)); // after the end it means nothing any more
  });
}
