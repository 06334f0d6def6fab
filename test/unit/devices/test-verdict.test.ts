// What is said of a test from a device: only what was seen, and by which way it came.

import { describe, expect, it } from 'vitest';
import { type TestInputs, testVerdict } from '../../../src/devices/test-verdict.ts';

const NAME = 'abc.probe.noonmark.home.arpa';
const verdict = (parts: Partial<TestInputs>) =>
  testVerdict({
    seen: [{ transport: 'doh', client: '192.168.1.50' }],
    asker: '192.168.1.50',
    isForwarded: false,
    isThisHost: () => false,
    name: NAME,
    ...parts,
  });

describe('a test from a device', () => {
  it.each([
    ['doh', true, 'good', 'This browser resolves through Noonmark, over DNS over HTTPS: encrypted.'],
    ['dot', true, 'good', 'This browser resolves through Noonmark, over DNS over TLS: encrypted.'],
    ['udp', false, 'plain', /in plain DNS: not encrypted/],
    ['tcp', false, 'plain', /in plain DNS over TCP: not encrypted/],
  ] as const)('over %s', (transport, encrypted, tone, sentence) => {
    expect(verdict({ seen: [{ transport, client: '192.168.1.50' }] })).toEqual({
      ...{ seen: true, transport, encrypted, tone, client: '192.168.1.50', isSameAddress: true },
      sentence: typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    });
  });

  it('that did not come here says what that may mean, and how to settle it', () => {
    expect(verdict({ seen: [] })).toMatchObject({
      ...{ seen: false, transport: null, encrypted: null, client: null, isSameAddress: null, tone: 'bad' },
      sentence: expect.stringMatching(/^No look-up .* another resolver; .*`nslookup abc\.probe\.noonmark/),
    });
  });

  it('from another address may be of a resolver in between, whose own way is not known', () => {
    expect(verdict({ seen: [{ transport: 'udp', client: '192.168.1.1' }] })).toMatchObject({
      ...{ isSameAddress: false, tone: 'plain' },
      sentence: expect.stringMatching(/from 192\.168\.1\.1, in plain DNS.*a resolver in between/),
    });
    expect(verdict({ seen: [{ transport: 'dot', client: '192.168.1.1' }] })).toMatchObject({
      ...{ encrypted: true, isSameAddress: false, tone: 'plain' },
    });
  });

  it.each([
    ['by the other family', { seen: [{ transport: 'doh' as const, client: 'fd00::50' }] }],
    ['through a proxy', { asker: '192.168.1.9', isForwarded: true }],
    ['through a tunnel', { asker: '127.0.0.1' }],
  ])('%s is not judged by addresses', (_, parts) => {
    expect(verdict(parts)).toMatchObject({
      ...{ isSameAddress: null, tone: 'good', encrypted: true },
      sentence: expect.stringMatching(/cannot be told/),
    });
  });

  it('from this very machine is the same device, by whichever of its addresses', () => {
    const isThisHost = (address: string) => ['127.0.0.1', '192.168.1.2'].includes(address);
    const seen = [{ transport: 'udp' as const, client: '192.168.1.2' }];
    expect(verdict({ seen, asker: '127.0.0.1', isThisHost })).toMatchObject({ isSameAddress: true });
  });

  it('is encrypted only if every look-up was', () => {
    const client = '192.168.1.50';
    const both = [
      { transport: 'doh' as const, client },
      { transport: 'udp' as const, client },
    ];
    expect(verdict({ seen: both })).toMatchObject({
      ...{ encrypted: false, tone: 'plain', transport: 'doh' },
      sentence: expect.stringMatching(/over DNS over HTTPS, and in plain DNS: not always encrypted\.$/),
    });
  });
});
