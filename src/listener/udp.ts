// Plain DNS over UDP (RFC 1035 section 4.2.1), IPv4 and IPv6: which addresses there are sockets for. What sockets are made of
// is said in udp/, and what happens between a query and its reply in udp/udp-exchange.ts. Where a wildcard address cannot be one
// socket, it becomes one for each address of the host, looked up again every ten seconds.

import type { Timer } from '../clock/clock.ts';
import type { SocketAddress } from '../config/config.ts';
import { isWildcard } from '../config/own-sockets.ts';
import type { Resolver } from '../resolver/resolver.ts';
import { Binding, BindingSet } from './binding.ts';
import { type InterfaceAddress, interfaceAddresses } from './interfaces.ts';
import { formatAddress, type Listener, type ListenerParts, type WaitingAddress } from './listener.ts';
import { chooseUdpSockets } from './udp/choose-udp-sockets.ts';
import { UdpExchange } from './udp/udp-exchange.ts';
import type { UdpSockets } from './udp/udp-sockets.ts';

const INTERFACES_EVERY_MS = 10_000;

export interface UdpListenerParts extends ListenerParts {
  /** Answers what a thread of its own has counted already (resolver/guard.ts); by default as all else is answered. */
  readonly counted?: Resolver;
  /** The host's addresses; given by tests, else read from the host. */
  readonly interfaces?: () => readonly InterfaceAddress[];
  /** What sockets are made of; given by tests, else the best that is to be had. */
  readonly sockets?: UdpSockets;
}

/** One socket per address: wildcards become the host's addresses of their family, but for those that stay as they are. */
export function expandWildcards(
  wanted: readonly SocketAddress[],
  interfaces: () => readonly InterfaceAddress[],
  stays: (wildcard: SocketAddress) => boolean = () => false,
): SocketAddress[] {
  const found = new Map<string, SocketAddress>();
  for (const address of wanted) {
    const expanded =
      isWildcard(address.address) && !stays(address)
        ? interfaces()
            .filter(({ family }) => family === address.family)
            .map((local) => ({ ...address, address: local.address }))
        : [address];
    for (const one of expanded) found.set(formatAddress(one), one);
  }
  return [...found.values()];
}

export class UdpListener implements Listener {
  readonly transport = 'udp';
  readonly #parts: UdpListenerParts;
  readonly #bindings = new BindingSet();
  readonly #exchange: UdpExchange;
  readonly #counted: UdpExchange;
  readonly #sockets: UdpSockets;
  #wanted: readonly SocketAddress[];
  /** Wildcards that are one socket, as formatAddress has them. */
  readonly #asOne = new Set<string>();
  #look: Timer | null = null;

  constructor(parts: UdpListenerParts) {
    this.#parts = parts;
    this.#wanted = parts.addresses;
    this.#exchange = new UdpExchange(parts);
    this.#counted = new UdpExchange({ ...parts, resolver: parts.counted ?? parts.resolver });
    this.#sockets = parts.sockets ?? chooseUdpSockets(parts);
  }

  get addresses(): SocketAddress[] {
    return this.#bindings.addresses;
  }

  get waiting(): WaitingAddress[] {
    return this.#bindings.waiting;
  }

  start(): Promise<void> {
    return this.#bindAll();
  }

  listenOn(addresses: readonly SocketAddress[]): Promise<void> {
    this.#wanted = addresses;
    return this.#bindAll();
  }

  async stop(graceMs: number): Promise<void> {
    this.#look?.cancel();
    await Promise.all([this.#exchange.stop(graceMs), this.#counted.stop(graceMs, this.#sockets.quiet?.())]);
    this.#bindings.close();
    await this.#sockets.end?.();
  }

  /** Opens what is new on this host and closes what has gone. */
  #bindAll(): Promise<void> {
    const { interfaces = interfaceAddresses, clock, log } = this.#parts;
    this.#judgeWildcards();
    const places = expandWildcards(this.#wanted, interfaces, (one) => this.#asOne.has(formatAddress(one)));
    return this.#bindings.become(places, (wanted) => {
      const onBroken = (error: NodeJS.ErrnoException) => binding.reopen(error);
      const [exchange, counted] = [this.#exchange, this.#counted];
      const bind = () => this.#sockets.open({ wanted, exchange, counted, onBroken });
      const binding: Binding = new Binding({ wanted, what: 'dns (UDP)', bind, clock, log });
      return binding;
    });
  }

  /** Which of them are one socket; whoever is stays it, for it is its own socket that the address is taken by. */
  #judgeWildcards(): void {
    const { clock } = this.#parts;
    const wildcards = this.#wanted.filter(({ address }) => isWildcard(address));
    const names = wildcards.map(formatAddress);
    for (const name of this.#asOne) if (!names.includes(name)) this.#asOne.delete(name);
    for (const wildcard of wildcards) {
      const name = formatAddress(wildcard);
      if (!this.#asOne.has(name) && !this.#sockets.needsEachAddress(wildcard)) this.#asOne.add(name);
    }
    if (this.#asOne.size === wildcards.length) {
      this.#look?.cancel();
      this.#look = null;
    } else this.#look ??= clock.every(INTERFACES_EVERY_MS, () => void this.#bindAll());
  }
}
