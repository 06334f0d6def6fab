// A client that asks for addresses as JSON over DoH, on one HTTP/2 connection, and judges what it is told.

import http2 from 'node:http2';
import { type Endpoint, openHttp2, type Trust } from '../support/dns-client.ts';
import { addressOf, canonicalName, type Question, rcodeOf, type Verdict } from './oracle.ts';
import { type Asker, HONEST, houseAddresses, PATIENCE_MS } from './questions.ts';

const NXDOMAIN = 3;

interface JsonReply {
  readonly Status: number;
  readonly Answer?: readonly { readonly name: string; readonly type: number; readonly data: string }[];
}

/** Asks for addresses as JSON, whatever the others ask for. */
export class JsonAsker implements Asker {
  readonly name = 'JSON';
  readonly #endpoint: Endpoint;
  readonly #trust: () => Trust;
  #session: http2.ClientHttp2Session | null = null;

  constructor(endpoint: Endpoint, trust: () => Trust) {
    this.#endpoint = { ...endpoint, from: HONEST };
    this.#trust = trust;
  }

  leave(): void {
    this.#session?.destroy();
  }

  async ask({ name }: Question, changing: () => readonly string[]): Promise<Verdict | null> {
    const before = houseAddresses(name, changing);
    const body = await this.#get(`/dns-query?name=${name}`);
    if (body === null) return null;
    const { Status, Answer = [] } = JSON.parse(body) as JsonReply;
    if (Status !== 0 && Status !== NXDOMAIN) return 'no answer';
    if (rcodeOf({ name, type: 'A' }) === 'NXDOMAIN' && before === null)
      return Status === NXDOMAIN && Answer.length === 0 ? 'right' : { wrong: `${name}: ${body}` };
    const last = Answer.at(-1);
    const right =
      before === null ? [addressOf(canonicalName(name))] : [...before, ...houseAddresses(name, changing)!];
    const isRight =
      right.includes(last?.data ?? '') &&
      last?.name === `${canonicalName(name)}.` &&
      Answer[0]?.name === `${name}.`;
    return isRight ? 'right' : { wrong: `${name}: ${body}` };
  }

  async #get(path: string): Promise<string | null> {
    for (let tries = 0; tries < 2; tries += 1) {
      try {
        this.#session ??= await this.#open();
        return await request(this.#session, path);
      } catch {
        this.#session?.destroy();
        this.#session = null;
      }
    }
    return null;
  }

  async #open(): Promise<http2.ClientHttp2Session> {
    const session = await openHttp2(this.#endpoint, this.#trust());
    session.once('close', () => {
      if (this.#session === session) this.#session = null;
    });
    return session;
  }
}

/** Null: another status than 200, or nothing in time. Rejects when the connection goes. */
function request(session: http2.ClientHttp2Session, path: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, accept: 'application/dns-json' });
    let status = 0;
    let body = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers) => (status = Number(headers[':status'])));
    stream.on('data', (text: string) => (body += text));
    stream.on('error', reject);
    stream.on('close', () => resolve(status === 200 && body !== '' ? body : null));
    stream.setTimeout(PATIENCE_MS, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    stream.end();
  });
}
