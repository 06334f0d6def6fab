// What connections keep in memory for their clients: queries that are not whole yet, answers that nobody reads. Each
// has bounds of its own; a thousand of them at these bounds are more than a small machine has, so all together have one too.
// It is asked several times a query, so each holder carries its own count.

/** Of one listener: 256 messages of the greatest length there is, far beyond what a house has on its way at once. */
export const HELD_OCTETS_MAX = 16 * 2 ** 20;

export interface Holder {
  readonly client: string;
  /** Kept by the table (connection-table.ts); undefined: it is in none. */
  heldOctets?: number | undefined;
}

export class HeldOctets {
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** `holder` has so many now. */
  set(holder: Holder, octets: number): void {
    this.#total += octets - (holder.heldOctets ?? 0);
    holder.heldOctets = octets;
  }
}

/** Of the client that has most in all, whoever has most: one big answer is no reason to lose one's only connection. */
export function heaviestOf<Held extends Holder>(holders: Iterable<Held>): Held | null {
  const ofClient = new Map<string, number>();
  for (const { client, heldOctets = 0 } of holders)
    ofClient.set(client, (ofClient.get(client) ?? 0) + heldOctets);
  let found: Held | null = null;
  let [mostInAll, most] = [0, 0];
  for (const holder of holders) {
    const { client, heldOctets = 0 } = holder;
    const inAll = ofClient.get(client)!;
    if (heldOctets === 0 || inAll < mostInAll || (inAll === mostInAll && heldOctets <= most)) continue;
    [found, mostInAll, most] = [holder, inAll, heldOctets];
  }
  return found;
}
