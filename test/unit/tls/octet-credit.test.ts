// Who asks always has credit, however much that is; who only sends runs out.

import { describe, expect, it } from 'vitest';
import { OctetCredit } from '../../../src/tls/octet-credit.ts';

const MOST_OCTETS = 100_000;
const REQUEST_EARNS_OCTETS = 4096;
const REQUEST_OCTETS = 150;
const MESSAGE_OCTETS = 65_535;

describe('a connection', () => {
  it('has credit to begin with, to the octet', () => {
    expect(new OctetCredit(MOST_OCTETS).isSpent(MOST_OCTETS)).toBe(false);
    expect(new OctetCredit(MOST_OCTETS).isSpent(MOST_OCTETS + 1)).toBe(true);
  });

  it('runs out of it little by little, and what was counted is not counted again', () => {
    const credit = new OctetCredit(MOST_OCTETS);
    for (let octets = 0; octets <= MOST_OCTETS; octets += 1024) expect(credit.isSpent(octets)).toBe(false);
    expect(credit.isSpent(MOST_OCTETS + 1)).toBe(true);
  });

  it('never runs out of it while it asks, slowly or ten thousand times between two looks', () => {
    const credit = new OctetCredit(MOST_OCTETS);
    let received = 0;
    for (const requests of [...Array<number>(10_000).fill(1), ...Array<number>(100).fill(10_000)]) {
      for (let request = 0; request < requests; request += 1) credit.earn(REQUEST_EARNS_OCTETS);
      received += requests * REQUEST_OCTETS;
      expect(credit.isSpent(received)).toBe(false);
    }
  });

  it('may bring the largest messages on all its streams before any of them is whole', () => {
    const credit = new OctetCredit(MOST_OCTETS);
    const octets = 1000 * (REQUEST_OCTETS + MESSAGE_OCTETS);
    for (let stream = 0; stream < 1000; stream += 1) credit.earn(REQUEST_EARNS_OCTETS + MESSAGE_OCTETS);
    expect(credit.isSpent(octets)).toBe(false);
  });

  it('saves no more than it began with', () => {
    const credit = new OctetCredit(MOST_OCTETS);
    credit.earn(100 * MOST_OCTETS);
    expect(credit.isSpent(0)).toBe(false);
    expect(credit.isSpent(MOST_OCTETS + 1)).toBe(true);
  });
});
