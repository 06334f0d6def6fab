// Which kind of sockets is chosen, and what the log says about it.

import { describe, expect, it, vi } from 'vitest';
import { BatchSockets } from '../../../../src/listener/udp/batch-sockets.ts';
import { chooseUdpSockets, problemOf } from '../../../../src/listener/udp/choose-udp-sockets.ts';
import { loadSystemCalls } from '../../../../src/listener/udp/system-calls.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

const clock = new SimulatedClock();
const { calls } = loadSystemCalls();

const fails = (code: string) => (): string => code;

function choose(...loaded: [] | [ReturnType<typeof loadSystemCalls>]) {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  return { sockets: chooseUdpSockets({ clock, log }, ...loaded), log };
}

describe.skipIf(calls === null)('where system calls are to be had', () => {
  it('sockets take and send in batches', () => {
    const { sockets, log } = choose();
    expect(sockets).toBeInstanceOf(BatchSockets);
    expect(log.debug).toHaveBeenCalledTimes(1);
    expect(log.info).not.toHaveBeenCalled();
  });

  it.each([
    ['are not made', { sendmmsg: () => -1, errorCode: fails('ENOSYS') }, 'sendmmsg: ENOSYS'],
    ['are forbidden', { socketpair: () => -1, errorCode: fails('EPERM') }, 'socketpair: EPERM'],
    ['take less than they say', { sendmmsg: () => 2, errorCode: fails('EAGAIN') }, 'recvmmsg: EAGAIN'],
    ['give nonsense', { recvmmsg: () => 2 }, 'recvmmsg gives something else than sendmmsg has taken'],
  ])('but %s, they are of node:dgram, and the log says why', (_what, broken, reason) => {
    const { sockets, log } = choose({ calls: { ...calls!, ...broken } });
    expect(sockets).not.toBeInstanceOf(BatchSockets);
    expect(log.info).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('node:dgram'), { reason });
  });

  it('the trial leaves no descriptor open', () => {
    const close = vi.fn(calls!.close);
    expect(problemOf({ ...calls!, close })).toBeNull();
    expect(close).toHaveBeenCalledTimes(2);
  });
});

describe('where they are not', () => {
  it('sockets are of node:dgram', () => {
    const { sockets, log } = choose({ calls: null, reason: 'no koffi here' });
    expect(sockets).not.toBeInstanceOf(BatchSockets);
    expect(log.info).toHaveBeenCalledExactlyOnceWith(expect.any(String), { reason: 'no koffi here' });
  });

  it.each([
    ['darwin', 'arm64'],
    ['linux', 'riscv64'],
    ['win32', 'x64'],
  ])('as on %s %s', (platform, architecture) => {
    expect(loadSystemCalls(platform, architecture)).toEqual({
      calls: null,
      reason: `not for ${platform} on ${architecture}`,
    });
  });
});
