// The paths of the admin listener and the control socket, and the methods that each understands.

import { describe, expect, it } from 'vitest';
import { type AdminRoute, findRoute, isRoute } from '../../../src/admin/route.ts';
import { adminRoutes } from '../../../src/admin/routes.ts';
import { adminSubject } from '../../support/admin-subjects.ts';

const routes = adminRoutes(adminSubject());
const find = (path: string, method = 'GET', isControl = false) =>
  findRoute(routes, { path, method, isControl });

describe('paths and methods', () => {
  it.each(['/', '/healthz', '/readyz', '/api/status', '/metrics', '/api/live', '/assets/style.css'])(
    'GET and HEAD are understood at %s',
    (path) => {
      expect(isRoute(find(path))).toBe(true);
      expect(find(path, 'HEAD')).toBe(find(path));
    },
  );

  it.each([
    '/metric',
    '/metrics/',
    '/api',
    '/api/status/',
    '//',
    '/constructor',
    '/__proto__',
    '/control/forget-stamp',
    '/%2e',
    '/api/explain',
    '/assets/',
    '/assets/../../package.json',
    '/control/flush-cache',
    '/control/renew-certificate',
  ])('there is no %s', (path) => expect(find(path)).toEqual({ allowed: [] }));

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('%s changes nothing at /', (method) => {
    expect(find('/', method)).toEqual({ allowed: ['GET', 'HEAD'] });
  });

  it.each([
    ['POST', '/control/forget-stamp', 'GET'],
    ['POST', '/control/flush-cache', 'GET'],
    ['POST', '/control/renew-certificate', 'GET'],
    ['POST', '/control/notify-test', 'GET'],
    ['GET', '/api/explain', 'POST'],
  ])('%s %s is on the control socket alone, and %s is not', (method, path, other) => {
    expect(isRoute(find(path, method, true))).toBe(true);
    expect(isRoute(find(path, other, true))).toBe(false);
    expect(find(path, method)).toEqual({ allowed: [] });
  });

  it('what anybody may see is what a client of this server knows', () => {
    const open = Object.entries(routes).filter(([, route]) =>
      [route].flat().some((one: AdminRoute) => one.access === 'anybody'),
    );
    const known = /^\/(healthz|readyz|assets\/[\w.-]+|devices(\/[\w./-]+)?|login|logout|api\/device-test)$/;
    for (const [path] of open) expect(path).toMatch(known);
  });
});
