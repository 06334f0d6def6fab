// The network that a client is in (/24, /48): enough to see which part of a house asks, not who. What the anonymised query
// log has instead of an address.

import { isIPv6 } from 'node:net';

/** "192.168.1.0", "2001:db8:1::". */
export function networkOf(client: string): string {
  if (!isIPv6(client)) return client.replace(/\.\d+$/, '.0');
  const groups = client.split('%', 1)[0]!.split('::', 1)[0]!.split(':');
  return `${groups.slice(0, 3).join(':')}::`;
}

/** With its length: "192.168.1.0/24", "2001:db8:1::/48". */
export function networkPrefix(client: string): string {
  return `${networkOf(client)}/${isIPv6(client) ? 48 : 24}`;
}
