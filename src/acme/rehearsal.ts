// A dry run of an order: the same names, the same challenge, the same proof, with the CA's staging directory, and nothing
// of it kept: not in the storage, not in the ledger, and nobody is served what comes of it.

import type { Clock } from '../clock/clock.ts';
import type { AcmeConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { type AttemptParts, attempt } from './attempt.ts';
import type { Issuer } from './issuer.ts';
import { MemoryStorage } from './memory-storage.ts';
import { writeRfc3339 } from './rfc3339.ts';
import { storageIdOf } from './storage-id.ts';

/** What is ordered: the names, and how. */
export interface Order {
  readonly names: readonly string[];
  readonly config: AcmeConfig;
}

/** Never rejects. */
export async function rehearseOrder(
  issuer: Pick<Issuer, 'openHttp' | 'solverFor' | 'openssl'>,
  { names, config }: Order,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<{ readonly ok: boolean; readonly sentence: string }> {
  if (config.staging === null)
    return {
      ok: false,
      sentence: `${config.directory} has no staging directory that is known here; write it as \`staging\` under \`acme\`.`,
    };
  const staged = {
    ...config,
    directory: config.staging,
    addresses: config.staging === config.directory ? config.addresses : [],
  };
  const http = issuer.openHttp(config.caFile, staged);
  const parts: AttemptParts = {
    ...{ id: storageIdOf(names), names, config: staged, storage: new MemoryStorage(), http, clock, log },
    ...{ solver: issuer.solverFor(config), openssl: issuer.openssl() },
  };
  const wish = {
    isDue: () => ({ due: true, reason: 'a dry run' }),
    ...{ served: null, remainingLifeMs: null, isUrgent: true, signal: new AbortController().signal },
  };
  try {
    const outcome = await attempt(parts, wish);
    if (outcome.kind === 'issued') {
      const { issuer: by, notAfterMs } = outcome.certificate;
      return {
        ok: true,
        sentence: `It works: ${by} would have certified ${names.join(', ')} until ${writeRfc3339(notAfterMs)}. Nothing of it was kept.`,
      };
    }
    return {
      ok: false,
      sentence: `It does not work: ${outcome.kind === 'stored' ? 'nothing was ordered' : outcome.reason}.`,
    };
  } finally {
    http.close();
  }
}
