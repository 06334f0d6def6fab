// How one issuance stands, as plain values: what the status, the page and the commands say of certificates of CAs is made
// of it. Vocabulary only.

import type { AcmeConfig } from '../config/config.ts';
import type { RenewalDecision } from './renewal.ts';
import type { RenewalWindow } from './renewal-info.ts';

/** How it stands, as plain values; dates in milliseconds since 1970. */
export interface IssuanceReport {
  readonly names: readonly string[];
  readonly directory: string;
  readonly challenge: AcmeConfig['challenge'];
  readonly phase: 'idle' | 'ordering' | 'waiting';
  /** What the next order waits for, the rest of a sentence; null: for nothing but its date. */
  readonly waitsFor: string | null;
  /** Null before the first look. */
  readonly decision: RenewalDecision | null;
  readonly window: RenewalWindow | null;
  readonly lastFailure: { readonly atMs: number; readonly reason: string } | null;
  readonly lastSuccessMs: number | null;
  /** False: what is served could not be stored yet. */
  readonly isStored: boolean;
  /** Monotonic milliseconds until the next look. */
  readonly nextLookInMs: number | null;
}

/** Why nothing is ordered yet, by any of them. */
export interface HeldBack {
  /** Milliseconds since 1970. */
  readonly untilMs: number;
  /** The rest of a sentence. */
  readonly reason: string;
}
