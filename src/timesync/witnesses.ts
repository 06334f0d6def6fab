// Certificates of upstreams as witnesses of the time: a chain that is genuine says "between these two dates".
// They veto and never set the time (docs/time.md). What most operators heard of late say, counts; a tie says nothing.
// Pure, but for the list of who was heard.

import { day } from './span.ts';

/** A genuine chain, whatever its dates. */
export interface Witness {
  /** The upstream that showed it; one witness each. */
  readonly who: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Whether the whole chain is valid at an instant, milliseconds since 1970. */
  readonly isValidAt: (epochMs: number) => boolean;
  /** Monotonic milliseconds. */
  readonly heardAtMs: number;
}

/** What the certificates say about a time. */
export type Judgement = 'borne-out' | 'contradicted' | 'unjudged';

/** Testimony is good for so long: certificates are renewed, and a silent upstream cannot say so (milliseconds). */
export const TESTIMONY_MS = 3_600_000;

/** What most of the witnesses say about `epochMs`. */
export function judgeTime(witnesses: readonly Witness[], epochMs: number): Judgement {
  const inFavour = witnesses.filter(({ isValidAt }) => isValidAt(epochMs)).length;
  const against = witnesses.length - inFavour;
  if (inFavour > against) return 'borne-out';
  return against > inFavour ? 'contradicted' : 'unjudged';
}

/** Witnesses that are named in one sentence. */
const NAMED = 2;

/** What speaks against a time, for a person. */
export function describeTestimony(witnesses: readonly Witness[], epochMs: number): string {
  const against = witnesses.filter(({ isValidAt }) => !isValidAt(epochMs));
  const named = against
    .slice(0, NAMED)
    .map(
      ({ who, notBeforeMs, notAfterMs }) =>
        `that of ${who} is valid from ${day(notBeforeMs)} to ${day(notAfterMs)}`,
    );
  const more = against.length > NAMED ? `, and ${against.length - NAMED} more` : '';
  return `the certificates of upstreams deny it: ${named.join(', ')}${more}`;
}

/** The witnesses that were heard of late, the latest testimony of each. */
export class WitnessStand {
  readonly #byUpstream = new Map<string, Witness>();

  /** Takes a testimony; true when it differs from the last one of the same upstream. */
  hear(witness: Witness): boolean {
    const before = this.#byUpstream.get(witness.who);
    this.#byUpstream.set(witness.who, witness);
    return before?.notBeforeMs !== witness.notBeforeMs || before.notAfterMs !== witness.notAfterMs;
  }

  at(nowMs: number): readonly Witness[] {
    return [...this.#byUpstream.values()].filter(({ heardAtMs }) => nowMs - heardAtMs <= TESTIMONY_MS);
  }

  /** Keeps those that are configured still. */
  keepOnly(upstreams: ReadonlySet<string>): void {
    for (const who of this.#byUpstream.keys()) if (!upstreams.has(who)) this.#byUpstream.delete(who);
  }
}
