// The system calls of a UDP socket that takes and sends datagrams in batches, called through koffi: their manual pages are
// the documentation. Linux on x86-64 and arm64 alone, for numbers and layouts (message-batch.ts) are theirs; both are
// little-endian. Thin: a call gives what the system gives, -1 and an errno for a failure. Nothing here is shared by threads.

import koffi from 'koffi';
import { readableWatch, type WatchReadable } from './readable-watch.ts';

/** Of Linux, on every architecture but Alpha, MIPS, PA-RISC and SPARC (asm-generic/socket.h, linux/in.h, linux/in6.h). */
export const LINUX = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_RCVBUF: 8,
  SO_REUSEPORT: 15,
  IPPROTO_IP: 0,
  IP_PKTINFO: 8,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  IPV6_RECVPKTINFO: 49,
  IPV6_PKTINFO: 50,
  F_DUPFD_CLOEXEC: 1030,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
} as const;

/** A place in this process's memory. */
export type Address = number;

export interface SystemCalls {
  socket(family: number, type: number, protocol: number): number;
  socketpair(family: number, type: number, protocol: number, descriptors: Address): number;
  bind(descriptor: number, name: Address, nameOctets: number): number;
  getsockname(descriptor: number, name: Address, nameOctets: Address): number;
  setsockopt(descriptor: number, level: number, option: number, value: Address, octets: number): number;
  recvmmsg(descriptor: number, headers: Address, count: number, flags: number, timeout: 0): number;
  sendmmsg(descriptor: number, headers: Address, count: number, flags: number): number;
  close(descriptor: number): number;
  if_nametoindex(name: string): number;
  /** Null: no interface has that number. */
  if_indextoname(index: number, name: Address): string | null;
  /** Why the last call has failed, as "EADDRINUSE". */
  errorCode(): string;
  /** Where memory is. It does not move, and is there for as long as something refers to it. */
  addressOf(memory: ArrayBuffer): Address;
  watch: WatchReadable;
}

export type SystemCallsResult =
  | { readonly calls: SystemCalls }
  | { readonly calls: null; readonly reason: string };

export function loadSystemCalls(
  platform: string = process.platform,
  architecture: string = process.arch,
): SystemCallsResult {
  if (platform !== 'linux' || (architecture !== 'x64' && architecture !== 'arm64'))
    return { calls: null, reason: `not for ${platform} on ${architecture}` };
  try {
    return { calls: declare() };
  } catch (error) {
    return { calls: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

function declare(): SystemCalls {
  const libc = koffi.load(null);
  const f = <Name extends keyof SystemCalls>(declaration: string) =>
    libc.func(declaration) as unknown as SystemCalls[Name];
  const codeOf = new Map(Object.entries(koffi.os.errno).map(([code, number]) => [number, code]));
  codeOf.set(koffi.os.errno.EAGAIN!, 'EAGAIN'); // and EWOULDBLOCK, which is the same number
  const calls = {
    socket: f<'socket'>('int socket(int, int, int)'),
    socketpair: f<'socketpair'>('int socketpair(int, int, int, intptr_t)'),
    bind: f<'bind'>('int bind(int, intptr_t, uint)'),
    getsockname: f<'getsockname'>('int getsockname(int, intptr_t, intptr_t)'),
    setsockopt: f<'setsockopt'>('int setsockopt(int, int, int, intptr_t, uint)'),
    recvmmsg: f<'recvmmsg'>('int recvmmsg(int, intptr_t, uint, int, intptr_t)'),
    sendmmsg: f<'sendmmsg'>('int sendmmsg(int, intptr_t, uint, int)'),
    close: f<'close'>('int close(int)'),
    if_nametoindex: f<'if_nametoindex'>('uint if_nametoindex(const char *)'),
    if_indextoname: f<'if_indextoname'>('const char *if_indextoname(uint, intptr_t)'),
    errorCode() {
      const number = koffi.errno();
      return codeOf.get(number) ?? String(number);
    },
    addressOf: (memory: ArrayBuffer) => Number(koffi.address(memory)),
  };
  const fcntl = libc.func('int fcntl(int, int, int)') as unknown as (...of: number[]) => number;
  const copyOf = (descriptor: number) => fcntl(descriptor, LINUX.F_DUPFD_CLOEXEC, 0);
  return { ...calls, watch: readableWatch(streamFrom(calls), copyOf) };
}

/** One end of a pair whose other end is closed already. */
function streamFrom(calls: Omit<SystemCalls, 'watch'>): number {
  const pair = new ArrayBuffer(8);
  const type = LINUX.SOCK_STREAM | LINUX.SOCK_CLOEXEC;
  if (calls.socketpair(LINUX.AF_UNIX, type, 0, calls.addressOf(pair)) < 0)
    throw new Error(`socketpair: ${calls.errorCode()}`);
  const [one, other] = new Int32Array(pair) as unknown as [number, number];
  calls.close(other);
  return one;
}
