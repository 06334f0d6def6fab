// How long a failure counts, and that nothing is held against anybody for longer. Its stories are in stale.test.ts.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../../src/dns/answer.ts';
import { RCODE } from '../../../../src/dns/codes.ts';
import {
  FAILURE_MS,
  FailureMemory,
  STALE_RECHECK_MS,
} from '../../../../src/resolver/cache/failure-memory.ts';

const FAILED = Answer.ofRcode(RCODE.SERVFAIL);

describe('a failure', () => {
  it('is recalled for a second, and for thirty where a stale answer is to be had', () => {
    const failures = new FailureMemory();
    failures.remember('name', FAILED, 100);
    expect(failures.recall('name', 100 + FAILURE_MS - 1)).toMatchObject({ errors: [{ code: 13 }] });
    expect(failures.recall('name', 100 + FAILURE_MS)).toBeNull();
    expect(failures.recall('name', 100 + STALE_RECHECK_MS - 1, STALE_RECHECK_MS)).not.toBeNull();
    expect(failures.recall('name', 100 + STALE_RECHECK_MS, STALE_RECHECK_MS)).toBeNull();
  });

  it('makes misses look for failures as long as one may count, and no longer', () => {
    const failures = new FailureMemory();
    expect(failures.isEmptyAt(0)).toBe(true);
    failures.remember('early', FAILED, 100);
    failures.remember('late', FAILED, 200);
    expect(failures.isEmptyAt(200 + STALE_RECHECK_MS - 1)).toBe(false);
    expect(failures.recall('late', 200 + STALE_RECHECK_MS - 1, STALE_RECHECK_MS)).not.toBeNull();
    expect(failures.isEmptyAt(200 + STALE_RECHECK_MS)).toBe(true);
    failures.remember('again', FAILED, 200 + STALE_RECHECK_MS);
    expect(failures.isEmptyAt(200 + STALE_RECHECK_MS)).toBe(false);
  });
});
