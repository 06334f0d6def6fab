// The listeners of all transports: opened plain ones first, because port 53 waits for no certificate, moved by a reload
// to other addresses, and drained at the end.

import type { Timer } from '../clock/clock.ts';
import type { Config, SocketAddress } from '../config/config.ts';
import { formatAddress, type Listener, type ListenerParts } from '../listener/listener.ts';
import { StreamListener } from '../listener/stream.ts';
import { UdpListener, type UdpListenerParts } from '../listener/udp.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';

type Transport = Listener['transport'];

/** As often as an address that waits is tried (listener/binding.ts). */
const LOOK_EVERY_MS = 1000;

export interface DoorParts extends Omit<ListenerParts, 'addresses'> {
  readonly udp?: Pick<UdpListenerParts, 'sockets' | 'counted'>;
}

export class Doors {
  readonly #parts: DoorParts;
  #listeners: readonly Listener[] = [];
  #untilOpen: Timer | null = null;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Resolves once every address has been tried. */
  openPlain(listen: Config['listen']): Promise<void> {
    return this.#open([
      new UdpListener({ ...this.#parts, ...this.#parts.udp, addresses: listen.dns }),
      new StreamListener({ ...this.#parts, addresses: listen.dns, certificates: null }),
    ]);
  }

  /** Resolves once every address has been tried. */
  async openEncrypted(listen: Config['listen'], certificates: CertificateStore): Promise<void> {
    const { DohListener } = await import('../listener/doh.ts'); // plain DNS has not waited for it
    return this.#open([
      new StreamListener({ ...this.#parts, addresses: listen.dot, certificates }),
      new DohListener({ ...this.#parts, addresses: listen.doh, certificates }),
    ]);
  }

  /**
   * One line `ready`, once, as soon as queries are taken anywhere; until then, one that says what is waited for.
   * @param bound all that is bound by then, other doors too
   */
  announce(bound: () => Readonly<Record<string, readonly string[]>>): void {
    const { clock, log } = this.#parts;
    if (this.#areOpen) log.info('ready', bound());
    else if (!this.areHopeless) {
      const waiting = this.#listeners.flatMap((listener) => listener.waiting);
      const addresses = [...new Set(waiting.map(({ address }) => formatAddress(address)))];
      log.warn('waiting for addresses', { addresses });
      this.#untilOpen = clock.every(LOOK_EVERY_MS, () => {
        if (!this.#areOpen) return;
        this.#untilOpen?.cancel();
        this.announce(bound);
      });
    }
  }

  /** Other addresses from now on. */
  async listenOn(listen: Config['listen']): Promise<void> {
    await Promise.all(
      this.#listeners.map((listener) => listener.listenOn(wantedOf(listener.transport, listen))),
    );
  }

  /** Takes no new queries and answers those in flight; after `graceMs` it closes anyway. */
  async stop(graceMs: number): Promise<void> {
    this.#untilOpen?.cancel();
    await Promise.all(this.#listeners.map((listener) => listener.stop(graceMs)));
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /** Where queries over `transport` are taken at this moment. */
  boundOf(transport: Transport): readonly SocketAddress[] {
    return this.#listeners
      .filter((listener) => listener.transport === transport)
      .flatMap(({ addresses }) => addresses);
  }

  /** The same for all of them, as text. */
  get addresses(): Record<Transport, string[]> {
    const of = (transport: Transport) => this.boundOf(transport).map(formatAddress);
    return { udp: of('udp'), tcp: of('tcp'), dot: of('dot'), doh: of('doh') };
  }

  /** No address is bound, and no waiting will change that. */
  get areHopeless(): boolean {
    const waiting = this.#listeners.flatMap((listener) => listener.waiting);
    return !this.#areOpen && waiting.every(({ isHopeless }) => isHopeless);
  }

  get #areOpen(): boolean {
    return this.#listeners.some(({ addresses }) => addresses.length > 0);
  }

  async #open(listeners: readonly Listener[]): Promise<void> {
    this.#listeners = [...this.#listeners, ...listeners];
    await Promise.all(listeners.map((listener) => listener.start()));
  }
}

function wantedOf(transport: Transport, listen: Config['listen']): readonly SocketAddress[] {
  return transport === 'udp' || transport === 'tcp' ? listen.dns : listen[transport];
}
