// One hosts file or lease file: read at once, and again when it has changed. While it cannot be read, what was read of it
// before stays. It may be anything that another program wrote: reading is bounded, and gives way to queries.

import type { Clock } from '../../clock/clock.ts';
import { nextTurn } from '../../clock/next-turn.ts';
import type { LeasesConfig } from '../../config/config.ts';
import { FileWatch } from '../../files/file-watch.ts';
import { openWithoutWaiting, reasonOf } from '../../files/read-file.ts';
import type { Log } from '../../observe/log.ts';
import { dnsmasqLeases } from './dnsmasq-leases.ts';
import { leasedName } from './host-name.ts';
import { hostsItems } from './hosts-file.ts';
import { iscLeases } from './isc-leases.ts';
import { keaFiles, keaLeases } from './kea-leases.ts';
import { addressOctets, type Lease, type LeaseItem } from './lease.ts';
import type { NamedAddress } from './name-index.ts';

/** A journal of 50,000 leases is about half of that. */
const OCTETS_MAX = 16 * 2 ** 20;
/** Addresses that one file may name. */
export const ADDRESSES_MAX = 50_000;
/** So many items are read before queries have their turn: under a millisecond, and under ten where lines are long. */
const ITEMS_AT_ONCE = 20;

export type NameFileConfig = { readonly file: string; readonly format: 'hosts' } | LeasesConfig;

export interface NameFileParts {
  readonly config: NameFileConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the names have changed. */
  readonly onNames: () => unknown;
}

const LEASE_READERS: Readonly<Record<LeasesConfig['format'], (text: string) => Iterable<LeaseItem>>> = {
  dnsmasq: dnsmasqLeases,
  kea: keaLeases,
  isc: iscLeases,
};

/** How a file stands, for people. */
export interface NameFileReport {
  /** Absolute path. */
  readonly file: string;
  readonly format: NameFileConfig['format'];
  /** Addresses with a name that are answered from it. */
  readonly names: number;
  /** Entries that are not understood. */
  readonly unread: number;
  /** Why it is not what it should be, as part of a sentence; null when it is. */
  readonly problem: string | null;
  /** How long it has not been, for whichever reason; null when it is. */
  readonly problemForMs: number | null;
}

/** What a reading came to. */
interface Reading {
  readonly names: readonly NamedAddress[];
  /** Lines that mean nothing, and the first of them. */
  readonly unread: number;
  readonly firstUnread: number;
  /** Clients whose name is none, and the first of these names. */
  readonly nameless: number;
  readonly firstNameless: string;
  readonly isCut: boolean;
}

export class NameFile {
  readonly config: NameFileConfig;
  names: readonly NamedAddress[] = [];
  readonly #parts: NameFileParts;
  readonly #watch: FileWatch;
  #reading: Promise<void> = Promise.resolve();
  #told = '';
  #unread = 0;
  #problem: string | null = 'it has not been read yet';
  /** Monotonic; null: there is no problem. */
  #problemSinceMs: number | null;
  #isClosed = false;

  constructor(parts: NameFileParts) {
    this.#parts = parts;
    this.config = parts.config;
    this.#problemSinceMs = parts.clock.monotonic();
    const { file, format } = this.config;
    const paths = format === 'kea' ? keaFiles(file) : [file];
    this.#watch = new FileWatch({ paths, clock: parts.clock, onChange: () => this.read() });
  }

  /** Never throws: what is wrong goes to the log. One reading at a time, so that the latest is the last. */
  read(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading;
    return reading;
  }

  async #read(): Promise<void> {
    if (this.#isClosed) return;
    await this.#watch.know();
    const { file, format } = this.config;
    try {
      const texts: string[] = [];
      for (const path of format === 'kea' ? keaFiles(file) : [file]) {
        const text = await textOf(path, path === file);
        if (text !== null) texts.push(text);
      }
      const reading = await readNames(this.config, texts);
      if (this.#isClosed) return;
      this.names = reading.names;
      this.#unread = reading.unread;
      this.#find(isNoneOfIts(reading) ? `nothing in it is understood as ${format}` : null);
      this.#tell(reading);
      await this.#parts.onNames();
    } catch (error) {
      if (this.#isClosed) return;
      this.#find(reasonOf(error));
      this.#warn(`${sourceOf(this.config)}: ${reasonOf(error)}; its names stay as they were`);
    }
  }

  get report(): NameFileReport {
    const { file, format } = this.config;
    const problemForMs =
      this.#problemSinceMs === null ? null : this.#parts.clock.monotonic() - this.#problemSinceMs;
    const { length: names } = this.names;
    return { file, format, names, unread: this.#unread, problem: this.#problem, problemForMs };
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
  }

  #find(problem: string | null): void {
    this.#problem = problem;
    this.#problemSinceMs = problem === null ? null : (this.#problemSinceMs ?? this.#parts.clock.monotonic());
  }

  #tell({ unread, firstUnread, nameless, firstNameless, isCut }: Reading): void {
    const line = firstUnread > 0 ? `, the first at line ${firstUnread}` : '';
    const facts = [
      ...(unread > 0 ? [`entries not understood: ${unread}${line}`] : []),
      ...(nameless > 0
        ? [`names that cannot be answered: ${nameless}, the first ${JSON.stringify(firstNameless)}`]
        : []),
      ...(isCut ? [`no more than ${ADDRESSES_MAX} addresses are taken`] : []),
    ];
    if (facts.length > 0) this.#warn(`${sourceOf(this.config)}: ${facts.join('; ')}`);
    else this.#told = '';
  }

  /** Once for each finding: the file may change every minute. */
  #warn(message: string): void {
    if (message !== this.#told) this.#parts.log.warn(message);
    this.#told = message;
  }
}

/** Entries, and not one that means anything: it is in another format, or something else. */
function isNoneOfIts({ names, unread, nameless }: Reading): boolean {
  return unread > 0 && names.length === 0 && nameless === 0;
}

/** For people: in the log, and where a query is explained. */
function sourceOf({ file, format }: NameFileConfig): string {
  return format === 'hosts' ? `file ${file}` : `leases ${file}`;
}

/** Null for a file that need not be there and is not. */
async function textOf(path: string, isNeeded: boolean): Promise<string | null> {
  try {
    await using file = await openWithoutWaiting(path);
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is not a plain file');
    if (stats.size > OCTETS_MAX) throw new Error(`it is over ${OCTETS_MAX} octets long`);
    const buffer = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(buffer, 0, stats.size, 0);
    return buffer.toString('latin1', 0, bytesRead); // names are ASCII, and no octet can fail
  } catch (error) {
    if (!isNeeded && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function readNames(config: NameFileConfig, texts: readonly string[]): Promise<Reading> {
  const source = sourceOf(config);
  const reading = {
    names: [] as NamedAddress[],
    unread: 0,
    firstUnread: 0,
    nameless: 0,
    firstNameless: '',
    isCut: false,
  };
  const skip = (line: number) => {
    if (reading.unread === 0) reading.firstUnread = line;
    reading.unread += 1;
  };
  const add = (named: Omit<NamedAddress, 'source'>) => {
    if (reading.names.length < ADDRESSES_MAX) reading.names.push({ ...named, source });
    else reading.isCut = true;
  };
  if (config.format === 'hosts') {
    for await (const item of unhurried(texts.map(hostsItems))) {
      if (item.kind === 'unread') skip(item.line);
      else if (item.kind === 'host') {
        for (const [at, name] of item.names.entries()) {
          add({
            name,
            address: item.address,
            isPointedTo: at === 0,
            expiresMs: Number.POSITIVE_INFINITY,
            sinceMs: 0,
            isLease: false,
          });
        }
      }
    }
    return reading;
  }
  const leases = new Map<string, Lease>();
  for await (const item of unhurried(texts.map(LEASE_READERS[config.format]))) {
    if (item.kind === 'unread') skip(item.line);
    else if (item.kind === 'gone') leases.delete(item.address);
    else if (item.kind === 'nothing') continue;
    else if (leases.size < ADDRESSES_MAX || leases.has(item.lease.address))
      leases.set(item.lease.address, item.lease);
    else reading.isCut = true;
  }
  for await (const { address, host, expiresMs, sinceMs } of unhurried([leases.values()])) {
    const octets = addressOctets(address);
    const name = leasedName(host, config.domain);
    if (octets === null) reading.unread += 1;
    else if (name === null) {
      reading.firstNameless ||= host.slice(0, 80);
      reading.nameless += 1;
    } else add({ name, address: octets, isPointedTo: true, expiresMs, sinceMs, isLease: true });
  }
  return reading;
}

/** All items, with a pause for queries now and then. */
export async function* unhurried<T>(parts: readonly Iterable<T>[]): AsyncGenerator<T> {
  let since = 0;
  for (const items of parts) {
    for (const item of items) {
      since += 1;
      if (since % ITEMS_AT_ONCE === 0) await nextTurn();
      yield item;
    }
  }
}
