// Which group of the owner's a client is in, by its address; the first that holds it counts. Pure but for its memory.
// Prefixes come in CIDR form, as config/socket-address.ts has checked them.

import { BlockList, isIPv6 } from 'node:net';
import type { FilterGroupConfig } from '../config/config.ts';

/** Clients remembered, so that ranges are walked once per client and not once per query. */
const REMEMBERED_MAX = 4096;

export class ClientGroups {
  readonly #groups: readonly { readonly config: FilterGroupConfig; readonly clients: BlockList }[];
  readonly #remembered = new Map<string, FilterGroupConfig | null>();

  constructor(configs: readonly FilterGroupConfig[]) {
    this.#groups = configs.map((config) => ({ config, clients: rangesOf(config.clients) }));
  }

  /** @param client IPv6 without brackets; a scope ("%eth0") is ignored */
  of(client: string): FilterGroupConfig | null {
    if (this.#groups.length === 0) return null;
    const known = this.#remembered.get(client);
    if (known !== undefined) return known;
    const address = client.split('%', 1)[0]!;
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    const group = this.#groups.find(({ clients }) => clients.check(address, family))?.config ?? null;
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(client, group);
    return group;
  }
}

/** Node's name for a set of address ranges; nobody is blocked by it here. */
function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [address, prefix] = cidr.split('/') as [string, string];
    ranges.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return ranges;
}
