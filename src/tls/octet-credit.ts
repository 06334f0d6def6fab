// What a peer may send over one connection besides what we have use for. Frames of HTTP/2 that are legal in any number and
// do nothing (PING, SETTINGS, WINDOW_UPDATE, padding, unknown ones) cost us without end (reliability row 11, CVE-2019-9511 and its
// kin), and node:http2 does not show most of them. So every octet received costs credit, whatever it is for, and what
// the connection is there for earns it: millions of requests always have enough, anything else runs out. Pure.

export class OctetCredit {
  readonly #mostOctets: number;
  #leftOctets: number;
  #earnedOctets = 0;
  #paidOctets = 0;

  /** @param mostOctets of a connection that has earned nothing yet, and the most that can be saved */
  constructor(mostOctets: number) {
    this.#mostOctets = mostOctets;
    this.#leftOctets = mostOctets;
  }

  earn(octets: number): void {
    this.#earnedOctets += octets;
  }

  /**
   * Settles what was earned since the last time against what was received.
   * @param receivedOctets over the connection so far
   */
  isSpent(receivedOctets: number): boolean {
    const balance = this.#leftOctets + this.#earnedOctets - (receivedOctets - this.#paidOctets);
    this.#leftOctets = Math.min(balance, this.#mostOctets);
    this.#earnedOctets = 0;
    this.#paidOctets = receivedOctets;
    return balance < 0;
  }
}
