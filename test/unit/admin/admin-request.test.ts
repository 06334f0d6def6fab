// Who may ask the admin listener, under which name, and for what.

import { describe, expect, it } from 'vitest';
import { type AdminRequest, judgeAdminRequest } from '../../../src/admin/admin-request.ts';

const NAMES = ['dns.home.example', '*.lab.example', 'resolver', '192.168.1.99', 'fd00::99'];

const judge = (request: Partial<AdminRequest>, names: readonly string[] = NAMES) =>
  judgeAdminRequest(
    {
      method: 'GET',
      target: '/',
      hosts: ['localhost'],
      origin: undefined,
      localAddress: '192.168.1.2',
      isControl: false,
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
  ])('may be %s', (host) => expect(judge({ hosts: [host] })).toEqual({ route: 'page' }));

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
    expect(judge({ hosts: ['[fe80::1]:8080'], localAddress: 'fe80::1%eth0' })).toEqual({ route: 'page' });
  });
});

describe('Origin', () => {
  it.each(['http://localhost', 'https://LOCALHOST'])('may be our own: %s', (origin) => {
    expect(judge({ origin })).toEqual({ route: 'page' });
  });

  it.each(['null', 'http://attacker.example', 'http://localhost:81', 'file://', 'http://localhost/'])(
    'may not be %s',
    (origin) => expect(judge({ origin })).toMatchObject({ status: 403 }),
  );
});

describe('paths and methods', () => {
  it.each([
    ['/', 'page'],
    ['/?still', 'page'],
    ['/healthz', 'health'],
    ['/readyz', 'ready'],
    ['/api/status', 'status'],
    ['/metrics', 'metrics'],
  ])('GET and HEAD %s is %s', (target, route) => {
    expect(judge({ target })).toEqual({ route });
    expect(judge({ target, method: 'HEAD' })).toEqual({ route });
  });

  it.each([
    '/metric',
    '/metrics/',
    '/api',
    '/api/status/',
    '//',
    '/constructor',
    '/control/forget-stamp',
    '/%2e',
    '/api/explain',
    '/control/flush-cache',
    '/control/renew-certificate',
  ])('there is no %s', (target) => expect(judge({ target })).toMatchObject({ status: 404 }));

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('%s changes nothing', (method) => {
    expect(judge({ method })).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  });

  it('a target that is no path is refused', () => {
    expect(judge({ target: 'http://localhost/' })).toMatchObject({ status: 400 });
    expect(judge({ target: '*' })).toMatchObject({ status: 400 });
  });

  it.each([
    ['POST', '/control/forget-stamp', 'forget-stamp', 'GET'],
    ['POST', '/control/flush-cache?all', 'flush-cache', 'GET'],
    ['POST', '/control/renew-certificate?dry-run', 'renew-certificate', 'GET'],
    ['GET', '/api/explain?name=a.example', 'explain', 'POST'],
  ])('%s %s is %s on the control socket alone, and %s is not', (method, target, route, other) => {
    expect(judge({ method, target, isControl: true })).toEqual({ route });
    expect(judge({ method: other, target, isControl: true })).toMatchObject({ status: 405, allow: method });
    expect(judge({ method, target })).toMatchObject({ status: 404 });
  });
});
