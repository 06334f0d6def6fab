// The names of all hosts files and lease files, kept up with the files. A new index is built beside the old one, which
// answers until the new one is ready; so nothing waits for a file, neither the start nor a query.

import type { Clock } from '../../clock/clock.ts';
import type { Config } from '../../config/config.ts';
import type { SharedNameHashes } from '../../dns/name-hashes.ts';
import type { NameKey } from '../../dns/names.ts';
import type { QuestionKey } from '../../dns/question-key.ts';
import type { Log } from '../../observe/log.ts';
import { NameFile, type NameFileConfig, type NameFileReport, unhurried } from './name-file.ts';
import { type FileAnswer, type NamedAddress, NameIndex } from './name-index.ts';

type NameFilesConfig = Pick<Config, 'hosts' | 'leases'>;

export interface NameFilesParts {
  readonly config: NameFilesConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when other names are answered from now on. */
  readonly onChange?: () => void;
}

export class NameFiles {
  readonly #parts: NameFilesParts;
  #files: NameFile[] = [];
  #index = new NameIndex();
  #building: Promise<void> = Promise.resolve();
  #isStale = false;

  /** Begins to read; what is not read yet is not answered from here. */
  constructor(parts: NameFilesParts) {
    this.#parts = parts;
    void this.reload(parts.config);
  }

  /** Other files from now on; those that stay keep their names meanwhile. Resolves when all are read. Never rejects. */
  async reload({ hosts, leases }: NameFilesConfig): Promise<void> {
    const wanted: NameFileConfig[] = [
      ...hosts.map((file) => ({ file, format: 'hosts' as const })),
      ...leases,
    ];
    const old = this.#files;
    this.#files = wanted.map(
      (config) => old.find((file) => isSame(file.config, config)) ?? this.#open(config),
    );
    for (const file of old) if (!this.#files.includes(file)) file.close();
    await this.#rebuild();
    await Promise.all(this.#files.map((file) => file.read()));
  }

  /** Could a file have the name of this question? "No" is certain. */
  mayHold(question: QuestionKey): boolean {
    return this.#index.mayHold(question);
  }

  /** The hashes of their names as they are now, for other threads. */
  get sharedHashes(): SharedNameHashes {
    return this.#index.sharedHashes;
  }

  /** Null: no file has the name, or the question is not about where it is. */
  lookup(key: NameKey, type: number): FileAnswer | null {
    if (!this.#index.has(key)) return null; // nearly always, and then no date is asked for
    const { clock } = this.#parts;
    const nowMs = clock.status.state === 'untrusted' ? Number.NEGATIVE_INFINITY : clock.now().epochMs;
    return this.#index.lookup(key, type, nowMs);
  }

  /** Is the name there, or one below it? */
  exists(key: NameKey): boolean {
    return this.#index.exists(key);
  }

  /** Each file as it stands, in the order of the configuration. */
  report(): NameFileReport[] {
    return this.#files.map(({ report }) => report);
  }

  close(): void {
    for (const file of this.#files) file.close();
    this.#files = [];
  }

  #open(config: NameFileConfig): NameFile {
    const { clock, log } = this.#parts;
    return new NameFile({ config, clock, log, onNames: () => this.#rebuild() });
  }

  /** One at a time; whoever comes while one waits to begin is served by that one. */
  #rebuild(): Promise<void> {
    if (this.#isStale) return this.#building;
    this.#isStale = true;
    this.#building = this.#building.then(async () => {
      this.#isStale = false;
      const index = new NameIndex();
      for await (const named of unhurried(inOrder(this.#files))) index.add(named);
      this.#index = index;
      this.#parts.onChange?.();
    });
    return this.#building;
  }
}

/** Hosts files as they are written down, then all leases, newest first. */
function inOrder(files: readonly NameFile[]): (readonly NamedAddress[])[] {
  const hosts = files.filter(({ config }) => config.format === 'hosts').map(({ names }) => names);
  const leases = files.filter(({ config }) => config.format !== 'hosts').flatMap(({ names }) => names);
  return [...hosts, leases.sort((a, b) => b.sinceMs - a.sinceMs || 0)]; // Infinity - Infinity is NaN
}

function isSame(a: NameFileConfig, b: NameFileConfig): boolean {
  const domain = (config: NameFileConfig) => (config.format === 'hosts' ? '' : config.domain);
  return a.file === b.file && a.format === b.format && domain(a) === domain(b);
}
