// Names that the owner has answered otherwise: an exact name first, then the nearest wildcard above it (pure).
// A wildcard stands for names below it and never for its own, as in a zone (RFC 4592), but names beside it do not end it.

import type { RewriteConfig } from '../config/config.ts';
import { type NameKey, parentOf, ROOT } from '../dns/names.ts';

const WILDCARD = '\x01*';

export class Rewrites {
  readonly #byName: ReadonlyMap<NameKey, RewriteConfig>;
  readonly #hasWildcards: boolean;

  constructor(configs: readonly RewriteConfig[]) {
    this.#byName = new Map(configs.map((config) => [config.name, config]));
    this.#hasWildcards = configs.some(({ name }) => name.startsWith(WILDCARD));
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  find(key: NameKey): RewriteConfig | null {
    const exact = this.#byName.get(key);
    if (exact !== undefined) return exact;
    if (!this.#hasWildcards || key === ROOT) return null;
    for (let above = parentOf(key); above !== ROOT; above = parentOf(above)) {
      const wildcard = this.#byName.get(WILDCARD + above);
      if (wildcard !== undefined) return wildcard;
    }
    return null;
  }
}
