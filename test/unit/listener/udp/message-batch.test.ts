// The layout of a batch, octet by octet as recvmmsg(2) and sendmmsg(2) of 64-bit Linux have it.

import { expect, it } from 'vitest';
import { CONTROL, MessageBatch, ROUTE_WORDS } from '../../../../src/listener/udp/message-batch.ts';

const START = 0x7f00_1234_0000;
const SLOT_OCTETS = 512;

function batchOf(size: number): { batch: MessageBatch; view: DataView } {
  let memory = new ArrayBuffer();
  const batch = new MessageBatch(size, SLOT_OCTETS, (made) => {
    memory = made;
    return START;
  });
  return { batch, view: new DataView(memory) };
}

it('has for each message a header, an iovec, a route and a slot, which point at each other', () => {
  const { batch, view } = batchOf(3);
  const pointer = (at: number) => Number(view.getBigUint64(at, true)) - START;
  const [vectors, routes, slots] = [3 * 64, 3 * (64 + 16), 3 * (64 + 16 + 80)];
  for (const at of [0, 1, 2]) {
    const header = at * 64;
    expect(batch.headerOf(at)).toBe(START + header);
    expect(pointer(header)).toBe(routes + at * 80); // msg_name
    expect(pointer(header + 16)).toBe(vectors + at * 16); // msg_iov
    expect(view.getBigUint64(header + 24, true)).toBe(1n); // msg_iovlen
    expect(pointer(header + 32)).toBe(routes + at * 80 + 32); // msg_control
    expect(pointer(vectors + at * 16)).toBe(slots + at * SLOT_OCTETS); // iov_base
    expect(view.getBigUint64(vectors + at * 16 + 8, true)).toBe(BigInt(SLOT_OCTETS)); // iov_len
    expect(4 * batch.routeOf(at)).toBe(routes + at * 80);
    expect(batch.slots[at]).toHaveLength(SLOT_OCTETS);
    expect(batch.slots[at]!.byteOffset).toBe(slots + at * SLOT_OCTETS);
  }
});

it('gives received messages their room back', () => {
  const { batch, view } = batchOf(2);
  for (const at of [0, 1]) {
    view.setUint32(at * 64 + 8, 16, true);
    view.setBigUint64(at * 64 + 40, 0n, true);
  }
  batch.makeRoom(2);
  for (const at of [0, 1]) {
    expect(view.getUint32(at * 64 + 8, true)).toBe(32); // msg_namelen
    expect(view.getBigUint64(at * 64 + 40, true)).toBe(48n); // msg_controllen
  }
});

it('copies what came, so that the next one cannot change it', () => {
  const { batch, view } = batchOf(2);
  batch.slots[1]!.write('query');
  view.setUint32(64 + 56, 5, true); // msg_len
  const bytes = batch.received(1);
  batch.slots[1]!.write('other');
  expect(Buffer.from(bytes).toString()).toBe('query');
});

it('knows a datagram that was cut, and one without a control message', () => {
  const { batch, view } = batchOf(2);
  view.setUint32(48, 0x20, true); // msg_flags: MSG_TRUNC
  view.setUint32(64 + 48, 0x40, true);
  view.setBigUint64(64 + 40, 32n, true);
  expect([batch.isCut(0), batch.isCut(1)]).toEqual([true, false]);
  expect([batch.hasControl(0), batch.hasControl(1)]).toEqual([false, true]);
});

it.each([
  { family: 2, nameOctets: 16, control: 32 },
  { family: 10, nameOctets: 28, control: 40 },
  { family: 2, nameOctets: 16, control: 0 },
])('addresses a message along the route of another (family $family, control $control)', (row) => {
  const { batch, view } = batchOf(2);
  const route = Int32Array.from({ length: 3 + ROUTE_WORDS }, (_, at) => at);
  route[3] = row.family | (0x1234 << 16);
  batch.address(1, 77, route, 3, row.control);
  expect(view.getUint32(64 + 8, true)).toBe(row.nameOctets);
  expect(view.getBigUint64(64 + 40, true)).toBe(BigInt(row.control));
  expect(view.getBigUint64(2 * 64 + 16 + 8, true)).toBe(77n);
  expect([...batch.words.subarray(batch.routeOf(1)).subarray(0, ROUTE_WORDS)]).toEqual([
    ...route.subarray(3),
  ]);
  expect(CONTROL).toBe(8);
});
