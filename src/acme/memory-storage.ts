// A storage that forgets: for a dry run, which must leave no trace, and for tests. One process, so its lock is a queue, and
// nothing in it can be torn.

import { EMPTY_LEDGER, type Ledger } from './ledger.ts';
import { predecessorOf, type Wanted } from './predecessor.ts';
import type { CertificateStorage, StoredAccount, StoredOrder, StoredPair } from './storage.ts';
import { Turns } from './turns.ts';

export class MemoryStorage implements CertificateStorage {
  readonly #certificates = new Map<string, StoredPair>();
  readonly #accounts = new Map<string, StoredAccount>();
  readonly #orders = new Map<string, StoredOrder>();
  readonly #watchers = new Map<string, Set<() => void>>();
  #ledger: Ledger = EMPTY_LEDGER;
  readonly #turns = new Turns();

  async readCertificate(id: string): Promise<StoredPair | null> {
    return this.#certificates.get(id) ?? null;
  }

  async readPredecessor(names: readonly string[], wanted?: Wanted): Promise<StoredPair | null> {
    return predecessorOf([...this.#certificates.values()], names, wanted);
  }

  async writeCertificate(id: string, pair: StoredPair): Promise<void> {
    this.#certificates.set(id, pair);
    for (const tell of this.#watchers.get(id) ?? []) tell();
  }

  async readAccount(directory: string): Promise<StoredAccount | null> {
    return this.#accounts.get(directory) ?? null;
  }

  async writeAccount(directory: string, account: StoredAccount): Promise<void> {
    this.#accounts.set(directory, account);
  }

  async readOrder(id: string): Promise<StoredOrder | null> {
    return this.#orders.get(id) ?? null;
  }

  async writeOrder(id: string, order: StoredOrder | null): Promise<void> {
    if (order === null) this.#orders.delete(id);
    else this.#orders.set(id, order);
  }

  async readLedger() {
    return { ledger: this.#ledger, problem: null };
  }

  async writeLedger(ledger: Ledger): Promise<void> {
    this.#ledger = ledger;
  }

  exclusively<T>(action: () => Promise<T>): Promise<T> {
    return this.#turns.take(action);
  }

  watch(id: string, onChange: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(onChange));
    return () => watchers.delete(onChange);
  }

  async isEmpty(): Promise<boolean> {
    const kept = this.#certificates.size + this.#accounts.size + this.#orders.size;
    return kept === 0 && this.#ledger === EMPTY_LEDGER;
  }
}
