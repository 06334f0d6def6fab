// The race of addresses: who starts when, who wins, and that losers are told to stop.

import { describe, expect, it } from 'vitest';
import { alternateFamilies, race } from '../../../src/tls/race.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const DELAY_MS = 200;

/** Attempts that a test settles by hand, in the order in which they were started. */
function startRace(addresses: readonly string[]) {
  const clock = new SimulatedClock();
  const started: string[] = [];
  const hands = new Map<string, PromiseWithResolvers<string>>();
  const signals = new Map<string, AbortSignal>();
  const result = race(addresses, clock, (address, signal) => {
    const hand = Promise.withResolvers<string>();
    started.push(address);
    hands.set(address, hand);
    signals.set(address, signal);
    return hand.promise;
  });
  result.catch(() => {});
  return {
    clock,
    started,
    result,
    win: (address: string) => hands.get(address)!.resolve(`socket to ${address}`),
    async lose(address: string) {
      hands.get(address)!.reject(new Error(`${address} is dead`));
      await new Promise(setImmediate);
    },
    isAborted: (address: string) => signals.get(address)!.aborted,
  };
}

describe('alternateFamilies', () => {
  it.each([
    { given: ['192.0.2.1', '192.0.2.2', '2001:db8::1'], gives: ['192.0.2.1', '2001:db8::1', '192.0.2.2'] },
    { given: ['2001:db8::1', '192.0.2.1'], gives: ['2001:db8::1', '192.0.2.1'] },
    {
      given: ['2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.1'],
      gives: ['2001:db8::1', '192.0.2.1', '2001:db8::2', '2001:db8::3'],
    },
    { given: ['192.0.2.1'], gives: ['192.0.2.1'] },
  ])('turns $given into $gives', ({ given, gives }) => {
    expect(alternateFamilies(given)).toEqual(gives);
  });
});

describe('race', () => {
  it('of no address at all is lost at once', async () => {
    await expect(startRace([]).result).rejects.toThrow('no address is known');
  });

  it('starts the second attempt only after the delay', () => {
    const { clock, started } = startRace(['a', 'b', 'c']);
    expect(started).toEqual(['a']);
    clock.advance(DELAY_MS - 1);
    expect(started).toEqual(['a']);
    clock.advance(1);
    expect(started).toEqual(['a', 'b']);
    clock.advance(DELAY_MS);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('starts the next attempt at once when one fails, and the one after it a whole delay later', async () => {
    const { clock, started, lose } = startRace(['a', 'b', 'c']);
    clock.advance(DELAY_MS - 50);
    await lose('a');
    expect(started).toEqual(['a', 'b']);
    clock.advance(DELAY_MS - 1);
    expect(started).toEqual(['a', 'b']);
    clock.advance(1);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('gives the first success, starts nobody after it and aborts who is under way', async () => {
    const { clock, started, result, win, isAborted } = startRace(['a', 'b', 'c']);
    clock.advance(DELAY_MS);
    win('b');
    await expect(result).resolves.toBe('socket to b');
    expect(isAborted('a')).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    clock.advance(10 * DELAY_MS);
    expect(started).toEqual(['a', 'b']);
  });

  it('lets a slow first attempt win although the second has begun', async () => {
    const { clock, result, win } = startRace(['a', 'b']);
    clock.advance(DELAY_MS);
    win('a');
    await expect(result).resolves.toBe('socket to a');
  });

  it('fails with every error when all have failed, and leaves no timer', async () => {
    const { clock, result, lose } = startRace(['a', 'b']);
    await lose('a');
    await lose('b');
    const { errors } = (await result.catch((error) => error)) as unknown as AggregateError;
    expect(errors.map(String)).toEqual(['Error: a is dead', 'Error: b is dead']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not over while one attempt is still under way', async () => {
    const { clock, result, lose, win } = startRace(['a', 'b']);
    clock.advance(DELAY_MS);
    await lose('b');
    win('a');
    await expect(result).resolves.toBe('socket to a');
  });
});
