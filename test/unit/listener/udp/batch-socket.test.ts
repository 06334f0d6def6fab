// One socket of batches without a kernel: how many calls it makes, what it does when the kernel has no room, and when it
// is broken. What it does with real ones is in test/contract/udp-sockets.test.ts.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../../../src/config/limits.ts';
import type { Answer } from '../../../../src/dns/answer.ts';
import { Answer as Answers } from '../../../../src/dns/answer.ts';
import type { Query } from '../../../../src/dns/query.ts';
import { BatchSockets } from '../../../../src/listener/udp/batch-sockets.ts';
import { LINUX } from '../../../../src/listener/udp/system-calls.ts';
import { UdpExchange, type UdpExchangeParts } from '../../../../src/listener/udp/udp-exchange.ts';
import { LateAnswer } from '../../../../src/resolver/late-answer.ts';
import { makeQuery } from '../../../support/dns-message.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { FakeKernel } from './fake-kernel.ts';

const limits = Object.fromEntries(Object.entries(LIMITS).map(([name, limit]) => [name, limit.default]));
const turn = () => new Promise(setImmediate);
const query = makeQuery('www.example', 'A', { edns: false });

let clock: SimulatedClock;
let kernel: FakeKernel;
let socket: { close(): void };
let late: ((answer: Answer) => void)[];
const onBroken = vi.fn();
const resolve = vi.fn<(query: Query) => Answer | LateAnswer>();

beforeEach(async () => {
  clock = new SimulatedClock();
  kernel = new FakeKernel();
  late = [];
  onBroken.mockReset();
  resolve.mockReset();
  resolve.mockImplementation(() => Answers.ofRcode(0));
  socket = await open();
});
afterEach(() => {
  socket.close();
  expect(clock.pendingTimers).toBe(0);
});

function open() {
  const exchange = new UdpExchange({
    resolver: { resolve },
    clock,
    limits: limits as unknown as UdpExchangeParts['limits'],
  });
  const wanted = { address: '127.0.0.1', port: 53, family: 4 } as const;
  return new BatchSockets(kernel.calls, clock).open({ wanted, exchange, counted: exchange, onBroken });
}

function come(count: number): void {
  for (let at = 0; at < count; at += 1) kernel.incoming.push(query);
  kernel.onReadable();
}

function answerLate(): void {
  resolve.mockImplementation(() => {
    const answer = new LateAnswer();
    late.push((there) => answer.settle(there));
    return answer;
  });
}

describe('a socket of batches', () => {
  it('answers a batch with one call, at once', () => {
    come(64);
    expect(kernel.sent).toHaveLength(64);
    expect(kernel.sendCalls).toBe(1);
  });

  it('takes 256 datagrams a turn, and the leftover in the next', async () => {
    come(500);
    await turn();
    expect(resolve).toHaveBeenCalledTimes(4 * 64);
    await turn();
    expect(resolve).toHaveBeenCalledTimes(500);
  });

  it('asks once for a datagram that comes alone', async () => {
    const receive = vi.spyOn(kernel.calls, 'recvmmsg');
    come(1);
    await turn();
    await turn();
    expect(receive).toHaveBeenCalledTimes(1);
  });

  it('asks again at once behind two, for others may have come meanwhile', async () => {
    const receive = vi.spyOn(kernel.calls, 'recvmmsg');
    come(2);
    expect(receive).toHaveBeenCalledTimes(2);
    await turn();
    expect(receive).toHaveBeenCalledTimes(2);
  });

  it('sends late answers along with those of a batch that comes in the same turn, and none twice', async () => {
    answerLate();
    come(5);
    resolve.mockImplementation(() => Answers.ofRcode(0));
    for (const done of late.splice(0)) done(Answers.ofRcode(0));
    come(10);
    expect(kernel.sent).toHaveLength(15);
    await turn();
    expect(kernel.sent).toHaveLength(15);
    expect(kernel.sendCalls).toBe(1);
  });

  it('gathers late answers and sends them with one call a turn', async () => {
    answerLate();
    come(40);
    await turn();
    expect(kernel.sendCalls).toBe(0);
    for (const done of late.splice(0)) done(Answers.ofRcode(0));
    await turn();
    await turn();
    expect(kernel.sent).toHaveLength(40);
    expect(kernel.sendCalls).toBe(1);
  });

  it('sends late ones beyond its memory at once rather than lose them', async () => {
    answerLate();
    come(150);
    await turn();
    for (const done of late.splice(0)) done(Answers.ofRcode(0));
    await turn();
    await turn();
    expect(kernel.sent).toHaveLength(150);
    expect(kernel.sendCalls).toBe(3);
  });

  it('sends again a moment later what the kernel had no room for', async () => {
    kernel.sending.push(10, 'EAGAIN', 'EAGAIN');
    come(30);
    await turn();
    expect(kernel.sent).toHaveLength(10);
    clock.advance(1);
    expect(kernel.sent).toHaveLength(10);
    clock.advance(1);
    expect(kernel.sent).toHaveLength(30);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps so many replies and no more while the kernel has no room', async () => {
    kernel.sending.push(...Array<string>(200).fill('EAGAIN'));
    come(300);
    await turn();
    kernel.sending.length = 0;
    clock.advance(1);
    expect(kernel.sent).toHaveLength(64);
  });

  it('lives on when receiving fails now and then', async () => {
    for (const code of ['ECONNREFUSED', 'EINTR', 'ENOMEM']) {
      kernel.receiveError = code;
      kernel.onReadable();
      await turn();
    }
    kernel.receiveError = null;
    come(1);
    await turn();
    expect(kernel.sent).toHaveLength(1);
    expect(onBroken).not.toHaveBeenCalled();
  });

  it.each(['EBADF', 'ENOTSOCK'])('is broken by %s', async (code) => {
    kernel.receiveError = code;
    kernel.onReadable();
    await turn();
    expect(onBroken).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code }));
  });

  it('takes nothing from who cannot be answered, nor what is cut', async () => {
    kernel.clientPort = 0;
    come(1);
    await turn();
    kernel.clientPort = 4660;
    kernel.flags = LINUX.MSG_TRUNC;
    come(1);
    await turn();
    expect(resolve).not.toHaveBeenCalled();
  });

  it('leaves no timer when it is closed while the kernel has no room', async () => {
    kernel.sending.push('EAGAIN', 'EAGAIN');
    come(1);
    await turn();
    expect(clock.pendingTimers).toBe(1);
    socket.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('counts failures one after another alone', async () => {
    for (let round = 0; round < 3; round += 1) {
      kernel.receiveError = 'ENOMEM';
      for (let at = 0; at < 60; at += 1) {
        kernel.onReadable();
        await turn();
      }
      kernel.receiveError = null;
      come(1);
      await turn();
    }
    expect(onBroken).not.toHaveBeenCalled();
  });

  it('is broken when receiving fails again and again', async () => {
    kernel.receiveError = 'ENOMEM';
    for (let at = 0; at <= 100; at += 1) {
      kernel.onReadable();
      await turn();
    }
    expect(onBroken).toHaveBeenCalled();
  });

  it('gives its descriptor back when the loop cannot watch it', async () => {
    const refused = new Error('watch EBADF');
    vi.spyOn(kernel.calls, 'watch').mockImplementationOnce(() => {
      throw refused;
    });
    await expect(open()).rejects.toBe(refused);
    expect(kernel.closed).toEqual([7]);
  });

  it('makes no call behind its close, whose number another file may have by then', async () => {
    answerLate();
    come(1);
    await turn();
    come(1);
    socket.close();
    socket.close();
    expect(kernel.closed).toEqual([7]);
    expect(kernel.isWatched).toBe(false);
    const [receive, send] = [vi.spyOn(kernel.calls, 'recvmmsg'), vi.spyOn(kernel.calls, 'sendmmsg')];
    for (const done of late) done(Answers.ofRcode(0));
    await turn();
    await turn();
    expect([receive.mock.calls, send.mock.calls]).toEqual([[], []]);
  });
});
