// The system calls of a UDP socket that takes and sends datagrams in batches, called through koffi: their manual pages are
// the documentation. Linux on x86-64 and arm64 alone, for numbers and layouts (message-batch.ts) are theirs; both are
// little-endian. Thin: a call gives what the system gives, -1 and an errno for a failure. Nothing here is shared by threads.

import koffi from 'koffi';

/** Of Linux, on every architecture but Alpha, MIPS, PA-RISC and SPARC (asm-generic/socket.h, linux/in.h, linux/in6.h). */
export const LINUX = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
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
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
} as const;

/** A place in this process's memory. */
export type Address = number;

/** Watches until it is closed, and must be closed before its descriptor is. */
export interface Watch {
  close(): void;
}

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
  /**
   * Calls `onEvent` in every turn of the event loop that finds something to receive, or with an error's number below 0,
   * after which it is never called again. No promise goes on and no nextTick runs behind it: it can but set something off.
   * A worker thread that is ended while it watches takes the process along (koffi 3.3.4), so it has to close first.
   */
  watch(descriptor: number, onEvent: (status: number) => void): Watch;
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
  const { poll } = koffi.node; // uv_poll_t; koffi's types know it, its pages do not
  if (typeof poll !== 'function') throw new Error('this koffi cannot watch a descriptor');
  return {
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
    addressOf: (memory) => Number(koffi.address(memory)),
    // koffi gives the status first, unlike what its types say.
    watch: (descriptor, onEvent) => poll(descriptor, onEvent as unknown as Parameters<typeof poll>[1]),
  };
}
