// Whether a chain of our own ends in a root that browsers and systems ship, so that devices trust it as they are: judged
// against the roots that Node carries, which are Mozilla's, and not against those that this machine's owner has added.
// Dates are not judged: the chain is asked about at the instant when its leaf begins.

import { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import type { OpenSsl } from './openssl.ts';
import { loadProvenOpenSsl } from './self-test.ts';
import { TrustAnchors } from './trust-anchors.ts';
import { verifyChain } from './verify.ts';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export class PublicTrust {
  #openssl: OpenSsl | null | undefined;
  #anchors: TrustAnchors | undefined;
  /** The last one judged: a server serves one for months. */
  #judged: { readonly chainPem: string; readonly isPublic: boolean | null } | null = null;
  readonly #roots: () => readonly string[];

  constructor(roots: () => readonly string[] = () => getCACertificates('bundled')) {
    this.#roots = roots;
  }

  /** Null: OpenSSL's functions are not to be had here, or the chain cannot be read. */
  of(chainPem: string): boolean | null {
    if (this.#judged?.chainPem !== chainPem) this.#judged = { chainPem, isPublic: this.#judge(chainPem) };
    return this.#judged.isPublic;
  }

  #judge(chainPem: string): boolean | null {
    this.#openssl ??= loadProvenOpenSsl().openssl;
    if (this.#openssl === null) return null;
    this.#anchors ??= TrustAnchors.fromPem(this.#roots().join('\n'));
    try {
      const certificates = (chainPem.match(PEM_CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
      const [leaf] = certificates;
      if (leaf === undefined) return null;
      const chain = certificates.map(({ raw }) => raw);
      const at = leaf.validFromDate.getTime();
      // Whose name it carries is another question, and this is one that no certificate carries.
      return verifyChain(this.#openssl, { chain, name: 'name.invalid', anchors: this.#anchors, at }).chain.ok;
    } catch {
      return null;
    }
  }
}
