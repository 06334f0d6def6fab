// The certificates that answer tls-alpn-01 (RFC 8737 section 3) while a CA looks for them, by the name that it asks for.
// They are shown to who offers the protocol "acme-tls/1" and to nobody else; the DoH listener sees to that.

import { createSecureContext, type SecureContext } from 'node:tls';
import type { AlpnCertificate } from './alpn-certificate.ts';

/** RFC 8737 section 6.2. */
export const ACME_TLS_PROTOCOL = 'acme-tls/1';

interface Shown {
  readonly name: string;
  readonly context: SecureContext;
}

export class AlpnChallenges {
  readonly #shown = new Set<Shown>();

  /** While there are none, nobody looks into a handshake. */
  get isEmpty(): boolean {
    return this.#shown.size === 0;
  }

  /**
   * Shows it from now on; returns how to stop that. Of several for one name, as in a dry run beside an order, the last one
   * is shown.
   * @param name in lower case
   */
  show(name: string, certificate: AlpnCertificate): () => void {
    const { certificatePem: cert, keyPem: key } = certificate;
    const one = { name, context: createSecureContext({ cert, key, minVersion: 'TLSv1.2' }) };
    this.#shown.add(one);
    return () => this.#shown.delete(one);
  }

  contextFor(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    return [...this.#shown].findLast((one) => one.name === name)?.context;
  }
}
