// Keys of the cache's table made from text, as a query makes them: in one buffer that is used again and again.

import { hashed, mixed } from '../../src/dns/quick-hash.ts';
import type { TableKey } from '../../src/resolver/cache/entry-form.ts';

const SEED = 0x5eed;
const MAX_OCTETS = 2 ** 17;

class ReusedKey implements TableKey {
  readonly octets = new Uint8Array(MAX_OCTETS);
  length = 0;
  hash = 0;

  of(text: string, hash?: number): this {
    let own = SEED;
    this.length = text.length;
    for (let at = 0; at < text.length; at += 1) {
      this.octets[at] = text.charCodeAt(at);
      own = hashed(own, this.octets[at]!);
    }
    this.hash = hash ?? mixed(own);
    return this;
  }
}

const reused = new ReusedKey();

/** Good until the next one is made. */
export function tableKey(text: string, hash?: number): TableKey {
  return reused.of(text, hash);
}
