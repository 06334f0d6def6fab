// Feeds a list from a file of the owner's: read at once, and again when the file has changed. A file that is gone, or
// cannot be used, changes nothing but what is reported.

import type { Clock } from '../clock/clock.ts';
import { FileWatch } from '../files/file-watch.ts';
import type { List } from './list.ts';
import { describeReadFailure, readListFile } from './list-file.ts';

export interface FileFeedParts {
  readonly file: string;
  readonly list: List;
  readonly clock: Clock;
}

export class FileFeed {
  readonly #parts: FileFeedParts;
  readonly #watch: FileWatch;
  /** One reading after another, so that the last is of the newest file. */
  #reading: Promise<void>;
  #isReading = false;
  #isClosed = false;

  constructor(parts: FileFeedParts) {
    const { file, clock } = parts;
    this.#parts = parts;
    this.#watch = new FileWatch({ paths: [file], clock, onChange: () => this.#readAgain() });
    this.#reading = this.#read();
  }

  /** Looks whether the file has changed, as is done every LOOK_EVERY_MS; resolves when it has been read, if it has. */
  look(): Promise<void> {
    return this.#watch.look();
  }

  /** Reads it now, changed or not, held still or not: whoever asks for that says that it is ready. */
  refetch(): void {
    if (!this.#isReading) void this.#readAgain();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
  }

  #readAgain(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { file, list, clock } = this.#parts;
    this.#isReading = true;
    try {
      await this.#watch.know(); // before reading: a change in between is a change
      const read = await readListFile(file);
      const isDated = clock.status.state !== 'untrusted';
      if (!this.#isClosed) {
        list.take(read, isDated ? clock.now().epochMs : null); // an empty one too, for its owner may have emptied it
        if (read.table.entries === 0) list.fail('it holds no name');
      }
    } catch (error) {
      if (!this.#isClosed) list.fail(describeReadFailure(error));
    }
    this.#isReading = false;
  }
}
