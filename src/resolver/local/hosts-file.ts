// hosts(5): a line each of ADDRESS NAME [NAME…], comments after #. The first name is the one that the address points back
// to. Loopback and link-local addresses mean the reader's own machine and are left out, and so are the lines for IPv6
// groups that every distribution ships; 0.0.0.0 and :: are kept, as those who block names with them expect. Pure.

import ipaddr from 'ipaddr.js';
import { hostName } from './host-name.ts';
import { addressOctets } from './lease.ts';
import { linesOf } from './lines.ts';

export type HostsItem =
  | {
      readonly kind: 'host';
      readonly address: Uint8Array /** In wire form; one at least. */;
      readonly names: readonly string[];
    }
  | { readonly kind: 'unread'; readonly line: number };

const LEFT_OUT: ReadonlySet<string> = new Set(['loopback', 'linkLocal', 'multicast', 'broadcast']);
/** ip6-localnet and ip6-mcastprefix of Debian's file stand at addresses that nobody has. */
const LEFT_OUT_NAMES = /^ip6-/i;

export function* hostsItems(text: string): Generator<HostsItem> {
  for (const { number, text: line } of linesOf(text)) {
    const [written, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (written === '') continue;
    const [withoutScope = ''] = written!.split('%');
    const address = addressOctets(withoutScope);
    if (address === null || names.length === 0) {
      yield { kind: 'unread', line: number };
      continue;
    }
    if (withoutScope !== written || LEFT_OUT.has(ipaddr.fromByteArray([...address]).range())) continue;
    const hosts = names.filter((name) => !LEFT_OUT_NAMES.test(name)).map(hostName);
    const good = hosts.filter((name) => name !== null);
    if (good.length < hosts.length) yield { kind: 'unread', line: number };
    if (good.length > 0) yield { kind: 'host', address, names: good };
  }
}
