// tls-alpn-01 (RFC 8737): a certificate for each name that carries the digest of its key authorization, shown by the DoH
// listener to whoever offers "acme-tls/1". The CA comes by port 443, which has to lead to that listener.

import { makeAlpnCertificate } from '../tls/alpn-certificate.ts';
import type { AlpnChallenges } from '../tls/alpn-challenges.ts';
import { type Challenge, ChallengeProblem, type ChallengeSolver } from './challenge.ts';

export interface TlsAlpn01Parts {
  readonly challenges: AlpnChallenges;
  /** Is DoH listened on anywhere at this moment? */
  readonly isListening: () => boolean;
}

export class TlsAlpn01 implements ChallengeSolver {
  readonly type = 'tls-alpn-01';
  readonly #parts: TlsAlpn01Parts;
  readonly #takeDown: (() => void)[] = [];

  constructor(parts: TlsAlpn01Parts) {
    this.#parts = parts;
  }

  async show(challenges: readonly Challenge[]): Promise<void> {
    if (!this.#parts.isListening())
      throw new ChallengeProblem(
        'tls-alpn-01 cannot be answered, since no address of listen.doh is bound yet',
      );
    for (const { name, keyAuthorization } of challenges) {
      const certificate = await makeAlpnCertificate(name, keyAuthorization);
      this.#takeDown.push(this.#parts.challenges.show(name, certificate));
    }
  }

  async clear(): Promise<void> {
    for (const takeDown of this.#takeDown.splice(0)) takeDown();
  }
}
