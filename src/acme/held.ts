// A certificate of a CA in memory, with what was stored of it, and the places where one of an earlier life is found: the
// storage, the directory of a client that did this before, and the storage again for names that have changed since.

import type { AcmeConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { fitPair, type ServedCertificate } from '../tls/certificate-store.ts';
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
  readonly config: Pick<AcmeConfig, 'takeOver'>;
  readonly storage: CertificateStorage;
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

/** What there is for these names, or else for those that were wanted before; null: nothing. Never rejects. */
export async function findHeld(places: HeldPlaces): Promise<Held | null> {
  const { names, storage } = places;
  return (
    (await storedHeld(places)) ??
    (await takenOver(places)) ??
    (await told(storage.readPredecessor(names), places))
  );
}

/** What is stored for exactly these names. Never rejects. */
export function storedHeld(places: HeldPlaces): Promise<Held | null> {
  return told(places.storage.readCertificate(places.id), places);
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

async function takenOver({ config, names, log }: HeldPlaces): Promise<Held | null> {
  if (config.takeOver === null) return null;
  const found = await findTakenOver(config.takeOver, names);
  if ('problem' in found) {
    log.warn(found.problem);
    return null;
  }
  log.info('a certificate of another client is used until a new one is due', { file: found.file });
  return heldOf(found.pair);
}
