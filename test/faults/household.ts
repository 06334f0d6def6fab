// Those who live with a server while its machine or network fails: on every transport somebody asks for a name of the
// house all the time, and over UDP somebody asks for fresh names of the world. What they saw is the measure of every fault.

import type { Client } from '../support/dns-client.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { pause } from '../support/eventually.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, TRANSPORTS, type Transport } from '../support/noonmark.ts';
import { HOSTILE_ADDRESS } from '../support/peers/hostile-upstream.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';

/** What "at once" means, on a machine of two cores with other things to do. */
export const AT_ONCE_MS = 1_000;
/** About a second after a fault has ended (reliability row 14), with the same slack. */
export const BACK_WITHIN_MS = 1_500;

const INTERNAL_EVERY_MS = 50;
const WORLD_EVERY_MS = 100;
/** A stub resolver asks again when nothing has come (resolv.conf(5), `timeout` at its shortest). */
const UDP_AGAIN_MS = 1_000;
const UDP_TRIES = 4;
const STREAM_PATIENCE_MS = 4_000;
/** No client waits longer than 5 s (reliability row 14), plus what a busy machine of two cores adds. */
const WORLD_PATIENCE_MS = 6_000;

export interface HouseholdOptions {
  open(transport: Transport): Promise<Client>;
  readonly transports?: readonly Transport[];
  /** A label that stands in every name of the world that is asked. */
  readonly label: string;
}

/** One question and what came of it; in milliseconds since the household began. */
export interface Asked {
  readonly transport: Transport;
  readonly isInternal: boolean;
  readonly atMs: number;
  readonly endedAtMs: number;
  /** "A 192.0.2.1", a response code, or "nothing". */
  readonly told: string;
  readonly isRight: boolean;
}

export class Household {
  readonly asked: Asked[] = [];
  readonly #options: HouseholdOptions;
  readonly #beganMs = performance.now();
  readonly #loops: readonly Promise<void>[];
  readonly #clients = new Set<Client>();
  #isOver = false;

  constructor(options: HouseholdOptions) {
    this.#options = options;
    const { transports = TRANSPORTS } = options;
    this.#loops = [...transports.map((transport) => this.#askInternal(transport)), this.#askWorld()];
  }

  get nowMs(): number {
    return performance.now() - this.#beganMs;
  }

  /** Resolves when every kind of question has been answered rightly since `sinceMs`; rejects with what is missing. */
  async settled(sinceMs = 0, withinMs = 5_000): Promise<void> {
    const { transports = TRANSPORTS } = this.#options;
    const kinds = [...transports, 'the world'];
    const isRight = (kind: string) =>
      this.asked.some(
        ({ atMs, isRight, isInternal, transport }) =>
          atMs >= sinceMs && isRight && (isInternal ? transport === kind : kind === 'the world'),
      );
    for (const end = this.nowMs + withinMs; this.nowMs < end; await pause(INTERNAL_EVERY_MS))
      if (kinds.every(isRight)) return;
    throw new Error(`not answered: ${kinds.filter((kind) => !isRight(kind)).join(', ')}`);
  }

  /** Waits for what is still in flight. */
  async finish(): Promise<readonly Asked[]> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    this.#close();
    return this.asked;
  }

  /** The same without waiting: there is nobody left who could answer. */
  leave(): Promise<readonly Asked[]> {
    this.#isOver = true;
    this.#close();
    return this.finish();
  }

  async #askInternal(transport: Transport): Promise<void> {
    let client: Client | null = null;
    while (!this.#isOver) {
      await this.#ask(transport, true, async () => {
        if (client === null || client.isClosed) client = await this.#open(transport);
        return transport === 'UDP'
          ? askAgain(client)
          : client.ask(makeQuery(INTERNAL_NAME), STREAM_PATIENCE_MS);
      });
      await pause(INTERNAL_EVERY_MS);
    }
  }

  async #askWorld(): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    const client = await this.#open('UDP');
    for (let serial = 1; !this.#isOver; serial += 1) {
      const name = `w${serial}.${this.#options.label}.${WILD_ZONE}`;
      const query = makeQuery(name, 'A', { id: serial });
      const asked = this.#ask('UDP', false, () => client.ask(query, WORLD_PATIENCE_MS));
      inFlight.add(asked);
      void asked.then(() => inFlight.delete(asked));
      await pause(WORLD_EVERY_MS);
    }
    await Promise.all(inFlight);
  }

  #close(): void {
    for (const client of this.#clients) if (!client.isClosed) client.close();
  }

  async #open(transport: Transport): Promise<Client> {
    const client = await this.#options.open(transport);
    this.#clients.add(client);
    return client;
  }

  async #ask(
    transport: Transport,
    isInternal: boolean,
    exchange: () => Promise<Uint8Array | null>,
  ): Promise<void> {
    const atMs = this.nowMs;
    const wire = await exchange().catch(() => null);
    const reply = wire && readReply(wire);
    const told = reply === null ? 'nothing' : (reply.answers[0] ?? reply.rcode);
    const isRight = told === `A ${isInternal ? INTERNAL_ADDRESS : HOSTILE_ADDRESS}`;
    this.asked.push({ transport, isInternal, atMs, endedAtMs: this.nowMs, told, isRight });
  }
}

async function askAgain(client: Client): Promise<Uint8Array | null> {
  for (let left = UDP_TRIES; left > 0; left -= 1) {
    const reply = await client.ask(makeQuery(INTERNAL_NAME), UDP_AGAIN_MS);
    if (reply !== null) return reply;
  }
  return null;
}

/** What everybody may be told when there is no right answer to be had. */
const HONEST: readonly string[] = ['nothing', 'SERVFAIL'];

export interface Demands {
  /** No name of the house takes longer, and none is lost. Default: at once. */
  readonly internalWithinMs?: number;
  /** Default 5 s, with slack. */
  readonly worldWithinMs?: number;
}

/** What breaks a demand among what was asked from `fromMs` until `untilMs`, a sentence each. */
export function complaintsOf(
  asked: readonly Asked[],
  { internalWithinMs = AT_ONCE_MS, worldWithinMs = 5_500 }: Demands = {},
  fromMs = 0,
  untilMs = Number.POSITIVE_INFINITY,
): string[] {
  const among = asked.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  return among.flatMap(({ transport, isInternal, isRight, told, atMs, endedAtMs }) => {
    const tookMs = Math.round(endedAtMs - atMs);
    const when = `over ${transport} at ${Math.round(atMs)} ms`;
    if (!isRight && !HONEST.includes(told)) return [`told wrong ${when}: ${told}`];
    if (isInternal && !isRight) return [`a name of the house ${when}: ${told}`];
    if (isInternal && tookMs > internalWithinMs) return [`a name of the house ${when} took ${tookMs} ms`];
    if (!isInternal && told === 'nothing') return [`a name of the world ${when}: no answer`];
    if (!isInternal && tookMs > worldWithinMs) return [`a name of the world ${when} took ${tookMs} ms`];
    return [];
  });
}

/** Milliseconds from then until a name of the world that was asked since was answered rightly. */
export function worldBackAfterMs(asked: readonly Asked[], fromMs: number): number {
  const back = asked.filter(({ isInternal, isRight, atMs }) => !isInternal && isRight && atMs >= fromMs);
  return Math.min(...back.map(({ endedAtMs }) => endedAtMs)) - fromMs;
}
