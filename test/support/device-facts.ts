// What is known of a server to devices, from the shelf: one of a house on the usual ports, under its local CA.

import { authorityIn } from '../../src/devices/authority.ts';
import type { DeviceCertificate, DeviceFacts } from '../../src/devices/facts.ts';
import { makeAuthority, newKey, signLeaf } from '../../src/tls/local-ca-signing.ts';

const ADDRESSES = ['192.168.1.2', 'fd00::2'] as const;

export const HOUSE_NAME = 'dns.home.arpa';
export const WORLD_NAME = 'dns.example.com';

const VALIDITY = { notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs: Date.UTC(2040, 0, 1) };
const CA = await makeAuthority('pi', newKey(), VALIDITY);

export const LOCAL_CERTIFICATE: DeviceCertificate = {
  names: [HOUSE_NAME, ...ADDRESSES],
  issuer: CA.certificate.subject,
  trust: 'local',
  authority: authorityIn(CA.certificate.toString()),
  isStandIn: false,
  dateProblem: null,
};

export const PUBLIC_CERTIFICATE: DeviceCertificate = {
  ...LOCAL_CERTIFICATE,
  names: [WORLD_NAME],
  issuer: 'C=US, O=Example CA',
  trust: 'public',
  authority: null,
};

const HOUSE: DeviceFacts = {
  name: HOUSE_NAME,
  plain: { port: 53, addresses: ADDRESSES },
  dot: { port: 853, addresses: ADDRESSES },
  doh: { port: 443, addresses: ADDRESSES },
  pages: { port: 8080, addresses: ['127.0.0.1'] },
  reach: 'house',
  certificate: LOCAL_CERTIFICATE,
  clockState: 'synchronized',
};

export function deviceFactsWith(parts: Partial<DeviceFacts> = {}): DeviceFacts {
  return { ...HOUSE, ...parts };
}

/** The same under a name of the world, and a certificate of a public CA. */
export function publicFactsWith(parts: Partial<DeviceFacts> = {}): DeviceFacts {
  return deviceFactsWith({ name: WORLD_NAME, certificate: PUBLIC_CERTIFICATE, ...parts });
}

/** A chain of the same CA, as it is served. */
export function localChain(names: readonly string[]): Promise<string> {
  return signLeaf(CA, newKey(), names, VALIDITY);
}
