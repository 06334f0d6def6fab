// Could the house have anything to say about a name? Asked of every query, by hashes that it has already; most are told "no"
// by that and go on without a look into zones and files. "No" is certain, "perhaps" is looked up by the name itself.
// A thread that has none of the names can tell all the same (SharedHouseNames).

import { NameHashes, type SharedNameHashes } from '../../dns/name-hashes.ts';
import type { NameKey } from '../../dns/names.ts';
import type { QuestionKey } from '../../dns/question-key.ts';
import { SPECIAL_ZONES } from './special-names.ts';

/** Fewer labels than this: a name without a dot, which never leaves (special-names.ts). */
const LEAST_LABELS = 2;

export interface NamedParts {
  readonly zones: { readonly apexes: readonly NameKey[] };
  readonly ownNames: { readonly names: readonly NameKey[] };
  readonly designated: { readonly names: readonly NameKey[] };
  /** Asked each time, because files change by themselves. */
  readonly files: { mayHold(question: QuestionKey): boolean };
}

/** As they are at one moment. */
export interface SharedHouseNames {
  readonly own: SharedNameHashes;
  readonly files: SharedNameHashes;
}

export class HouseNames {
  readonly #names: NameHashes;
  readonly #files: NamedParts['files'];

  private constructor(names: NameHashes, files: NamedParts['files']) {
    this.#names = names;
    this.#files = files;
  }

  static of({ zones, ownNames, designated, files }: NamedParts): HouseNames {
    const names = new NameHashes();
    for (const zone of [...SPECIAL_ZONES, ...zones.apexes]) names.addTree(zone);
    for (const name of [...ownNames.names, ...designated.names]) names.addName(name);
    return new HouseNames(names, files);
  }

  static ofShared({ own, files }: SharedHouseNames): HouseNames {
    return new HouseNames(new NameHashes(own), new NameHashes(files));
  }

  /** Those of the house itself, without what files have. */
  get shared(): SharedNameHashes {
    return this.#names.shared;
  }

  mayHold(question: QuestionKey): boolean {
    return question.labels < LEAST_LABELS || this.#names.mayHold(question) || this.#files.mayHold(question);
  }
}
