// An owner's wishes for new certificates, bounded: an order may take minutes, so a second wish for the same certificate
// joins the first, few are waited for at a time, and none for ever. What is ordered, and whether a CA's limits allow it, is
// decided elsewhere (src/acme).

import { isIP } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import { formatName, nameKey } from '../dns/names.ts';
import type { Status } from '../status/status.ts';
import { canonicalAddress } from '../tls/certificate-store.ts';

/** What an owner wants of a certificate. */
export interface RenewalWish {
  /** One of its names, as the configuration has it; null: the first certificate of a CA. */
  readonly name: string | null;
  /** Everything but the certificate itself, with the CA's staging directory. */
  readonly isDryRun: boolean;
}

/** What came of it, in a sentence for the owner. */
export interface RenewalOutcome {
  readonly ok: boolean;
  readonly sentence: string;
}

/**
 * A name of a certificate as the configuration has it: in lower case, without a dot at its end, addresses in one spelling.
 * @throws NameSyntaxError
 */
export function certificateName(text: string): string {
  return isIP(text) === 0 ? formatName(nameKey(text)).replace(/(?<=.)\.$/, '') : canonicalAddress(text);
}

export type Renew = (wish: RenewalWish) => Promise<RenewalOutcome>;

/** Almost every order is over by then, also where records spread slowly; what takes longer goes on unattended. */
export const RENEWAL_WITHIN_MS = 900_000;
/** Each holds one of the few connections of the control socket (a limit of our own). */
const WAITING_MAX = 8;

export interface RenewalParts {
  readonly renewCertificate: Renew;
  readonly status: () => Pick<Status, 'issuances'>;
  readonly clock: Clock;
}

/** `renewCertificate` within those bounds. */
export function boundedRenewals({ renewCertificate, status, clock }: RenewalParts): Renew {
  const underWay = new Map<string, Promise<RenewalOutcome>>();
  let waiting = 0;
  return async (wish) => {
    if (waiting >= WAITING_MAX) return TOO_MANY;
    waiting += 1;
    try {
      const key = keyOf(wish, status());
      let shared = underWay.get(key);
      if (shared === undefined) {
        shared = Promise.try(() => renewCertificate(wish)).finally(() => underWay.delete(key));
        underWay.set(key, shared);
      }
      return await within(shared, clock);
    } finally {
      waiting -= 1;
    }
  };
}

const TOO_MANY: RenewalOutcome = {
  ok: false,
  sentence: `Nothing was asked for: ${WAITING_MAX} renewals are waited for already; \`noonmark certificate status\` says how they stand.`,
};

const UNDER_WAY: RenewalOutcome = {
  ok: false,
  sentence: `It is still under way after ${RENEWAL_WITHIN_MS / 60_000} minutes, and goes on; \`noonmark certificate status\` says what comes of it.`,
};

/** The same for every name of one certificate. */
function keyOf({ name, isDryRun }: RenewalWish, { issuances }: Pick<Status, 'issuances'>): string {
  const wanted = issuances.find(({ names }) => name === null || names.includes(name));
  return JSON.stringify([wanted?.names ?? name, isDryRun]);
}

function within(outcome: Promise<RenewalOutcome>, clock: Clock): Promise<RenewalOutcome> {
  return new Promise((resolve, reject) => {
    const patience = clock.after(RENEWAL_WITHIN_MS, () => resolve(UNDER_WAY));
    outcome.then(resolve, reject).finally(() => patience.cancel());
  });
}
