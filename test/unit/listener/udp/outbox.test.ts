// What becomes of replies that the kernel does not take: one is lost, its neighbours are not.

import { beforeEach, expect, it } from 'vitest';
import { ROUTE_WORDS } from '../../../../src/listener/udp/message-batch.ts';
import { OUTBOX_MESSAGES, Outbox } from '../../../../src/listener/udp/outbox.ts';
import { FakeKernel } from './fake-kernel.ts';

let kernel: FakeKernel;
let outbox: Outbox;
beforeEach(() => {
  kernel = new FakeKernel();
  outbox = new Outbox(kernel.calls, 7);
});

function add(...texts: readonly string[]): void {
  for (const text of texts) outbox.add(outbox.slot.write(text), new Int32Array(ROUTE_WORDS), 0, 0);
}

it('sends all in one call', () => {
  add('a', 'b', 'c');
  outbox.send();
  expect(kernel.sent).toEqual(['a', 'b', 'c']);
  expect(kernel.sendCalls).toBe(1);
  expect(outbox.isEmpty).toBe(true);
});

it('goes on behind what the kernel has taken', () => {
  add('a', 'b', 'c');
  kernel.sending.push(1, 1);
  outbox.send();
  expect(kernel.sent).toEqual(['a', 'b', 'c']);
});

it.each(['ENOBUFS', 'EPERM', 'EMSGSIZE', 'ECONNREFUSED', 'EINVAL', 'ENETUNREACH'])(
  'loses to %s the one that it is about',
  (code) => {
    add('a', 'b', 'c');
    kernel.sending.push(1, code);
    outbox.send();
    expect(kernel.sent).toEqual(['a', 'c']);
    expect(outbox.isEmpty).toBe(true);
  },
);

it('loses nothing to EINTR', () => {
  add('a', 'b');
  kernel.sending.push('EINTR');
  outbox.send();
  expect(kernel.sent).toEqual(['a', 'b']);
});

it('keeps to EAGAIN what is left, for later, with what comes then', () => {
  add('a', 'b', 'c');
  kernel.sending.push(1, 'EAGAIN');
  outbox.send();
  expect(outbox.isEmpty).toBe(false);
  add('d');
  outbox.send();
  expect(kernel.sent).toEqual(['a', 'b', 'c', 'd']);
  expect(outbox.isEmpty).toBe(true);
});

it('is full at some time, and not any more when it has been sent', () => {
  for (let at = 0; at < OUTBOX_MESSAGES; at += 1) add('x');
  expect(outbox.isFull).toBe(true);
  kernel.sending.push('EAGAIN');
  outbox.send();
  expect(outbox.isFull).toBe(true);
  outbox.send();
  expect(kernel.sent).toHaveLength(OUTBOX_MESSAGES);
  expect(outbox.isFull).toBe(false);
});
