// A client that asks in DNS messages over one transport, and judges what it is told.

import type { Client } from '../support/dns-client.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import type { Noonmark, Transport } from '../support/noonmark.ts';
import { judge, type Question, type Verdict } from './oracle.ts';
import { type Asker, HONEST, houseAddresses, PATIENCE_MS } from './questions.ts';

export class WireAsker implements Asker {
  readonly name: string;
  readonly #noonmark: Noonmark;
  readonly #transport: Transport;
  #client: Client | null = null;

  constructor(noonmark: Noonmark, transport: Transport, name: string) {
    this.#noonmark = noonmark;
    this.#transport = transport;
    this.name = name;
  }

  leave(): void {
    this.#client?.close();
  }

  async ask(question: Question, changing: () => readonly string[]): Promise<Verdict | null> {
    const query = makeQuery(question.name, question.type);
    const before = houseAddresses(question.name, changing);
    const reply = await this.#exchange(query);
    if (reply === null) return null;
    if (before !== null) {
      const right = [...before, ...houseAddresses(question.name, changing)!];
      const { answers } = readReply(reply);
      return right.some((address) => answers.join() === `A ${address}`)
        ? 'right'
        : { wrong: `${question.name}: ${answers.join()} instead of ${right.join(' or ')}` };
    }
    const verdict = judge(reply, question);
    if (verdict !== 'truncated') return verdict;
    return this.#transport === 'UDP'
      ? this.#overTcp(query, question)
      : { wrong: `${question.name}: truncated` };
  }

  async #overTcp(query: Buffer, question: Question): Promise<Verdict | null> {
    try {
      const client = await this.#noonmark.open('TCP', HONEST);
      const reply = await client.ask(query, PATIENCE_MS);
      client.close();
      return reply === null ? null : judge(reply, question);
    } catch {
      return null;
    }
  }

  /** A connection that was closed under the question is opened again, once. */
  async #exchange(query: Buffer): Promise<Uint8Array | null> {
    for (let tries = 0; tries < 2; tries += 1) {
      try {
        if (this.#client === null || this.#client.isClosed)
          this.#client = await this.#noonmark.open(this.#transport, HONEST);
        const client: Client = this.#client;
        const reply = await client.ask(query, PATIENCE_MS);
        if (reply !== null || !client.isClosed) return reply;
      } catch {
        this.#client = null;
      }
    }
    return null;
  }
}
