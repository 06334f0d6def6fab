// Who has to leave a full or a quiet house: the idlest first, the busy never for room, the stalled after half a minute.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionTable, type TrackedConnection } from '../../../src/listener/connection-table.ts';
import { HELD_OCTETS_MAX } from '../../../src/listener/held-octets.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const IDLE_MS = 10_000;
const STALLED_MS = 30_000;
const SWEEP_MS = 1000;

let clock = new SimulatedClock();
const onLimit = vi.fn();
const onEmpty = vi.fn();

beforeEach(() => {
  clock = new SimulatedClock();
  vi.clearAllMocks();
});

function createTable(connections = 3, connectionsPerClient = 2) {
  const limits = { connections, connectionsPerClient, connectionIdleMs: IDLE_MS };
  return new ConnectionTable({ limits, clock, onLimit, onEmpty });
}

/** Lets itself be closed without leaving the table, as a connection does that ends politely. */
class Guest implements TrackedConnection {
  readonly client: string;
  isBusy = false;
  lastActiveMs = clock.monotonic();
  readonly close = vi.fn();

  constructor(client: string) {
    this.client = client;
  }
}

function enter(table: ConnectionTable, client: string): Guest | null {
  if (!table.hasRoomFor(client)) return null;
  const guest = new Guest(client);
  table.add(guest);
  clock.advance(1);
  return guest;
}

const closed = (guests: readonly (Guest | null)[]) =>
  guests.map((guest) => (guest?.close.mock.calls.length ?? 0) > 0);

describe('room in all', () => {
  it('is made by whoever has been idle longest, not by who came first', () => {
    const table = createTable();
    const guests = ['a', 'b', 'c'].map((client) => enter(table, client));
    guests[0]!.lastActiveMs = clock.monotonic();
    expect(enter(table, 'd')).not.toBeNull();
    expect(closed(guests)).toEqual([false, true, false]);
    expect(table.size).toBe(3);
  });

  it('is not made by who is busy', () => {
    const table = createTable();
    const guests = ['a', 'b', 'c'].map((client) => enter(table, client)!);
    guests[0]!.isBusy = true;
    enter(table, 'd');
    expect(closed(guests)).toEqual([false, true, false]);
  });

  it('is not there when all are busy, which is said', () => {
    const table = createTable();
    for (const client of ['a', 'b', 'c']) enter(table, client)!.isBusy = true;
    expect(enter(table, 'd')).toBeNull();
    expect(enter(table, 'e')).toBeNull();
    expect(onLimit.mock.calls).toEqual([
      ['connections', 'd'],
      ['connections', 'e'],
    ]);
  });

  it('comes back when somebody leaves', () => {
    const table = createTable();
    const guests = ['a', 'b', 'c'].map((client) => enter(table, client)!);
    for (const guest of guests) guest.isBusy = true;
    table.delete(guests[1]!);
    expect(enter(table, 'd')).not.toBeNull();
  });
});

describe('room in a house where all are busy', () => {
  const busy = (table: ConnectionTable, client: string) => {
    const guest = enter(table, client)!;
    guest.isBusy = true;
    return guest;
  };

  it('is made by the quietest connection of the client that has most', () => {
    const table = createTable(4, 3);
    const guests = ['a', 'b', 'b', 'b'].map((client) => busy(table, client));
    guests[1]!.lastActiveMs = clock.monotonic();
    expect(enter(table, 'c')).not.toBeNull();
    expect(closed(guests)).toEqual([false, false, true, false]);
  });

  it('is not made for a client that would then have as many', () => {
    const table = createTable(3, 3);
    const guests = ['a', 'b', 'b'].map((client) => busy(table, client));
    expect(enter(table, 'a')).toBeNull();
    expect(closed(guests)).toEqual([false, false, false]);
  });
});

describe('memory', () => {
  it('beyond what all may keep together is given back by the heaviest of the client that keeps most', () => {
    const table = createTable(9, 9);
    const [one, light, heavy, last] = ['a', 'b', 'b', 'b'].map((client) => enter(table, client)!);
    table.weigh(one!, HELD_OCTETS_MAX * 0.4);
    table.weigh(light!, HELD_OCTETS_MAX * 0.2);
    table.weigh(heavy!, HELD_OCTETS_MAX * 0.3);
    expect(onLimit).not.toHaveBeenCalled();
    table.weigh(last!, HELD_OCTETS_MAX * 0.2);
    expect(closed([one!, light!, heavy!, last!])).toEqual([false, false, true, false]);
    expect(onLimit.mock.calls).toEqual([['heldOctets', 'b']]);
    expect(table.size).toBe(3);
    table.weigh(last!, HELD_OCTETS_MAX * 0.1);
    table.weigh(one!, HELD_OCTETS_MAX * 0.8); // now the first one, though others come after it
    expect(closed([one!, light!, last!])).toEqual([true, false, false]);
  });

  it('that is given back counts no more, nor does that of who has gone', () => {
    const table = createTable(9, 9);
    for (let round = 0; round < 5; round += 1) {
      const guests = ['a', 'b'].map((client) => enter(table, client)!);
      for (const guest of guests) table.weigh(guest, HELD_OCTETS_MAX * 0.5);
      table.weigh(guests[0]!, 0);
      table.weigh(guests[1]!, HELD_OCTETS_MAX);
      for (const guest of guests) table.delete(guest);
      table.weigh(guests[0]!, HELD_OCTETS_MAX); // it has gone, and may still tell
    }
    expect(onLimit).not.toHaveBeenCalled();
  });

  it('is given back at once by a connection that can be cut, and by closing it twice else', () => {
    const table = createTable();
    const guests = [Object.assign(enter(table, 'a')!, { cut: vi.fn() }), enter(table, 'b')!] as const;
    for (const guest of guests) table.weigh(guest, HELD_OCTETS_MAX + 1);
    expect(guests[0].cut).toHaveBeenCalledTimes(1);
    expect(guests[0].close).not.toHaveBeenCalled();
    expect(guests[1].close).toHaveBeenCalledTimes(2);
  });
});

describe('room for one client', () => {
  it('is made by its own idlest connection and by nobody else’s', () => {
    const table = createTable(10);
    const other = enter(table, 'b');
    const own = [enter(table, 'a'), enter(table, 'a')];
    expect(enter(table, 'a')).not.toBeNull();
    expect(closed([other, ...own])).toEqual([false, true, false]);
    expect(table.size).toBe(3);
  });

  it('is not there when its own are busy, while others still get in', () => {
    const table = createTable(10);
    for (let index = 0; index < 2; index += 1) enter(table, 'a')!.isBusy = true;
    expect(enter(table, 'a')).toBeNull();
    expect(enter(table, 'b')).not.toBeNull();
  });

  it('is counted right over many comings and goings', () => {
    const table = createTable(10);
    for (let round = 0; round < 50; round += 1) {
      const guests = [enter(table, 'a')!, enter(table, 'a')!];
      for (const guest of guests) guest.isBusy = true;
      expect(enter(table, 'a')).toBeNull();
      for (const guest of guests) {
        table.delete(guest);
        table.delete(guest); // its socket may tell twice
      }
      expect(table.size).toBe(0);
    }
  });
});

describe('an evicted connection', () => {
  it('is told twice: nobody counts it any more, so it may not linger', () => {
    const table = createTable(1);
    const evicted = enter(table, 'a')!;
    enter(table, 'b');
    expect(evicted.close).toHaveBeenCalledTimes(2);
  });
});

describe('quiet', () => {
  it('for the idle time ends an idle connection', () => {
    const table = createTable();
    const guest = enter(table, 'a')!;
    clock.advance(IDLE_MS - SWEEP_MS);
    expect(guest.close).not.toHaveBeenCalled();
    clock.advance(SWEEP_MS);
    expect(guest.close).toHaveBeenCalled();
  });

  it('of a busy one is borne for half a minute, and cut within 35 s', () => {
    const table = createTable();
    const guest = enter(table, 'a')!;
    guest.isBusy = true;
    clock.advance(STALLED_MS - SWEEP_MS);
    expect(guest.close).not.toHaveBeenCalled();
    clock.advance(5000);
    expect(guest.close.mock.calls.length).toBeGreaterThan(1);
  });
});

describe('an empty table', () => {
  it('costs no timer and says so', () => {
    const table = createTable();
    const guests = [enter(table, 'a')!, enter(table, 'b')!];
    expect(clock.pendingTimers).toBe(1);
    table.delete(guests[0]!);
    expect(onEmpty).not.toHaveBeenCalled();
    table.delete(guests[1]!);
    expect(onEmpty).toHaveBeenCalledTimes(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is what closeAll asks everybody for', () => {
    const table = createTable();
    const guests = [enter(table, 'a')!, enter(table, 'b')!];
    table.closeAll();
    expect(closed(guests)).toEqual([true, true]);
  });
});
