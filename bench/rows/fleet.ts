// The servers of one row: fresh ones, so that a row finds the same whether it is measured alone or among others. Who cannot
// play, or does not come up, has a reason instead of figures and stops nobody else.

import type { ByPeer, Found } from '../findings.ts';
import { dnsperf } from '../loads.ts';
import { CannotPlay, type Peer, type Server, startServer, type Wishes } from '../peers/peer.ts';
import { type Bench, forwardingOf, type Row, whyNot } from './row.ts';

export interface Player {
  readonly peer: Peer;
  readonly server: Server;
}

export interface Fleet extends AsyncDisposable {
  /** Those that still play. */
  readonly players: readonly Player[];
  /** Takes one out, because of what it threw. */
  drop(peer: Peer, error: unknown): void;
  /** Why those do not play who do not. */
  readonly reasons: ReadonlyMap<string, string>;
}

export async function startFleet(bench: Bench, row: Row, wishes: Omit<Wishes, 'forwarding'>): Promise<Fleet> {
  const reasons = new Map<string, string>();
  const drop = (peer: Peer, error: unknown) => {
    const why = (error as Error).message.split('\n')[0]!;
    reasons.set(peer.name, why);
    if (!(error instanceof CannotPlay)) bench.trouble(`${row.id}, ${peer.name}: ${why}`);
  };
  const started = await Promise.all(
    bench.peers.map(async (peer): Promise<Player | null> => {
      try {
        const why = whyNot(peer, row, bench.measure);
        if (why !== null) throw new CannotPlay(why);
        const forwarding = forwardingOf(peer, row, bench.measure);
        return { peer, server: await startServer(peer, bench.world, { ...wishes, forwarding }) };
      } catch (error) {
        drop(peer, error);
        return null;
      }
    }),
  );
  const players = started.filter((player) => player !== null);
  const stopAll = async () => void (await Promise.all(players.map(({ server }) => server.stop())));
  return {
    get players() {
      return players.filter(({ peer }) => !reasons.has(peer.name));
    },
    drop,
    reasons,
    [Symbol.asyncDispose]: stopAll,
  };
}

/** Runs one action for each player; whoever fails is out of the row. */
export async function eachInTurn(
  fleet: Fleet,
  players: readonly Player[],
  action: (player: Player) => Promise<void>,
): Promise<void> {
  for (const player of players) {
    if (fleet.reasons.has(player.peer.name)) continue;
    try {
      await action(player);
    } catch (error) {
      fleet.drop(player.peer, error);
    }
  }
}

export function foundBy<Figure>(
  bench: Bench,
  fleet: Fleet,
  figureOf: (peer: Peer) => Figure,
): ByPeer<Figure> {
  return Object.fromEntries(
    bench.peers.map((peer): [string, Found<Figure>] => {
      const why = fleet.reasons.get(peer.name);
      return [peer.name, why === undefined ? { figure: figureOf(peer) } : { why }];
    }),
  );
}

/** So few at a time that nobody refuses any. */
const FILL_OPTIONS = ['-c', '10', '-q', '100'];
/** A miss takes every server here less than 100 µs. */
const FILL_SECONDS_A_NAME = 1e-4;
const LEAST_FILL_SECONDS = 20;

/** Asks for every name of a file once. @throws Error when not all were answered well */
export async function fill(
  port: number,
  file: string,
  count: number,
  transport: readonly string[] = [],
): Promise<void> {
  const seconds = Math.max(LEAST_FILL_SECONDS, Math.ceil(count * FILL_SECONDS_A_NAME * 2));
  const { answers } = await dnsperf(port, file, {
    seconds,
    once: true,
    more: [...FILL_OPTIONS, ...transport],
  });
  if (answers < count) throw new Error(`only ${answers} of ${count} names could be had`);
}
