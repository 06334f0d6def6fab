// Top-level names that mean a house, so that whoever uses one means his own; every other one is of the world, or may
// become so. A zone whose names go out in plaintext, or are chosen by devices, is never a top-level domain of the world:
// one of two labels or more, fritz.box or example.com, is the owner's word.

import { formatWithoutDot, type NameKey, nameKey, parentOf, ROOT } from '../dns/names.ts';

const HOUSE_LABELS: ReadonlySet<NameKey> = new Set(
  [
    'internal', // reserved for private use by the ICANN board, 29 July 2024
    ...['lan', 'home', 'corp', 'intranet', 'private'], // RFC 6762 appendix G; home and corp: ICANN board, 4 February 2018
    'localdomain', // the search domain of many systems
    ...['test', 'example'], // RFC 6761
    'local', // RFC 6762, with a warning
  ].map((name) => nameKey(name)),
);

/** "internal, lan, …", for people. */
export const HOUSE_LABEL_LIST = [...HOUSE_LABELS].map((label) => formatWithoutDot(label)).join(', ');

/** Is it a single label that the world has or may come to have? The root is none. */
export function isTopLevelOfWorld(name: NameKey): boolean {
  return name !== ROOT && parentOf(name) === ROOT && !HOUSE_LABELS.has(name);
}

/** They stand for names of the world in documentation, and in the tests of many programs. */
const OF_EXAMPLES: ReadonlySet<string> = new Set(['test', 'example']);

/** Names below these are of houses, and no public CA certifies one. */
const HOUSE_SUFFIXES = [
  'home.arpa', // RFC 8375
  ...[...HOUSE_LABELS].map((label) => formatWithoutDot(label)).filter((label) => !OF_EXAMPLES.has(label)),
];

/** Why a host name is one of houses, as the part of it that says so ("home.arpa"); null where the world may have it. */
export function houseSuffixOf(hostName: string): string | null {
  if (!hostName.includes('.')) return 'no domain at all';
  return HOUSE_SUFFIXES.find((suffix) => `.${hostName}`.endsWith(`.${suffix}`)) ?? null;
}
