// Who may ask. Pure: address ranges in, a yes or no out; the same list for every transport (reliability row 4).
// `private` and `loopback` are literal tables; `local` is what the host's own interfaces say and is read by the caller.

import { BlockList, isIPv6 } from 'node:net';
import type { AccessRange } from '../config/config.ts';

/** RFC 1918, RFC 4193 (ULA), RFC 3927 and RFC 4291 section 2.5.6 (link-local). */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', '169.254.0.0/16', 'fe80::/10'];
/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** A prefix this short is no link of a house but a tunnel's or a provider's route. */
const SHORTEST_ON_LINK = { ipv4: 8, ipv6: 32 };
/** Verdicts remembered, so that the list is walked once per client and not once per query. */
const MAX_REMEMBERED = 4096;

export class AccessList {
  readonly #list = new BlockList(); // Node's name for a set of address ranges; here it holds who is let in
  readonly #remembered = new Map<string, boolean>();

  /** @param onLink prefixes of this host's interfaces in CIDR form, for the range `local`. */
  constructor(ranges: readonly AccessRange[], onLink: readonly string[]) {
    for (const range of ranges) {
      if (range === 'loopback') this.#add(LOOPBACK);
      else if (range === 'private') this.#add(PRIVATE);
      else if (range === 'local') this.#add(onLink.filter(isPlausibleLink));
      else this.#add([range.cidr]);
    }
  }

  /** May this client ask? IPv6 without brackets; a scope ("%eth0") is ignored. */
  allows(client: string): boolean {
    const known = this.#remembered.get(client);
    if (known !== undefined) return known;
    const address = client.split('%', 1)[0]!;
    const allowed = this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(client, allowed);
    return allowed;
  }

  #add(cidrs: readonly string[]): void {
    for (const cidr of cidrs) {
      const [address, prefix] = cidr.split('/') as [string, string];
      this.#list.addSubnet(address.split('%', 1)[0]!, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
    }
  }
}

function isPlausibleLink(cidr: string): boolean {
  const prefix = Number(cidr.split('/')[1]);
  return prefix >= (cidr.includes(':') ? SHORTEST_ON_LINK.ipv6 : SHORTEST_ON_LINK.ipv4);
}
