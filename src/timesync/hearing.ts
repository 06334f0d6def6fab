// Hears what certificates say about the time: inspects the upstreams once a round, listens to every other handshake of
// this server, and keeps what follows: the witnesses, and the floor that public certificates raise.
// What most witnesses say is judged in witnesses.ts.

import type { Clock } from '../clock/clock.ts';
import { CEILING_MS, HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import type { GenuinePeer, TlsConnector, TlsTarget } from '../tls/connect.ts';
import { race } from '../tls/race.ts';
import { describeTestimony, type Judgement, judgeTime, type Witness, WitnessStand } from './witnesses.ts';

/** How long an upstream's handshake is waited for (milliseconds). */
const TESTIMONY_WITHIN_MS = 1500;

/** An upstream, with all its addresses. */
export type UpstreamWitness = Omit<TlsTarget, 'address' | 'timeoutMs' | 'signal'> & {
  readonly addresses: readonly string[];
};

export interface HearingParts {
  readonly clock: Clock;
  readonly tls: Pick<TlsConnector, 'inspect' | 'onGenuinePeer'>;
  readonly upstreams: readonly UpstreamWitness[];
  /** Called when something new has been learnt. */
  readonly onNews: () => void;
}

export class Hearing {
  readonly #parts: HearingParts;
  readonly #stand = new WitnessStand();
  #upstreams: readonly UpstreamWitness[];
  #chainFloorMs: number | null = null;

  constructor(parts: HearingParts) {
    this.#parts = parts;
    this.#upstreams = parts.upstreams;
  }

  /** Listens to every handshake from now on; returns how to stop that. */
  start(): () => void {
    return this.#parts.tls.onGenuinePeer((peer) => this.#hear(peer));
  }

  /** Other upstreams from now on; what those have said that stay is kept. */
  replaceUpstreams(upstreams: readonly UpstreamWitness[]): void {
    this.#upstreams = upstreams;
    this.#stand.keepOnly(new Set(upstreams.map(({ serverName }) => serverName)));
  }

  /** Shakes hands with every upstream; what their certificates say is heard as from any other handshake. Never rejects. */
  async inspectAll(): Promise<void> {
    await Promise.all(this.#upstreams.map((upstream) => this.#inspect(upstream)));
  }

  /** Milliseconds since 1970: where the latest public certificate begins; null: none was seen. */
  get chainFloorMs(): number | null {
    return this.#chainFloorMs;
  }

  get witnesses(): readonly Witness[] {
    return this.#stand.at(this.#parts.clock.monotonic());
  }

  judge(epochMs: number): Judgement {
    return judgeTime(this.witnesses, epochMs);
  }

  /** What speaks against a time, for a person. */
  describe(epochMs: number): string {
    return describeTestimony(this.witnesses, epochMs);
  }

  async #inspect({ addresses, ...target }: UpstreamWitness): Promise<void> {
    const { clock, tls } = this.#parts;
    await race(addresses, clock, (address, signal) =>
      tls.inspect({ ...target, address, signal, timeoutMs: TESTIMONY_WITHIN_MS }),
    ).catch(() => {}); // one that is away, or not itself, says nothing about the time; the pool reports it
  }

  #hear({ serverName, isPublic, leaf, isValidAt }: GenuinePeer): void {
    const isUpstream = this.#upstreams.some((upstream) => upstream.serverName === serverName);
    const floorMs = this.#chainFloorMs ?? HARD_FLOOR_MS;
    const raisesFloor = isPublic && leaf.notBeforeMs > floorMs && leaf.notBeforeMs <= CEILING_MS;
    if (raisesFloor) this.#chainFloorMs = leaf.notBeforeMs;
    const heardAtMs = this.#parts.clock.monotonic();
    const isNews = isUpstream && this.#stand.hear({ who: serverName, ...leaf, isValidAt, heardAtMs });
    if (isNews || raisesFloor) this.#parts.onNews();
  }
}
