// The house whose server is soaked: its configuration, and how that changes while it is at work.

import { type ConfigTree, INTERNAL_ADDRESS } from '../support/noonmark.ts';
import { upstreamEntry } from '../support/upstreams.ts';
import type { Changes } from './disturbances.ts';
import { CHANGING_NAME } from './questions.ts';
import type { SoakUpstream } from './upstreams.ts';

/** Full within the warm-up, so that what grows later is no cache. */
const CACHE_BYTES = '2 MiB';

/** The configuration, and how it changes: an address of the house, and in which order the upstreams stand. */
export class House implements Changes {
  readonly #upstreams: readonly SoakUpstream[];
  readonly #caFile: string;
  #version = 0;
  #addresses: readonly string[] = [addressOfVersion(0)];

  constructor(upstreams: readonly SoakUpstream[], caFile: string) {
    this.#upstreams = upstreams;
    this.#caFile = caFile;
  }

  /** While a change is under way, the old one and the new one. */
  addresses(): readonly string[] {
    return this.#addresses;
  }

  config(): ConfigTree {
    const entries = this.#upstreams.map(({ port }) => upstreamEntry(port, this.#caFile));
    const [label, ...zone] = CHANGING_NAME.split('.');
    const records = [`nas 300 A ${INTERNAL_ADDRESS}`, `${label} 5 A ${addressOfVersion(this.#version)}`];
    return {
      upstreams: this.#version % 3 === 2 ? entries.toReversed() : entries,
      zones: { [zone.join('.')]: { records } },
      cache: { max_bytes: CACHE_BYTES },
      log: { level: 'info', format: 'json' },
    };
  }

  next(): ConfigTree {
    this.#version += 1;
    this.#addresses = [addressOfVersion(this.#version - 1), addressOfVersion(this.#version)];
    return this.config();
  }

  taken(): void {
    this.#addresses = [addressOfVersion(this.#version)];
  }
}

function addressOfVersion(version: number): string {
  return `192.168.2.${version % 256}`;
}
