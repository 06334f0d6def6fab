// Keeps a running server at what its configuration says: read again on SIGHUP, and when the file or one that it includes
// has changed; a signal has the lists asked for again as well. One reload after the other. A bad file is reported, in the
// log and in the status, and what was served before goes on.

import { isDeepStrictEqual } from 'node:util';
import type { App } from '../app/app.ts';
import type { Clock } from '../clock/clock.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { type ConfigProblem, ConfigProblems, formatProblem } from '../config/problems.ts';
import { FileWatch } from '../files/file-watch.ts';
import type { Log, LogOptions } from '../observe/log.ts';
import { circlesHere } from './read-config.ts';

/** Of the files in a row, for those that change all the time. */
const MAX_READINGS = 3;

export interface ReloadingParts {
  readonly app: Pick<App, 'reload' | 'noteReload' | 'refetchLists' | 'addresses'>;
  /** Resolves when the app has started; no reload begins before. */
  readonly started: Promise<unknown>;
  /** As the person wrote it. */
  readonly file: string;
  /** What the app was started with. */
  readonly loaded: ParsedConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** The log's own, changed in place. */
  readonly logOptions: { -readonly [Name in keyof LogOptions]: LogOptions[Name] };
}

export class Reloading {
  readonly #parts: ReloadingParts;
  readonly #watch: FileWatch;
  #config: Config;
  #files: readonly string[];
  #under: Promise<void>;
  /** Of the last start or reload: what is among them is not said again. */
  #told: Readonly<Record<'warnings' | 'circles', readonly ConfigProblem[]>>;

  constructor(parts: ReloadingParts) {
    this.#parts = parts;
    this.#config = parts.loaded.config;
    this.#files = parts.loaded.files;
    this.#told = { warnings: parts.loaded.warnings, circles: [] };
    const onChange = () => this.reload('files');
    this.#watch = new FileWatch({ paths: this.#files, clock: parts.clock, onChange });
    this.#under = Promise.all([parts.started, this.#watch.know()]).then(() => {});
  }

  /** After those that are under way. Never rejects: what is wrong goes to the log. */
  reload(because: 'signal' | 'files'): Promise<void> {
    this.#under = this.#under.then(() => this.#reload(because));
    return this.#under;
  }

  /** What would turn against us in a power cut, at each start and reload, because `check` is not always run. */
  sayCircles(): void {
    for (const { path, message } of this.#untold('circles', circlesHere(this.#config)))
      this.#parts.log.warn(message, { key: path });
  }

  close(): void {
    this.#watch.close();
  }

  async #reload(because: 'signal' | 'files'): Promise<void> {
    const { app, file, log, logOptions } = this.#parts;
    try {
      const { stateDir, workers } = this.#config;
      const loaded = await this.#load();
      const warnings = [...loaded.warnings, ...nextStartWarnings(this.#config, loaded.config)];
      for (const warning of this.#untold('warnings', warnings)) log.warn(formatProblem(file, warning));
      const config = { ...loaded.config, stateDir, workers };
      await app.reload(config);
      app.noteReload(null);
      if (because === 'signal') app.refetchLists();
      Object.assign(logOptions, config.log);
      log.info('reloaded', { ...app.addresses, changed: changedKeys(this.#config, config) });
      this.#config = config;
      this.sayCircles();
    } catch (error) {
      const isExpected = error instanceof ConfigProblems;
      const reason = (isExpected ? error.message : (error as Error).stack) ?? String(error);
      log.error('reload failed; what was served before goes on', { reason });
      app.noteReload(firstOf(error as Error));
    }
  }

  /**
   * What the file says. Every file that it is made of is known before it is read, so that a change meanwhile is seen:
   * where others are found to be among them than were known, all are read once more. Of a bad one too: one is to be mended.
   * @throws ConfigProblems
   */
  async #load(): Promise<ParsedConfig> {
    for (let reading = 1; ; reading += 1) {
      await this.#watch.know(this.#files);
      const read = this.#read();
      const files = read.files.length === 0 ? this.#files : read.files;
      const isSettled = isDeepStrictEqual(files, this.#files) || reading === MAX_READINGS;
      this.#files = files;
      if (!isSettled) continue;
      if (read instanceof ConfigProblems) throw read;
      return read;
    }
  }

  #read(): ParsedConfig | ConfigProblems {
    try {
      return loadConfig(this.#parts.file);
    } catch (error) {
      if (error instanceof ConfigProblems) return error;
      throw error;
    }
  }

  #untold(kind: 'warnings' | 'circles', found: readonly ConfigProblem[]): ConfigProblem[] {
    const before = this.#told[kind];
    this.#told = { ...this.#told, [kind]: found };
    return found.filter(
      ({ path, message }) => !before.some((one) => one.path === path && one.message === message),
    );
  }
}

/** What another value of counts at the next start, and not before. */
function nextStartWarnings({ stateDir, workers }: Config, wanted: Config): ConfigProblem[] {
  return [...stateDirWarning(stateDir, wanted), ...workersWarning(workers, wanted)];
}

/** The sockets would have to be opened anew, and somebody's query would be lost. */
function workersWarning(workers: Config['workers'], wanted: Config): ConfigProblem[] {
  if (wanted.workers === workers) return [];
  const message = `${wanted.workers} counts at the next start; until then it is ${workers}`;
  return [{ path: 'workers', line: 0, message }];
}

/** Stamp, cache, lists and control socket are where they are: another place is one for the next start. */
function stateDirWarning(stateDir: string, wanted: Config): ConfigProblem[] {
  if (wanted.stateDir === stateDir) return [];
  const message = `${wanted.stateDir} counts at the next start, so restart soon: until then the server keeps to ${stateDir}, and the commands that ask it look for it in the other`;
  return [{ path: 'state_dir', line: 0, message }];
}

function firstOf(error: Error): { readonly problem: string; readonly more: number } {
  if (!(error instanceof ConfigProblems)) return { problem: error.message, more: 0 };
  return { problem: formatProblem(error.file, error.problems[0]!), more: error.problems.length - 1 };
}

/** As they are written in the file. */
function changedKeys(before: Config, after: Config): readonly string[] {
  const changed = (Object.keys(after) as (keyof Config)[]).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
  if (changed.length === 0) return ['nothing'];
  return changed.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}
