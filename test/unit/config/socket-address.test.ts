// Addresses, ports and prefixes as people write them; the refusals are in broken-configs.test.ts too, with their place.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatSocketAddress,
  parseAddress,
  parseCidr,
  parseSocketAddress,
} from '../../../src/config/socket-address.ts';
import { ValueError } from '../../../src/config/value-error.ts';

test.for([
  ['127.0.0.1:5300', { address: '127.0.0.1', port: 5300, family: 4 }],
  ['192.168.1.2', { address: '192.168.1.2', port: 53, family: 4 }],
  ['[::1]:5300', { address: '::1', port: 5300, family: 6 }],
  ['[::1]', { address: '::1', port: 53, family: 6 }],
  ['::', { address: '::', port: 53, family: 6 }],
  ['[fe80::1%eth0]:53', { address: 'fe80::1%eth0', port: 53, family: 6 }],
  ['fe80::1%eth0', { address: 'fe80::1%eth0', port: 53, family: 6 }],
  ['[2001:DB8:0:0:0:0:0:1]:1', { address: '2001:db8::1', port: 1, family: 6 }],
  ['0.0.0.0:65535', { address: '0.0.0.0', port: 65_535, family: 4 }],
] as const)('"%s" is an address to listen on', ([text, expected]) => {
  expect(parseSocketAddress(text, 53)).toEqual(expected);
});

test.for([
  '',
  ':53',
  '127.0.0.1:',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  '127.0.0.1:1e3',
  '127.0.0.1:53:53',
  '127.1',
  '010.0.0.1',
  '256.0.0.1',
  '127.0.0.1/8',
  '[127.0.0.1]x:53',
  '[::1',
  '::1]:53',
  '[::1]53',
  '[::1%]:53',
  '[fe80::1]:53',
  '[::ffff:1.2.3.4]:53',
  'localhost:53',
  'eth0',
  '*:53',
  '127.0.0.1:53\n',
])('"%s" is refused', (text) => {
  expect(() => parseSocketAddress(text, 53)).toThrow(ValueError);
});

test('an address that was written out is read back as it was', () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (text, port) => {
      let parsed: ReturnType<typeof parseAddress>;
      try {
        parsed = parseAddress(text);
      } catch (error) {
        expect(error).toBeInstanceOf(ValueError);
        return;
      }
      const socket = { ...parsed, port };
      expect(parseSocketAddress(formatSocketAddress(socket), 53)).toEqual(socket);
    }),
  );
});

test('no text makes a parser fail with anything but a sentence', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[[\]:%./0-9a-f]{0,24}$/));
  fc.assert(
    fc.property(text, (written) => {
      for (const parse of [parseAddress, parseCidr, (it: string) => parseSocketAddress(it, 53)]) {
        try {
          parse(written);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueError);
        }
      }
    }),
  );
});

test.for([
  ['192.168.0.0/16', '192.168.0.0/16'],
  ['192.168.1.5', '192.168.1.5/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['FD00:0::/8', 'fd00::/8'],
  ['fe80::/10', 'fe80::/10'],
  ['2001:db8::1', '2001:db8::1/128'],
] as const)('the prefix "%s" is %s', ([text, expected]) => {
  expect(parseCidr(text)).toBe(expected);
});

test.for([
  ['192.168.1.5/24', '"192.168.1.5/24" has bits set beyond its prefix; write 192.168.1.0/24'],
  ['10.0.0.0/33', '"10.0.0.0/33" has a wrong prefix length; write a number of 0 to 32 after the slash'],
  ['10.0.0.0/', '"10.0.0.0/" has a wrong prefix length; write a number of 0 to 32 after the slash'],
  ['10.0.0.0/8/8', '"10.0.0.0/8/8" has a wrong prefix length; write a number of 0 to 32 after the slash'],
  ['10/8', '"10/8" is not a prefix; write one such as 192.168.0.0/16 or fd00::/8'],
  ['fe80::%eth0/10', '"fe80::%eth0/10" has a scope; a prefix is written without'],
] as const)('the prefix "%s" is refused with a sentence', ([text, sentence]) => {
  expect(() => parseCidr(text)).toThrow(new ValueError(sentence));
});
