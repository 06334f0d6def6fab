// What a look-up has found out, from the shelf: a name of the world that an upstream has answered, but for the parts given.

import type { Explained } from '../../src/resolver/explained.ts';

export function explained(parts: Partial<Explained> = {}): Explained {
  return {
    ...{ name: 'www.example.', type: 'A', client: '192.168.1.30' },
    answeredBy: 'forward',
    steps: [{ link: 'forward', detail: 'tls://dns.example', upstream: 'tls://dns.example' }],
    ...{ zone: null, list: null, rule: null, group: null, ttlLeftSeconds: null, pastSeconds: null },
    upstream: 'tls://dns.example',
    rcode: 'NOERROR',
    answer: ['www.example. 300 A 192.0.2.1'],
    records: [{ owner: 'www.example.', ttlSeconds: 300, type: 'A', data: '192.0.2.1' }],
    errors: [],
    ...parts,
  };
}
