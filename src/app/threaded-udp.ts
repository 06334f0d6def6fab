// The threads that answer UDP queries beside the main one, where there are any: how many are worth it, and what they have
// to know. Whoever changes any of that says so before it can be seen (`changed`); until they have been told anew they
// hand everything over.

import { availableParallelism } from 'node:os';
import type { Clock } from '../clock/clock.ts';
import type { Config, Limits } from '../config/config.ts';
import { type FactsNow, UdpThreads } from '../listener/threads/udp-threads.ts';
import { chooseUdpSockets } from '../listener/udp/choose-udp-sockets.ts';
import type { UdpSockets } from '../listener/udp/udp-sockets.ts';
import type { Filter } from '../lists/filter.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import type { PackedAnswerStore } from '../resolver/cache/answer-store.ts';
import type { ClientRate } from '../resolver/client-rate.ts';
import { HouseNames } from '../resolver/local/house-names.ts';
import type { NameFiles } from '../resolver/local/name-files.ts';
import type { AnswerFigures } from './answer-figures.ts';
import type { Settings } from './settings.ts';

/** Below so many cores the main thread needs them itself, and a worker's memory is worth more (docs/performance.md). */
const CORES_FOR_WORKERS = 4;
const AUTO_WORKERS = 2;

export interface ThreadedUdpParts {
  readonly count: number;
  readonly rate: ClientRate;
  readonly clock: Clock;
  readonly log: Log;
  readonly limitLog: LimitLog;
  readonly limits: Limits;
  readonly seen: Pick<AnswerFigures, 'queryLog' | 'include'>;
  readonly settings: () => Pick<Settings, 'accessList' | 'zones' | 'ownNames' | 'designated' | 'files'>;
  readonly store: PackedAnswerStore;
  readonly files: Pick<NameFiles, 'sharedHashes'>;
  readonly filter: Pick<Filter, 'isIdle'>;
}

export class ThreadedUdp {
  readonly sockets: UdpSockets;
  readonly #threads: UdpThreads | null;

  constructor(parts: ThreadedUdpParts) {
    const { count, rate, clock, log, limitLog, limits, seen, store } = parts;
    this.sockets = chooseUdpSockets({
      ...{ clock, log },
      threads: {
        ...{ count, rate, clock, log, limitLog },
        facts: () => factsOf(parts),
        udpQueriesPerClient: () => limits.udpQueriesPerClient,
      },
    });
    this.#threads = this.sockets instanceof UdpThreads ? this.sockets : null;
    for (const book of this.#threads?.books ?? []) seen.include(book);
    store.onRenewed(() => this.changed());
  }

  /** Something is not as it was, and nobody has seen it yet. */
  changed(): void {
    this.#threads?.changed();
  }
}

/** As they are now. */
export function factsOf(parts: Omit<ThreadedUdpParts, 'count' | 'rate' | 'log' | 'limitLog'>): FactsNow {
  const { clock, seen, settings, store, files, filter, limits } = parts;
  const now = settings();
  return {
    mayAnswer: filter.isIdle && seen.queryLog.session === null && clock.status.state !== 'untrusted',
    access: now.accessList.ranges,
    house: { own: HouseNames.of(now).shared, files: files.sharedHashes },
    limits: { queryDeadlineMs: limits.queryDeadlineMs, udpPayloadOctets: limits.udpPayloadOctets },
    table: store.shared,
  };
}

/** How many are meant on this machine. */
export function threadCount(workers: Config['workers'], cores = availableParallelism()): number {
  if (workers !== 'auto') return workers;
  return cores < CORES_FOR_WORKERS ? 0 : AUTO_WORKERS;
}
