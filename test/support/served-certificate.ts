// What a TLS server shows of itself, looked at without judging it: the tests compare it with what they installed.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import tls from 'node:tls';
import type { Endpoint } from './dns-client.ts';

export interface ServedCertificate {
  /** SPKI pin of the leaf, "sha256/BASE64". */
  readonly pin: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** As OpenSSL prints them: "DNS:…, IP Address:…". */
  readonly names: string;
}

export async function servedCertificate(endpoint: Endpoint, serverName: string): Promise<ServedCertificate> {
  const options = { host: endpoint.address, port: endpoint.port, servername: serverName };
  const socket = tls.connect({ ...options, rejectUnauthorized: false, ALPNProtocols: ['dot'] });
  try {
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate()!;
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    return {
      pin: `sha256/${createHash('sha256').update(spki).digest('base64')}`,
      notBefore: new Date(certificate.validFrom),
      notAfter: new Date(certificate.validTo),
      names: certificate.subjectAltName ?? '',
    };
  } finally {
    socket.destroy();
  }
}
