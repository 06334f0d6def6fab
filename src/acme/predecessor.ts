// Which of several certificates is the best stand-in for a set of names, while there is none for exactly these: a name that
// was added must not take the others' certificate away. Pure.

import { fitPair } from '../tls/certificate-store.ts';
import { missingNames } from './renewal.ts';
import type { StoredPair } from './storage.ts';

/** The one that carries most of `names`, and of these the one that ends last; null: none carries any. */
export function predecessorOf(pairs: readonly StoredPair[], names: readonly string[]): StoredPair | null {
  const judged = pairs.flatMap((pair) => {
    const verdict = fitPair(pair.chainPem, pair.keyPem, 'acme');
    if ('problem' in verdict) return [];
    const { certificate } = verdict;
    const carried = names.length - missingNames(certificate.names, names).length;
    return carried === 0 ? [] : [{ pair, carried, notAfterMs: certificate.notAfterMs }];
  });
  const [best] = judged.sort((a, b) => b.carried - a.carried || b.notAfterMs - a.notAfterMs);
  return best?.pair ?? null;
}
