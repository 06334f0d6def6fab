// What a reload replaces as a whole, built from a configuration: a link asks for it per query, so that a query under way
// ends as it began. What outlives a reload is handed in.

import { isIP } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { Config } from '../config/config.ts';
import { type NameKey, nameKey } from '../dns/names.ts';
import type { Filter } from '../lists/filter.ts';
import type { Log } from '../observe/log.ts';
import { ForwardZones } from '../resolver/forward-zones.ts';
import {
  DesignatedResolvers,
  type DesignatedResolversParts,
} from '../resolver/local/designated-resolvers.ts';
import type { NameFiles } from '../resolver/local/name-files.ts';
import { OwnNames } from '../resolver/local/own-names.ts';
import { createZones } from '../resolver/local/zone.ts';
import type { TlsConnector } from '../tls/connect.ts';
import type { UpstreamAddresses } from '../upstream/bootstrap.ts';
import { createPools, type Pools } from '../upstream/pools.ts';
import type { PathSettings } from './answer-path.ts';
import type { DescriptorShare } from './descriptors.ts';
import { HostAccess } from './host-access.ts';
import { isWildcardName, neighboursOf, ownNamesOf } from './this-host.ts';

export interface Settings extends PathSettings, Pools {
  readonly config: Config;
  readonly upstreams: Pools['upstreams'];
  readonly relaxed: Pools['relaxed'];
  readonly designated: DesignatedResolvers;
  readonly forwards: ForwardZones;
  readonly accessList: HostAccess;
}

export interface SettingsParts extends Pick<DesignatedResolversParts, 'doors' | 'certificateNames'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly tls: TlsConnector;
  /** Of upstreams that are configured by name alone. */
  readonly addresses: UpstreamAddresses;
  readonly files: NameFiles;
  readonly filter: Filter;
  readonly probe: PathSettings['probe'];
  readonly limits: Pick<DescriptorShare, 'exchangesPerServer'>;
  /** Called when an upstream, or a resolver on the LAN, answers again after a failure. */
  readonly onRecovery: () => void;
  /** Called when the networks of this host are not what they were. */
  readonly onNetworkChange: () => void;
}

/** @throws CaFileUnusable */
export function createSettings(config: Config, parts: SettingsParts): Settings {
  const { clock, log, tls, addresses, files, filter, limits, doors, certificateNames } = parts;
  const { onRecovery, onNetworkChange, probe } = parts;
  const { certificate } = config;
  const pools = createPools({ configs: config.upstreams, addresses, tls, clock, log, onRecovery });
  const names = ownNamesOf(config);
  const zones = createZones(config.zones);
  const ownNames = new OwnNames({
    ...{ names, addresses: certificate.addresses },
    neighboursOf: (address) => neighboursOf(address, config.listen),
  });
  const designated = new DesignatedResolvers({
    ...{ names: certificate.names.filter((name) => !isWildcardName(name)), clock, doors, certificateNames },
    isOwned: (key) => zones.holds(key),
    recordsOf(key, type, localAddress) {
      const found = zones.lookup(key, type);
      if (found.kind === 'answer' && found.isWritten) return found.records;
      const named = files.lookup(key, type);
      if (named !== null && !named.isLease) return named.records;
      return ownNames.answer(key, type, localAddress) ?? [];
    },
  });
  return {
    ...{ config, zones, files, filter, ownNames, designated, probe, nsid: names[0] },
    ...pools,
    forwards: new ForwardZones({ zones: config.forward, limits, clock, onRecovery }),
    accessList: new HostAccess({ ranges: config.access.allow, clock, onChange: onNetworkChange }),
    timeServerNames: timeServerNamesOf(config),
  };
}

/** Queries that are under way come to nothing. */
export function closeSettings({ upstreams, relaxed, forwards }: Settings): void {
  upstreams.close();
  relaxed.close();
  forwards.close();
}

/** Those of the configured sources and of our own upstreams; the well-known ones are known to the link itself. */
function timeServerNamesOf({ time, upstreams }: Config): ReadonlySet<NameKey> {
  const hosts = [
    ...(time.sources ?? []).map(({ host }) => host),
    ...upstreams.map(({ serverName }) => serverName),
  ];
  return new Set(hosts.filter((host) => isIP(host) === 0).map((host) => nameKey(host)));
}
