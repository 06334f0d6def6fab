// Which kind of UDP sockets this process has: in batches where the system calls are to be had and do what their layouts say,
// else node:dgram. It is tried, not assumed: two datagrams through a pair of sockets, in about 0.1 ms.

import type { Clock } from '../../clock/clock.ts';
import type { Log } from '../../observe/log.ts';
import { UdpThreads, type UdpThreadsParts } from '../threads/udp-threads.ts';
import { BatchSockets } from './batch-sockets.ts';
import { dgramSockets } from './dgram-sockets.ts';
import { MessageBatch } from './message-batch.ts';
import { LINUX, loadSystemCalls, type SystemCalls, type SystemCallsResult } from './system-calls.ts';
import type { UdpSockets } from './udp-sockets.ts';

const TRIAL = ['one', 'another'];
const TRIAL_OCTETS = 16;

export interface ChoiceParts {
  readonly clock: Clock;
  readonly log: Log;
  /** With threads beside this one, where batches are to be had; `count` 0 or absent: without. */
  readonly threads?: Omit<UdpThreadsParts, 'calls'>;
}

export function chooseUdpSockets(
  { clock, log, threads }: ChoiceParts,
  loaded: SystemCallsResult = loadSystemCalls(),
): UdpSockets {
  const reason = loaded.calls === null ? loaded.reason : problemOf(loaded.calls);
  if (loaded.calls !== null && reason === null) {
    const count = threads?.count ?? 0;
    log.debug('UDP in batches', { calls: 'recvmmsg, sendmmsg', threads: count });
    if (threads !== undefined && count > 0) return new UdpThreads({ ...threads, calls: loaded.calls });
    return new BatchSockets(loaded.calls, clock);
  }
  log.info('UDP one datagram at a time, through node:dgram', { reason });
  return dgramSockets(clock);
}

/** Null: two datagrams that were sent in one batch have come in one batch, and nothing else. */
export function problemOf(calls: SystemCalls): string | null {
  const descriptors = new ArrayBuffer(8);
  if (
    calls.socketpair(LINUX.AF_UNIX, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0, calls.addressOf(descriptors)) <
    0
  )
    return `socketpair: ${calls.errorCode()}`;
  const [from, to] = new Int32Array(descriptors) as unknown as [number, number];
  try {
    return trial(calls, from, to);
  } finally {
    calls.close(from);
    calls.close(to);
  }
}

function trial(calls: SystemCalls, from: number, to: number): string | null {
  const sent = new MessageBatch(TRIAL.length, TRIAL_OCTETS, calls.addressOf);
  const received = new MessageBatch(TRIAL.length, TRIAL_OCTETS, calls.addressOf);
  for (const [at, text] of TRIAL.entries()) sent.unaddressed(at, sent.slots[at]!.write(text));
  if (calls.sendmmsg(from, sent.headers, TRIAL.length, LINUX.MSG_DONTWAIT) !== TRIAL.length)
    return `sendmmsg: ${calls.errorCode()}`;
  received.makeRoom(TRIAL.length);
  if (calls.recvmmsg(to, received.headers, TRIAL.length, LINUX.MSG_DONTWAIT, 0) !== TRIAL.length)
    return `recvmmsg: ${calls.errorCode()}`;
  const texts = TRIAL.map((_, at) => Buffer.from(received.received(at)).toString('latin1'));
  return texts.join() === TRIAL.join() ? null : 'recvmmsg gives something else than sendmmsg has taken';
}
