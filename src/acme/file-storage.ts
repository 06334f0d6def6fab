// The storage of certificates in files, in acme/ of certs_dir: certificates/ID.pem (key and chain), accounts/HOST-….json,
// orders/ID.json, ledger.json, and the lock. All of them for this user alone; each is replaced as a whole or not at all.
// A file that cannot be used is never overwritten: it is moved aside, and the log says where to. One that holds a key and
// that others may read is closed to them, and used.
// It knows no CA and no dates.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { FileWatch } from '../files/file-watch.ts';
import type { Log } from '../observe/log.ts';
import { EMPTY_LEDGER, type Ledger } from './ledger.ts';
import { predecessorOf, type Wanted } from './predecessor.ts';
import {
  type CertificateStorage,
  type LedgerRead,
  StorageProblem,
  type StoredAccount,
  type StoredOrder,
  type StoredPair,
} from './storage.ts';
import { accountIdOf, isStorageId } from './storage-id.ts';
import { loadFlock, StorageLock } from './storage-lock.ts';
import { accountForm, LEDGER_FORM, ORDER_FORM, PAIR_FORM, type StoredForm } from './stored-forms.ts';
import {
  deleteStored,
  isMissing,
  makeDirectories,
  moveAside,
  readStoredText,
  writeStoredText,
} from './stored-text.ts';
import { Turns } from './turns.ts';

/** Of certs_dir. */
const DIRECTORY = 'acme';
const FOLDERS = ['certificates', 'accounts', 'orders'] as const;
const LEDGER_FILE = 'ledger.json';
const LOCK_FILE = 'lock';
/** Certificates that are looked at for a predecessor; each set of names that ever was leaves one. */
const PREDECESSORS_MAX = 200;

export interface FileStorageParts {
  /** Absolute; made where it is missing. */
  readonly certsDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: the system's. */
  readonly flock?: ReturnType<typeof loadFlock>;
}

/** Where one thing is, and how it is written there. */
interface Place<T> {
  readonly path: string;
  readonly form: StoredForm<T>;
}

export class FileStorage implements CertificateStorage {
  readonly #parts: FileStorageParts;
  readonly #directory: string;
  readonly #lock: StorageLock;
  readonly #ledger: Place<Ledger>;
  /** Paths that were told as readable by others: on a share without modes they stay so. */
  readonly #exposed = new Set<string>();
  /** Two writers of one file in one process would share its draft. */
  readonly #turns = new Turns();

  constructor(parts: FileStorageParts) {
    this.#parts = parts;
    const { certsDir, clock, log, flock = loadFlock() } = parts;
    this.#directory = join(certsDir, DIRECTORY);
    this.#ledger = { path: join(this.#directory, LEDGER_FILE), form: LEDGER_FORM };
    const file = join(this.#directory, LOCK_FILE);
    this.#lock = new StorageLock({ file, clock, log, flock, directories: [certsDir, this.#directory] });
  }

  async readCertificate(id: string): Promise<StoredPair | null> {
    return this.#read(this.#pairOf(id));
  }

  async readPredecessor(names: readonly string[], wanted?: Wanted): Promise<StoredPair | null> {
    const files = (await namesIn(join(this.#directory, 'certificates'))) ?? [];
    const ids = files.filter((file) => file.endsWith('.pem')).map((file) => file.slice(0, -'.pem'.length));
    const usable = ids.filter(isStorageId).slice(0, PREDECESSORS_MAX);
    const pairs = await Promise.all(usable.map((id) => this.readCertificate(id).catch(() => null)));
    return predecessorOf(
      pairs.filter((pair) => pair !== null),
      names,
      wanted,
    );
  }

  async writeCertificate(id: string, pair: StoredPair): Promise<void> {
    await this.#write(this.#pairOf(id), pair);
  }

  async readAccount(directory: string): Promise<StoredAccount | null> {
    return this.#read(this.#accountOf(directory));
  }

  async writeAccount(directory: string, account: StoredAccount): Promise<void> {
    await this.#write(this.#accountOf(directory), account);
  }

  async readOrder(id: string): Promise<StoredOrder | null> {
    return this.#read(this.#orderOf(id));
  }

  async writeOrder(id: string, order: StoredOrder | null): Promise<void> {
    await this.#write(this.#orderOf(id), order);
  }

  async readLedger(): Promise<LedgerRead> {
    try {
      return { ledger: (await this.#read(this.#ledger)) ?? EMPTY_LEDGER, problem: null };
    } catch (error) {
      const moved = await this.#turns.take(() => this.#setAside(this.#ledger)).catch(() => null);
      const left = moved === null ? '' : `; it is now ${moved}`;
      return { ledger: EMPTY_LEDGER, problem: `${(error as Error).message}${left}` };
    }
  }

  async writeLedger(ledger: Ledger): Promise<void> {
    await this.#write(this.#ledger, ledger);
  }

  exclusively<T>(action: () => Promise<T>, withinMs: number): Promise<T> {
    return this.#lock.exclusively(action, withinMs);
  }

  watch(id: string, onChange: () => void): () => void {
    const { path } = this.#pairOf(id);
    const watch = new FileWatch({ paths: [path], clock: this.#parts.clock, onChange });
    void watch.know();
    return () => watch.close();
  }

  async isEmpty(): Promise<boolean> {
    const top = await namesIn(this.#directory);
    if (top === null || top.some((name) => name.startsWith(LEDGER_FILE))) return false;
    const inside = await Promise.all(FOLDERS.map((folder) => namesIn(join(this.#directory, folder))));
    return inside.every((names) => names?.length === 0);
  }

  #pairOf(id: string): Place<StoredPair> {
    return { path: this.#pathOf('certificates', id, 'pem'), form: PAIR_FORM };
  }

  #accountOf(directory: string): Place<StoredAccount> {
    return {
      path: this.#pathOf('accounts', accountIdOf(directory), 'json'),
      form: accountForm(directory),
    };
  }

  #orderOf(id: string): Place<StoredOrder> {
    return { path: this.#pathOf('orders', id, 'json'), form: ORDER_FORM };
  }

  #pathOf(folder: (typeof FOLDERS)[number], id: string, ending: string): string {
    if (!isStorageId(id)) throw new StorageProblem(`"${id}" is no id of a certificate; take storageIdOf`);
    return join(this.#directory, folder, `${id}.${ending}`);
  }

  async #read<T>({ path, form }: Place<T>): Promise<T | null> {
    const secrecy = {
      isOurs: (text: string) => form.parse(text) !== null,
      onExposed: (sentence: string) => this.#tellOnce(path, sentence),
    };
    const text = await readStoredText(path, form.octetsMax, form.isPublic ? undefined : secrecy);
    if (text === null) return null;
    const thing = form.parse(text);
    if (thing !== null) return thing;
    throw new StorageProblem(
      `${path}: it is torn or not ours, so there is no ${form.what} in it; restore it, or move it away`,
    );
  }

  #tellOnce(path: string, sentence: string): void {
    if (this.#exposed.has(path)) return;
    this.#exposed.add(path);
    this.#parts.log.warn(sentence);
  }

  /** Null deletes it. */
  #write<T>(place: Place<T>, thing: T | null): Promise<void> {
    const { path, form } = place;
    return this.#turns.take(async () => {
      const text = thing === null ? null : form.write(thing);
      // What could not be read again takes nothing's place.
      if (text !== null && (Buffer.byteLength(text) > form.octetsMax || form.parse(text) === null)) {
        throw new StorageProblem(`${path} is left as it is: what should be written is no ${form.what}`);
      }
      if (text !== null) await this.#makeDirectories();
      await this.#setAside(place);
      await (text === null ? deleteStored(path) : writeStoredText(path, text));
    });
  }

  /** Moves a file that cannot be used out of the way, and returns where it is now; null: there is none, or it is fine. */
  async #setAside<T>(place: Place<T>): Promise<string | null> {
    try {
      await this.#read(place);
      return null;
    } catch (error) {
      const aside = await moveAside(place.path);
      if (aside !== null)
        this.#parts.log.warn(`a file of acme was moved aside: ${(error as Error).message}`, { now: aside });
      return aside;
    }
  }

  #makeDirectories(): Promise<void> {
    const folders = FOLDERS.map((folder) => join(this.#directory, folder));
    return makeDirectories([this.#parts.certsDir, this.#directory, ...folders]);
  }
}

/** Null: it may hold anything, for it cannot be looked into. */
async function namesIn(directory: string): Promise<string[] | null> {
  try {
    return await readdir(directory);
  } catch (error) {
    return isMissing(error) ? [] : null;
  }
}
