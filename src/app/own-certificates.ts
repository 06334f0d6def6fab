// The certificates that clients are shown, and whoever gets them: what CAs have issued comes from disk before anything is
// served, and a better one takes its place while the server runs. Also what of it is told, and what an owner may ask for.

import manifest from '../../package.json' with { type: 'json' };
import type { Issuer, IssuerParts } from '../acme/issuer.ts';
import type { RenewalOutcome, RenewalWish } from '../admin/renewals.ts';
import type { Config } from '../config/config.ts';
import type { WantedReport } from '../status/gather.ts';
import { AlpnChallenges } from '../tls/alpn-challenges.ts';
import type { FilesProblem } from '../tls/certificate-files.ts';
import type { CertificateStore, ServedCertificate } from '../tls/certificate-store.ts';
import type { Certificates } from '../tls/certificates.ts';
import type { FurtherProblem } from '../tls/further-certificates.ts';
import { certificateInputs } from './this-host.ts';

export interface OwnCertificatesParts extends Omit<IssuerParts, 'challenges' | 'serve' | 'version'> {
  /** False: nothing is ordered, as in a rehearsal of a power cut. */
  readonly isIssuing: boolean;
}

export class OwnCertificates {
  readonly #parts: OwnCertificatesParts;
  readonly #challenges = new AlpnChallenges();
  /** Null until the configuration asks for a CA: most houses have none, and their starts are the quicker for it. */
  #issuer: Issuer | null = null;
  #certificates: Certificates | null = null;
  /** Monotonic, by names: since when a CA's is wanted. */
  #wantedSinceMs: ReadonlyMap<string, number> = new Map();

  constructor(parts: OwnCertificatesParts) {
    this.#parts = parts;
  }

  /** Resolves with a store that is not empty, whatever files and CAs are like. */
  async open(config: Config): Promise<CertificateStore> {
    const { clock, log } = this.#parts;
    const { openCertificates } = await import('../tls/certificates.ts'); // after plain DNS, which needs none
    const inputs = certificateInputs(config, await this.#issued(config));
    this.#certificates = await openCertificates({ ...inputs, clock, log, challenges: this.#challenges });
    this.#issuer?.begin();
    return this.#certificates.store;
  }

  async reload(config: Config): Promise<void> {
    await this.#certificates?.reload(certificateInputs(config, await this.#issued(config)));
    this.#issuer?.serveAgain(); // one may have come while files were read
    this.#issuer?.begin();
  }

  /** The first one first; empty before `open`. */
  get served(): readonly ServedCertificate[] {
    return this.#certificates?.store.all ?? [];
  }

  get furtherProblems(): readonly FurtherProblem[] {
    return this.#certificates?.furtherProblems ?? [];
  }

  get filesProblem(): FilesProblem | null {
    return this.#certificates?.filesProblem ?? null;
  }

  get issuances(): readonly WantedReport[] {
    const nowMs = this.#parts.clock.monotonic();
    return (this.#issuer?.report ?? []).map((report) => ({
      ...report,
      wantedForMs: nowMs - (this.#wantedSinceMs.get(report.names.join()) ?? nowMs),
    }));
  }

  /** Resolves with what came of it, for the owner. */
  async renew({ name, isDryRun }: RenewalWish): Promise<RenewalOutcome> {
    const issuance = this.#issuer?.find(name) ?? null;
    if (this.#issuer === null || issuance === null) {
      const whose = name === null ? 'No certificate is' : `No certificate with the name ${name} is`;
      return {
        ok: false,
        sentence: `${whose} ordered from a CA: there is no \`acme\` for it in the configuration.`,
      };
    }
    return isDryRun ? this.#issuer.rehearse(issuance) : issuance.renewNow();
  }

  /** Gives up an order that is under way; the next start takes it up again. */
  async close(): Promise<void> {
    this.#certificates?.close();
    await this.#issuer?.close();
  }

  async #issued(config: Config): Promise<ReadonlyMap<string, ServedCertificate>> {
    const issuer = await this.#issuerFor(config);
    if (issuer === null) return new Map();
    const issued = await issuer.become(config);
    const before = this.#wantedSinceMs;
    const nowMs = this.#parts.clock.monotonic();
    const wanted = issuer.report.map(({ names }) => names.join());
    this.#wantedSinceMs = new Map(wanted.map((names) => [names, before.get(names) ?? nowMs]));
    return issued;
  }

  async #issuerFor({ certificate }: Config): Promise<Issuer | null> {
    const isWanted = [certificate, ...certificate.more].some(({ acme }) => acme !== null);
    if (this.#issuer !== null || !isWanted || !this.#parts.isIssuing) return this.#issuer;
    const { Issuer } = await import('../acme/issuer.ts');
    this.#issuer ??= new Issuer({
      ...this.#parts,
      version: manifest.version,
      challenges: this.#challenges,
      serve: (names, issued) => this.#certificates?.serveIssued(names, issued),
    });
    return this.#issuer;
  }
}
