// Who may ask the admin listener, and under which name.

import { describe, expect, it } from 'vitest';
import { type AdminRequest, judgeAdminRequest } from '../../../src/admin/admin-request.ts';

const NAMES = ['dns.home.example', '*.lab.example', 'resolver', '192.168.1.99', 'fd00::99'];

const judge = (request: Partial<AdminRequest>, names: readonly string[] = NAMES) =>
  judgeAdminRequest(
    {
      target: '/',
      hosts: ['localhost'],
      origin: undefined,
      localAddress: '192.168.1.2',
      ...request,
    },
    names,
  );

describe('Host', () => {
  it.each([
    'localhost',
    'LOCALHOST:8080',
    '127.0.0.1:8080',
    '127.0.0.53',
    '[::1]:8080',
    '192.168.1.2:8080',
    '192.168.1.2:18080', // forwarded from another port
    'dns.home.example',
    'DNS.Home.Example.:80',
    'nas.lab.example:8080',
    'resolver:8080',
    '192.168.1.99',
    '[fd00:0:0::99]:8080',
  ])('may be %s', (host) => expect(judge({ hosts: [host] })).toBeNull());

  it.each([
    'attacker.example',
    'localhost.attacker.example',
    'dns.home.example.attacker.example',
    'a.b.lab.example',
    'lab.example',
    '192.168.1.3',
    '203.0.113.5:8080',
    '[fd00::1]',
    '2130706433',
  ])('may not be %s, and the answer tells nothing', (host) => {
    const judged = judge({ hosts: [host] });
    expect(judged).toMatchObject({ status: 421 });
    for (const name of NAMES) expect(JSON.stringify(judged)).not.toContain(name);
  });

  it.each([
    [[]],
    [['localhost', 'localhost']],
    [['localhost', 'attacker.example']],
    [['']],
    [['local host']],
    [['user@localhost']],
    [['[::1']],
    [['[not:an:address]']],
    [['localhost:port']],
  ])('is needed once and well formed, unlike %j', (hosts) => {
    expect(judge({ hosts })).toMatchObject({ status: 400 });
  });

  it("may be the listener's own link-local address, which a browser writes without its scope", () => {
    expect(judge({ hosts: ['[fe80::1]:8080'], localAddress: 'fe80::1%eth0' })).toBeNull();
  });
});

describe('Origin', () => {
  it.each(['http://localhost', 'https://LOCALHOST'])('may be our own: %s', (origin) => {
    expect(judge({ origin })).toBeNull();
  });

  it.each(['null', 'http://attacker.example', 'http://localhost:81', 'file://', 'http://localhost/'])(
    'may not be %s',
    (origin) => expect(judge({ origin })).toMatchObject({ status: 403 }),
  );
});

it('a target that is no path is refused', () => {
  expect(judge({ target: 'http://localhost/' })).toMatchObject({ status: 400 });
  expect(judge({ target: '*' })).toMatchObject({ status: 400 });
});
