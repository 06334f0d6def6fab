// Who may ask, with `local` as the networks are that this host is attached to at this moment. They come and go while it
// runs: a cable, a new prefix, DHCP after a power cut. So they are looked at every now and then, and once more before
// anybody is refused: a client of a network that is back must not be told that it is none.

import type { Clock } from '../clock/clock.ts';
import type { AccessRange } from '../config/config.ts';
import { AccessList } from '../resolver/access-list.ts';
import { onLinkPrefixes } from './this-host.ts';

/** However many are refused, a look is taken no more often than this; it costs some tenths of a millisecond. */
const LOOK_AGAIN_MS = 20;

export interface HostAccessParts {
  readonly ranges: readonly AccessRange[];
  readonly clock: Clock;
  /** Called when the networks are not what they were. */
  readonly onChange: () => void;
  /** Given by tests, else read from the host. */
  readonly prefixes?: () => readonly string[];
}

export class HostAccess implements Pick<AccessList, 'allows'> {
  readonly #parts: HostAccessParts;
  #onLink: readonly string[];
  #list: AccessList;
  #lookedAtMs: number;

  constructor(parts: HostAccessParts) {
    const { ranges, clock, prefixes = onLinkPrefixes } = parts;
    this.#parts = parts;
    this.#onLink = prefixes();
    this.#list = new AccessList(ranges, this.#onLink);
    this.#lookedAtMs = clock.monotonic();
  }

  /** What the list is made of now. */
  get ranges(): { readonly ranges: readonly AccessRange[]; readonly onLink: readonly string[] } {
    return { ranges: this.#parts.ranges, onLink: this.#onLink };
  }

  allows(client: string): boolean {
    if (this.#list.allows(client)) return true;
    if (this.#parts.clock.monotonic() - this.#lookedAtMs < LOOK_AGAIN_MS) return false;
    this.look();
    return this.#list.allows(client);
  }

  look(): void {
    const { ranges, clock, onChange, prefixes = onLinkPrefixes } = this.#parts;
    const onLink = prefixes();
    this.#lookedAtMs = clock.monotonic();
    if (onLink.join() === this.#onLink.join()) return;
    this.#onLink = onLink;
    this.#list = new AccessList(ranges, onLink);
    onChange();
  }
}
