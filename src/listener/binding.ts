// One address that a listener wants to be bound to, tried until it works. A power cut must not kill a resolver because
// DHCP came later: what is busy or not there yet is said once in the log and tried again every second.

import { Server } from 'node:net';
import type { Clock, Timer } from '../clock/clock.ts';
import type { SocketAddress } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { formatAddress, type WaitingAddress } from './listener.ts';

const RETRY_MS = 1000;

/** What people can do about each reason that bind(2) gives. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port; stop it, or choose another port',
  EADDRNOTAVAIL: 'no interface has this address yet',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE (docs/install.md), or choose a higher port',
  EPERM: 'ports below 1024 need CAP_NET_BIND_SERVICE (docs/install.md), or choose a higher port',
  EAFNOSUPPORT: 'this host has no such address family',
  EINVAL: 'this is no address to listen on; a link-local one needs its scope, such as fe80::1%eth0',
};
/** What no waiting will change. */
const HOPELESS: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EINVAL']);

/** A bound socket or server, as far as a binding cares. */
export interface Bound {
  readonly port: number;
  close(): void;
}

export interface BindingParts {
  readonly wanted: SocketAddress;
  readonly what: string;
  /** Binds once; rejects with the system's error. */
  readonly bind: (wanted: SocketAddress) => Promise<Bound>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Binding {
  readonly #parts: BindingParts;
  #bound: Bound | null = null;
  #retry: Timer | null = null;
  #errorCode: string | null = null;
  /** Monotonic; means something only while there is an error. */
  #waitingSinceMs = 0;
  #isClosed = false;

  constructor(parts: BindingParts) {
    this.#parts = parts;
  }

  get wanted(): SocketAddress {
    return this.#parts.wanted;
  }

  /** The address with the port that was really given; null while not bound. */
  get address(): SocketAddress | null {
    return this.#bound === null ? null : { ...this.wanted, port: this.#bound.port };
  }

  /** Why it is not bound; null when it is. */
  get reason(): string | null {
    if (this.#bound !== null || this.#errorCode === null) return null;
    return ADVICE[this.#errorCode] ?? this.#errorCode;
  }

  get isHopeless(): boolean {
    return this.#bound === null && this.#errorCode !== null && HOPELESS.has(this.#errorCode);
  }

  /** How long it has been waited for; 0 when it is bound. */
  get waitingForMs(): number {
    return this.reason === null ? 0 : this.#parts.clock.monotonic() - this.#waitingSinceMs;
  }

  /** Tries at once; resolves after the first try, bound or not. */
  async open(): Promise<void> {
    const { bind, wanted, what, log } = this.#parts;
    try {
      const bound = await bind(wanted);
      if (this.#isClosed) {
        bound.close();
        return;
      }
      this.#bound = bound;
      if (this.#errorCode !== null)
        log.info('address is there now', { listen: what, address: formatAddress(wanted) });
      this.#errorCode = null;
    } catch (error) {
      this.#failed((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  /** The socket broke while bound: start over. */
  reopen(error: NodeJS.ErrnoException): void {
    this.#bound?.close();
    this.#bound = null;
    this.#failed(error.code ?? error.message);
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#bound?.close();
    this.#bound = null;
  }

  #failed(code: string): void {
    if (this.#isClosed) return;
    const { wanted, what, clock, log } = this.#parts;
    if (code !== this.#errorCode) {
      const reason = ADVICE[code] ?? code;
      log.warn('cannot listen yet; trying again every second', {
        listen: what,
        address: formatAddress(wanted),
        code,
        reason,
      });
    }
    if (this.#errorCode === null) this.#waitingSinceMs = clock.monotonic();
    this.#errorCode = code;
    this.#retry = clock.after(RETRY_MS, () => void this.open());
  }
}

/** The bindings of one listener. */
export class BindingSet {
  readonly #bindings = new Map<string, Binding>();

  get addresses(): SocketAddress[] {
    return [...this.#bindings.values()].flatMap((binding) => binding.address ?? []);
  }

  get waiting(): WaitingAddress[] {
    return [...this.#bindings.values()].flatMap(({ wanted, reason, isHopeless, waitingForMs }) =>
      reason === null ? [] : [{ address: wanted, reason, isHopeless, waitingForMs }],
    );
  }

  /** Opens what is wanted and not there, closes what is there and not wanted; resolves when each has been tried. */
  async become(wanted: readonly SocketAddress[], create: (wanted: SocketAddress) => Binding): Promise<void> {
    const byKey = new Map(wanted.map((address) => [formatAddress(address), address]));
    for (const [key, binding] of this.#bindings) {
      if (byKey.has(key)) continue;
      binding.close();
      this.#bindings.delete(key);
    }
    const fresh = [...byKey].filter(([key]) => !this.#bindings.has(key));
    await Promise.all(
      fresh.map(([key, address]) => {
        const binding = create(address);
        this.#bindings.set(key, binding);
        return binding.open();
      }),
    );
  }

  close(): void {
    for (const binding of this.#bindings.values()) binding.close();
  }
}

/** Connections that the kernel has accepted and we have not; 511 is Node's own default. */
const BACKLOG = 511;

/** Binds a stream server; an IPv6 address takes IPv6 only, so that `0.0.0.0` and `::` can stand side by side. */
export function bindServer(server: Server, wanted: SocketAddress, log: Log): Promise<Bound> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      Server.prototype.close.call(server); // it says `close`, and whoever feeds it certificates lets go of it
      reject(error);
    };
    server.once('error', failed);
    server.listen({ host: wanted.address, port: wanted.port, ipv6Only: true, backlog: BACKLOG }, () => {
      server.removeListener('error', failed);
      server.on('error', (error) => log.warn('accepting a connection failed', { reason: error.message }));
      const { port } = server.address() as { port: number };
      // Stops listening and no more: the close of node:http2 would end the connections that stand, too.
      resolve({ port, close: () => Server.prototype.close.call(server) });
    });
  });
}
