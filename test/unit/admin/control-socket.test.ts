// The control socket: whose it is, what stands in its way, and what it serves beyond the admin listener.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ControlSocket } from '../../../src/admin/control-socket.ts';
import { controlSocketPath } from '../../../src/admin/control-socket-path.ts';
import type { AdminSubject } from '../../../src/admin/routes.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { parseName } from '../../../src/dns/names.ts';
import type { Explained } from '../../../src/resolver/explained.ts';
import { adminDoor } from '../../support/admin-subjects.ts';
import { eventually } from '../../support/eventually.ts';
import { visit } from '../../support/http-visit.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { synchronized } from '../../support/statuses.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const open: ControlSocket[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.stop(0)));
  vi.clearAllMocks();
});

const permissions = (path: string) => statSync(path).mode & 0o777;

async function start(
  stateDir: string,
  subject: Partial<AdminSubject> = {},
  clock: SimulatedClock = new SimulatedClock(),
) {
  const socket = new ControlSocket({
    ...adminDoor(clock, subject),
    stateDir,
    allowedHosts: () => [],
    log,
  });
  open.push(socket);
  await socket.start();
  return socket;
}

/** A socket file whose process was killed. */
async function leaveBehind(path: string): Promise<void> {
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('the control socket', () => {
  it('is for its owner alone, and so is a state directory that was not there', async () => {
    const stateDir = join(temporaryDirectory('control'), 'not', 'there');
    await start(stateDir);
    expect(permissions(stateDir)).toBe(0o700);
    expect(permissions(controlSocketPath(stateDir))).toBe(0o600);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('leaves the umask of the process as it was', async () => {
    const before = process.umask(0o027);
    await start(temporaryDirectory('control'));
    expect(process.umask(before)).toBe(0o027);
  });

  it('serves what the admin listener serves, and checks Host too', async () => {
    const stateDir = temporaryDirectory('control');
    await start(stateDir);
    const path = controlSocketPath(stateDir);
    expect(JSON.parse((await visit(path, '/api/status')).body)).toEqual(synchronized);
    expect(await visit(path, '/', { headers: { host: 'attacker.example' } })).toMatchObject({ status: 421 });
  });

  it('forgets the stamp on request, and says so', async () => {
    const stateDir = temporaryDirectory('control');
    const forgetStamp = vi.fn(async () => 'forgotten: it said noon');
    await start(stateDir, { forgetStamp });
    const path = controlSocketPath(stateDir);
    const forget = (method: string) => visit(path, '/control/forget-stamp', { method });
    expect(await forget('GET')).toMatchObject({ status: 405 });
    expect(forgetStamp).not.toHaveBeenCalled();
    expect(await forget('POST')).toMatchObject({ status: 200, body: 'forgotten: it said noon\n' });
  });

  const question = '/api/explain?name=nas.home.arpa';
  it.each([
    ['GET', question, { name: parseName('nas.home.arpa'), type: TYPE.A, client: '127.0.0.1' }],
    [
      'GET',
      '/api/explain?name=Nas.home.arpa.&type=AAAA&client=fd00::7',
      { name: parseName('Nas.home.arpa'), type: TYPE.AAAA, client: 'fd00::7' },
    ],
  ])('%s %s has the chain asked', async (method, target, asked) => {
    const stateDir = temporaryDirectory('control');
    const explainName = vi.fn(async () => ({ rcode: 'NOERROR' }) as Explained);
    await start(stateDir, { explainName });
    const reply = await visit(controlSocketPath(stateDir), target, { method });
    expect(JSON.parse(reply.body)).toEqual({ rcode: 'NOERROR' });
    expect(explainName).toHaveBeenCalledExactlyOnceWith(asked);
  });

  it.each([
    ['name=a.example', ['\u0001a\u0007example\0', false]],
    ['name=A.Example.&below', ['\u0001a\u0007example\0', true]],
    ['all', [null, false]],
  ])('flushes the cache by POST: ?%s', async (query, wanted) => {
    const stateDir = temporaryDirectory('control');
    const flushCache = vi.fn(() => 3);
    await start(stateDir, { flushCache });
    const flush = (method: string) =>
      visit(controlSocketPath(stateDir), `/control/flush-cache?${query}`, { method });
    expect(await flush('GET')).toMatchObject({ status: 405 });
    expect(flushCache).not.toHaveBeenCalled();
    expect(JSON.parse((await flush('POST')).body)).toEqual({ flushed: 3 });
    expect(flushCache).toHaveBeenCalledExactlyOnceWith(...wanted);
  });

  it.each([
    ['', { name: null, isDryRun: false }],
    ['?name=DNS.Home.Example.&dry-run', { name: 'dns.home.example', isDryRun: true }],
    ['?dry-run=&name=%2A.home.example', { name: '*.home.example', isDryRun: true }],
    ['?name=2001:DB8::0:1', { name: '2001:db8::1', isDryRun: false }],
  ])('has a certificate renewed by POST: %s', async (query, wish) => {
    const stateDir = temporaryDirectory('control');
    const outcome = { ok: false, sentence: 'No new certificate: for a reason.' };
    const renewCertificate = vi.fn(async () => outcome);
    await start(stateDir, { renewCertificate });
    const renew = (method: string) =>
      visit(controlSocketPath(stateDir), `/control/renew-certificate${query}`, { method });
    expect(await renew('GET')).toMatchObject({ status: 405 });
    expect(renewCertificate).not.toHaveBeenCalled();
    const { status, body } = await renew('POST');
    expect([status, JSON.parse(body)]).toEqual([200, outcome]);
    expect(renewCertificate).toHaveBeenCalledExactlyOnceWith(wish);
  });

  it('waits for an order that takes minutes, together with who else asks, and cuts whoever stalls otherwise', async () => {
    const stateDir = temporaryDirectory('control');
    const clock = new SimulatedClock();
    const order = Promise.withResolvers<{ ok: boolean; sentence: string }>();
    const renewCertificate = vi.fn(() => order.promise);
    const explainName = vi.fn(() => new Promise<Explained>(() => {}));
    await start(stateDir, { renewCertificate, explainName }, clock);
    const path = controlSocketPath(stateDir);
    const asked = [1, 2].map(() => visit(path, '/control/renew-certificate', { method: 'POST' }));
    const stalled = visit(path, question).catch((error: Error) => error);
    await eventually(() => explainName.mock.calls.length === 1 && renewCertificate.mock.calls.length === 1);
    await eventually(() => clock.pendingTimers === 3); // the sweep of connections, and two who are patient
    for (let minutes = 0; minutes < 14; minutes += 1) clock.advance(60_000);
    expect(await stalled).toBeInstanceOf(Error);
    order.resolve({ ok: true, sentence: 'served' });
    for (const reply of await Promise.all(asked))
      expect(JSON.parse(reply.body)).toEqual({ ok: true, sentence: 'served' });
    expect(renewCertificate).toHaveBeenCalledOnce();
  });

  it.each([
    ['POST', '/control/renew-certificate?name='],
    ['POST', '/control/renew-certificate?name=a..b'],
    ['POST', '/control/flush-cache'],
    ['POST', '/control/flush-cache?name='],
    ['POST', '/control/flush-cache?name=a..b'],
    ['POST', '/control/flush-cache?all&name=a.example'],
    ['POST', '/control/flush-cache?all&name=a..b'],
    ['GET', '/api/explain'],
    ['GET', '/api/explain?name=a..b'],
    ['GET', `${question}&type=NOSUCH`],
    ['GET', `${question}&client=somebody`],
  ])('refuses %s %s in a sentence, and does nothing', async (method, target) => {
    const stateDir = temporaryDirectory('control');
    const flushCache = vi.fn(() => 0);
    const renewCertificate = vi.fn();
    await start(stateDir, { flushCache, renewCertificate });
    expect(await visit(controlSocketPath(stateDir), target, { method })).toMatchObject({ status: 400 });
    expect(flushCache).not.toHaveBeenCalled();
    expect(renewCertificate).not.toHaveBeenCalled();
  });

  it('replaces the socket of a dead process', async () => {
    const stateDir = temporaryDirectory('control');
    await leaveBehind(controlSocketPath(stateDir));
    expect(existsSync(controlSocketPath(stateDir))).toBe(true);
    await start(stateDir);
    expect(log.warn).not.toHaveBeenCalled();
    expect(await visit(controlSocketPath(stateDir), '/healthz')).toMatchObject({ status: 200 });
  });

  it('leaves the socket of a living process alone, and does not remove it at its own end', async () => {
    const stateDir = temporaryDirectory('control');
    await start(stateDir);
    const second = await start(stateDir);
    expect(log.warn).toHaveBeenCalledExactlyOnceWith(
      'no control socket',
      expect.objectContaining({ reason: expect.stringContaining('another process serves it') }),
    );
    await second.stop(0);
    expect(await visit(controlSocketPath(stateDir), '/healthz')).toMatchObject({ status: 200 });
  });

  it('takes its file away when it stops', async () => {
    const stateDir = temporaryDirectory('control');
    await (await start(stateDir)).stop(0);
    expect(existsSync(controlSocketPath(stateDir))).toBe(false);
  });

  it.each([
    [
      'a file that is no socket',
      (dir: string) => writeFileSync(controlSocketPath(dir), 'x'),
      (dir: string) => dir,
      'no socket',
    ],
    [
      'a file where the directory should be',
      (dir: string) => writeFileSync(join(dir, 'state'), ''),
      (dir: string) => join(dir, 'state'),
      'not a directory',
    ],
    ['a path that is too long', () => {}, (dir: string) => join(dir, 'x'.repeat(100)), 'shorter state_dir'],
  ])('is missed with one warning, not with an error: %s', async (_what, prepare, stateDir, reason) => {
    const directory = temporaryDirectory('control');
    mkdirSync(directory, { recursive: true });
    prepare(directory);
    await start(stateDir(directory));
    expect(log.warn).toHaveBeenCalledExactlyOnceWith(
      'no control socket',
      expect.objectContaining({ reason: expect.stringContaining(reason) }),
    );
  });
});
