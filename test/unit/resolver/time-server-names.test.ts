// Which names are looked up while the clock is untrusted: those of the list and the configured ones, whole labels only.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerName, nameKey, parseName } from '../../../src/dns/names.ts';
import { isTimeServerName } from '../../../src/resolver/time-server-names.ts';

const NONE = new Set<string>();
const isKnown = (name: string) => isTimeServerName(nameKey(name), NONE);

describe('a time server by its name', () => {
  it.each([
    'pool.ntp.org',
    '2.debian.pool.ntp.org',
    'ca.pool.ntp.org',
    'time.cloudflare.com',
    'time.google.com',
    'time4.google.com',
    'time.android.com',
    'time.apple.com',
    'time7.apple.com',
    'time.windows.com',
    'ntp.ubuntu.com',
    '4.ntp.ubuntu.com',
    'ntp-bootstrap.ubuntu.com',
    'time.nist.gov',
    'time-a-g.nist.gov',
    'time-e-wwv.nist.gov',
    'ptbtime1.ptb.de',
    'ptbtime4.ptb.de',
    'ntp.se',
    'sth1.ntp.se',
    'nts.netnod.se',
    'time.facebook.com',
    'time.aws.com',
    'ntp.torix.ca',
    'time.grapheneos.org',
    'roughtime.cloudflare.com',
    'roughtime.se',
  ])('is %s', (name) => {
    expect(isKnown(name)).toBe(true);
  });

  it.each([
    'pool.ntp.org.evil.example',
    'notpool.ntp.org',
    'xpool.ntp.org',
    'ntp.org',
    'www.ntp.org',
    'org',
    'time.cloudflare.com.evil.example',
    'evil.time.cloudflare.com',
    'cloudflare.com',
    'www.google.com',
    'time0.google.com',
    'time5.google.com',
    'time8.apple.com',
    'www.apple.com',
    'ptbtime5.ptb.de',
    'www.ptb.de',
    'www.nist.gov',
    'notntp.se',
    'se',
    'pool\\.ntp.org',
    'pool.ntp\\.org',
    '.',
  ])('is not %s', (name) => {
    expect(isKnown(name)).toBe(false);
  });

  it('is one that is configured, itself and not what is below it', () => {
    const configured = new Set([nameKey('Clock.Example')]);
    expect(isTimeServerName(nameKey('clock.example'), configured)).toBe(true);
    expect(isTimeServerName(nameKey('a.clock.example'), configured)).toBe(false);
    expect(isTimeServerName(nameKey('example'), configured)).toBe(false);
  });

  it('is so in any letters', () => {
    expect(isKnown('PoOl.NtP.oRg')).toBe(true);
    expect(isKnown('TIME.WINDOWS.COM')).toBe(true);
  });

  it('is below a zone of the list exactly when whole labels are put before it', () => {
    const label = fc.stringMatching(/^[a-z0-9-]{1,10}$/);
    fc.assert(
      fc.property(label, (label) => {
        expect(isKnown(`${label}.pool.ntp.org`)).toBe(true);
        expect(isKnown(`${label}pool.ntp.org`)).toBe(false);
        expect(isKnown(`pool.ntp.org.${label}`)).toBe(false);
        expect(isKnown(`${label}.example`)).toBe(false);
      }),
    );
  });

  it('is told by the labels and not by the octets: a length that looks like a letter is none', () => {
    // One label that ends in the wire form of "pool.ntp.org": as octets its name does too, as labels it is another.
    const wire = parseName('pool.ntp.org.').slice(0, -1);
    const disguised = lowerName(`${String.fromCharCode(1 + wire.length)}x${wire}\0`);
    expect(isTimeServerName(disguised, NONE)).toBe(false);
  });
});
