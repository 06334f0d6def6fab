// What is answered to who signs in, signs out, or may not be here; and where nobody is ever led.

import { describe, expect, it, vi } from 'vitest';
import type { Access, SignIn } from '../../../src/admin/access/access.ts';
import type { Admission } from '../../../src/admin/access/admission.ts';
import { adminAccess, ownTarget } from '../../../src/admin/access-routes.ts';
import { type AdminAnswer, htmlAnswer } from '../../../src/admin/admin-answer.ts';
import { type AdminRoute, isPagePath } from '../../../src/admin/route.ts';
import { strangerVisit } from '../../support/access-visits.ts';

const OUTSIDE: Admission = { isAdmitted: false, why: 'not-signed-in' };
type Faked = Pick<Access, 'judge' | 'signIn' | 'signOut' | 'password'>;

function setUp(parts: Partial<Faked> = {}) {
  const access: Faked = {
    judge: () => OUTSIDE,
    signIn: vi.fn(async (): Promise<SignIn> => ({ kind: 'signed-in', cookie: 'c=d' })),
    signOut: () => 'c=; Max-Age=0',
    password: 'set',
    ...parts,
  };
  const render = (page: {
    lead: { text: string };
    sections: readonly { body: { text: string } }[];
    status?: number;
  }) => htmlAnswer(page.lead.text + page.sections.map(({ body }) => body.text).join(''), page.status);
  const { refuse, routes = {} } = adminAccess({ access, render });
  const at = (path: string, method: AdminRoute['method']) =>
    [routes[path]!].flat().find((route) => route.method === method)!;
  const answer = (path: string, method: AdminRoute['method'], visit = strangerVisit({ path, method })) =>
    at(path, method).answer(visit) as Promise<AdminAnswer>;
  return { access, refuse, answer };
}

const form = (fields: Record<string, string>) => new URLSearchParams(fields);

describe('the sign-in page', () => {
  it('asks for the password, says where to go afterwards, and escapes it', async () => {
    const { answer } = setUp();
    const query = new URLSearchParams({ to: '/names?name="><b>' });
    const { status, body } = await answer('/login', 'GET', strangerVisit({ query }));
    expect(status).toBe(200);
    expect(body).toContain('<form class="filter" method="post" action="/login">');
    expect(body).toContain('name="to" value="/names?name=&quot;&gt;&lt;b&gt;"');
    expect(body).toMatch(
      /<label>Password <input type="password" name="password" autocomplete="current-password" required/,
    );
    expect(body).not.toContain('role="alert"');
  });

  it('is passed by who needs no password', async () => {
    const { answer } = setUp();
    const visit = strangerVisit({ isAdmitted: true, query: new URLSearchParams({ to: '/history' }) });
    expect(await answer('/login', 'GET', visit)).toMatchObject({
      status: 303,
      fields: { location: '/history' },
    });
  });

  it.each([
    ['unset', /noonmark password --write/],
    ['unusable', /noonmark check/],
  ] as const)('says what to do where the password is %s', async (password, words) => {
    const { answer } = setUp({ password });
    const { status, body } = await answer('/login', 'GET');
    expect(status).toBe(403);
    expect(body).toMatch(words);
    expect(body).not.toContain('<form');
  });
});

describe('signing in', () => {
  const send = (signIn: SignIn, fields: Record<string, string> = {}) => {
    const set = setUp({ signIn: vi.fn(async () => signIn) });
    const visit = strangerVisit({ method: 'POST', path: '/login', form: form({ password: 'p', ...fields }) });
    return { ...set, visit, answered: set.answer('/login', 'POST', visit) };
  };

  it('leads on, with the cookie', async () => {
    const { answered, access, visit } = send({ kind: 'signed-in', cookie: 'c=d' }, { to: '/devices' });
    expect(await answered).toMatchObject({
      status: 303,
      fields: { location: '/devices', 'set-cookie': 'c=d' },
    });
    expect(access.signIn).toHaveBeenCalledExactlyOnceWith(visit, 'p');
  });

  it('with a wrong password says so where a screen reader hears it', async () => {
    const { status, body, fields } = await send({ kind: 'wrong' }, { to: '/devices' }).answered;
    expect([status, fields]).toEqual([401, { 'www-authenticate': 'Bearer realm="noonmark"' }]);
    expect(body).toContain('<p class="bad" id="login-error" role="alert">That is not the password.</p>');
    expect(body).toContain('aria-invalid="true" aria-describedby="login-error"');
    expect(body).toContain('name="to" value="/devices"');
  });

  it.each([
    [900, '1', 'a second'],
    [30_000, '30', '30 seconds'],
    [900_000, '900', '15 minutes'],
  ])('too often says when to try again (%d ms)', async (waitMs, after, words) => {
    const { status, body, fields } = await send({ kind: 'wait', waitMs }).answered;
    expect([status, fields]).toEqual([429, { 'retry-after': after }]);
    expect(body).toContain(`Try again in ${words};`);
  });

  it('where there is no password is refused', async () => {
    const { answered } = send({ kind: 'closed' });
    expect(await answered).toMatchObject({ status: 403 });
  });

  it('out takes the cookie away', async () => {
    const { answer } = setUp();
    expect(await answer('/logout', 'POST')).toMatchObject({
      status: 303,
      fields: { location: '/login', 'set-cookie': 'c=; Max-Age=0' },
    });
  });
});

describe('who may not be here', () => {
  const refused = (
    why: 'locked' | 'no-password' | 'wrong-token' | 'not-signed-in',
    path: string,
    parts: Partial<Faked> = {},
    method = 'GET',
  ) =>
    setUp({ judge: () => ({ isAdmitted: false, why }), ...parts }).refuse(
      strangerVisit({ path, method, query: new URLSearchParams('name=a b&still') }),
    );

  it('is led from a page to the password, and back afterwards', () => {
    const { status, fields } = refused('not-signed-in', '/names');
    expect(status).toBe(303);
    const location = new URL(fields!.location!, 'http://here');
    expect(location.pathname).toBe('/login');
    expect(location.searchParams.get('to')).toBe('/names?name=a+b&still=');
    expect(refused('not-signed-in', '/names/flush', {}, 'POST').fields).toEqual({
      location: '/login?to=%2F',
    });
  });

  it('is told by what is for programs that a token is needed, or that it is not that one', () => {
    for (const path of ['/api/status', '/metrics', '/api/live']) {
      expect(refused('not-signed-in', path)).toMatchObject({
        status: 401,
        fields: { 'www-authenticate': 'Bearer realm="noonmark"' },
      });
      expect(refused('no-password', path, { password: 'unset' })).toMatchObject({ status: 401 });
      expect(refused('locked', path, { password: 'unset' })).toMatchObject({ status: 403 });
    }
    for (const path of ['/', '/metrics'])
      expect(refused('wrong-token', path).fields).toEqual({
        'www-authenticate': 'Bearer realm="noonmark", error="invalid_token"',
      });
  });

  it.each(['locked', 'no-password'] as const)('reads on a page what to do where it is %s', (why) => {
    const { status, body } = refused(why, '/', { password: 'unset' });
    expect(status).toBe(403);
    expect(body).toContain('<code>noonmark password --write /etc/noonmark/password</code>');
  });
});

describe('somebody is led to', () => {
  it.each(['/', '/names?name=nas.home.arpa&type=A', '/devices/android', '/loginx'])('%s as asked', (to) => {
    expect(ownTarget(to)).toBe(to);
  });

  it.each([
    null,
    '',
    'names',
    '//attacker.example',
    '/\\attacker.example',
    '\\/attacker.example',
    'https://attacker.example/',
    'javascript:alert(1)',
    '/a\r\nset-cookie: x=y',
    '/a\nb',
    '/\t/attacker.example',
    ' /names',
    '/ü',
    '/login',
    '/login?to=/login',
    '/logout',
    `/${'a'.repeat(1024)}`,
  ])('the first page instead of %j', (to) => expect(ownTarget(to)).toBe('/'));
});

describe('a path', () => {
  it.each([
    ['/', true],
    ['/names', true],
    ['/metricsx', true],
    ['/api/status', false],
    ['/metrics', false],
    ['/readyz', false],
    ['/healthz', false],
    ['/control/flush-cache', false],
  ])('%s is one that people look at: %s', (path, is) => expect(isPagePath(path)).toBe(is));
});
