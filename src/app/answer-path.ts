// The answer path: the links in their order, each position explained, and the doors into it. A query walks down
// it and its answer comes back up; nothing else in the house answers a query.

import type { Clock } from '../clock/clock.ts';
import type { Config, Limits } from '../config/config.ts';
import type { NameKey } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import type { Filter } from '../lists/filter.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import type { AccessList } from '../resolver/access-list.ts';
import type { AnswerStore } from '../resolver/cache/answer-store.ts';
import type { FailureMemory } from '../resolver/cache/failure-memory.ts';
import { cache } from '../resolver/cache.ts';
import type { ClientRate } from '../resolver/client-rate.ts';
import { coalesce } from '../resolver/coalesce.ts';
import { degrade } from '../resolver/degrade.ts';
import { ednsOptions } from '../resolver/edns-options.ts';
import { failure } from '../resolver/failure.ts';
import { filterLink } from '../resolver/filter.ts';
import { forward } from '../resolver/forward.ts';
import type { ForwardZones } from '../resolver/forward-zones.ts';
import { countedGuard, explainingGuard, guard } from '../resolver/guard.ts';
import { type LocalParts, local } from '../resolver/local.ts';
import { observe } from '../resolver/observe.ts';
import { rebinding } from '../resolver/rebinding.ts';
import { chain, type Link, type Resolver } from '../resolver/resolver.ts';
import type { UpstreamPool } from '../upstream/pool.ts';
import type { AnswerFigures } from './answer-figures.ts';

/** What a reload replaces as a whole; links ask for it per query. */
export interface PathSettings extends LocalParts {
  readonly config: Pick<Config, 'rebinding'>;
  readonly accessList: Pick<AccessList, 'allows'>;
  /** This server's name, for who asks which server has answered (RFC 5001). */
  readonly nsid: string;
  readonly filter: Filter;
  readonly timeServerNames: ReadonlySet<NameKey>;
  readonly forwards: Pick<ForwardZones, 'holds' | 'holdsNameOf' | 'zoneFor'>;
  readonly upstreams: Pick<UpstreamPool, 'ask'>;
  readonly relaxed: Pick<UpstreamPool, 'ask'>;
}

export interface AnswerPathParts {
  readonly settings: () => PathSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Pick<Limits, 'pendingQueries' | 'pendingQueriesPerClient' | 'udpQueriesPerClient'>;
  readonly limitLog: LimitLog;
  readonly store: AnswerStore;
  readonly failures: FailureMemory;
  /** Where links count and note what they see. */
  readonly seen: Pick<AnswerFigures, 'counts' | 'cacheCounts' | 'figures' | 'queryLog'>;
  readonly cookieSecret: Uint8Array;
  /** Where clients are counted; default: here alone. */
  readonly rate?: ClientRate;
}

export interface AnswerPath {
  /** For clients. */
  readonly clients: Resolver;
  /** For clients whose query another thread has counted and handed over (resolver/short-path.ts). */
  readonly counted: Resolver;
  /** For a client's question that somebody asks to have explained: neither counted nor logged. */
  readonly explained: Resolver;
  /** For this server's own look-ups: no access list, no query log, and nothing blocked. */
  readonly inside: Resolver;
  /** For what the world says at this moment: past the house, the cache, and everything else that remembers or changes. */
  readonly outside: Resolver;
}

export function createAnswerPath(parts: AnswerPathParts): AnswerPath {
  const { settings, clock, log, limits, limitLog, store, failures, seen, cookieSecret, rate } = parts;
  const isForwarded = (key: NameKey) => settings().forwards.holds(key);
  const isForwardedQuery = (query: Pick<Query, 'nameKey'>) => settings().forwards.holdsNameOf(query);
  const upstreams = () => settings().upstreams;
  const relaxed = () => settings().relaxed;
  const timeServerNames = () => settings().timeServerNames;

  const house = local(settings);
  const end = forward({ upstreams, forwards: () => settings().forwards, clock });
  const world = chain(
    degrade({ clock, store, limits, limitLog, timeServerNames, relaxed, isForwarded }), // only while the clock is untrusted
    cache({ store, failures, clock, isForwarded: isForwardedQuery, counts: seen.cacheCounts }),
    rebinding({ protection: () => settings().config.rebinding, isForwarded }), // below the cache: each answer once
    coalesce({ limits, limitLog, generation: () => store.generation }), // below the cache: only misses are in flight
  )(end);
  const inside = house(world);
  const accessList = () => settings().accessList;
  const behind = chain(
    house, //                                      before the filter and the cache: always ours, and always fresh
    filterLink({ filter: () => settings().filter, inside }), // above the cache, which knows nothing of clients
  )(world);
  const forClients = (guarding: Link) =>
    chain(
      ednsOptions({ cookieSecret, nsid: () => settings().nsid, clock }), // made for one client, on failures too
      failure(log), //                               whatever is thrown below becomes a response here
      observe({ ...seen, clock, log }),
      guarding, //                                   before anything costs anything
    )(behind);
  const explained = chain(failure(log), explainingGuard({ accessList }))(behind);
  return {
    clients: forClients(guard({ accessList, limits, limitLog, log, ...(rate && { rate }) })),
    counted: forClients(countedGuard({ accessList, log })),
    ...{ explained, inside: failure(log)(inside), outside: failure(log)(end) },
  };
}
