// The control socket: whose it is, what stands in its way, and what it serves beyond the admin listener.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ControlSocket, controlSocketPath } from '../../../src/admin/control-socket.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { synchronized } from '../../support/statuses.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { visit } from './http-visit.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const open: ControlSocket[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.stop(0)));
  vi.clearAllMocks();
});

const permissions = (path: string) => statSync(path).mode & 0o777;

async function start(stateDir: string, forgetStamp = async () => 'forgotten: it said noon') {
  const socket = new ControlSocket({
    stateDir,
    status: () => synchronized,
    allowedHosts: () => [],
    forgetStamp,
    clock: new SimulatedClock(),
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
    await start(stateDir, forgetStamp);
    const path = controlSocketPath(stateDir);
    const forget = (method: string) => visit(path, '/control/forget-stamp', { method });
    expect(await forget('GET')).toMatchObject({ status: 405 });
    expect(forgetStamp).not.toHaveBeenCalled();
    expect(await forget('POST')).toMatchObject({ status: 200, body: 'forgotten: it said noon\n' });
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
