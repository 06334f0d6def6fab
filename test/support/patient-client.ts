// A client as a phone is one: a connection that was closed under its question is opened again, once.

import type { Client } from './dns-client.ts';

export class PatientClient {
  readonly #open: () => Promise<Client>;
  #client: Client | null = null;

  constructor(open: () => Promise<Client>) {
    this.#open = open;
  }

  /** Null: no answer came in time, or nobody would let us in. */
  async ask(query: Buffer, timeoutMs: number): Promise<Uint8Array | null> {
    for (let tries = 0; tries < 2; tries += 1) {
      try {
        if (this.#client === null || this.#client.isClosed) this.#client = await this.#open();
        const client = this.#client;
        const reply = await client.ask(query, timeoutMs);
        if (reply !== null || !client.isClosed) return reply;
      } catch {
        this.#client = null;
      }
    }
    return null;
  }

  close(): void {
    this.#client?.close();
  }
}
