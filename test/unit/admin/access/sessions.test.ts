// Sessions: made here alone, bounded in number and time, and their cookie.

import { describe, expect, it } from 'vitest';
import { clearCookie, sessionIdIn, setCookie } from '../../../../src/admin/access/session-cookie.ts';
import { Sessions } from '../../../../src/admin/access/sessions.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

const HOUR_MS = 3_600_000;

function setUp() {
  const clock = new SimulatedClock();
  return { clock, sessions: new Sessions(clock) };
}

describe('a session', () => {
  it('has a new id of 256 bits each time, and no other id is one', () => {
    const { sessions } = setUp();
    const ids = Array.from({ length: 10 }, () => sessions.begin(true));
    expect(new Set(ids).size).toBe(10);
    for (const id of ids) {
      expect(Buffer.from(id, 'base64url')).toHaveLength(32);
      expect(sessions.has(id, true)).toBe(true);
    }
    for (const id of ['', 'A'.repeat(43), ids[0]!.slice(1), `${ids[0]}A`])
      expect(sessions.has(id, true)).toBe(false);
  });

  it('is good where it was begun, over TLS or without', () => {
    const { sessions } = setUp();
    const [encrypted, plain] = [sessions.begin(true), sessions.begin(false)];
    expect([sessions.has(encrypted, false), sessions.has(plain, true)]).toEqual([false, false]);
    expect([sessions.has(encrypted, true), sessions.has(plain, false)]).toEqual([true, true]);
  });

  it('lasts while it is used, for a week', () => {
    const { clock, sessions } = setUp();
    const id = sessions.begin(true);
    for (let hours = 11; hours < 7 * 24; hours += 11) {
      clock.advance(11 * HOUR_MS);
      expect(sessions.has(id, true), `after ${hours} hours`).toBe(true);
    }
    clock.advance(3 * HOUR_MS);
    expect(sessions.has(id, true)).toBe(false);
  });

  it('ends after twelve idle hours, at a sign-out, and with all others', () => {
    const { clock, sessions } = setUp();
    const [idle, ended, other] = [sessions.begin(true), sessions.begin(true), sessions.begin(true)];
    sessions.end(ended);
    expect([idle, ended, other].map((id) => sessions.has(id, true))).toEqual([true, false, true]);
    clock.advance(12 * HOUR_MS);
    expect(sessions.has(idle, true)).toBe(false);
    const last = sessions.begin(true);
    sessions.endAll();
    expect(sessions.has(last, true)).toBe(false);
    expect(sessions.size).toBe(0);
  });

  it('does not heed a system clock that jumps', () => {
    const { clock, sessions } = setUp();
    const id = sessions.begin(true);
    clock.setSystemClock(0);
    expect(sessions.has(id, true)).toBe(true);
    clock.setSystemClock(clock.now().epochMs + 1e12);
    expect(sessions.has(id, true)).toBe(true);
  });

  it('gives way when there are 64 others, if it was idle for longest', () => {
    const { sessions } = setUp();
    const [first, second] = [sessions.begin(true), sessions.begin(true)];
    for (let others = 0; others < 62; others += 1) sessions.begin(true);
    expect(sessions.has(first, true)).toBe(true); // in use
    sessions.begin(true);
    expect(sessions.size).toBe(64);
    expect([sessions.has(first, true), sessions.has(second, true)]).toEqual([true, false]);
  });
});

describe('its cookie', () => {
  const id = `${'Ab_-'.repeat(10)}xyz`;

  it('is for this host, over TLS, not for scripts and not for other sites', () => {
    expect(setCookie(id, true)).toBe(`__Host-noonmark=${id}; Path=/; Secure; HttpOnly; SameSite=Strict`);
    expect(setCookie(id, false)).toBe(`noonmark=${id}; Path=/; HttpOnly; SameSite=Strict`);
    expect(clearCookie(true)).toBe('__Host-noonmark=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict');
  });

  it.each([
    [`__Host-noonmark=${id}`, true, id],
    [`a=b; __Host-noonmark=${id} ; c=d`, true, id],
    [`noonmark=${id}`, false, id],
    [`noonmark=${id}`, true, null],
    [`__Host-noonmark=${id}`, false, null],
    [`__Host-noonmark=${id}; __Host-noonmark=${id}`, true, null],
    [`__host-noonmark=${id}`, true, null],
    [`x__Host-noonmark=${id}`, true, null],
    [`__Host-noonmark="${id}"`, true, null],
    [`__Host-noonmark=${id}x`, true, null],
    ['__Host-noonmark=', true, null],
    ['', true, null],
  ] as const)('in %j (TLS: %s) is %j', (cookie, isEncrypted, found) => {
    expect(sessionIdIn(cookie, isEncrypted)).toBe(found);
  });
});
