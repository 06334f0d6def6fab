// A DoH connection over HTTP/1.1 (RFC 9112), which undici speaks: one exchange at a time. One that fails takes the connection
// with it. What a response is worth is for doh-connection.ts.

import type { Readable } from 'node:stream';
import type { Client, Dispatcher } from 'undici';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { undiciOver } from '../tls/undici-over.ts';
import { DohConnection, type DohTarget, TOO_LONG_REPLY } from './doh-connection.ts';
import { ageOf, DNS_MESSAGE, problemOfHead } from './doh-response.ts';
import type { ConnectionParts, Exchange } from './upstream-connection.ts';

const FIELDS = { accept: DNS_MESSAGE, 'content-type': DNS_MESSAGE } as const;
const LEAST_FINAL_STATUS = 200;
/** Interim responses (RFC 9110 section 15.2) to one request; a DoH server has no use for any, and each costs as a request. */
const MAX_INTERIM = 8;

export class DohH1Connection extends DohConnection {
  readonly maxInFlight = 1;
  readonly #client: Client;
  readonly #path: string;
  /** The request that undici has taken up. */
  #id = -1;
  #running: Dispatcher.DispatchController | null = null;

  constructor(parts: ConnectionParts, target: DohTarget) {
    super(parts);
    this.#path = target.path;
    this.#client = undiciOver(parts.socket, target, () => this.#over());
    this.#client.on('disconnect', () => this.#over());
  }

  send(exchange: Exchange): void {
    const id = this.owed.freeId();
    this.owe(id, exchange);
    const chunks: Uint8Array[] = [];
    let [interim, octets, ageSeconds] = [0, 0, 0];
    this.#client.dispatch(
      {
        method: 'POST',
        path: this.#path,
        headers: { ...FIELDS, 'content-length': String(exchange.query.length) },
        // An iterable, which undici takes though its types do not say so, because it would send a buffer again of
        // itself, unseen by the budget.
        body: [exchange.query] as unknown as Readable,
      },
      {
        onRequestStart: (running) => this.#started(id, running),
        onResponseStart: (_, status, headers) => {
          if (status < LEAST_FINAL_STATUS) {
            interim += 1;
            if (interim > MAX_INTERIM) this.close('the upstream sends interim responses without end', true);
            return;
          }
          const problem = problemOfHead(
            status,
            text(headers['content-type']),
            text(headers['content-encoding']),
          );
          if (problem !== null) this.refuse(id, problem);
          ageSeconds = ageOf(text(headers.age));
        },
        onResponseData: (_, chunk) => {
          octets += chunk.length;
          if (octets <= MAX_MESSAGE_OCTETS) chunks.push(chunk);
          else this.refuse(id, TOO_LONG_REPLY);
        },
        onResponseEnd: () => {
          this.#id = -1;
          this.receive(id, Buffer.concat(chunks), ageSeconds);
        },
        onResponseError: (_, error) => this.#failed(id, error),
      },
    );
  }

  /** Takes the connection with it. */
  protected override forget(id: number): void {
    super.forget(id);
    if (id === this.#id) this.#running?.abort(new Error('nobody waits for the answer any more'));
  }

  #started(id: number, running: Dispatcher.DispatchController): void {
    this.#id = id;
    this.#running = running;
    if (!this.owed.has(id)) this.forget(id); // given up before it was taken up
  }

  #failed(id: number, error: Error): void {
    if (!this.owed.has(id)) return;
    this.isRetired = true;
    // When the whole connection died, close() is told so in this turn, and sees to all that it owes.
    setImmediate(() => this.askElsewhere(id, error.message));
  }

  #over(): void {
    this.isRetired = true;
    for (const [id] of this.owed) if (id !== this.#id) this.askUnsentElsewhere(id);
  }
}

/** As one value; what stands there twice is none that means anything here. */
function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
