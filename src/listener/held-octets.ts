// What connections keep in memory for their clients: queries that are not whole yet, answers that nobody reads. Each
// has bounds of its own; a thousand of them at these bounds are more than a small machine has, so all together have one too.

/** Of one listener: 256 messages of the greatest length there is, far beyond what a house has on its way at once. */
export const HELD_OCTETS_MAX = 16 * 2 ** 20;

export class HeldOctets<Holder extends { readonly client: string }> {
  readonly #byHolder = new Map<Holder, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** `holder` has so many now; 0: it is forgotten. */
  set(holder: Holder, octets: number): void {
    this.#total += octets - (this.#byHolder.get(holder) ?? 0);
    if (octets === 0) this.#byHolder.delete(holder);
    else this.#byHolder.set(holder, octets);
  }

  /** Of the client that has most in all, whoever has most: one big answer is no reason to lose one's only connection. */
  heaviest(): Holder | null {
    const ofClient = new Map<string, number>();
    for (const [{ client }, octets] of this.#byHolder)
      ofClient.set(client, (ofClient.get(client) ?? 0) + octets);
    let found: Holder | null = null;
    let [mostInAll, most] = [0, 0];
    for (const [holder, octets] of this.#byHolder) {
      const inAll = ofClient.get(holder.client)!;
      if (inAll < mostInAll || (inAll === mostInAll && octets <= most)) continue;
      [found, mostInAll, most] = [holder, inAll, octets];
    }
    return found;
  }
}
