// The names of tests from devices: whose look-ups are written down, and that nobody else's are, nor more than a bound.

import { describe, expect, it } from 'vitest';
import { nameKey } from '../../../../src/dns/names.ts';
import { DeviceProbe } from '../../../../src/resolver/local/device-probe.ts';
import type { Transport } from '../../../../src/resolver/resolver.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

function probe() {
  const clock = new SimulatedClock();
  const own = new DeviceProbe(clock);
  const look = (name: string, transport: Transport = 'doh', client = '192.168.1.50', clientPort = 40_000) =>
    own.notes(nameKey(name), { client, clientPort, transport });
  return { clock, own, look };
}

describe('a look-up of a name that was issued', () => {
  it('is written down, with the way it came and how long ago', () => {
    const { clock, own, look } = probe();
    const { nonce, name } = own.issue();
    expect(name).toBe(`${nonce}.probe.noonmark.home.arpa`);
    expect(own.sightings(nonce)).toEqual([]);
    expect(look(name)).toBe(true);
    clock.advance(250);
    expect(own.sightings(nonce)).toEqual([{ transport: 'doh', client: '192.168.1.50', agoMs: 250 }]);
  });

  it('is one way, however many types are asked for, and in whatever letters', () => {
    const { own, look } = probe();
    const { nonce, name } = own.issue();
    for (const spelling of [name, name.toUpperCase(), name]) look(spelling);
    look(name, 'udp');
    expect(own.sightings(nonce).map(({ transport }) => transport)).toEqual(['doh', 'udp']);
  });

  it('keeps few ways, and few tests', () => {
    const { own, look } = probe();
    const { nonce, name } = own.issue();
    for (let last = 0; last < 20; last += 1) look(name, 'udp', `192.168.1.${last}`);
    expect(own.sightings(nonce)).toHaveLength(4);
    for (let count = 0; count < 256; count += 1) look(own.issue().name);
    expect(own.sightings(nonce)).toEqual([]);
  });

  it('of our own, as when a name is explained, is no device', () => {
    const { own, look } = probe();
    const { nonce, name } = own.issue();
    expect(look(name, 'udp', '192.168.1.50', 0)).toBe(true);
    expect(own.sightings(nonce)).toEqual([]);
  });
});

describe('a name that was not issued', () => {
  it.each([
    ['made up', () => `${'0'.repeat(40)}.probe.noonmark.home.arpa`],
    ['of another server', () => probe().own.issue().name],
    ['with another end', () => probe().own.issue().name.replace('probe', 'robot')],
    ['with a digit changed', (name: string) => `${name[0] === 'a' ? 'b' : 'a'}${name.slice(1)}`],
    ['below one', (name: string) => `x.${name}`],
    ['the suffix itself', () => 'probe.noonmark.home.arpa'],
    ['of another form', () => `${'z'.repeat(40)}.probe.noonmark.home.arpa`],
  ])('%s is none of ours', (_, change) => {
    const { own, look } = probe();
    const { nonce, name } = own.issue();
    expect(look(change(name))).toBe(false);
    expect(own.sightings(nonce)).toEqual([]);
  });

  it('has no verdict', () => {
    const { own } = probe();
    const { nonce, name } = own.issue();
    expect(own.nameOf(nonce)).toBe(name);
    expect(own.nameOf(probe().own.issue().nonce)).toBeNull();
    for (const nonsense of ['', 'zz', nonce.slice(1), `${nonce}0`, 'é'.repeat(40)])
      expect(own.nameOf(nonsense)).toBeNull();
  });

  it('is fresh each time', () => {
    const { own } = probe();
    const names = Array.from({ length: 100 }, () => own.issue().name);
    expect(new Set(names).size).toBe(100);
  });
});
