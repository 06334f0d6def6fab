// All certificates that CAs issue to this server, each with its own issuance over one storage, so that one order at a time is
// under way. A reload keeps what has not changed and gives up the rest. Made of parts that the composition root hands in.

import type { Clock } from '../clock/clock.ts';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import type { AcmeConfig, Config, SocketAddress } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import type { AlpnChallenges } from '../tls/alpn-challenges.ts';
import type { ServedCertificate } from '../tls/certificate-store.ts';
import type { TlsConnector } from '../tls/connect.ts';
import { HttpsClient } from '../tls/https-client.ts';
import { loadOpenSsl, type OpenSsl } from '../tls/openssl.ts';
import { TrustAnchors } from '../tls/trust-anchors.ts';
import type { ChallengeSolver } from './challenge.ts';
import { CloudflareProvider } from './dns/cloudflare-provider.ts';
import { ExecProvider } from './dns/exec-provider.ts';
import { Rfc2136Provider } from './dns/rfc2136-provider.ts';
import type { TxtProvider } from './dns/txt-provider.ts';
import { Dns01, type Dns01Parts } from './dns-01.ts';
import { judgeEmptiness } from './emptiness.ts';
import { FileStorage } from './file-storage.ts';
import { Http01 } from './http-01.ts';
import { Issuance } from './issuance.ts';
import type { HeldBack, IssuanceReport } from './issuance-report.ts';
import { type RehearsedOrder, rehearseOrder } from './rehearsal.ts';
import type { CertificateStorage } from './storage.ts';
import { storageIdOf } from './storage-id.ts';
import { TlsAlpn01 } from './tls-alpn-01.ts';

export interface IssuerParts {
  readonly stateDir: string;
  readonly tls: TlsConnector;
  readonly challenges: AlpnChallenges;
  /** Is DoH listened on anywhere at this moment? */
  readonly isDohBound: () => boolean;
  /** The addresses of a host name, through our own resolver. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** TXT and CNAME through our upstreams, past the cache. */
  readonly askText: Dns01Parts['ask'];
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each certificate that is better than the last one, and which of the wanted it is. */
  readonly serve: (names: readonly string[], certificate: ServedCertificate) => void;
}

/** A certificate that is wanted of a CA. */
export interface Wanted {
  readonly names: readonly string[];
  readonly acme: AcmeConfig;
}

export type IssuerConfig = Pick<Config, 'certificate' | 'certsDir' | 'listen'>;

interface Kept {
  readonly key: string;
  readonly issuance: Issuance;
}

export class Issuer {
  readonly #parts: IssuerParts;
  #kept: readonly Kept[] = [];
  /** Those of them that have not begun. */
  #fresh: Issuance[] = [];
  #storage: CertificateStorage | null = null;
  #certsDir: string | null = null;
  /** When the wait is over, monotonic: the date may be a wrong one still. Null: there is none. */
  #emptiness: Promise<number | null> | null = null;
  readonly #closing = new AbortController();
  #config!: IssuerConfig;

  constructor(parts: IssuerParts) {
    this.#parts = parts;
  }

  /** Takes over what is wanted; resolves, once what is stored was read, with that by storageIdOf(names). Begins nothing. */
  async become(config: IssuerConfig): Promise<ReadonlyMap<string, ServedCertificate>> {
    this.#config = config;
    if (config.certsDir !== this.#certsDir) this.#moveTo(config.certsDir);
    const wanted = wantedOf(config).map((one) => ({ ...one, key: keyOf(one, config) }));
    const gone = this.#kept.filter(({ key }) => !wanted.some((one) => one.key === key));
    await Promise.all(gone.map(({ issuance }) => issuance.close()));
    this.#fresh = [];
    this.#kept = wanted.map(({ key, ...one }) => {
      const known = this.#kept.find((kept) => kept.key === key);
      if (known !== undefined) return known;
      const issuance = this.#issuanceOf(one);
      this.#fresh.push(issuance);
      return { key, issuance };
    });
    await Promise.all(this.#fresh.map((issuance) => issuance.load()));
    for (const issuance of this.#fresh) {
      const before = gone.find(
        (one) => storageIdOf(one.issuance.order.names) === storageIdOf(issuance.order.names),
      );
      if (before !== undefined) issuance.inherit(before.issuance);
    }
    const served = this.#kept.flatMap(({ issuance }) => {
      const { held, report } = issuance;
      return held === null ? [] : ([[storageIdOf(report.names), held]] as const);
    });
    return new Map(served);
  }

  /** Begins to look after what is wanted; before, whoever serves it must be there. */
  begin(): void {
    for (const issuance of this.#fresh.splice(0)) issuance.start();
  }

  /** Serves once more what is held: something else may have been put in its place meanwhile. */
  serveAgain(): void {
    for (const { issuance } of this.#kept) {
      const { held, order } = issuance;
      if (held !== null) this.#parts.serve(order.names, held);
    }
  }

  get report(): readonly IssuanceReport[] {
    return this.#kept.map(({ issuance }) => issuance.report);
  }

  /** The issuance of the certificate that has `name`; of the first one where none is given. */
  find(name: string | null): Issuance | null {
    const found = this.#kept.find(({ issuance }) => name === null || issuance.report.names.includes(name));
    return found?.issuance ?? null;
  }

  /** A dry run of its order (rehearsal.ts), while no real one is under way. */
  async rehearse({ order }: Issuance): Promise<RehearsedOrder> {
    const parts = { storage: this.#storage!, clock: this.#parts.clock, log: this.#parts.log };
    const rehearsed = await rehearseOrder(this, order, { ...parts, signal: this.#closing.signal });
    this.#parts.log.info(`the dry run is over: ${rehearsed.sentence}`, { names: order.names });
    return rehearsed;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the server is being stopped'));
    await Promise.all(this.#kept.map(({ issuance }) => issuance.close()));
    this.#kept = [];
  }

  #moveTo(certsDir: string): void {
    const { clock, log } = this.#parts;
    this.#certsDir = certsDir;
    this.#storage = new FileStorage({ certsDir, clock, log });
    this.#emptiness = null;
  }

  #issuanceOf({ names, acme }: Wanted): Issuance {
    const { clock, log, serve } = this.#parts;
    return new Issuance({
      ...{ names, config: acme, clock, log },
      storage: this.#storage!,
      holdBack: () => this.#holdBack(),
      tools: {
        openHttp: (config) => this.openHttp(config.caFile, config),
        solverFor: (config) => this.solverFor(config),
        openssl: () => this.openssl(),
      },
      serve: (certificate) => serve(names, certificate),
    });
  }

  /** Certificates are lost at each start: asked once, since the second time within a day is what counts. */
  async #holdBack(): Promise<HeldBack | null> {
    const { clock } = this.#parts;
    this.#emptiness ??= this.#judgeEmptiness();
    const leftMs = ((await this.#emptiness) ?? 0) - clock.monotonic();
    if (leftMs <= 0) return null;
    const untilMs = clock.now().epochMs + leftMs;
    const until = writeRfc3339(untilMs);
    const reason = `certs_dir was found empty more than once within a day, so nothing is ordered before ${until}`;
    return { untilMs, reason };
  }

  async #judgeEmptiness(): Promise<number | null> {
    const { stateDir, clock, log } = this.#parts;
    const isEmpty = await this.#storage!.isEmpty();
    const nowMs = clock.now().epochMs;
    const { warning, waitUntilMs } = await judgeEmptiness({ stateDir, isEmpty, nowMs });
    if (warning !== null) log.warn(warning);
    return waitUntilMs === null ? null : clock.monotonic() + waitUntilMs - nowMs;
  }

  /** Verified connections to whoever `caFile`, or the public roots, vouch for. @throws CaFileUnusable */
  openHttp(caFile: string | null, acme?: Pick<AcmeConfig, 'directory' | 'addresses'>): HttpsClient {
    const { tls, lookup, clock, version } = this.#parts;
    const host = acme === undefined ? null : new URL(acme.directory).hostname;
    return new HttpsClient({
      anchors: caFile === null ? TrustAnchors.public() : TrustAnchors.fromFile(caFile),
      ...{ tls, clock, userAgent: `noonmark/${version}` }, // RFC 8555 section 6.1 asks for one
      addressesOf: async (name) =>
        name === host && acme!.addresses.length > 0 ? acme!.addresses : lookup(name),
    });
  }

  solverFor(config: AcmeConfig): ChallengeSolver {
    const { challenges, isDohBound, askText, clock, log } = this.#parts;
    switch (config.challenge) {
      case 'http-01':
        return new Http01({ addresses: this.#httpAddresses(config), clock, log });
      case 'tls-alpn-01':
        return new TlsAlpn01({ challenges, isListening: isDohBound });
      case 'dns-01': {
        const { propagationMs } = config;
        return new Dns01({ provider: this.#providerOf(config), ask: askText, propagationMs, clock, log });
      }
    }
  }

  /** Where clients come for DNS, names of this server lead; the CA follows them. */
  #httpAddresses({ httpPort: port }: AcmeConfig): SocketAddress[] {
    const { doh, dot, dns } = this.#config.listen;
    const byAddress = new Map([...doh, ...dot, ...dns].map((one) => [one.address, { ...one, port }]));
    return [...byAddress.values()];
  }

  #providerOf({ dns }: AcmeConfig): TxtProvider {
    const { tls, lookup, clock, log } = this.#parts;
    switch (dns!.kind) {
      case 'rfc2136':
        return new Rfc2136Provider({ config: dns!, tls, lookup, clock });
      case 'cloudflare':
        return new CloudflareProvider({ config: dns!, http: this.openHttp(dns!.caFile) });
      case 'exec':
        return new ExecProvider({ program: dns!.program, clock, log });
    }
  }

  /** Null: it is not to be had, and certificates are judged without it. */
  openssl(): OpenSsl | null {
    if (this.#parts.tls.verification !== 'openssl') return null;
    return loadOpenSsl().openssl;
  }
}

function wantedOf({ certificate }: IssuerConfig): Wanted[] {
  return [certificate, ...certificate.more].flatMap(({ names, acme }) =>
    acme === null ? [] : [{ names, acme }],
  );
}

/** What an issuance was made from; another text is another issuance. */
function keyOf(wanted: Wanted, { certsDir, listen }: IssuerConfig): string {
  return JSON.stringify([wanted, certsDir, wanted.acme.challenge === 'http-01' ? listen : null]);
}
