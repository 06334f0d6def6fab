// What honest clients ask, in turn, and what is right for names of the house; that for names of the world is in oracle.ts.

import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../support/noonmark.ts';
import { HOT_NAMES, hotName, type Question, SOAK_ZONE, type Verdict } from './oracle.ts';

/** They ask from here. */
export const HONEST = '127.0.0.9';
export const PATIENCE_MS = 5_000;
/** A name of the house whose address the soak changes. */
export const CHANGING_NAME = 'changing.home.arpa';

/** A client of one kind. */
export interface Asker {
  readonly name: string;
  /** Null: nothing came. */
  ask(question: Question, changing: () => readonly string[]): Promise<Verdict | null>;
  leave(): void;
}

/** Half of what is asked for is asked for all the time. */
export function questionOf(turn: number, who: string): Question {
  const hot = hotName(turn * 7);
  switch (turn % 10) {
    case 1:
      return { name: INTERNAL_NAME, type: 'A' };
    case 3:
      return { name: `fresh${turn}-${who}.${SOAK_ZONE}`, type: 'A' };
    case 4:
      return { name: `none${turn}-${who}.${SOAK_ZONE}`, type: 'A' };
    case 5:
      return { name: `big${turn % HOT_NAMES}.${SOAK_ZONE}`, type: 'TXT' };
    case 6:
      return { name: CHANGING_NAME, type: 'A' };
    case 7:
      return { name: `alias${turn}-${who}.${SOAK_ZONE}`, type: 'A' };
    case 8:
      return { name: hot, type: 'AAAA' };
    default:
      return { name: hot, type: 'A' };
  }
}

/** Addresses that a name of the house may have; null for names of the world. */
export function houseAddresses(name: string, changing: () => readonly string[]): readonly string[] | null {
  if (name === INTERNAL_NAME) return [INTERNAL_ADDRESS];
  return name === CHANGING_NAME ? changing() : null;
}
