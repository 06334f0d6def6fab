// What is trusted, and what a person is told.

import { describe, expect, it } from 'vitest';
import {
  describeVerdict,
  fails,
  holds,
  isTrusted,
  nothingHolds,
  PeerUntrusted,
} from '../../../src/tls/verdict.ts';

describe('a verdict', () => {
  const all = { identity: holds, chain: holds, dates: holds };

  it('is trusted when all three hold', () => {
    expect(isTrusted(all)).toBe(true);
    expect(describeVerdict(all)).toBe('identity, chain and dates hold');
  });

  it.each(['identity', 'chain', 'dates'] as const)('is not trusted when only its %s fails', (aspect) => {
    const verdict = { ...all, [aspect]: fails('it is so') };
    expect(isTrusted(verdict)).toBe(false);
    expect(describeVerdict(verdict)).toBe(`${aspect}: it is so`);
  });

  it('names every failure', () => {
    expect(describeVerdict({ identity: fails('one'), chain: holds, dates: fails('two') })).toBe(
      'identity: one; dates: two',
    );
  });

  it('says a reason once that stands for all three', () => {
    expect(isTrusted(nothingHolds('nothing was sent'))).toBe(false);
    expect(describeVerdict(nothingHolds('nothing was sent'))).toBe(
      'identity, chain, dates: nothing was sent',
    );
  });
});

describe('PeerUntrusted', () => {
  it('says who and why, and carries the verdict', () => {
    const verdict = { identity: holds, chain: fails('no trust anchor issued it'), dates: holds };
    const error = new PeerUntrusted('dns.example at 192.0.2.1 port 853', verdict);
    expect(error.message).toBe(
      'dns.example at 192.0.2.1 port 853 is not trusted: chain: no trust anchor issued it',
    );
    expect(error.code).toBe('peer-untrusted');
    expect(error.verdict).toBe(verdict);
  });
});
