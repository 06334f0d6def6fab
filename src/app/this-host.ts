// What this host is called and which addresses it has at this moment. DHCP may change them at any time, so nobody keeps
// what was answered here.

import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { storageIdOf } from '../acme/storage-id.ts';
import type { AcmeConfig, Config, SocketAddress } from '../config/config.ts';
import { isLoopback, isOwnSocket, isWildcard } from '../config/own-sockets.ts';
import { type InterfaceAddress, interfaceAddresses } from '../listener/interfaces.ts';
import type { ServedCertificate } from '../tls/certificate-store.ts';
import type { CertificateInputs } from '../tls/certificates.ts';

/** Never empty: those of the certificate, and the host's own. */
export function ownNamesOf({ certificate }: Pick<Config, 'certificate'>): [string, ...string[]] {
  const all = [...certificate.names, ...certificate.more.flatMap(({ names }) => names)];
  const [first, ...others] = [...all.filter((name) => !isWildcardName(name)), hostname()];
  return [first!, ...others];
}

/** Names, wildcards and addresses that a browser may ask us by, besides those of this host. */
export function ownHostsOf(config: Pick<Config, 'certificate'>): readonly string[] {
  const { names, more, addresses } = config.certificate;
  const wildcards = [...names, ...more.flatMap((one) => one.names)].filter(isWildcardName);
  return [...ownNamesOf(config), ...wildcards, ...addresses];
}

/** It is in a certificate, and names nobody: who answers the names below it is the owner's to say. */
export function isWildcardName(name: string): boolean {
  return name.startsWith('*.');
}

export function hostAddresses(): string[] {
  return interfaceAddresses().map(({ address }) => address);
}

/** The prefixes of the networks that this host is attached to. */
export function onLinkPrefixes(): string[] {
  return interfaceAddresses().map(({ cidr }) => cidr);
}

/** The addresses of the interface that has `address`, as far as this server listens there; `all`: of this host. */
export function neighboursOf(
  address: string,
  { dns, dot, doh }: Pick<Config['listen'], 'dns' | 'dot' | 'doh'>,
  all: readonly Pick<InterfaceAddress, 'interface' | 'address'>[] = interfaceAddresses(),
): string[] {
  const own = all.find((one) => one.address === address)?.interface;
  const listening = [...dns, ...dot, ...doh];
  return all
    .filter((one) => one.interface === own)
    .map((one) => one.address)
    .filter((one) => listening.some((socket) => isReachedBy(socket, one)));
}

function isReachedBy({ address, family }: SocketAddress, one: string): boolean {
  return address === one || (isWildcard(address) && family === (isIPv6(one) ? 6 : 4));
}

/** Is that one of our own encrypted listeners? */
export function isOwnDoor({ listen }: Config, address: string, port: number): boolean {
  return isOwnSocket([...listen.dot, ...listen.doh], address, port, hostAddresses());
}

/** What the certificates that we show are made of; `issued` has those of CAs by storageIdOf(names). */
export function certificateInputs(
  { certificate, listen, certsDir }: Config,
  issued: ReadonlyMap<string, ServedCertificate>,
): CertificateInputs {
  const { names, addresses, files, acme, more } = certificate;
  const admin = listen.admin.filter(({ address }) => !isLoopback(address)); // plain HTTP on loopback
  const listenAddresses = [...listen.dot, ...listen.doh, ...listen.dns, ...admin].map(
    ({ address }) => address,
  );
  const issuedFor = (wanted: readonly string[], of: AcmeConfig | null) =>
    of === null ? null : (issued.get(storageIdOf(wanted)) ?? 'awaited');
  return {
    ...{ names, addresses, files, certsDir, listenAddresses, hostName: hostname() },
    issued: issuedFor(names, acme),
    more: more.map((one) => ({ names: one.names, files: one.files, issued: issuedFor(one.names, one.acme) })),
  };
}
