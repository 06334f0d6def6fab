// Could the house have anything to say about a name? Asked of every query, by hashes that it has already; most are told "no"
// by that and go on without a look into zones and files. "No" is certain, "perhaps" is looked up by the name itself.

import { NameHashes } from '../../dns/name-hashes.ts';
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

export class HouseNames {
  readonly #names = new NameHashes();
  readonly #files: NamedParts['files'];

  constructor({ zones, ownNames, designated, files }: NamedParts) {
    for (const zone of [...SPECIAL_ZONES, ...zones.apexes]) this.#names.addTree(zone);
    for (const name of [...ownNames.names, ...designated.names]) this.#names.addName(name);
    this.#files = files;
  }

  mayHold(question: QuestionKey): boolean {
    return question.labels < LEAST_LABELS || this.#names.mayHold(question) || this.#files.mayHold(question);
  }
}
