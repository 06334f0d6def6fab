// Where issued certificates and what it takes to get them are kept: pairs, the account, the order under way, the ledger.
// Several servers may share one storage, so it has a lock, and says when another has replaced a certificate.
// Vocabulary only; file-storage.ts keeps it in files.

import type { Ledger } from './ledger.ts';
import type { Wanted } from './predecessor.ts';

/** Whom a certificate was ordered from, and how. */
export interface Origin {
  /** URL of the CA's directory. */
  readonly directory: string;
  /** Null: the CA's own choice. */
  readonly profile: string | null;
}

/** PEM, both. */
export interface StoredPair {
  /** The server's own certificate first, then what issued it. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** Absent: another program ordered it, or it is not known. */
  readonly origin?: Origin;
}

/** An account with a CA (RFC 8555 section 7.1.2). */
export interface StoredAccount {
  /** PEM. */
  readonly keyPem: string;
  /** The account's own URL; null: the key is made, and the CA does not know it yet or has not answered. */
  readonly url: string | null;
}

/** An order under way (RFC 8555 section 7.1.3), with the key that its certificate will be for. */
export interface StoredOrder extends Origin {
  /** The order's own URL. */
  readonly url: string;
  readonly names: readonly string[];
  readonly keyType: string;
  /** PEM. */
  readonly keyPem: string;
}

export interface LedgerRead {
  readonly ledger: Ledger;
  /** What was wrong with the one that was kept, as a sentence; the ledger is empty then. */
  readonly problem: string | null;
}

/**
 * Readers may come at any time. Writers of one storage that are not alone write within `exclusively`.
 * All methods reject with StorageProblem.
 */
export interface CertificateStorage {
  /** The last certificate for this id (storageIdOf); null: there is none. What cannot be used is a problem, never null. */
  readCertificate(id: string): Promise<StoredPair | null>;
  /**
   * The stored certificate that carries most of `names`, and of these the one that ends last; null: none carries any. For
   * names that have changed: what was issued for the old ones is served until there is one for the new. One that `wanted`
   * speaks against comes behind all others.
   */
  readPredecessor(names: readonly string[], wanted?: Wanted): Promise<StoredPair | null>;
  /** As a whole or not at all. What stands there and cannot be used is moved aside, and the log says so. */
  writeCertificate(id: string, pair: StoredPair): Promise<void>;
  /** By the URL of the CA's directory. */
  readAccount(directory: string): Promise<StoredAccount | null>;
  writeAccount(directory: string, account: StoredAccount): Promise<void>;
  /** The order under way, so that no death at any step loses its key or its URL. */
  readOrder(id: string): Promise<StoredOrder | null>;
  /** Null deletes it. */
  writeOrder(id: string, order: StoredOrder | null): Promise<void>;
  /** Never rejects: a ledger that cannot be used is moved aside where that is possible, told, and an empty one used. */
  readLedger(): Promise<LedgerRead>;
  writeLedger(ledger: Ledger): Promise<void>;
  /**
   * Runs `action` while nobody else, in this process or another on this storage, runs one. Not to be nested.
   * @throws StorageBusy when the lock was not to be had `withinMs`; what `action` throws
   */
  exclusively<T>(action: () => Promise<T>, withinMs: number): Promise<T>;
  /** Calls back when the certificate of `id` was replaced by anybody, us included; returns how to stop that. */
  watch(id: string, onChange: () => void): () => void;
  /** Nothing was ever stored here. What cannot be looked into is not empty. */
  isEmpty(): Promise<boolean>;
}

/** Something cannot be kept, or what is kept cannot be used. The message is a sentence for the owner. */
export class StorageProblem extends Error {
  override readonly name = 'StorageProblem';
  readonly code = 'acme-storage';
}

/** Another holds the lock. */
export class StorageBusy extends Error {
  override readonly name = 'StorageBusy';
  readonly code = 'acme-storage-busy';
}
