// The trials of this run, long or short: those that may share a server, and those that need one of their own.

import { isFull } from '../support/is-full.ts';
import type { Trial } from './trial.ts';
import { TRIALS } from './trials.ts';

const chosen = TRIALS.filter(({ isLong }) => isFull || !isLong);
const needsOwn = ({ config, upstream }: Trial) => config !== undefined || upstream !== undefined;

/** By their row. */
export const SHARING = Object.entries(
  Object.groupBy(
    chosen.filter((trial) => !needsOwn(trial)),
    ({ row }) => row,
  ),
) as [string, Trial[]][];

export const ALONE: readonly Trial[] = chosen.filter(needsOwn);

/** One for each door that it goes at. */
export const runsOf = (some: readonly Trial[]) =>
  some.flatMap((trial) => trial.over.map((transport) => ({ trial, transport, ...trial })));
