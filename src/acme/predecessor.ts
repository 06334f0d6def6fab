// Which of several certificates is the best stand-in for a set of names, while there is none for exactly these: a name that
// was added must not take the others' certificate away. And what speaks against one wherever it comes from: that it has
// ended, or is of another CA than the wanted one, whom perhaps no device trusts (staging). Pure.

import { fitPair, type ServedCertificate } from '../tls/certificate-store.ts';
import { missingNames } from './renewal.ts';
import type { StoredPair } from './storage.ts';

/** What is known of the certificate that there should be. */
export interface Wanted {
  /** URL of the CA's directory. */
  readonly directory: string;
  /** The true time is not before this: milliseconds since 1970. */
  readonly nowMs: number;
}

/** The less the better. 0: nothing speaks against it; 1: it is of another CA; 2: it has ended. */
export function standingOf(
  { notAfterMs }: Pick<ServedCertificate, 'notAfterMs'>,
  { origin }: StoredPair,
  { directory, nowMs }: Wanted,
): 0 | 1 | 2 {
  if (notAfterMs <= nowMs) return 2;
  return origin === undefined || origin.directory === directory ? 0 : 1;
}

/**
 * Of those that stand best the one that carries most of `names`, and of these the one that ends last; null: none carries any.
 * Without `wanted` all stand alike.
 */
export function predecessorOf(
  pairs: readonly StoredPair[],
  names: readonly string[],
  wanted?: Wanted,
): StoredPair | null {
  const judged = pairs.flatMap((pair) => {
    const verdict = fitPair(pair.chainPem, pair.keyPem, 'acme');
    if ('problem' in verdict) return [];
    const { certificate } = verdict;
    const carried = names.length - missingNames(certificate.names, names).length;
    const standing = wanted === undefined ? 0 : standingOf(certificate, pair, wanted);
    return carried === 0 ? [] : [{ pair, standing, carried, notAfterMs: certificate.notAfterMs }];
  });
  const [best] = judged.sort(
    (a, b) => a.standing - b.standing || b.carried - a.carried || b.notAfterMs - a.notAfterMs,
  );
  return best?.pair ?? null;
}
