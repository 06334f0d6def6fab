// The composition root: with the other files of this folder, the one place that knows every part. It builds them from
// the configuration, opens the doors, and replaces what a reload may replace while queries are being answered.
// The chain of links, on one screen, is answer-path.ts.

import type { RenewalWish } from '../admin/renewals.ts';
import type { Timer } from '../clock/clock.ts';
import { nextTurn } from '../clock/next-turn.ts';
import type { TrueClock } from '../clock/true-clock.ts';
import type { Config, Limits } from '../config/config.ts';
import { houseSuffixOf } from '../config/house-labels.ts';
import type { NameKey } from '../dns/names.ts';
import { formatAddress } from '../listener/listener.ts';
import { Filter } from '../lists/filter.ts';
import { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import { PackedAnswerStore } from '../resolver/cache/answer-store.ts';
import { cacheConfigKey } from '../resolver/cache/cache-config-key.ts';
import type { CacheFile } from '../resolver/cache/cache-file.ts';
import { FailureMemory } from '../resolver/cache/failure-memory.ts';
import { ClientRate } from '../resolver/client-rate.ts';
import { newCookieSecret, openCookieSecret } from '../resolver/cookie-secret.ts';
import { DeviceProbe } from '../resolver/local/device-probe.ts';
import { NameFiles } from '../resolver/local/name-files.ts';
import { lookUpAddresses, lookUpText } from '../resolver/own-lookup.ts';
import type { Resolver } from '../resolver/resolver.ts';
import type { ReloadFailure } from '../status/degradation.ts';
import type { Status } from '../status/status.ts';
import { sourcesOf } from '../timesync/built-in-sources.ts';
import { Keeper, type KeeperInputs } from '../timesync/keeper.ts';
import { createRoster } from '../timesync/roster.ts';
import { createTlsConnector, type TlsConnector } from '../tls/connect.ts';
import { UpstreamAddresses } from '../upstream/bootstrap.ts';
import { AnswerFigures } from './answer-figures.ts';
import { type AnswerPath, createAnswerPath } from './answer-path.ts';
import { BelievedDate } from './believed-date.ts';
import { affordableLimits, type DescriptorShare } from './descriptors.ts';
import { Doors } from './doors.ts';
import type { ForPeople, ForPeopleParts } from './for-people.ts';
import { stayLean } from './lean-memory.ts';
import { OwnCertificates } from './own-certificates.ts';
import { closeSettings, createSettings, type Settings } from './settings.ts';
import { hostAddresses, isOwnDoor, ownHostsOf } from './this-host.ts';
import { ThreadedUdp, threadCount } from './threaded-udp.ts';

/** DHCP and router advertisements change what is on-link; so often we look. */
const INTERFACES_EVERY_MS = 2000;
/** Draining ends after this, whatever is still in flight (CONTRACT: exit within 5 s of SIGTERM). */
const DRAIN_MS = 4500;

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
  /** Of upstreams that are configured by name alone. */
  readonly #addresses: UpstreamAddresses;
  readonly #files: NameFiles;
  readonly #filter: Filter;
  readonly #failures = new FailureMemory();
  readonly #store: PackedAnswerStore;
  /** Null until all doors are open, and in a rehearsal. */
  #cacheFile: CacheFile | null = null;
  readonly #seen: AnswerFigures;
  readonly #probe: DeviceProbe;
  readonly #path: AnswerPath;
  readonly #threads: ThreadedUdp;
  readonly #doors: Doors;
  readonly #certificates: OwnCertificates;
  readonly #keeper: Keeper;
  readonly #startedAtMs: number;
  readonly #believedDate: BelievedDate;
  /** A reload changes it in place, for all who hold it. */
  readonly #limits: { -readonly [Name in keyof (Limits & DescriptorShare)]: number };
  readonly #limitLog: LimitLog;
  readonly #look: Timer;
  #endLeanness = () => {};
  readonly #keepsState: boolean;
  /** Null until plain DNS is answered. */
  #people: ForPeople | null = null;
  #settings: Settings;
  #reloadFailure: (Omit<ReloadFailure, 'forMs'> & { readonly sinceMs: number }) | null = null;

  constructor({ config, clock, log, keepsState = true }: AppParts) {
    this.#clock = clock;
    this.#log = log;
    this.#keepsState = keepsState;
    this.#startedAtMs = clock.monotonic();
    this.#believedDate = new BelievedDate(clock);
    this.#limits = affordableLimits(config, log);
    this.#limitLog = new LimitLog(log, clock);
    this.#seen = new AnswerFigures(clock);
    this.#probe = new DeviceProbe(clock);
    this.#seen.queryLog.become(config.log.queries);
    const limitLog = this.#limitLog;
    this.#tls = createTlsConnector({ clock, log });
    this.#store = new PackedAnswerStore(config.cache.maxBytes);
    const { stateDir } = config;
    const lookup = (name: string) => this.#lookUp(name);
    this.#files = new NameFiles({ config, clock, log, onChange: () => this.#threads.changed() });
    this.#filter = new Filter({
      ...{ config: config.filter, stateDir: keepsState ? stateDir : null },
      ...{ tls: this.#tls, lookup, clock, log },
    });
    this.#addresses = new UpstreamAddresses({
      ...{ stateDir, keepsState, lookup, clock, log },
      isOurs: (address, port) => isOwnDoor(this.#settings.config, address, port),
      onLearnt: () => this.#settings.upstreams.warm(),
    });
    this.#settings = this.#settingsFrom(config);
    const rate = new ClientRate();
    this.#path = createAnswerPath({
      settings: () => this.#settings,
      ...{ clock, log, limits: this.#limits, limitLog, store: this.#store, failures: this.#failures },
      ...{ seen: this.#seen, rate },
      cookieSecret: keepsState ? openCookieSecret(stateDir, log) : newCookieSecret(),
    });
    this.#threads = new ThreadedUdp({
      ...{ count: keepsState ? threadCount(config.workers) : 0, rate }, // a rehearsal has its own clock
      ...{ clock, log, limitLog, limits: this.#limits, seen: this.#seen },
      ...{ settings: () => this.#settings, store: this.#store, files: this.#files, filter: this.#filter },
    });
    this.#doors = new Doors({
      ...{ resolver: this.#path.clients, clock, log, limits: this.#limits, limitLog },
      udp: { sockets: this.#threads.sockets, counted: this.#path.counted },
    });
    this.#certificates = new OwnCertificates({
      ...{ stateDir, tls: this.#tls, lookup, clock, log },
      isIssuing: keepsState, // a rehearsal orders nothing
      isDohBound: () => this.#doors.boundOf('doh').length > 0,
      askText: (name, type) => lookUpText(this.#wayTo(name), name, type, clock),
    });
    this.#keeper = new Keeper({
      ...this.#keeperInputs(this.#settings),
      ...{ clock, log, stateDir, tls: this.#tls, keepsStamp: keepsState },
    });
    this.#heedClock();
    this.#look = clock.every(INTERFACES_EVERY_MS, () => this.#settings.accessList.look());
  }

  /**
   * Listens, and says so with one line `ready` once anything is bound. Names of the house are answered first; then the time
   * is looked for; then comes everything else. Resolves to false when no address can ever work.
   */
  async start(): Promise<boolean> {
    const { config } = this.#settings;
    await this.#doors.openPlain(config.listen);
    await nextTurn(); // between the pieces of what follows, which each take some milliseconds, queries are answered
    const people = await this.#openToPeople();
    this.#keeper.start();
    this.#addresses.attend(config.upstreams);
    await nextTurn();
    const [, store] = await Promise.all([
      people.openPlain(), // whoever waits for `ready` may ask how it is
      this.#certificates.open(config),
    ]);
    await Promise.all([this.#doors.openEncrypted(config.listen, store), people.openEncrypted(store)]);
    if (this.#keepsState) this.#cacheFile = await this.#openCacheFile();
    if (this.#keepsState) this.#endLeanness = stayLean(this.#clock); // a rehearsal lives within somebody else's process
    this.#doors.announce(() => this.addresses);
    this.#settings.upstreams.warm();
    this.#cacheFile?.start();
    people.tellOwner();
    return !this.#doors.areHopeless;
  }

  /** Where queries are taken now, by transport, and where the pages are, as text. */
  get addresses(): Doors['addresses'] & { readonly admin: string[] } {
    return { ...this.#doors.addresses, admin: (this.#people?.addresses ?? []).map(formatAddress) };
  }

  /** Answers clients, as the listeners ask it. */
  get resolver(): Resolver {
    return this.#path.clients;
  }

  /** The same without access list, query log and filter: for questions of this server's own. */
  get inside(): Resolver {
    return this.#path.inside;
  }

  /** How everything stands now; not to be asked before `start` has resolved. */
  status(): Status {
    return this.#people!.status();
  }

  /** Takes over a new configuration, or throws and changes nothing. */
  async reload(config: Config): Promise<void> {
    const old = this.#settings;
    this.#settings = this.#settingsFrom(config);
    this.#threads.changed();
    Object.assign(this.#limits, affordableLimits(config, this.#log));
    this.#store.resize(config.cache.maxBytes);
    this.#seen.queryLog.become(config.log.queries); // what was kept is gone when it is off
    // An answer that other upstreams gave, or that other rules let through, is not one of this configuration.
    if (cacheConfigKey(config) !== cacheConfigKey(old.config)) this.#store.clear();
    this.#failures.forget(); // what failed may well be what was mended
    this.#keeper.reload(this.#keeperInputs(this.#settings));
    this.#addresses.attend(config.upstreams);
    void this.#files.reload(config);
    this.#people?.tellOwner();
    this.#filter.reload(config.filter);
    this.#settings.upstreams.warm();
    this.#clock.after(old.config.limits.queryDeadlineMs, () => closeSettings(old)); // its queries finish first
    await this.#people?.admitBy(config.admin);
    await this.#certificates.reload(config);
    await Promise.all([this.#doors.listenOn(config.listen), this.#people?.listenOn(config.listen.admin)]);
  }

  /** What keeps the configuration on disk from being taken over; null: nothing. The status says so until then. */
  noteReload(failure: Omit<ReloadFailure, 'forMs'> | null): void {
    const sinceMs = this.#reloadFailure?.sinceMs ?? this.#clock.monotonic();
    this.#reloadFailure = failure === null ? null : { ...failure, sinceMs };
  }

  /** Asks for every list again, wherever it is from. */
  refetchLists(): void {
    this.#filter.refetch();
  }

  /** Drains the doors, then lets go of everything. */
  async stop(): Promise<void> {
    this.#look.cancel();
    this.#endLeanness();
    await Promise.all([
      this.#doors.stop(DRAIN_MS),
      this.#people?.stop(DRAIN_MS),
      this.#keeper.stop(),
      this.#certificates.close(),
      this.#cacheFile?.save(), // without the last few answers, but in time
    ]);
    this.#cacheFile?.close();
    this.#files.close();
    this.#filter.close();
    closeSettings(this.#settings);
    await this.#addresses.close();
    this.#log.info('stopped', { ...this.#seen.queries });
  }

  #settingsFrom(config: Config): Settings {
    return createSettings(config, {
      ...{ clock: this.#clock, log: this.#log, tls: this.#tls },
      ...{ addresses: this.#addresses, files: this.#files, filter: this.#filter },
      ...{ limits: this.#limits, probe: this.#probe },
      onNetworkChange: () => {
        this.#threads.changed();
        this.#keeper.roundSoon(); // time sources may be within reach now
      },
      doors: () => ({ dot: this.#doors.boundOf('dot'), doh: this.#doors.boundOf('doh') }),
      certificateNames: () => this.#certificates.served[0]?.names ?? [],
      onRecovery: () => {
        this.#failures.forget();
        this.#addresses.lookAgain();
        this.#people?.wake();
      },
    });
  }

  /** Whom the keeper of the time asks and hears. */
  #keeperInputs({ config: { time, upstreams }, located }: Settings): KeeperInputs {
    const roster = createRoster({
      configs: sourcesOf(time.sources, upstreams),
      tls: this.#tls,
      clock: this.#clock,
      lookup: (name) => this.#addresses.find(name),
      ownAddresses: hostAddresses,
    });
    return { roster, upstreams: located };
  }

  /** What an earlier life had learnt. */
  async #openCacheFile(): Promise<CacheFile> {
    const { CacheFile } = await import('../resolver/cache/cache-file.ts');
    return new CacheFile({
      ...{ store: this.#store, stateDir: this.#settings.config.stateDir, clock: this.#clock, log: this.#log },
      isOn: () => this.#settings.config.cache.persist,
      configKey: () => cacheConfigKey(this.#settings.config),
    });
  }

  async #openToPeople(): Promise<ForPeople> {
    const { ForPeople } = await import('./for-people.ts');
    this.#people = new ForPeople({
      ...{ clock: this.#clock, log: this.#log, tls: this.#tls, keepsState: this.#keepsState },
      ...{ limits: this.#limits, limitLog: this.#limitLog, seen: this.#seen, probe: this.#probe },
      lookup: (name) => this.#lookUp(name),
      config: () => this.#settings.config,
      allowedHosts: () => ownHostsOf(this.#settings.config),
      zones: () => this.#settings.config.zones,
      standing: () => this.#standing(),
      noticed: () => this.#keeper.incidents,
      explained: this.#path.explained,
      boundOf: (transport) => this.#doors.boundOf(transport),
      certificates: () => this.#certificates.served,
      forgetStamp: () => this.#forgetStamp(),
      renewCertificate: (wish: RenewalWish) => this.#certificates.renew(wish),
      flushCache: (name: NameKey | null, below: boolean) => this.#flushCache(name, below),
    });
    return this.#people;
  }

  /** What the status is made of. */
  #standing(): ReturnType<ForPeopleParts['standing']> {
    const { config, upstreams, forwards, designated } = this.#settings;
    const nowMs = this.#clock.monotonic();
    const failure = this.#reloadFailure;
    return {
      uptimeMs: nowMs - this.#startedAtMs,
      listeners: this.#doors.listeners,
      time: this.#keeper.report(),
      certificates: this.#certificates.served,
      filesProblem: this.#certificates.filesProblem,
      furtherProblems: this.#certificates.furtherProblems,
      issuances: this.#certificates.issuances,
      designate: (address) => designated.designate(address),
      hostAddresses,
      upstreams: upstreams.report(),
      forwards: forwards.report(),
      cache: {
        ...{ entries: this.#store.entries, octets: this.#store.octets, maxOctets: config.cache.maxBytes },
        ...this.#seen.cacheFigures,
      },
      lists: this.#filter.report(),
      nameFiles: this.#files.report(),
      reloadFailure: failure === null ? null : { ...failure, forMs: nowMs - failure.sinceMs },
      ...this.#seen.report(),
      limitsReached: this.#limitLog.times,
      tls: this.#tls,
    };
  }

  #lookUp(name: string): ReturnType<typeof lookUpAddresses> {
    return lookUpAddresses(this.#path.inside, name, this.#clock);
  }

  /** Names of houses are nobody's in the world, and are not asked for there. */
  #wayTo(name: string): Resolver {
    return houseSuffixOf(name) === null ? this.#path.outside : this.#path.inside;
  }

  #flushCache(name: NameKey | null, below: boolean): number {
    this.#failures.forget();
    if (name !== null) return this.#store.flush(name, { below });
    const { entries } = this.#store;
    this.#store.clear();
    return entries;
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
      this.#threads.changed();
      const isGood = state === 'synchronized';
      log[isGood ? 'info' : 'warn']('clock changed', { state, ...(basis === null ? {} : { basis }), reason });
      this.#failures.forget();
      if (this.#believedDate.hasJumped()) this.#unlearn();
      this.#settings.relaxed.forgive();
      this.#settings.upstreams.forgive();
      this.#settings.upstreams.warm();
      this.#addresses.lookAgain();
    });
    this.#tls.onUnmasked((serverName) => {
      const message = 'what was learnt is forgotten: an upstream was trusted at a time that was wrong';
      log.warn(message, { serverName });
      this.#store.clear();
    });
  }

  /** A wrong date lets a peer in whose certificate has expired, and whoever has its key. */
  #unlearn(): void {
    this.#store.forgetLearnt();
    this.#filter.refetch();
  }
}
