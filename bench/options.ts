// The options of `npm run bench`. `--quick` is Noonmark beside unbound in short rounds, without the rows that take minutes.

import { parseArgs } from 'node:util';
import type { Peer } from './peers/peer.ts';
import { PEERS } from './peers/peers.ts';
import type { Row } from './rows/row.ts';
import { ROWS } from './rows/rows.ts';

export const USAGE = `npm run bench -- [options]

  --quick         Noonmark and unbound, short rounds, no long rows: two minutes
  --only ROW,…    these rows: ${ROWS.map(({ id }) => id).join(', ')}
  --peers A,…     these servers: ${PEERS.map(({ name }) => name).join(', ')}
  --rounds N      3, in --quick 2
  --seconds N     of a round, 6, in --quick 1
  --idle N        seconds of idleness, 600
  --no-profile    do not look where the CPU goes
  --json FILE     keep what was found
  --from FILE     measure nothing; make the pages of what was kept
  --into DIR      write the pages there; a full run writes docs/

Without any: all servers, all rows, some 50 minutes, and docs/performance.md is written.`;

export interface Options {
  readonly isQuick: boolean;
  readonly rows: readonly Row[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly idleSeconds: number;
  readonly withProfile: boolean;
  readonly json: string | undefined;
  readonly from: string | undefined;
  readonly into: string | undefined;
  /** All rows and all servers, at full length: what the pages are written from. */
  readonly isFull: boolean;
}

const FULL = { rounds: 3, seconds: 6, warmUpSeconds: 2, idleSeconds: 600 };
const QUICK = { rounds: 2, seconds: 1, warmUpSeconds: 1, idleSeconds: 60 };
const QUICK_PEERS = ['noonmark', 'unbound'];
const MOST = { rounds: 100, seconds: 600, idle: 86_400 };

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ quick: { type: 'boolean' }, only: { type: 'string' }, peers: { type: 'string' } },
      ...{ rounds: { type: 'string' }, seconds: { type: 'string' }, idle: { type: 'string' } },
      ...{ json: { type: 'string' }, from: { type: 'string' }, into: { type: 'string' } },
      'no-profile': { type: 'boolean' },
    },
  });
  const isQuick = values.quick === true;
  const usual = isQuick ? QUICK : FULL;
  const rows = chosen('row', ROWS, ({ id }) => id, values.only);
  const peers = chosen(
    'server',
    PEERS,
    ({ name }) => name,
    values.peers ?? (isQuick ? QUICK_PEERS.join() : undefined),
  );
  const rounds = wholeNumber('rounds', values.rounds, usual.rounds, MOST.rounds);
  const seconds = wholeNumber('seconds', values.seconds, usual.seconds, MOST.seconds);
  return {
    isQuick,
    rows: isQuick && values.only === undefined ? rows.filter(({ isLong }) => isLong !== true) : rows,
    peers,
    rounds,
    seconds,
    warmUpSeconds: usual.warmUpSeconds,
    idleSeconds: wholeNumber('idle', values.idle, usual.idleSeconds, MOST.idle),
    withProfile: !isQuick && values['no-profile'] !== true && values.only === undefined,
    json: values.json,
    from: values.from,
    into: values.into,
    isFull: !isQuick && rows === ROWS && peers === PEERS && rounds >= FULL.rounds && seconds >= FULL.seconds,
  };
}

/** All of them where none is named. */
function chosen<Item>(
  what: string,
  all: readonly Item[],
  nameOf: (item: Item) => string,
  written: string | undefined,
): readonly Item[] {
  if (written === undefined) return all;
  const names = written.split(',');
  const unknown = names.find((name) => !all.some((item) => nameOf(item) === name));
  if (unknown !== undefined)
    throw new Error(`there is no ${what} "${unknown}"; there are ${all.map(nameOf).join(', ')}`);
  return all.filter((item) => names.includes(nameOf(item)));
}

function wholeNumber(name: string, written: string | undefined, usual: number, most: number): number {
  if (written === undefined) return usual;
  const value = Number(written);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`--${name} ${written}: write a whole number from 1 to ${most}`);
}
