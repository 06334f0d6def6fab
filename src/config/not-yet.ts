// Keys of the contract whose feature this release does not have, so that a file written for a later one is understood.
// A warning where something is merely missing; an error where carrying on would do what the owner did not ask for,
// such as sending a name out that should have stayed in the house. The issue that builds a feature deletes its row.

import type { Path, Report } from './problems.ts';

interface NotYet {
  /** Keys from the top of the file; "*" stands for every key or entry at that place. */
  readonly path: readonly string[];
  readonly severity: 'warning' | 'error';
  /** Does this value ask for the feature? An empty list does not. */
  readonly asks: (value: unknown) => boolean;
  readonly message: string;
}

const isNotEmpty = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

export const NOT_YET: readonly NotYet[] = [
  {
    path: ['listen', 'ntp'],
    severity: 'warning',
    asks: isNotEmpty,
    message: 'serving NTP is not built in this release; nothing listens there',
  },
];

/** Reports every row that the file asks for. */
export function reportNotYet(file: unknown, report: Report): void {
  for (const row of NOT_YET) {
    for (const { path, value } of valuesAt(file, row.path)) {
      if (row.asks(value)) report[row.severity](path, row.message);
    }
  }
}

function valuesAt(file: unknown, pattern: readonly string[]): { path: Path; value: unknown }[] {
  let found: { path: Path; value: unknown }[] = [{ path: [], value: file }];
  for (const step of pattern) {
    found = found.flatMap(({ path, value }) => {
      if (typeof value !== 'object' || value === null) return [];
      const keyOf = (key: string) => (Array.isArray(value) ? Number(key) : key);
      return Object.entries(value)
        .filter(([key]) => step === '*' || step === key)
        .map(([key, inner]) => ({ path: [...path, keyOf(key)], value: inner }));
    });
  }
  return found.filter(({ value }) => value !== undefined);
}
