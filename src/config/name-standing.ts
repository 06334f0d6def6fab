// Who answers for the address of a name that this server looks up for itself, as far as the configuration says it; the
// order is that of "Who wins" in docs/configuration.md. What a hosts or lease file may hold counts as held.

import { TYPE } from '../dns/codes.ts';
import { isAtOrBelow, lowerName, type NameKey, nameKey, parentOf, ROOT } from '../dns/names.ts';
import type { Config, ForwardConfig } from './config.ts';
import { houseSuffixOf } from './house-labels.ts';

export type NameStanding =
  /** An upstream does. */
  | { readonly kind: 'world' }
  /** A record, or perhaps a file. */
  | { readonly kind: 'here' }
  /** It is a name of this server itself, and leads to itself. */
  | { readonly kind: 'this-server' }
  | { readonly kind: 'forwarded'; readonly forward: ForwardConfig }
  /** Nobody: a zone of ours has no address for it, or without any zone, it is of a kind that the world has none for. */
  | { readonly kind: 'nobody'; readonly zone: NameKey | null };

type Answering = Pick<Config, 'zones' | 'hosts' | 'leases' | 'forward' | 'certificate'>;

/** What leads to an address, by itself or further on. */
const LEADS_ON: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.CNAME]);
const WILDCARD = '\x01*';
const LOCALHOST = nameKey('localhost'); // RFC 6761 section 6.3: this host
/** RFC 6761: the others of its names that are answered with their absence. */
const ABSENT: readonly NameKey[] = ['test', 'invalid'].map((name) => nameKey(name));

/** Of a host name in lower case, without the dot at its end. */
export function standingOf(host: string, config: Answering): NameStanding {
  const { zones, hosts, leases, forward, certificate } = config;
  const key = nameKey(host);
  const records = zones.flatMap((zone) => zone.records);
  const has = (owner: NameKey, types: ReadonlySet<number>) =>
    records.some((record) => types.has(record.type) && lowerName(record.owner) === owner);
  if (has(key, LEADS_ON) || hosts.length > 0) return { kind: 'here' };
  if ([certificate, ...certificate.more].some(({ names }) => names.includes(host)))
    return { kind: 'this-server' };
  const isIn = ({ name }: { readonly name: NameKey }) => isAtOrBelow(key, name);
  const zone = innermost(zones.filter(isIn));
  const forwarded = innermost(forward.filter(isIn));
  const isForwarded = (forwarded?.name.length ?? 0) > (zone?.name.length ?? 0);
  if (forwarded !== undefined && isForwarded) return { kind: 'forwarded', forward: forwarded };
  if (isAtOrBelow(key, LOCALHOST) || leases.some(({ domain }) => isAtOrBelow(key, domain)))
    return { kind: 'here' };
  if (zone !== undefined) {
    const isCovered = ancestorsOf(key).some(
      (above) => has(WILDCARD + above, LEADS_ON) || has(above, new Set([TYPE.DNAME])),
    );
    return isCovered ? { kind: 'here' } : { kind: 'nobody', zone: zone.name };
  }
  const isOfWorld = houseSuffixOf(host) === null && !ABSENT.some((name) => isAtOrBelow(key, name));
  return isOfWorld ? { kind: 'world' } : { kind: 'nobody', zone: null };
}

function innermost<T extends { readonly name: NameKey }>(all: readonly T[]): T | undefined {
  return [...all].sort((a, b) => b.name.length - a.name.length)[0];
}

function ancestorsOf(key: NameKey): NameKey[] {
  const ancestors: NameKey[] = [];
  for (let name = parentOf(key); name !== ROOT; name = parentOf(name)) ancestors.push(name);
  return ancestors;
}
