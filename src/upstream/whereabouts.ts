// Where one upstream can be connected to, as its connections see it: addresses as they are known now, and a word back on
// how they did. Written addresses never change; those of a name are learnt (bootstrap.ts).

export interface Whereabouts {
  /** To be tried in this order; empty: not known yet. */
  readonly addresses: readonly string[];
  /** Why there is none, as part of a sentence; means nothing where there are some. */
  readonly problem: string;
  /** Connected to, and strictly verified: it is the upstream. */
  reached(address: string): void;
  /** None of them could be connected to and verified. */
  missed(): void;
}

/** Those that the configuration has. */
export function writtenAddresses(addresses: readonly string[]): Whereabouts {
  return { addresses, problem: '', reached() {}, missed() {} };
}

/** The same for connections that are not strictly verified: what they reach proves nothing. */
export function withoutProof(whereabouts: Whereabouts): Whereabouts {
  return {
    get addresses() {
      return whereabouts.addresses;
    },
    get problem() {
      return whereabouts.problem;
    },
    reached() {},
    missed: () => whereabouts.missed(),
  };
}
