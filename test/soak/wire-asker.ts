// A client that asks in DNS messages over one transport, and judges what it is told.

import { makeQuery, readReply } from '../support/dns-message.ts';
import type { Noonmark, Transport } from '../support/noonmark.ts';
import { PatientClient } from '../support/patient-client.ts';
import { judge, type Question, type Verdict } from './oracle.ts';
import { type Asker, HONEST, houseAddresses, PATIENCE_MS } from './questions.ts';

export class WireAsker implements Asker {
  readonly name: string;
  readonly #noonmark: Noonmark;
  readonly #transport: Transport;
  readonly #client: PatientClient;

  constructor(noonmark: Noonmark, transport: Transport, name: string) {
    this.#noonmark = noonmark;
    this.#transport = transport;
    this.name = name;
    this.#client = new PatientClient(() => noonmark.open(transport, HONEST));
  }

  leave(): void {
    this.#client.close();
  }

  async ask(question: Question, changing: () => readonly string[]): Promise<Verdict | null> {
    const query = makeQuery(question.name, question.type);
    const before = houseAddresses(question.name, changing);
    const reply = await this.#client.ask(query, PATIENCE_MS);
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
}
