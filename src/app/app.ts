// The composition root: the one file that knows every part. It builds them from the configuration, chains the links,
// starts the listeners, and replaces what a reload may replace while queries are being answered.

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { AdminListener } from './admin/admin-listener.ts';
import { ControlSocket } from './admin/control-socket.ts';
import { gatherStatus } from './admin/gather.ts';
import type { Status } from './admin/status.ts';
import type { Timer } from './clock/clock.ts';
import type { TrueClock } from './clock/true-clock.ts';
import type { Config, Limits, SocketAddress, UpstreamConfig } from './config/config.ts';
import { type NameKey, nameKey } from './dns/names.ts';
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
import { degrade } from './resolver/degrade.ts';
import { failure } from './resolver/failure.ts';
import { forward } from './resolver/forward.ts';
import { guard } from './resolver/guard.ts';
import { OwnNames } from './resolver/local/own-names.ts';
import { createZones, type LocalZones } from './resolver/local/zone.ts';
import { local } from './resolver/local.ts';
import { observe, type QueryCounts } from './resolver/observe.ts';
import { lookUpAddresses } from './resolver/own-lookup.ts';
import { chain, type Resolver } from './resolver/resolver.ts';
import { sourcesOf } from './timesync/built-in-sources.ts';
import { Keeper, type KeeperInputs } from './timesync/keeper.ts';
import { createRoster } from './timesync/roster.ts';
import { type CertificateInputs, type Certificates, openCertificates } from './tls/certificates.ts';
import { createTlsConnector, type TlsConnector, type TlsTarget } from './tls/connect.ts';
import { TrustAnchors } from './tls/trust-anchors.ts';
import { DohUpstream } from './upstream/doh.ts';
import { DotUpstream } from './upstream/dot.ts';
import { UpstreamPool } from './upstream/pool.ts';
import type { Upstream } from './upstream/upstream.ts';

/** DHCP and router advertisements change what is on-link; so often we look. */
const INTERFACES_EVERY_MS = 2000;
/** Draining ends after this, whatever is still in flight (CONTRACT: exit within 5 s of SIGTERM). */
const DRAIN_MS = 4500;

/** What a reload replaces as a whole; links ask for it per query. */
interface Settings {
  readonly config: Config;
  readonly zones: LocalZones;
  readonly ownNames: OwnNames;
  readonly upstreams: UpstreamPool;
  /** The same upstreams over relaxed connections, for the names of time servers while the clock is untrusted. */
  readonly relaxed: UpstreamPool;
  readonly timeServerNames: ReadonlySet<NameKey>;
  accessList: AccessList;
}

export interface AppParts {
  readonly config: Config;
  readonly clock: TrueClock;
  readonly log: Log;
  /** False: nothing is written into state_dir and nobody can ask from there, as in a rehearsal. */
  readonly keepsState?: boolean;
}

export class App {
  readonly #clock: TrueClock;
  readonly #log: Log;
  readonly #tls: TlsConnector;
  readonly #failures = new FailureMemory();
  readonly #store: LruAnswerStore;
  readonly #counts: QueryCounts = { udp: 0, tcp: 0, dot: 0, doh: 0 };
  readonly #resolver: Resolver;
  /** For this server's own look-ups: no access list and no query log. */
  readonly #inside: Resolver;
  readonly #keeper: Keeper;
  readonly #admin: AdminListener;
  readonly #control: ControlSocket | null;
  readonly #startedAtMs: number;
  /** A reload changes it in place, for all who hold it. */
  readonly #limits: { -readonly [Name in keyof Limits]: number };
  #settings: Settings;
  #certificates: Certificates | null = null;
  #listeners: readonly Listener[] = [];
  #onLink: string;
  readonly #look: Timer;

  constructor({ config, clock, log, keepsState = true }: AppParts) {
    this.#clock = clock;
    this.#log = log;
    this.#startedAtMs = clock.monotonic();
    this.#limits = { ...config.limits };
    this.#tls = createTlsConnector({ clock, log });
    this.#store = new LruAnswerStore(config.cache.maxBytes);
    this.#onLink = onLinkPrefixes().join();
    this.#settings = this.#settingsFrom(config);
    const settings = () => this.#settings;
    const store = this.#store;

    const inside = chain(
      local(settings), //                         before the cache: names of the house are always fresh
      degrade({
        ...{ clock, store, limits: this.#limits },
        timeServerNames: () => settings().timeServerNames,
        relaxed: () => settings().relaxed,
      }), //                                      only while the clock is untrusted: names of time servers
      cache({ store, failures: this.#failures, clock }),
      coalesce(this.#limits), //                  below the cache: only misses are in flight
    )(forward({ upstreams: () => settings().upstreams, clock }));
    this.#resolver = chain(
      failure(log), //                            outermost: whatever is thrown below becomes a response here
      observe({ counts: this.#counts, clock, log, queryLog: () => settings().config.log.queries }),
      guard({ accessList: () => settings().accessList, log }), // before anything costs anything
    )(inside);
    this.#inside = failure(log)(inside);

    const { stateDir } = config;
    this.#keeper = new Keeper({
      ...this.#keeperInputs(config),
      ...{ clock, log, stateDir, tls: this.#tls, keepsStamp: keepsState },
    });
    this.#heedClock();
    const asked = {
      ...{ clock, log },
      status: () => this.status(),
      forgetStamp: () => this.#forgetStamp(),
      allowedHosts: () => [...ownNamesOf(settings().config), ...settings().config.certificate.addresses],
    };
    this.#admin = new AdminListener({ ...asked, addresses: config.listen.admin });
    this.#control = keepsState ? new ControlSocket({ ...asked, stateDir }) : null;
    this.#look = clock.every(INTERFACES_EVERY_MS, () => this.#followInterfaces());
  }

  /** Listens, and says so with one line `ready`. Resolves to false when no address can ever work. */
  async start(): Promise<boolean> {
    const { config } = this.#settings;
    this.#keeper.start(); // the time is looked for while the listeners are opened
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
    await Promise.all([this.#admin.start(), this.#control?.start()]);
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

  /** The same without access list and query log: for questions of this server's own. */
  get inside(): Resolver {
    return this.#inside;
  }

  /** How everything stands now. */
  status(): Status {
    const { config, upstreams } = this.#settings;
    return gatherStatus({
      uptimeMs: this.#clock.monotonic() - this.#startedAtMs,
      listeners: this.#listeners,
      admin: this.#admin,
      time: this.#keeper.report(),
      certificate: this.#certificates?.store.current() ?? null,
      upstreams: upstreams.report(),
      cache: { entries: this.#store.entries, octets: this.#store.octets, maxOctets: config.cache.maxBytes },
      queries: this.#counts,
      tls: this.#tls,
    });
  }

  /** Takes over a new configuration, or throws and changes nothing. */
  async reload(config: Config): Promise<void> {
    const old = this.#settings;
    this.#settings = this.#settingsFrom(config);
    Object.assign(this.#limits, config.limits);
    this.#keeper.reload(this.#keeperInputs(config));
    this.#settings.upstreams.warm();
    this.#clock.after(old.config.limits.queryDeadlineMs, () => closeUpstreams(old)); // its queries finish first
    await this.#certificates?.reload(certificateInputs(config));
    await Promise.all([
      ...this.#listeners.map((listener) => listener.listenOn(addressesFor(listener.transport, config))),
      this.#admin.listenOn(config.listen.admin),
    ]);
    this.#log.info('reloaded', this.addresses);
  }

  /** Drains the listeners, then lets go of everything. */
  async stop(): Promise<void> {
    this.#look.cancel();
    const doors = [...this.#listeners, this.#admin, ...(this.#control === null ? [] : [this.#control])];
    await Promise.all([...doors.map((door) => door.stop(DRAIN_MS)), this.#keeper.stop()]);
    this.#certificates?.close();
    closeUpstreams(this.#settings);
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
      limits: this.#limits,
    };
  }

  #settingsFrom(config: Config): Settings {
    const { addresses } = config.certificate;
    const clock = this.#clock;
    const relaxed = {
      connect: (target: TlsTarget) => this.#tls.connectRelaxed(target, clock.floorMs),
    };
    return {
      config,
      zones: createZones(config.zones),
      ownNames: new OwnNames({ names: ownNamesOf(config), addresses, neighboursOf }),
      accessList: new AccessList(config.access.allow, onLinkPrefixes()),
      timeServerNames: timeServerNamesOf(config),
      upstreams: new UpstreamPool({
        upstreams: config.upstreams.map((upstream) => this.#createUpstream(upstream, this.#tls)),
        clock,
        isUsable: () => clock.status.state !== 'untrusted',
        onRecovery: () => this.#failures.forget(),
      }),
      relaxed: new UpstreamPool({
        upstreams: config.upstreams.map((upstream) => this.#createUpstream(upstream, relaxed)),
        clock,
        isUsable: () => false, // nothing of its own accord: only when somebody asks for a time server
        onRecovery: () => {},
      }),
    };
  }

  #createUpstream(config: UpstreamConfig, tls: Pick<TlsConnector, 'connect'>): Upstream {
    const parts = { config, anchors: anchorsOf(config), tls, clock: this.#clock, log: this.#log };
    return config.protocol === 'tls' ? new DotUpstream(parts) : new DohUpstream(parts);
  }

  /** Whom the keeper of the time asks and hears. */
  #keeperInputs({ time, upstreams }: Config): KeeperInputs {
    const roster = createRoster({
      configs: sourcesOf(time.sources, upstreams),
      tls: this.#tls,
      clock: this.#clock,
      lookup: (name) => lookUpAddresses(this.#inside, name, this.#clock),
      ownAddresses: () => interfaceAddresses().map(({ address }) => address),
    });
    return {
      roster,
      upstreams: upstreams.map((upstream) => ({ ...upstream, anchors: anchorsOf(upstream) })),
    };
  }

  async #forgetStamp(): Promise<string> {
    const forgotten = await this.#keeper.forgetStamp();
    if (forgotten === null) return 'There was no stamp to forget.';
    const sentence = `The stamp of ${new Date(forgotten).toISOString()} is forgotten. Until the sources agree again, a restart finds none.`;
    const isLost = this.#clock.status.state === 'untrusted';
    return isLost
      ? `${sentence} Our own time stood on it: names of the world are not resolved until a time source answers.`
      : sentence;
  }

  /** What was built on one idea of the date does not outlive it. */
  #heedClock(): void {
    const log = this.#log;
    this.#clock.onStateChange(({ state, basis, reason }) => {
      const isGood = state === 'synchronized';
      log[isGood ? 'info' : 'warn']('clock changed', { state, ...(basis === null ? {} : { basis }), reason });
      this.#failures.forget();
      this.#settings.relaxed.forgive();
      this.#settings.upstreams.forgive();
      this.#settings.upstreams.warm();
    });
    this.#tls.onUnmasked((serverName) => {
      const message = 'what was learnt is forgotten: an upstream was trusted at a time that was wrong';
      log.warn(message, { serverName });
      this.#store.clear();
    });
  }

  #followInterfaces(): void {
    const onLink = onLinkPrefixes();
    if (onLink.join() === this.#onLink) return;
    this.#onLink = onLink.join();
    this.#settings.accessList = new AccessList(this.#settings.config.access.allow, onLink);
    this.#keeper.roundSoon(); // the network has come, or changed: time sources may be within reach now
  }
}

function anchorsOf({ caFile }: UpstreamConfig): TrustAnchors {
  return caFile === null ? TrustAnchors.public() : TrustAnchors.fromFile(caFile);
}

function closeUpstreams({ upstreams, relaxed }: Settings): void {
  upstreams.close();
  relaxed.close();
}

/** Those of the configured sources and of our own upstreams; the well-known ones are known to the link itself. */
function timeServerNamesOf({ time, upstreams }: Config): ReadonlySet<NameKey> {
  const hosts = [
    ...(time.sources ?? []).map(({ host }) => host),
    ...upstreams.map(({ serverName }) => serverName),
  ];
  return new Set(hosts.filter((host) => isIP(host) === 0).map((host) => nameKey(host)));
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
