// A dry run of an order: the same names, the same challenge, the same proof, with the CA's staging directory, and nothing
// of it kept: not in the storage, not in the ledger, and nobody is served what comes of it.

import type { Clock } from '../clock/clock.ts';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import type { AcmeConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { type AttemptParts, attempt, LOCK_WITHIN_MS, type Outcome } from './attempt.ts';
import type { Issuer } from './issuer.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { CertificateStorage } from './storage.ts';
import { storageIdOf } from './storage-id.ts';

/** What is ordered: the names, and how. */
export interface Order {
  readonly names: readonly string[];
  readonly config: AcmeConfig;
}

export interface RehearsedOrder {
  readonly ok: boolean;
  /** What came of it, for the owner. */
  readonly sentence: string;
}

export interface RehearsalParts {
  /** The real one, for its lock: what shows challenges can show those of one order at a time. */
  readonly storage: Pick<CertificateStorage, 'exclusively'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Rejects with the signal's reason, or with a bug. */
export async function rehearseOrder(
  issuer: Pick<Issuer, 'openHttp' | 'solverFor' | 'openssl'>,
  order: Order,
  { storage, clock, log, signal }: RehearsalParts,
): Promise<RehearsedOrder> {
  const { names, config } = order;
  const { directory, staging } = config;
  if (staging === null)
    return failed(
      `${directory} has no staging directory that is known here; write it as \`staging\` under \`acme\``,
    );
  const staged = { ...config, directory: staging, addresses: staging === directory ? config.addresses : [] };
  const http = issuer.openHttp(config.caFile, staged);
  try {
    const parts: AttemptParts = {
      ...{ id: storageIdOf(names), names, config: staged, storage: new MemoryStorage(), http, clock, log },
      ...{ solver: issuer.solverFor(config), openssl: issuer.openssl() },
    };
    const isDue = () => ({ due: true, reason: 'a dry run' });
    const wish = {
      isDue,
      served: null,
      remainingLifeMs: null,
      lifeMs: null,
      unsureFailures: 0,
      isUrgent: true,
      signal,
    };
    return sentenceOf(await storage.exclusively(() => attempt(parts, wish), LOCK_WITHIN_MS), names);
  } catch (error) {
    signal.throwIfAborted();
    return failed((error as Error).message);
  } finally {
    http.close();
  }
}

function sentenceOf(outcome: Outcome, names: readonly string[]): RehearsedOrder {
  if (outcome.kind === 'stored') return failed('nothing was ordered');
  if (outcome.kind !== 'issued') return failed(outcome.reason);
  const { issuer, notAfterMs } = outcome.certificate;
  const until = writeRfc3339(notAfterMs);
  return {
    ok: true,
    sentence: `It works: ${issuer} has certified ${names.join(', ')} until ${until}. Nothing of it was kept.`,
  };
}

function failed(reason: string): RehearsedOrder {
  return { ok: false, sentence: `It does not work: ${reason}.` };
}
