// What this host is called and which addresses it has at this moment. DHCP may change them at any time, so nobody keeps
// what was answered here.

import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import { isOwnSocket } from '../config/own-sockets.ts';
import { interfaceAddresses } from '../listener/interfaces.ts';
import type { CertificateInputs } from '../tls/certificates.ts';

/** Never empty: those of the certificate, and the host's own. */
export function ownNamesOf({ certificate }: Pick<Config, 'certificate'>): [string, ...string[]] {
  const [first, ...others] = [...certificate.names, hostname()];
  return [first!, ...others];
}

export function hostAddresses(): string[] {
  return interfaceAddresses().map(({ address }) => address);
}

/** The prefixes of the networks that this host is attached to. */
export function onLinkPrefixes(): string[] {
  return interfaceAddresses().map(({ cidr }) => cidr);
}

/** The addresses of the interface that has `address`. */
export function neighboursOf(address: string): string[] {
  const all = interfaceAddresses();
  const own = all.find((one) => one.address === address)?.interface;
  return all.filter((one) => one.interface === own).map((one) => one.address);
}

/** Is that one of our own encrypted listeners? */
export function isOwnDoor({ listen }: Config, address: string, port: number): boolean {
  return isOwnSocket([...listen.dot, ...listen.doh], address, port, hostAddresses());
}

/** What the certificate that we show is made of. */
export function certificateInputs({ certificate, listen, certsDir }: Config): CertificateInputs {
  const { names, addresses, files } = certificate;
  const listenAddresses = [...listen.dot, ...listen.doh, ...listen.dns].map(({ address }) => address);
  return { names, addresses, files, certsDir, listenAddresses, hostName: hostname() };
}
