// Who can verify what DDR announces, and who may use it unverified, in sentences.

import { describe, expect, it } from 'vitest';
import { designationSentences } from '../../../src/status/designation.ts';
import type { DesignatedReport } from '../../../src/status/status.ts';
import { synchronized } from '../../support/statuses.ts';

const usual = synchronized.designated[0]!;
const say = (designated: readonly DesignatedReport[], more = {}) =>
  designationSentences({ ...synchronized, designated, ...more }).join('\n');

describe('verified', () => {
  it('is it with the local CA installed, or by the issuer of the files', () => {
    expect(say([usual])).toContain('they verify it where the local CA is installed on them');
    const certificate = { ...synchronized.certificate!, source: 'files', issuer: 'CN=R11, O=Issuer Inc.' };
    expect(say([usual], { certificate })).toContain('where they trust its issuer, CN=R11, O=Issuer Inc;');
  });

  it('is it by nobody where the certificate does not name the address', () => {
    const doh = [usual.doors[1]!];
    expect(say([{ ...usual, verifiable: false, doors: doh }])).toMatch(
      /dns\.home\.example, DoH on port 443; none can verify it, .* so DoT is kept from them/,
    );
  });
});

describe('unverified', () => {
  it('may some use a private address, and none a public one', () => {
    expect(say([usual])).toContain('some may use it all the same, because the address is private');
    expect(say([{ ...usual, asked: '203.0.113.7', opportunistic: false }])).toContain(
      'none should use it, because the address is public',
    );
  });
});

describe('addresses', () => {
  it("with one story share a sentence, and loopback is nobody else's business", () => {
    const addresses = ['127.0.0.1', '192.168.1.2', 'fd00::2', '::1'];
    const text = say(addresses.map((asked) => ({ ...usual, asked })));
    expect(text).toMatch(/^devices that ask 192\.168\.1\.2, fd00::2 and look/);
    expect(text).not.toContain('\n');
    expect(say([{ ...usual, asked: '127.0.0.1' }])).toContain('devices that ask 127.0.0.1 and');
  });

  it('of which nothing is told have the reason', () => {
    const silent = { ...usual, name: null, doors: [], silence: 'no name is configured' };
    expect(say([silent])).toMatch(/are told of none: no name is configured$/);
    expect(say([silent, { ...usual, asked: '192.168.1.3' }]).split('\n')).toHaveLength(2);
  });

  it('are not spoken of where nothing encrypted is served', () => {
    expect(say([usual], { listening: { udp: ['192.168.1.2:53'], dot: [], doh: [] } })).toBe('');
  });
});
