// hosts(5): a line each of ADDRESS NAME [NAME…], comments after #. The first name is the one that the address points back
// to. Loopback and link-local addresses mean the reader's own machine and are left out, and so are the lines for IPv6
// groups that every distribution ships; 0.0.0.0 and :: are kept, as those who block names with them expect. Pure.

import ipaddr from 'ipaddr.js';
import { hostName } from './host-name.ts';
import { addressOctets, NOTHING } from './lease.ts';
import { linesOf } from './lines.ts';

export type HostsItem =
  | {
      readonly kind: 'host';
      readonly address: Uint8Array /** In wire form; one at least. */;
      readonly names: readonly string[];
    }
  | { readonly kind: 'unread'; readonly line: number }
  | typeof NOTHING;

const LEFT_OUT: ReadonlySet<string> = new Set(['loopback', 'linkLocal', 'multicast', 'broadcast']);
/** ip6-localnet and ip6-mcastprefix of Debian's file stand at addresses that nobody has. */
const LEFT_OUT_NAMES = /^ip6-/i;

/** One item a line at least: reading gives way to queries between items. */
export function* hostsItems(text: string): Generator<HostsItem> {
  for (const { number, text: line } of linesOf(text)) {
    if (line === null) yield { kind: 'unread', line: number };
    else yield* lineItems(line, number);
  }
}

function lineItems(line: string, number: number): HostsItem[] {
  const unread = { kind: 'unread', line: number } as const;
  const [written, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
  if (written === '') return [NOTHING];
  const [withoutScope = ''] = written!.split('%');
  const address = addressOctets(withoutScope);
  if (address === null || names.length === 0) return [unread];
  if (withoutScope !== written || LEFT_OUT.has(ipaddr.fromByteArray([...address]).range())) return [NOTHING];
  const hosts = names.filter((name) => !LEFT_OUT_NAMES.test(name)).map(hostName);
  if (hosts.length === 0) return [NOTHING];
  const good = hosts.filter((name) => name !== null);
  return [
    ...(good.length < hosts.length ? [unread] : []),
    ...(good.length > 0 ? [{ kind: 'host', address, names: good } as const] : []),
  ];
}
