// Told of what is there to receive by the event loop of this very Node, with real descriptors: nothing of it is read, and
// nothing is told after the end.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Watch } from '../../../../src/listener/udp/readable-watch.ts';
import { LINUX, loadSystemCalls, type SystemCalls } from '../../../../src/listener/udp/system-calls.ts';

const { calls } = loadSystemCalls();

describe.skipIf(calls === null)('a descriptor that is watched', () => {
  const kernel = calls as SystemCalls;
  const octets = new ArrayBuffer(512);
  let from: number;
  let to: number;
  let watch: Watch;
  let onReadable: () => void;
  const readable = () => new Promise<void>((resolve) => (onReadable = resolve));
  const turn = () => new Promise(setImmediate);

  beforeEach(() => {
    const pair = new ArrayBuffer(8);
    const type = LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC;
    expect(kernel.socketpair(LINUX.AF_UNIX, type, 0, kernel.addressOf(pair))).toBe(0);
    [from, to] = new Int32Array(pair) as unknown as [number, number];
    onReadable = () => {};
    watch = kernel.watch(to, () => onReadable());
  });
  afterEach(() => {
    watch.close();
    for (const descriptor of [from, to]) kernel.close(descriptor);
  });

  function send(): void {
    new Uint8Array(octets).fill(0);
    const header = header64(kernel.addressOf(octets));
    expect(kernel.sendmmsg(from, header, 1, LINUX.MSG_DONTWAIT)).toBe(1);
  }

  /** An mmsghdr at the beginning of `octets`, its iovec behind it, and three octets of message behind that. */
  function header64(start: number): number {
    const view = new DataView(octets);
    view.setBigUint64(16, BigInt(start + 64), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(64, BigInt(start + 80), true);
    view.setBigUint64(72, 3n, true);
    return start;
  }

  function receive(): number {
    new Uint8Array(octets).fill(0);
    const header = header64(kernel.addressOf(octets));
    return kernel.recvmmsg(to, header, 1, LINUX.MSG_DONTWAIT, 0);
  }

  it('is told of in every turn until it has been read, by whoever reads it', async () => {
    send();
    await readable();
    await readable();
    expect(receive()).toBe(1);
    expect(receive()).toBe(-1);
    expect(kernel.errorCode()).toBe('EAGAIN');
    let times = 0;
    onReadable = () => (times += 1);
    await turn();
    await turn();
    expect(times).toBe(0);
    send();
    await readable();
  });

  it('has promises and ticks go on behind the call', async () => {
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      onReadable = () => {
        receive();
        process.nextTick(() => order.push('tick'));
        void Promise.resolve().then(() => order.push('promise'));
        setImmediate(() => resolve());
      };
    });
    send();
    await done;
    expect(order).toEqual(['tick', 'promise']);
  });

  it('is not told of any more once that is over, and stays open', async () => {
    send();
    watch.close();
    let times = 0;
    onReadable = () => (times += 1);
    await turn();
    await turn();
    expect(times).toBe(0);
    expect(receive()).toBe(1);
  });

  it('may end in the call itself', async () => {
    let times = 0;
    onReadable = () => {
      times += 1;
      watch.close();
    };
    send();
    await turn();
    await turn();
    await turn();
    expect(times).toBe(1);
  });

  it('is an error where it is none', () => {
    expect(() => kernel.watch(-1, () => {})).toThrow('EBADF');
  });
});
