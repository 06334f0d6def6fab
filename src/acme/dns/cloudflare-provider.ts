// TXT records in a zone at Cloudflare, by its API v4 (https://developers.cloudflare.com/api/resources/dns/): the zone is
// looked for from the name itself upwards, a record is added beside those that are there, and only that one is deleted.
// The token is read from its file at each use. It follows no CNAME and waits for no propagation.

import type { TxtProviderConfig } from '../../config/config.ts';
import { type HttpsClient, HttpsFailure, type HttpsRequest } from '../../tls/https-client.ts';
import { ChallengeProblem } from '../challenge.ts';
import { ApiTokenFileError, loadApiToken } from './api-token-file.ts';
import {
  type CloudflareReply,
  cloudflareProblem,
  hasError,
  idOf,
  readCloudflareReply,
} from './cloudflare-reply.ts';
import type { TxtProvider, TxtRecord } from './txt-provider.ts';

/** Seconds; the least that Cloudflare takes for every plan. */
const TTL_SECONDS = 60;
/** Names that are asked for until one is a zone; the longest ones are left out. */
const CANDIDATES_MAX = 8;
/** Of a hundred records each, at one name; nobody has so many. */
const PAGES_MAX = 5;
/** "The record already exists" and "An identical record already exists". */
const EXISTS: ReadonlySet<number> = new Set([81_057, 81_058]);
/** "Record does not exist". */
const GONE: ReadonlySet<number> = new Set([81_044]);

type CloudflareConfig = Extract<TxtProviderConfig, { readonly kind: 'cloudflare' }>;

export interface CloudflareParts {
  readonly config: CloudflareConfig;
  readonly http: Pick<HttpsClient, 'request'>;
}

/** What Cloudflare does not do, and why; the message is the rest of a sentence that begins with its name. */
class Refusal extends Error {}

interface Session {
  readonly token: string;
  readonly signal: AbortSignal;
}

export class CloudflareProvider implements TxtProvider {
  readonly name = 'Cloudflare';
  readonly #parts: CloudflareParts;

  constructor(parts: CloudflareParts) {
    this.#parts = parts;
  }

  add({ name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#orProblem(`the TXT record at ${name} cannot be put up`, signal, async (session) => {
      const zone = await this.#zoneOf(name, session);
      const record = { type: 'TXT', name, content: quoted(value), ttl: TTL_SECONDS };
      const reply = await this.#ask('POST', `/zones/${zone}/dns_records`, session, record);
      if (!reply.isSuccess && !hasError(reply, EXISTS)) throw this.#refusal(reply);
    });
  }

  remove({ name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#orProblem(`the TXT record at ${name} cannot be taken down`, signal, async (session) => {
      const zone = await this.#zoneOf(name, session);
      for (const id of await this.#recordsOf(zone, { name, value }, session)) {
        const reply = await this.#ask('DELETE', `/zones/${zone}/dns_records/${id}`, session);
        if (!reply.isSuccess && !hasError(reply, GONE)) throw this.#refusal(reply);
      }
    });
  }

  async #orProblem(
    what: string,
    signal: AbortSignal,
    act: (session: Session) => Promise<void>,
  ): Promise<void> {
    let token: string | null = null;
    try {
      token = await loadApiToken(this.#parts.config.tokenFile);
      signal.throwIfAborted();
      await act({ token, signal });
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonOf(error);
      if (reason === null) throw error;
      // An answer may repeat what was asked.
      throw new ChallengeProblem(`${what}: ${token === null ? reason : reason.replaceAll(token, '…')}`);
    }
  }

  /** The ID of the zone that holds the name. */
  async #zoneOf(name: string, session: Session): Promise<string> {
    let waiting: string | null = null;
    for (const candidate of candidatesFor(name)) {
      const zones = await this.#list(`/zones?name=${encodeURIComponent(candidate)}`, session);
      for (const zone of zones) {
        const id = idOf(zone);
        if (id === null || zone.name !== candidate) continue;
        if (zone.status === 'active') return id;
        waiting ??= candidate;
      }
    }
    if (waiting !== null) {
      throw new Refusal(`has the zone ${waiting} and does not serve it yet; finish its setup there`);
    }
    const { tokenFile } = this.#parts.config;
    throw new Refusal(
      `has no zone for this name, as far as the API token in ${tokenFile} can see; give the token the permissions Zone:Read and DNS:Edit for the zone`,
    );
  }

  /** The IDs of the records with exactly this content. */
  async #recordsOf(zone: string, { name, value }: TxtRecord, session: Session): Promise<string[]> {
    const path = `/zones/${zone}/dns_records?type=TXT&name=${encodeURIComponent(name)}`;
    const records = await this.#list(path, session);
    return records
      .filter((record) => record.type === 'TXT' && record.name === name)
      .filter(({ content }) => content === quoted(value) || content === value)
      .map(idOf)
      .filter((id) => id !== null);
  }

  async #list(path: string, session: Session): Promise<CloudflareReply['results'][number][]> {
    const found: CloudflareReply['results'][number][] = [];
    let pages = 1;
    for (let page = 1; page <= Math.min(pages, PAGES_MAX); page += 1) {
      const reply = await this.#ask('GET', `${path}&page=${page}`, session);
      if (!reply.isSuccess) throw this.#refusal(reply);
      found.push(...reply.results);
      pages = reply.pages;
    }
    return found;
  }

  async #ask(
    method: HttpsRequest['method'],
    path: string,
    { token, signal }: Session,
    body?: object,
  ): Promise<CloudflareReply> {
    const { config, http } = this.#parts;
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const request = { url: config.api + path, method, headers };
    const response = await http.request(
      body === undefined ? request : { ...request, body: JSON.stringify(body) },
      signal,
    );
    const reply = readCloudflareReply(response);
    if (reply !== null) return reply;
    throw new Refusal(
      `answers with the HTTP status ${response.status} and nothing that its API is known to say; this is tried again later`,
    );
  }

  #refusal(reply: CloudflareReply): Refusal {
    return new Refusal(cloudflareProblem(reply, this.#parts.config.tokenFile));
  }
}

/** Null for a mistake of ours. */
function reasonOf(error: unknown): string | null {
  if (error instanceof Refusal) return `Cloudflare ${error.message}`;
  return error instanceof HttpsFailure || error instanceof ApiTokenFileError ? error.message : null;
}

/** The name and its parents, longest first; no zone has a single label. */
function candidatesFor(name: string): string[] {
  const labels = name.split('.');
  return labels
    .slice(0, -1)
    .map((_, index) => labels.slice(index).join('.'))
    .slice(-CANDIDATES_MAX);
}

/** A character string as in a zone file (RFC 1035 section 5.1). */
function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
