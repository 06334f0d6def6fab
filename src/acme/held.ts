// A certificate of a CA in memory, with what was stored of it, and the places where one of an earlier life is found: the
// storage, the directory of a client that did this before, and the storage again for names that have changed since. The
// first that is found, unless it has ended or is of another CA than the configured one, and a later one is better.

import type { Clock } from '../clock/clock.ts';
import type { AcmeConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { fitPair, type ServedCertificate } from '../tls/certificate-store.ts';
import { standingOf, type Wanted } from './predecessor.ts';
import type { CertificateStorage, StoredPair } from './storage.ts';
import { findTakenOver } from './taken-over.ts';

export interface Held {
  readonly pair: StoredPair;
  readonly certificate: ServedCertificate;
}

export interface HeldPlaces {
  /** storageIdOf(names) */
  readonly id: string;
  readonly names: readonly string[];
  readonly config: Pick<AcmeConfig, 'directory' | 'takeOver'>;
  readonly storage: CertificateStorage;
  readonly clock: Pick<Clock, 'now' | 'status' | 'floorMs'>;
  readonly log: Log;
}

/** Null: its halves do not fit. */
export function heldOf(pair: StoredPair): Held | null {
  const verdict = fitPair(pair.chainPem, pair.keyPem, 'acme');
  return 'problem' in verdict ? null : { pair, certificate: verdict.certificate };
}

export function isSame(one: StoredPair, other: StoredPair | undefined): boolean {
  return one.chainPem === other?.chainPem;
}

interface Found {
  readonly held: Held;
  /** For the log, once it is the one. */
  readonly file?: string;
}

/** What there is for these names, or else for those that were wanted before; null: nothing. Never rejects. */
export async function findHeld(places: HeldPlaces): Promise<Held | null> {
  const { names, storage, log } = places;
  const wanted = wantedOf(places);
  const standing = ({ held }: Found) => standingOf(held.certificate, held.pair, wanted);
  let best: Found | null = null;
  for (const find of [
    async () => foundOr(await storedHeld(places)),
    () => takenOver(places),
    async () => foundOr(await told(storage.readPredecessor(names, wanted), places)),
  ]) {
    const found = await find();
    if (found === null) continue;
    if (best === null || standing(found) < standing(best)) best = found;
    if (standing(best) === 0) break; // nobody is asked who cannot have a better one
  }
  if (best?.file !== undefined)
    log.info('a certificate of another client is used until a new one is due', { file: best.file });
  return best?.held ?? null;
}

/** Whether `one` has ended, or is of another CA, and `other` is better in that; null is never better. */
export function isWorse(
  one: Held,
  other: Held | null,
  places: Pick<HeldPlaces, 'config' | 'clock'>,
): boolean {
  if (other === null) return false;
  const wanted = wantedOf(places);
  const [first, second] = [one, other].map(({ certificate, pair }) => standingOf(certificate, pair, wanted));
  return first! > second!;
}

/** What is stored for exactly these names. Never rejects. */
export function storedHeld(places: HeldPlaces): Promise<Held | null> {
  return told(places.storage.readCertificate(places.id), places);
}

/** While the date is not known, only what has ended before the least that it can be is known to have ended. */
function wantedOf({ config, clock }: Pick<HeldPlaces, 'config' | 'clock'>): Wanted {
  const { directory } = config;
  return { directory, nowMs: clock.status.state === 'untrusted' ? clock.floorMs : clock.now().epochMs };
}

function foundOr(held: Held | null): Found | null {
  return held === null ? null : { held };
}

async function told(reading: Promise<StoredPair | null>, { log }: HeldPlaces): Promise<Held | null> {
  try {
    const pair = await reading;
    return pair === null ? null : heldOf(pair);
  } catch (error) {
    log.error((error as Error).message);
    return null;
  }
}

async function takenOver({ config, names, log }: HeldPlaces): Promise<Found | null> {
  if (config.takeOver === null) return null;
  const found = await findTakenOver(config.takeOver, names);
  if ('problem' in found) {
    log.warn(found.problem);
    return null;
  }
  const held = heldOf(found.pair);
  return held === null ? null : { held, file: found.file };
}
