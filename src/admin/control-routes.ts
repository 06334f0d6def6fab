// What is on the control socket alone: what changes something for good, and what a CA counts. A page that found a way past
// Host, Origin and sign-in could otherwise use up what a CA issues in a week, or make the next start forget the time.

import { isIP } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import { typeNumber } from '../dns/codes.ts';
import { type NameKey, NameSyntaxError, nameKey, parseName } from '../dns/names.ts';
import type { Explained, ExplainQuestion } from '../resolver/explained.ts';
import type { Status } from '../status/status.ts';
import { type AdminAnswer, jsonAnswer, textAnswer } from './admin-answer.ts';
import { boundedRenewals, certificateName, RENEWAL_WITHIN_MS, type Renew } from './renewals.ts';
import type { AdminRoute, AdminRoutes } from './route.ts';

export interface ControlSubject {
  readonly clock: Clock;
  readonly status: () => Status;
  /** Forgets the stamp; resolves with a sentence that says what that means. */
  readonly forgetStamp: () => Promise<string>;
  /** Forgets the answers to a name, with `below` those to all names under it as well; null: all. How many they were. */
  readonly flushCache: (name: NameKey | null, below: boolean) => number;
  /** Orders a new certificate from its CA, or rehearses that; resolves with what came of it, perhaps after minutes. */
  readonly renewCertificate: Renew;
  /** Asks the real chain, and says who answered. */
  readonly explainName: (question: ExplainQuestion) => Promise<Explained>;
}

export function controlRoutes(subject: ControlSubject): AdminRoutes {
  const renewCertificate = boundedRenewals(subject);
  const on = (method: AdminRoute['method'], answer: AdminRoute['answer']): AdminRoute => ({
    method,
    doors: 'control',
    access: 'admitted',
    answer,
  });
  return {
    '/api/explain': on('GET', ({ query }) => explain(query, subject)),
    '/control/flush-cache': on('POST', ({ query }) => flush(query, subject)),
    '/control/forget-stamp': on('POST', async () => textAnswer(200, await subject.forgetStamp())),
    '/control/renew-certificate': {
      ...on('POST', ({ query }) => renew(query, renewCertificate)),
      answersWithinMs: RENEWAL_WITHIN_MS,
    },
  };
}

/** `name`, `type` (A unless given) and `client` (this host unless given). */
async function explain(params: URLSearchParams, { explainName }: ControlSubject): Promise<AdminAnswer> {
  const name = nameIn(params, parseName);
  const type = typeNumber(params.get('type') ?? 'A');
  const client = params.get('client') ?? '127.0.0.1';
  if (name === null) return textAnswer(400, '`name` needs a domain name');
  if (type === undefined) return textAnswer(400, '`type` needs a record type, such as AAAA');
  if (isIP(client) === 0) return textAnswer(400, '`client` needs an address');
  return jsonAnswer(await explainName({ name, type, client }));
}

/** `name`, with `below` or without; or `all`, and never both by mistake. */
function flush(params: URLSearchParams, { flushCache }: ControlSubject): AdminAnswer {
  const name = nameIn(params, nameKey);
  const isAll = params.has('all');
  if (isAll === params.has('name') || isAll !== (name === null))
    return textAnswer(400, 'either `name` with a domain name or `all` is needed');
  return jsonAnswer({ flushed: flushCache(name, params.has('below')) });
}

/** `name` or none, and `dry-run` or not; an empty name is a mistake of a script, and means no other certificate. */
async function renew(params: URLSearchParams, renewCertificate: Renew): Promise<AdminAnswer> {
  const name = nameIn(params, certificateName);
  if (name === null && params.has('name'))
    return textAnswer(400, '`name` needs a name of a certificate, or is left out');
  return jsonAnswer(await renewCertificate({ name, isDryRun: params.has('dry-run') }));
}

/** Null where there is none or it is malformed. */
function nameIn(params: URLSearchParams, parse: (text: string) => string): string | null {
  const text = params.get('name');
  try {
    return text === null ? null : parse(text);
  } catch (error) {
    if (error instanceof NameSyntaxError) return null;
    throw error;
  }
}
