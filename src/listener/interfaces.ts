// What the host's network interfaces say at this moment, as plain values. Read anew by whoever needs it,
// because addresses come and go while the process stays.

import { networkInterfaces } from 'node:os';

export interface InterfaceAddress {
  /** The interface's name, "eth0". */
  readonly interface: string;
  /** IPv6 link-local ones carry their scope: "fe80::1%eth0". */
  readonly address: string;
  readonly family: 4 | 6;
  /** The on-link prefix in CIDR form, "192.168.1.20/24". */
  readonly cidr: string;
  readonly isLinkLocal: boolean;
}

/** What was seen last, for a moment in which the system cannot say. */
let seen: InterfaceAddress[] = [];

export function interfaceAddresses(): InterfaceAddress[] {
  try {
    seen = look();
  } catch {
    // no descriptor is left for the question (EMFILE, ENFILE); nothing has changed that we know of
  }
  return seen;
}

function look(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, family, cidr, scopeid }) => ({
      interface: name,
      address: scopeid ? `${address}%${name}` : address,
      family: family === 'IPv4' ? 4 : 6,
      cidr: cidr ?? `${address}/${family === 'IPv4' ? 32 : 128}`,
      isLinkLocal: Boolean(scopeid) || address.startsWith('169.254.'),
    })),
  );
}
