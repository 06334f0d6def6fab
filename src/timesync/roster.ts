// The time sources of the configuration, one by one address: names are looked up through ourselves, never elsewhere,
// and an `ntp://` name gives up to four servers. What was found is kept, so that a source stays the same one over rounds.

import type { Clock } from '../clock/clock.ts';
import type { TimeSourceConfig } from '../config/config.ts';
import type { TlsConnector } from '../tls/connect.ts';
import { alternateFamilies } from '../tls/race.ts';
import { TrustAnchors } from '../tls/trust-anchors.ts';
import { wordsOf } from './asking.ts';
import { HttpsDateSource } from './https-date-source.ts';
import { loadNtpKey } from './ntp-key-file.ts';
import { NtpSource } from './ntp-source.ts';
import type { TimeSource } from './source.ts';

/** Addresses that one name may give. */
export const ADDRESSES_PER_NAME = 4;
/** How long addresses of a name that answer are kept before they are looked up anew (milliseconds). */
const NAME_KEPT_MS = 3_600_000;
/** NTP pool members are volunteers: asked no more often than this in calm times (milliseconds). */
const POOL_PAUSE_MS = 1_800_000;
const POOL_SUFFIX = '.pool.ntp.org';

export interface RosterParts {
  readonly configs: readonly TimeSourceConfig[];
  readonly tls: Pick<TlsConnector, 'connect' | 'connectRelaxed'>;
  readonly clock: Clock;
  /** The addresses of a name, through our own chain. Rejects with words. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
  /** Our own addresses: a server that follows us knows nothing. */
  readonly ownAddresses: () => readonly string[];
}

/** One entry of `time.sources`. */
export interface RosterEntry {
  readonly url: string;
  /** Rejects in words when a name leads nowhere, or a key or CA file cannot be used. */
  sources(): Promise<readonly TimeSource[]>;
  /** None of its sources answered: its name is looked up again. */
  forget(): void;
}

export function createRoster(parts: RosterParts): readonly RosterEntry[] {
  return parts.configs.map((config) =>
    config.isAddress || config.addresses.length > 0
      ? new FixedEntry(config, parts)
      : new NamedEntry(config, parts),
  );
}

class FixedEntry implements RosterEntry {
  readonly url: string;
  readonly #config: TimeSourceConfig;
  readonly #parts: RosterParts;
  #sources: SourcesByAddress | null = null;

  constructor(config: TimeSourceConfig, parts: RosterParts) {
    this.url = config.url;
    this.#config = config;
    this.#parts = parts;
  }

  async sources(): Promise<readonly TimeSource[]> {
    const { addresses, host } = this.#config;
    this.#sources ??= await sourcesAt(addresses.length > 0 ? addresses : [host], this.#config, this.#parts);
    return [...this.#sources.values()];
  }

  forget(): void {}
}

class NamedEntry implements RosterEntry {
  readonly url: string;
  readonly #config: TimeSourceConfig;
  readonly #parts: RosterParts;
  #known: { readonly sources: SourcesByAddress; readonly atMs: number } | null = null;
  #isStale = false;

  constructor(config: TimeSourceConfig, parts: RosterParts) {
    this.url = config.url;
    this.#config = config;
    this.#parts = parts;
  }

  async sources(): Promise<readonly TimeSource[]> {
    const nowMs = this.#parts.clock.monotonic();
    const isFresh = this.#known !== null && !this.#isStale && nowMs - this.#known.atMs < NAME_KEPT_MS;
    if (!isFresh) await this.#renew(nowMs);
    return [...this.#known!.sources.values()];
  }

  forget(): void {
    this.#isStale = true;
  }

  /** What was known stays where nothing new can be learnt. */
  async #renew(atMs: number): Promise<void> {
    try {
      const addresses = await this.#lookUp();
      const sources = await sourcesAt(addresses, this.#config, this.#parts, this.#known?.sources);
      this.#known = { sources, atMs };
      this.#isStale = false;
    } catch (error) {
      if (this.#known === null) throw error;
    }
  }

  async #lookUp(): Promise<readonly string[]> {
    const { host } = this.#config;
    const found = await this.#parts.lookup(host).catch((error: unknown) => {
      throw new Error(`${host} could not be looked up: ${wordsOf(error)}`);
    });
    if (found.length === 0) throw new Error(`${host} could not be looked up: it has no address`);
    return alternateFamilies([...new Set(found)].sort()).slice(0, ADDRESSES_PER_NAME);
  }
}

/** By the address that is asked, or the addresses of one host, joined by commas. */
type SourcesByAddress = ReadonlyMap<string, TimeSource>;

/**
 * One NTP source an address; one HTTPS source for all, since it is one host whatever its addresses. Those known already
 * are taken over: they remember who has asked to be left alone.
 */
async function sourcesAt(
  addresses: readonly string[],
  config: TimeSourceConfig,
  parts: RosterParts,
  known: SourcesByAddress = new Map(),
): Promise<SourcesByAddress> {
  const groups = config.protocol === 'ntp' ? addresses.map((address) => [address]) : [addresses];
  const sources = groups.map(async (group) => {
    const key = group.join();
    return [key, known.get(key) ?? (await sourceAt(group, config, parts))] as const;
  });
  return new Map(await Promise.all(sources));
}

async function sourceAt(
  addresses: readonly string[],
  config: TimeSourceConfig,
  { clock, tls, ownAddresses }: RosterParts,
): Promise<TimeSource> {
  const { url, host, port, path, key, caFile, pins, operator, prefer, trusted } = config;
  const isPool = `.${host}`.endsWith(POOL_SUFFIX);
  const common = { url, port, operator, prefer, trusted, leastPauseMs: isPool ? POOL_PAUSE_MS : 0, clock };
  if (config.protocol === 'ntp') {
    const secret = key === null ? null : await loadNtpKey(key);
    return new NtpSource({ ...common, address: addresses[0]!, key: secret, ownAddresses });
  }
  const anchors = caFile === null ? TrustAnchors.public() : TrustAnchors.fromFile(caFile);
  return new HttpsDateSource({ ...common, host, addresses, path, anchors, pins, tls });
}
