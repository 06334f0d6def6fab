// Who may use the admin listener: password and token out of their files, sessions that end with the password, and tries that
// are counted before they are judged.

import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Access, type SignIn } from '../../../../src/admin/access/access.ts';
import type { Config } from '../../../../src/config/config.ts';
import { LimitLog } from '../../../../src/observe/limit-log.ts';
import { strangerVisit, writePassword } from '../../../support/access-visits.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const PASSWORD = 'the noon mark on our sill';
const TOKEN = 'Yq8wX2h5Vb0nTzR7kLmC3dPf9sJgA1uE';
const STRANGER = strangerVisit();
const HERE = strangerVisit({ client: '127.0.0.1', localAddress: '127.0.0.1', isEncrypted: false });

const directory = temporaryDirectory('access');
const passwordFile = join(directory, 'password');
const tokenFile = join(directory, 'token');
const config: Config['admin'] = { passwordFile, tokenFile, loopback: 'open' };
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

let clock: SimulatedClock;
let access: Access;
beforeEach(async () => {
  vi.clearAllMocks();
  clock = new SimulatedClock();
  access = new Access({ clock, log, limitLog: new LimitLog(log, clock) });
  writePassword(passwordFile, PASSWORD);
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  await access.become(config);
});

const cookieOf = (signIn: SignIn) => (signIn.kind === 'signed-in' ? signIn.cookie.split(';', 1)[0]! : '');
async function signedIn(visit = STRANGER) {
  const signIn = await access.signIn(visit, PASSWORD);
  expect(signIn.kind).toBe('signed-in');
  return strangerVisit({ ...visit, cookie: cookieOf(signIn) });
}

describe('before it has read anything', () => {
  it('lets nobody in, not even this host, but the control socket', () => {
    const fresh = new Access({ clock, log, limitLog: new LimitLog(log, clock) });
    expect(fresh.judge(HERE)).toEqual({ isAdmitted: false, why: 'locked' });
    expect(fresh.judge(strangerVisit({ isControl: true, client: '' }))).toMatchObject({ by: 'control' });
  });
});

describe('signing in', () => {
  it('needs the password, and lasts until signing out', async () => {
    expect(await access.signIn(STRANGER, 'something else')).toEqual({ kind: 'wrong' });
    expect(access.judge(STRANGER)).toEqual({ isAdmitted: false, why: 'not-signed-in' });
    const visit = await signedIn();
    expect(access.judge(visit)).toEqual({ isAdmitted: true, by: 'session' });
    expect(access.signOut(visit)).toMatch(/^__Host-noonmark=; Max-Age=0;/);
    expect(access.judge(visit)).toMatchObject({ isAdmitted: false });
  });

  it('gives a new session each time, and ends the one that was brought along', async () => {
    const first = await signedIn();
    const second = await signedIn(first);
    expect(second.cookie).not.toBe(first.cookie);
    expect([access.judge(first).isAdmitted, access.judge(second).isAdmitted]).toEqual([false, true]);
  });

  it('makes whoever guesses wait, with the right password as well, and tells it once', async () => {
    for (let tries = 0; tries < 5; tries += 1)
      expect(await access.signIn(STRANGER, `guess ${tries}`)).toEqual({ kind: 'wrong' });
    for (const password of ['guess', PASSWORD])
      expect(await access.signIn(STRANGER, password)).toEqual({ kind: 'wait', waitMs: 30_000 });
    expect((await access.signIn(strangerVisit({ client: '192.168.1.31' }), PASSWORD)).kind).toBe('signed-in');
    const told = log.warn.mock.calls.filter(([message]) => message === 'a limit is reached');
    expect(told).toMatchObject([[expect.any(String), { limit: 'sign_ins', client: '192.168.1.30' }]]);
    clock.advance(30_000);
    expect((await access.signIn(STRANGER, PASSWORD)).kind).toBe('signed-in');
  });

  it('counts tries that are made at once before any of them is judged', async () => {
    const tries = Array.from({ length: 12 }, () => access.signIn(STRANGER, 'guess'));
    const kinds = (await Promise.all(tries)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'wrong')).toHaveLength(5);
    expect(kinds.filter((kind) => kind === 'wait')).toHaveLength(7);
  });

  it('takes an empty form for no try', async () => {
    for (let tries = 0; tries < 20; tries += 1) await access.signIn(STRANGER, '');
    expect((await access.signIn(STRANGER, PASSWORD)).kind).toBe('signed-in');
  });

  it('with a password that is replaced while it is checked comes to nothing', async () => {
    const other = join(directory, 'other');
    writePassword(other, 'another');
    writePassword(passwordFile, PASSWORD, 16); // takes so long that the files are read before
    await access.become(config);
    const signIn = access.signIn(STRANGER, PASSWORD);
    await access.become({ ...config, passwordFile: other });
    const visit = strangerVisit({ cookie: cookieOf(await signIn) });
    expect(access.judge(visit).isAdmitted).toBe(false);
  });

  it('is told in the log, without the password', async () => {
    await access.signIn(STRANGER, 'a guess of mine');
    await signedIn();
    const said = JSON.stringify([log.info.mock.calls, log.warn.mock.calls]);
    expect(said).toContain('192.168.1.30');
    for (const secret of [PASSWORD, 'a guess of mine', TOKEN]) expect(said).not.toContain(secret);
  });
});

describe('a reload', () => {
  it('ends every session when the password is another, and no try is held against anybody', async () => {
    const visit = await signedIn();
    for (let tries = 0; tries < 5; tries += 1) await access.signIn(STRANGER, 'guess');
    writePassword(passwordFile, 'another');
    await access.become(config);
    expect(access.judge(visit).isAdmitted).toBe(false);
    expect(await access.signIn(STRANGER, PASSWORD)).toEqual({ kind: 'wrong' });
    expect((await access.signIn(STRANGER, 'another')).kind).toBe('signed-in');
  });

  it('ends none when it is the same, and forgives no guesses', async () => {
    const visit = await signedIn();
    for (let tries = 0; tries < 5; tries += 1) await access.signIn(STRANGER, 'guess');
    await access.become(config);
    expect(access.judge(visit).isAdmitted).toBe(true);
    expect((await access.signIn(STRANGER, PASSWORD)).kind).toBe('wait');
  });

  it.each([
    ['is gone', () => rmSync(passwordFile)],
    ['is broken', () => writeFileSync(passwordFile, 'scrypt:32768')],
    ['may be read by everybody', () => chmodSync(passwordFile, 0o644)],
    ['holds too much', () => writeFileSync(passwordFile, 'x'.repeat(3000))],
  ])('lets nobody in by a password whose file %s, and says so', async (_what, spoil) => {
    const visit = await signedIn();
    spoil();
    await access.become({ ...config, tokenFile: null });
    expect(access.password).toBe('unusable');
    expect(access.judge(visit)).toEqual({ isAdmitted: false, why: 'locked' });
    expect(await access.signIn(STRANGER, PASSWORD)).toEqual({ kind: 'closed' });
    clock.advance(5000);
    await access.become({ ...config, tokenFile: null });
    const problem = expect.stringContaining(passwordFile);
    expect(access.problems).toEqual([{ key: 'password_file', problem, problemForMs: 5000 }]);
    expect(log.warn.mock.calls).toEqual([
      ['a file of `admin` cannot be used; it lets nobody in', { key: 'password_file', reason: problem }],
    ]);
    writePassword(passwordFile, PASSWORD);
    chmodSync(passwordFile, 0o600);
    await access.become(config);
    expect([access.problems, access.password]).toEqual([[], 'set']);
    rmSync(passwordFile, { force: true });
  });

  it('takes another token, and closes loopback', async () => {
    const script = strangerVisit({ authorization: `Bearer ${TOKEN}` });
    expect(access.judge(script)).toEqual({ isAdmitted: true, by: 'token' });
    expect(access.judge(HERE)).toEqual({ isAdmitted: true, by: 'loopback' });
    writeFileSync(tokenFile, `${TOKEN.toLowerCase()}\n`);
    await access.become({ ...config, loopback: 'closed' });
    expect(access.judge(script)).toEqual({ isAdmitted: false, why: 'wrong-token' });
    expect(access.judge(HERE)).toMatchObject({ isAdmitted: false });
    await access.become({ passwordFile: null, tokenFile: null, loopback: 'open' });
    expect(access.judge(script)).toEqual({ isAdmitted: false, why: 'locked' });
    expect(access.password).toBe('unset');
  });
});

it('says at which addresses nobody could ever be let in, for as long as no secret is named', async () => {
  expect(access.lockedAt(['192.168.1.2:8080'])).toEqual([]);
  await access.become({ ...config, passwordFile: null, tokenFile: null });
  clock.advance(5000);
  await access.become({ ...config, passwordFile: null, tokenFile: null });
  const [problem, ...more] = access.lockedAt(['192.168.1.2:8080', '[fd00::2]:8080']);
  expect(problem).toMatchObject({ key: 'locked', problemForMs: 5000 });
  expect(problem?.problem).toContain('others can connect to 192.168.1.2:8080, [fd00::2]:8080, ');
  expect([more, access.lockedAt([])]).toEqual([[], []]);
  await access.become({ ...config, passwordFile: null });
  expect(access.lockedAt(['192.168.1.2:8080'])).toEqual([]);
});
