// Wishes for new certificates, bounded: equal ones share an order, few wait, and nobody waits for ever.

import { describe, expect, it, vi } from 'vitest';
import {
  boundedRenewals,
  certificateName,
  RENEWAL_WITHIN_MS,
  type RenewalOutcome,
  type RenewalWish,
} from '../../../src/admin/renewals.ts';
import { NameSyntaxError } from '../../../src/dns/names.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { issued } from '../../support/statuses.ts';

const DONE: RenewalOutcome = { ok: true, sentence: 'A new certificate is served.' };
const wish = (name: string | null, isDryRun = false): RenewalWish => ({ name, isDryRun });

function setUp() {
  const clock = new SimulatedClock();
  const pending: PromiseWithResolvers<RenewalOutcome>[] = [];
  const renewCertificate = vi.fn((_: RenewalWish) => {
    const one = Promise.withResolvers<RenewalOutcome>();
    pending.push(one);
    return one.promise;
  });
  const renew = boundedRenewals({ renewCertificate, status: () => issued, clock });
  return { clock, pending, renewCertificate, renew };
}

describe('a wish', () => {
  it('is passed on, and its outcome comes back', async () => {
    const { pending, renewCertificate, renew, clock } = setUp();
    const outcome = renew(wish('home.example'));
    expect(renewCertificate).toHaveBeenCalledExactlyOnceWith(wish('home.example'));
    pending[0]!.resolve(DONE);
    expect(await outcome).toEqual(DONE);
    expect(clock.pendingTimers).toBe(0);
  });

  it('joins another for the same certificate, under whichever of its names', async () => {
    const { pending, renewCertificate, renew } = setUp();
    const outcomes = [null, 'dns.home.example', 'home.example'].map((name) => renew(wish(name)));
    expect(renewCertificate).toHaveBeenCalledOnce();
    pending[0]!.resolve(DONE);
    expect(await Promise.all(outcomes)).toEqual([DONE, DONE, DONE]);
    void renew(wish(null));
    expect(renewCertificate).toHaveBeenCalledTimes(2);
  });

  it('does not join one for another certificate, nor a rehearsal', () => {
    const { renewCertificate, renew } = setUp();
    void renew(wish(null));
    void renew(wish(null, true));
    void renew(wish('elsewhere.example'));
    expect(renewCertificate).toHaveBeenCalledTimes(3);
  });

  it('that fails fails for all who joined, and leaves nothing behind', async () => {
    const { pending, renewCertificate, renew, clock } = setUp();
    const outcomes = [renew(wish(null)), renew(wish(null))];
    pending[0]!.reject(new Error('a bug'));
    for (const outcome of outcomes) await expect(outcome).rejects.toThrow('a bug');
    expect(clock.pendingTimers).toBe(0);
    void renew(wish(null));
    expect(renewCertificate).toHaveBeenCalledTimes(2);
  });

  it('is waited for fifteen minutes, and goes on: who asks then joins it', async () => {
    const { pending, renewCertificate, renew, clock } = setUp();
    const outcome = renew(wish(null));
    clock.advance(RENEWAL_WITHIN_MS);
    expect(await outcome).toEqual({
      ok: false,
      sentence: expect.stringMatching(/after 15 minutes, and goes on/),
    });
    const next = renew(wish(null));
    expect(renewCertificate).toHaveBeenCalledOnce();
    pending[0]!.resolve(DONE);
    expect(await next).toEqual(DONE);
  });

  it('beyond the eighth is turned away, until one is answered', async () => {
    const { pending, renewCertificate, renew } = setUp();
    const waiting = Array.from({ length: 8 }, (_, at) => renew(wish(`${at}.example`)));
    expect(await renew(wish(null))).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('8 renewals'),
    });
    expect(renewCertificate).toHaveBeenCalledTimes(8);
    pending[0]!.resolve(DONE);
    await waiting[0];
    void renew(wish(null));
    expect(renewCertificate).toHaveBeenCalledTimes(9);
  });
});

describe('a name of a certificate', () => {
  it.each([
    ['DNS.Home.Example.', 'dns.home.example'],
    ['*.home.example', '*.home.example'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0::1', '2001:db8::1'],
  ])('%s is looked for as %s', (text, name) => {
    expect(certificateName(text)).toBe(name);
  });

  it.each(['', 'a..b', 'münchen.example', 'x'.repeat(64)])('%j is none', (text) => {
    expect(() => certificateName(text)).toThrow(NameSyntaxError);
  });
});
