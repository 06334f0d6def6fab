// Keeps a running server at what its configuration says: read again on SIGHUP, and when the file or one that it includes
// has changed. One reload after the other. A bad file is reported, and what was served before goes on.

import { isDeepStrictEqual } from 'node:util';
import type { App } from '../app/app.ts';
import type { Clock } from '../clock/clock.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { ConfigProblems, formatProblem } from '../config/problems.ts';
import { FileWatch } from '../files/file-watch.ts';
import type { Log, LogOptions } from '../observe/log.ts';
import { circlesHere } from './read-config.ts';

export interface ReloadingParts {
  readonly app: App;
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

  constructor(parts: ReloadingParts) {
    this.#parts = parts;
    this.#config = parts.loaded.config;
    this.#files = parts.loaded.files;
    this.#watch = new FileWatch({ paths: this.#files, clock: parts.clock, onChange: () => this.reload() });
    this.#under = Promise.all([parts.started, this.#watch.know()]).then(() => {});
  }

  /** After those that are under way. Never rejects: what is wrong goes to the log. */
  reload(): Promise<void> {
    this.#under = this.#under.then(() => this.#reload());
    return this.#under;
  }

  close(): void {
    this.#watch.close();
  }

  async #reload(): Promise<void> {
    const { app, file, log, logOptions } = this.#parts;
    try {
      await this.#watch.know();
      const { config, warnings, files } = loadConfig(file);
      for (const warning of warnings) log.warn(formatProblem(file, warning));
      await app.reload(config);
      Object.assign(logOptions, config.log);
      log.info('reloaded', { ...app.addresses, changed: changedKeys(this.#config, config) });
      this.#config = config;
      sayCircles(config, log);
      if (isDeepStrictEqual(files, this.#files)) return;
      this.#files = files;
      await this.#watch.know(files);
    } catch (error) {
      const isExpected = error instanceof ConfigProblems;
      const reason = (isExpected ? error.message : (error as Error).stack) ?? String(error);
      log.error('reload failed; what was served before goes on', { reason });
    }
  }
}

/** What would turn against us in a power cut, at each start and reload, because `check` is not always run. */
export function sayCircles(config: Config, log: Log): void {
  for (const { path, message } of circlesHere(config)) log.warn(message, { key: path });
}

function changedKeys(before: Config, after: Config): string[] {
  return (Object.keys(after) as (keyof Config)[]).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
}
