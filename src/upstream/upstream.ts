// What an upstream is to the pool: something that exchanges one query for one reply. Transport, connections,
// IDs and retries on a dying connection are its own business; choosing among several is the pool's.

/** What one client query may still cost: shared by all its tries, whichever upstream and connection they use. */
export interface SendBudget {
  sendsLeft: number;
  /** Of these, kept back for an upstream that has not been tried yet. */
  reserved: number;
}

/** May one more send be made for this query, by the upstream that asks? */
export function maySend({ sendsLeft, reserved }: SendBudget): boolean {
  return sendsLeft > reserved;
}

export interface Upstream {
  /** Its URL as configured; for people, logs and metrics. */
  readonly name: string;
  /** False while its address is not known: then it fails at once, and is no choice beside one that can be asked. */
  readonly isLocated?: boolean;
  /**
   * Sends `query` (a whole message, ID 0) and resolves with the reply to it: ID, question, opcode and form have been
   * checked. Gives up at `deadlineMs` (monotonic), and when `budget` allows no further send; takes one from it per send.
   * @throws UpstreamFailure
   */
  exchange(query: Uint8Array, deadlineMs: number, budget: SendBudget): Promise<Uint8Array>;
  /** Forgets back-off earned by earlier failures, for instance under a wrong clock. */
  forgive(): void;
  close(): void;
}
