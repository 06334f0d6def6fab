// The composition root: the one file that knows every part. It builds them from the configuration, chains the links,
// starts the listeners, and replaces what a reload may replace while queries are being answered.

import { hostname } from 'node:os';
import type { Clock, Timer } from './clock/clock.ts';
import type { Config, SocketAddress, UpstreamConfig } from './config/config.ts';
import { DohListener } from './listener/doh.ts';
import { interfaceAddresses } from './listener/interfaces.ts';
import { formatAddress, type Listener, type ListenerParts } from './listener/listener.ts';
import { StreamListener } from './listener/stream.ts';
import { UdpListener } from './listener/udp.ts';
import type { Log } from './observe/log.ts';
import { AccessList } from './resolver/access-list.ts';
import { LruAnswerStore } from './resolver/answer-store.ts';
import { cache, FailureMemory } from './resolver/cache.ts';
import { coalesce } from './resolver/coalesce.ts';
import { failure } from './resolver/failure.ts';
import { forward } from './resolver/forward.ts';
import { guard } from './resolver/guard.ts';
import { OwnNames } from './resolver/local/own-names.ts';
import { createZones, type LocalZones } from './resolver/local/zone.ts';
import { local } from './resolver/local.ts';
import { observe, type QueryCounts } from './resolver/observe.ts';
import { chain, type Resolver } from './resolver/resolver.ts';
import { type CertificateInputs, type Certificates, openCertificates } from './tls/certificates.ts';
import { createTlsConnector, type TlsConnector } from './tls/connect.ts';
import { TrustAnchors } from './tls/trust-anchors.ts';
import { DotUpstream } from './upstream/dot.ts';
import { UpstreamPool } from './upstream/pool.ts';

/** DHCP and router advertisements change what is on-link; so often we look. */
const INTERFACES_EVERY_MS = 10_000;
/** Draining ends after this, whatever is still in flight (CONTRACT: exit within 5 s of SIGTERM). */
const DRAIN_MS = 4500;

/** What a reload replaces as a whole; links ask for it per query. */
interface Settings {
  readonly config: Config;
  readonly zones: LocalZones;
  readonly ownNames: OwnNames;
  readonly upstreams: UpstreamPool;
  accessList: AccessList;
}

export interface AppParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

export class App {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tls: TlsConnector;
  readonly #failures = new FailureMemory();
  readonly #store: LruAnswerStore;
  readonly #counts: QueryCounts = { udp: 0, tcp: 0, dot: 0, doh: 0 };
  readonly #resolver: Resolver;
  #settings: Settings;
  #certificates: Certificates | null = null;
  #listeners: readonly Listener[] = [];
  #onLink: string;
  readonly #look: Timer;

  constructor({ config, clock, log }: AppParts) {
    this.#clock = clock;
    this.#log = log;
    this.#tls = createTlsConnector({ clock, log });
    this.#store = new LruAnswerStore(config.cache.maxBytes);
    this.#onLink = onLinkPrefixes().join();
    this.#settings = this.#settingsFrom(config);
    const settings = () => this.#settings;

    this.#resolver = chain(
      failure(log), //                            outermost: whatever is thrown below becomes a response here
      observe({ counts: this.#counts, clock, log, queryLog: () => settings().config.log.queries }),
      guard({ accessList: () => settings().accessList, log }), // before anything costs anything
      local(settings), //                         before the cache: names of the house are always fresh
      cache({ store: this.#store, failures: this.#failures, clock }),
      coalesce(config.limits), //                 below the cache: only misses are in flight
    )(forward({ upstreams: () => settings().upstreams, clock }));

    clock.onStateChange(({ state, basis, reason }) => {
      log.warn('clock changed', { state, basis, reason });
      this.#failures.forget(); // what failed under one idea of the date says nothing under another
      this.#settings.upstreams.forgive();
    });
    this.#look = clock.every(INTERFACES_EVERY_MS, () => this.#followInterfaces());
  }

  /** Listens, and says so with one line `ready`. Resolves to false when no address can ever work. */
  async start(): Promise<boolean> {
    const { config } = this.#settings;
    const plain = this.#plainListeners(config);
    this.#listeners = plain;
    await Promise.all(plain.map((listener) => listener.start())); // port 53 waits for no certificate
    this.#certificates = await openCertificates({
      ...certificateInputs(config),
      clock: this.#clock,
      log: this.#log,
    });
    const encrypted = this.#encryptedListeners(config, this.#certificates);
    this.#listeners = [...plain, ...encrypted];
    await Promise.all(encrypted.map((listener) => listener.start()));
    const bound = this.addresses;
    this.#log.info('ready', bound);
    this.#settings.upstreams.warm();
    const waiting = this.#listeners.flatMap((listener) => listener.waiting);
    return Object.values(bound).flat().length > 0 || waiting.some(({ isHopeless }) => !isHopeless);
  }

  /** Where queries are taken now, by transport, as text. */
  get addresses(): Record<Listener['transport'], string[]> {
    const of = (transport: Listener['transport']) =>
      this.#listeners
        .filter((listener) => listener.transport === transport)
        .flatMap(({ addresses }) => addresses.map(formatAddress));
    return { udp: of('udp'), tcp: of('tcp'), dot: of('dot'), doh: of('doh') };
  }

  get resolver(): Resolver {
    return this.#resolver;
  }

  /** Takes over a new configuration, or throws and changes nothing. Limits and the cache's size stay as at start. */
  async reload(config: Config): Promise<void> {
    const old = this.#settings;
    this.#settings = this.#settingsFrom(config);
    this.#settings.upstreams.warm();
    this.#clock.after(old.config.limits.queryDeadlineMs, () => old.upstreams.close()); // its queries finish first
    await this.#certificates?.reload(certificateInputs(config));
    await Promise.all(
      this.#listeners.map((listener) => listener.listenOn(addressesFor(listener.transport, config))),
    );
    this.#log.info('reloaded', this.addresses);
  }

  /** Drains the listeners, then lets go of everything. */
  async stop(): Promise<void> {
    this.#look.cancel();
    await Promise.all(this.#listeners.map((listener) => listener.stop(DRAIN_MS)));
    this.#certificates?.close();
    this.#settings.upstreams.close();
    this.#log.info('stopped', { ...this.#counts });
  }

  #plainListeners(config: Config): Listener[] {
    return [
      new UdpListener(this.#listenerParts('udp', config)),
      new StreamListener({ ...this.#listenerParts('tcp', config), certificates: null }),
    ];
  }

  #encryptedListeners(config: Config, { store }: Certificates): Listener[] {
    return [
      new StreamListener({ ...this.#listenerParts('dot', config), certificates: store }),
      new DohListener({ ...this.#listenerParts('doh', config), certificates: store }),
    ];
  }

  #listenerParts(transport: Listener['transport'], config: Config): ListenerParts {
    return {
      addresses: addressesFor(transport, config),
      resolver: this.#resolver,
      clock: this.#clock,
      log: this.#log,
      limits: config.limits,
    };
  }

  #settingsFrom(config: Config): Settings {
    const { addresses } = config.certificate;
    return {
      config,
      zones: createZones(config.zones),
      ownNames: new OwnNames({ names: ownNamesOf(config), addresses, neighboursOf }),
      accessList: new AccessList(config.access.allow, onLinkPrefixes()),
      upstreams: new UpstreamPool({
        upstreams: config.upstreams.map((upstream) => this.#createUpstream(upstream)),
        clock: this.#clock,
        onRecovery: () => this.#failures.forget(),
      }),
    };
  }

  #createUpstream(config: UpstreamConfig): DotUpstream {
    const anchors = config.caFile === null ? TrustAnchors.public() : TrustAnchors.fromFile(config.caFile);
    return new DotUpstream({ config, anchors, tls: this.#tls, clock: this.#clock, log: this.#log });
  }

  #followInterfaces(): void {
    const onLink = onLinkPrefixes();
    if (onLink.join() === this.#onLink) return;
    this.#onLink = onLink.join();
    this.#settings.accessList = new AccessList(this.#settings.config.access.allow, onLink);
  }
}

function addressesFor(transport: Listener['transport'], { listen }: Config): readonly SocketAddress[] {
  return transport === 'dot' ? listen.dot : transport === 'doh' ? listen.doh : listen.dns;
}

function ownNamesOf({ certificate }: Config): string[] {
  return [...certificate.names, hostname()];
}

function certificateInputs(config: Config): CertificateInputs {
  const { names, addresses, files } = config.certificate;
  const listenAddresses = [...config.listen.dot, ...config.listen.doh, ...config.listen.dns].map(
    ({ address }) => address,
  );
  return { names, addresses, files, certsDir: config.certsDir, listenAddresses, hostName: hostname() };
}

function onLinkPrefixes(): string[] {
  return interfaceAddresses().map(({ cidr }) => cidr);
}

/** The addresses of the interface that has `address`. */
function neighboursOf(address: string): string[] {
  const all = interfaceAddresses();
  const own = all.find((one) => one.address === address)?.interface;
  return all.filter((one) => one.interface === own).map((one) => one.address);
}
