// What a CA asks to see before it believes that a name is ours (RFC 8555 section 8), and who can show it: one solver for
// each kind of challenge. Vocabulary only.

export type ChallengeType = 'http-01' | 'tls-alpn-01' | 'dns-01';

export interface Challenge {
  /** The name to be proven, without the "*." of a wildcard. */
  readonly name: string;
  readonly token: string;
  /** RFC 8555 section 8.1; for dns-01 the base64url digest of it that goes into the TXT record (section 8.4). */
  readonly keyAuthorization: string;
}

export interface ChallengeSolver {
  readonly type: ChallengeType;
  /**
   * Shows all of them and resolves once the CA can see them, as far as can be told from here.
   * @throws ChallengeProblem, or the signal's reason
   */
  show(challenges: readonly Challenge[], signal: AbortSignal): Promise<void>;
  /** Takes down everything that this solver shows. Never rejects: what could not be taken down is a line in the log. */
  clear(): Promise<void>;
}

/** A challenge cannot be shown. The message is a sentence for the owner: what, where, and what to do. */
export class ChallengeProblem extends Error {
  override readonly name = 'ChallengeProblem';
  readonly code = 'acme-challenge';
}
