// Answers past their lifetime (RFC 8767): how they are given out, and how long a client waits for a better one.
// When one may be given is the cache's decision.

import type { Clock } from '../../clock/clock.ts';
import type { Answer } from '../../dns/answer.ts';
import { DNSSEC_ERRORS, EDE, RCODE } from '../../dns/codes.ts';
import type { ExtendedError } from '../../dns/edns.ts';
import { DnsFailure } from '../../dns/failures.ts';
import { LateAnswer } from '../late-answer.ts';

/** RFC 8767 section 4: the TTL of every record that is given out past its own. */
const STALE_TTL_SECONDS = 30;

/** RFC 8767 section 5, client response timer: just under the 2 s after which many clients ask again or elsewhere. */
export const CLIENT_RESPONSE_MS = 1800;

/** An answer past its lifetime as it may be given out, with the reason why there is none better. */
export function staleAnswer(answer: Answer, why: readonly ExtendedError[]): Answer {
  const code = answer.rcode === RCODE.NXDOMAIN ? EDE.STALE_NXDOMAIN_ANSWER : EDE.STALE_ANSWER;
  const limited = answer.withTtls(() => STALE_TTL_SECONDS);
  return [{ code, text: '' }, ...why].reduce((stale, error) => stale.withError(error), limited);
}

/** RFC 9520 section 2: REFUSED and the like say as little as SERVFAIL, and are as dear to ask for. */
export function isFailure({ rcode }: Answer): boolean {
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN;
}

/** A failure on purpose: what is blocked or bogus must not come back as what it was last week. */
export function isVerdict(answer: Answer): boolean {
  return isFailure(answer) && answer.errors.some(({ code }) => VERDICTS.has(code));
}

const VERDICTS: ReadonlySet<number> = new Set([
  ...DNSSEC_ERRORS,
  ...[EDE.BLOCKED, EDE.CENSORED, EDE.FILTERED, EDE.PROHIBITED],
]);

export interface FreshOrStaleParts {
  readonly fresh: LateAnswer;
  /** What is given where there is no fresh one, with the reason; nothing where it is only late. */
  readonly stale: (why: readonly ExtendedError[]) => Answer;
  /** Called when the fresh one is late and the stale one given; the look-up goes on. */
  readonly onLate: () => void;
  /** Monotonic milliseconds. */
  readonly receivedAtMs: number;
  readonly clock: Clock;
}

/** The fresh answer when it comes in time; when it is late or a failure, and none on purpose, the stale one. A bug of ours stays one. */
export function freshOrStale(parts: FreshOrStaleParts): LateAnswer {
  const { fresh, stale, onLate, receivedAtMs, clock } = parts;
  const given = new LateAnswer();
  let isLate = false;
  const waitMs = Math.max(0, receivedAtMs + CLIENT_RESPONSE_MS - clock.monotonic());
  const timer = clock.after(waitMs, () => {
    isLate = true;
    onLate();
    given.settle(stale([]));
  });
  fresh.end({
    answered(answer) {
      timer.cancel();
      if (!isLate) given.settle(isFailure(answer) && !isVerdict(answer) ? stale(answer.errors) : answer);
    },
    failed(error) {
      timer.cancel();
      if (error instanceof DnsFailure) {
        if (!isLate) given.settle(stale(error.errors));
        return;
      }
      if (isLate) throw error; // nobody waits for it any more: serve.ts logs what nobody catches
      given.fail(error);
    },
  });
  return given;
}
