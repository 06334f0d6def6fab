// The configured upstreams, built: every one twice, over strict connections for the names of the world, and over relaxed
// ones for the names of time servers while the clock is untrusted (tls/connect.ts). Both share what has been learnt of
// addresses, and the roots, read once: so a CA file that cannot be read fails the whole, before anything is replaced.

import type { Clock } from '../clock/clock.ts';
import type { UpstreamConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import type { TlsConnector, TlsTarget } from '../tls/connect.ts';
import { TrustAnchors } from '../tls/trust-anchors.ts';
import type { UpstreamAddresses } from './bootstrap.ts';
import { DohUpstream } from './doh.ts';
import { DotUpstream } from './dot.ts';
import { UpstreamPool } from './pool.ts';
import type { Upstream } from './upstream.ts';
import { withoutProof } from './whereabouts.ts';

export interface PoolsParts {
  readonly configs: readonly UpstreamConfig[];
  readonly addresses: Pick<UpstreamAddresses, 'of'>;
  readonly tls: TlsConnector;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when an upstream answers again after a failure. */
  readonly onRecovery: () => void;
}

/** An upstream as whoever wants to see its certificate finds it. */
export type LocatedUpstream = UpstreamConfig & { readonly anchors: TrustAnchors };

export interface Pools {
  readonly upstreams: UpstreamPool;
  /** Does nothing of its own accord: only when somebody asks for a time server. */
  readonly relaxed: UpstreamPool;
  /** In the order of the configuration; `addresses` are those known at the moment of asking. */
  readonly located: readonly LocatedUpstream[];
}

/** @throws CaFileUnusable */
export function createPools({ configs, addresses, tls, clock, log, onRecovery }: PoolsParts): Pools {
  const anchorsOf = anchorsByFile();
  const known = configs.map((config) => ({
    config,
    anchors: anchorsOf(config),
    whereabouts: addresses.of(config),
  }));
  const relaxedTls = { connect: (target: TlsTarget) => tls.connectRelaxed(target, clock.floorMs) };
  const upstreams = new UpstreamPool({
    upstreams: known.map((one) => createUpstream({ ...one, tls, clock, log })),
    clock,
    isUsable: () => clock.status.state !== 'untrusted',
    onRecovery,
  });
  const relaxed = new UpstreamPool({
    upstreams: known.map((one) =>
      createUpstream({ ...one, whereabouts: withoutProof(one.whereabouts), tls: relaxedTls, clock, log }),
    ),
    clock,
    isUsable: () => false,
    onRecovery: () => {},
  });
  const located = known.map(({ config, anchors, whereabouts }) => ({
    ...config,
    anchors,
    get addresses() {
      return whereabouts.addresses;
    },
  }));
  return { upstreams, relaxed, located };
}

function createUpstream(parts: ConstructorParameters<typeof DotUpstream>[0]): Upstream {
  return parts.config.protocol === 'tls' ? new DotUpstream(parts) : new DohUpstream(parts);
}

/** One store of roots a CA file, however many upstreams name it. */
function anchorsByFile(): (config: UpstreamConfig) => TrustAnchors {
  const read = new Map<string, TrustAnchors>();
  return ({ caFile }) => {
    if (caFile === null) return TrustAnchors.public();
    const anchors = read.get(caFile) ?? TrustAnchors.fromFile(caFile);
    read.set(caFile, anchors);
    return anchors;
  };
}
