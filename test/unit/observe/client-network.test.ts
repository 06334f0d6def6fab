// What an anonymised log has in place of an address.

import { expect, it } from 'vitest';
import { networkOf, networkPrefix } from '../../../src/observe/client-network.ts';

it.each([
  ['192.168.1.77', '192.168.1.0', '192.168.1.0/24'],
  ['127.0.0.1', '127.0.0.0', '127.0.0.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8::', '2001:db8::/48'],
  ['fe80::1%eth0', 'fe80::', 'fe80::/48'],
  ['::1', '::', '::/48'],
])('of %s is %s', (client, network, prefix) => {
  expect([networkOf(client), networkPrefix(client)]).toEqual([network, prefix]);
});
