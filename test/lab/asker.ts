// The house that lives with a server while a story happens to it: somebody asks an internal name over UDP all the time,
// and somebody a new name of the world, which no cache knows. What they saw is the story's figures.
// Before the first answer a lost query is no loss, since nothing listens yet; after it none may be lost.

import { type Client, openUdp } from '../support/dns-client.ts';
import { makeQuery, type Reply, readReply } from '../support/dns-message.ts';
import { pause } from '../support/eventually.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../support/noonmark.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';

const INTERNAL_EVERY_MS = 20;
const WORLD_EVERY_MS = 100;
/** A client that has heard nothing by then has lost its query. */
const INTERNAL_PATIENCE_MS = 2_000;
/** No server may take longer over a name of the world (docs/configuration.md, limits.query_deadline). */
const WORLD_PATIENCE_MS = 6_000;
const MAX_ID = 0xffff;

export interface AskerOptions {
  readonly address: string;
  readonly port: number;
  /** performance.now() when the server was started. */
  readonly startedAtMs: number;
  /** A label that stands in every name of the world that is asked. */
  readonly label: string;
  /** Default: the name and address that Noonmark has in every story. */
  readonly internal?: { readonly name: string; readonly address: string };
}

/** One question about the world and what came of it. */
export interface WorldAsked {
  /** Milliseconds since the start, when it was asked. */
  readonly atMs: number;
  /** Milliseconds since the start, when the answer came or the asker lost patience. */
  readonly endedAtMs: number;
  readonly isRight: boolean;
  /** Null: no answer. */
  readonly reply: Reply | null;
}

export class Asker {
  /** Milliseconds since the start. */
  firstInternalMs: number | null = null;
  firstWorldMs: number | null = null;
  internalAsked = 0;
  internalLost = 0;
  slowestInternalMs = 0;
  readonly world: WorldAsked[] = [];
  readonly #options: AskerOptions;
  readonly #loops: Promise<void>[];
  readonly #inFlight = new Set<Promise<unknown>>();
  #isStopped = false;
  #serial = 0;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#loops = [
      this.#every(INTERNAL_EVERY_MS, (client) => this.#askInternal(client)),
      this.#every(WORLD_EVERY_MS, (client) => this.#askWorld(client)),
    ];
  }

  get elapsedMs(): number {
    return performance.now() - this.#options.startedAtMs;
  }

  /** Names of the world asked since then that were not answered rightly. */
  worldFailedSince(atMs: number): WorldAsked[] {
    return this.world.filter((asked) => asked.atMs >= atMs && !asked.isRight);
  }

  /** Milliseconds from then until the first right answer to a name of the world asked since; null: there was none. */
  worldBackAfterMs(atMs: number): number | null {
    const ends = this.world
      .filter((asked) => asked.atMs >= atMs && asked.isRight)
      .map((one) => one.endedAtMs);
    return ends.length === 0 ? null : Math.min(...ends) - atMs;
  }

  /** Waits for what is still in flight. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  async #every(periodMs: number, ask: (client: Client) => Promise<void>): Promise<void> {
    const client = await openUdp(this.#options);
    for (let next = performance.now(); !this.#isStopped; next += periodMs) {
      const asked = ask(client).finally(() => this.#inFlight.delete(asked));
      this.#inFlight.add(asked);
      await pause(Math.max(0, next + periodMs - performance.now()));
    }
    await Promise.all(this.#inFlight);
    client.close();
  }

  async #askInternal(client: Client): Promise<void> {
    const { name, address } = this.#options.internal ?? { name: INTERNAL_NAME, address: INTERNAL_ADDRESS };
    const atMs = this.elapsedMs;
    const counts = this.firstInternalMs !== null;
    const reply = await this.#ask(client, name, INTERNAL_PATIENCE_MS);
    const isRight = reply?.answers[0] === `A ${address}`;
    if (isRight) this.firstInternalMs ??= this.elapsedMs;
    if (!counts) return;
    this.internalAsked++;
    if (isRight) this.slowestInternalMs = Math.max(this.slowestInternalMs, this.elapsedMs - atMs);
    else this.internalLost++;
  }

  async #askWorld(client: Client): Promise<void> {
    const atMs = this.elapsedMs;
    const name = `n${this.world.length + this.#inFlight.size}-${this.#serial}.${this.#options.label}.${WILD_ZONE}`;
    const reply = await this.#ask(client, name, WORLD_PATIENCE_MS);
    const isRight = reply?.answers[0] === `A ${WILD_ADDRESS}`;
    if (isRight) this.firstWorldMs ??= this.elapsedMs;
    this.world.push({ atMs, endedAtMs: this.elapsedMs, isRight, reply });
  }

  async #ask(client: Client, name: string, patienceMs: number): Promise<Reply | null> {
    this.#serial = (this.#serial % MAX_ID) + 1;
    const wire = await client.ask(makeQuery(name, 'A', { id: this.#serial }), patienceMs);
    return wire && readReply(wire);
  }
}
