// One address and the wish to be bound to it, against a bind(2) that the test plays.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Binding, BindingSet, type Bound } from '../../../src/listener/binding.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const WANTED = { address: '192.0.2.1', port: 53, family: 4 } as const;
const RETRY_MS = 1000;

let clock = new SimulatedClock();
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const settle = () => new Promise(setImmediate);

beforeEach(() => {
  clock = new SimulatedClock();
  vi.clearAllMocks();
});

/** Binds as often as `codes` is exhausted; each code is one failure. */
function createBinding(...codes: (string | null)[]) {
  const bound = { port: 5353, close: vi.fn() } satisfies Bound;
  const bind = vi.fn(async () => {
    const code = codes.shift() ?? null;
    if (code !== null) throw Object.assign(new Error(code), { code });
    return bound;
  });
  return { binding: new Binding({ wanted: WANTED, what: 'dns', bind, clock, log }), bind, bound };
}

async function advance(ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

describe('a binding', () => {
  it('has the port that was really given', async () => {
    const { binding } = createBinding();
    expect(binding.address).toBeNull();
    await binding.open();
    expect(binding.address).toEqual({ ...WANTED, port: 5353 });
    expect(binding.reason).toBeNull();
    expect(log.info).not.toHaveBeenCalled();
  });

  it('tries again every second, says why once, and says when it is there', async () => {
    const { binding, bind } = createBinding('EADDRNOTAVAIL', 'EADDRNOTAVAIL', 'EADDRNOTAVAIL');
    await binding.open();
    expect(binding.reason).toBe('no interface has this address yet');
    await advance(RETRY_MS - 1);
    expect(bind).toHaveBeenCalledTimes(1);
    for (const _ of [1, 2, 3]) await advance(RETRY_MS);
    expect(binding.address).not.toBeNull();
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(log.info).toHaveBeenCalledTimes(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells how long it has been waiting, whatever the reasons, and counts anew when it breaks later', async () => {
    clock.advance(60_000);
    const { binding } = createBinding('EADDRNOTAVAIL', 'EADDRINUSE');
    await binding.open();
    await advance(RETRY_MS);
    expect(binding.waitingForMs).toBe(RETRY_MS);
    await advance(RETRY_MS);
    expect([binding.reason, binding.waitingForMs]).toEqual([null, 0]);
    await advance(60_000);
    binding.reopen(Object.assign(new Error(), { code: 'ENETDOWN' }));
    clock.advance(7);
    expect(binding.waitingForMs).toBe(7);
  });

  it('says a new reason when it changes', async () => {
    const { binding } = createBinding('EADDRNOTAVAIL', 'EADDRINUSE', 'EADDRINUSE');
    await binding.open();
    await advance(RETRY_MS);
    await advance(RETRY_MS);
    expect(log.warn.mock.calls.map(([, fields]) => fields.code)).toEqual(['EADDRNOTAVAIL', 'EADDRINUSE']);
  });

  it.each([
    ['EADDRINUSE', false],
    ['EADDRNOTAVAIL', false],
    ['EACCES', false],
    ['EMFILE', false],
    ['EINVAL', true],
    ['EAFNOSUPPORT', true],
  ])('takes %s for hopeless: %s, and gives a reason', async (code, isHopeless) => {
    const { binding } = createBinding(code);
    await binding.open();
    expect(binding.isHopeless).toBe(isHopeless);
    expect(binding.reason).toBeTruthy();
  });

  it('starts over when its socket breaks, and says so each time', async () => {
    const { binding, bind, bound } = createBinding();
    await binding.open();
    for (const breaks of [1, 2]) {
      binding.reopen(Object.assign(new Error(), { code: 'ENETDOWN' }));
      expect(bound.close).toHaveBeenCalledTimes(breaks);
      expect(binding.address).toBeNull();
      await advance(RETRY_MS);
      expect(bind).toHaveBeenCalledTimes(1 + breaks);
      expect(binding.address).not.toBeNull();
      expect(log.warn).toHaveBeenCalledTimes(breaks);
    }
  });

  it('that is closed tries no more', async () => {
    const { binding, bind } = createBinding('EADDRINUSE');
    await binding.open();
    binding.close();
    await advance(10 * RETRY_MS);
    expect(bind).toHaveBeenCalledTimes(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that is closed while it binds closes what it gets, and what fails then is no matter', async () => {
    const late = createBinding();
    const opening = late.binding.open();
    late.binding.close();
    await opening;
    expect(late.bound.close).toHaveBeenCalledTimes(1);
    expect(late.binding.address).toBeNull();
    const failing = createBinding('EADDRINUSE');
    const failed = failing.binding.open();
    failing.binding.close();
    await failed;
    expect(log.warn).not.toHaveBeenCalled();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a set of bindings', () => {
  it('opens what is new, closes what is gone and leaves the rest', async () => {
    const set = new BindingSet();
    const made = new Map<string, ReturnType<typeof createBinding>>();
    const create = (wanted: typeof WANTED) => {
      const one = createBinding();
      made.set(wanted.address, one);
      const { binding } = one;
      return Object.defineProperty(binding, 'wanted', { value: wanted });
    };
    const at = (address: string) => ({ ...WANTED, address }) as unknown as typeof WANTED;
    await set.become([at('192.0.2.1'), at('192.0.2.2'), at('192.0.2.2')], create as never);
    expect(made.size).toBe(2);
    await set.become([at('192.0.2.2'), at('192.0.2.3')], create as never);
    expect([...made.values()].map(({ bind }) => bind.mock.calls.length)).toEqual([1, 1, 1]);
    expect(made.get('192.0.2.1')!.bound.close).toHaveBeenCalledTimes(1);
    expect(made.get('192.0.2.2')!.bound.close).not.toHaveBeenCalled();
    expect(set.addresses.map(({ address }) => address)).toEqual(['192.0.2.2', '192.0.2.3']);
    set.close();
    for (const { bound } of made.values()) expect(bound.close).toHaveBeenCalledTimes(1);
  });
});
