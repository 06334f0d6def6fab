// What can go wrong at a CA, switched on by a test, for one resource or one path, so many times or until heal().
// This file keeps the switches and says what is due; acme-front.ts acts on it.

import type { AcmeResource, Asked, Problem } from './acme-exchange.ts';

/** A resource, or the path of one object: "/my-order/abc". */
export type Where = AcmeResource | `/${string}`;

export interface Times {
  /** Default: until heal(). */
  readonly times?: number;
}

export interface Timed extends Times {
  /** Before or after Pebble has acted on it; after: it was done, and its answer is lost. Default before. */
  readonly when?: 'before' | 'after';
}

export type Act =
  | { readonly kind: 'fail'; readonly problem: Problem }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' };

export interface AcmeFaults {
  /** An error instead of Pebble's answer; Pebble never hears of it. Each comes with a fresh Replay-Nonce. */
  fail(where: Where, problem: Problem & Times): void;
  /** Pebble acts at once, its answer goes out so much later. */
  slow(where: Where, ms: number, times?: Times): void;
  /** No answer ever; the connection stays. */
  hang(where: Where, timed?: Timed): void;
  /** The connection is reset, with everything else that is under way on it. */
  reset(where: Where, timed?: Timed): void;
  /** The next `count` POSTs are refused with badNonce. */
  badNonces(count: number): void;
  /** The Date header of every response from now on; null: none; undefined: this machine's time again. */
  date(value: Date | string | null | undefined): void;
  /** Switches every fault above off. */
  heal(): void;
}

export interface DueFaults {
  readonly switches: AcmeFaults;
  /** What is to be done about a request at this moment; counts as one time each. */
  due(asked: Asked, when: 'before' | 'after'): Act[];
  takeBadNonce(asked: Asked): boolean;
  dateHeader(): string | null | undefined;
}

interface Fault {
  readonly where: Where;
  readonly when: 'before' | 'after';
  readonly act: Act;
  timesLeft: number;
}

export function createFaults(): DueFaults {
  let faults: Fault[] = [];
  let badNoncesLeft = 0;
  let dateHeader: string | null | undefined;
  const add = (where: Where, act: Act, { times = Number.POSITIVE_INFINITY, when = 'before' }: Timed = {}) => {
    faults.push({ where, when, act, timesLeft: times });
  };
  return {
    switches: {
      fail: (where, { times, ...problem }) => add(where, { kind: 'fail', problem }, { times }),
      slow: (where, ms, { times } = {}) => add(where, { kind: 'slow', ms }, { times, when: 'after' }),
      hang: (where, timed) => add(where, { kind: 'hang' }, timed),
      reset: (where, timed) => add(where, { kind: 'reset' }, timed),
      badNonces: (count) => {
        badNoncesLeft = count;
      },
      date: (value) => {
        dateHeader = value instanceof Date ? value.toUTCString() : value;
      },
      heal: () => {
        faults = [];
        badNoncesLeft = 0;
        dateHeader = undefined;
      },
    },
    due: ({ resource, path }, when) => {
      const found = faults.filter(
        (fault) => fault.when === when && (fault.where === resource || fault.where === path),
      );
      for (const fault of found) fault.timesLeft--;
      faults = faults.filter(({ timesLeft }) => timesLeft > 0);
      return found.map(({ act }) => act);
    },
    takeBadNonce: ({ method }) => {
      if (method !== 'POST' || badNoncesLeft === 0) return false;
      badNoncesLeft--;
      return true;
    },
    dateHeader: () => dateHeader,
  };
}
