// The certificates besides the first one, each for the names that clients ask for by SNI: from the owner's files, or issued
// by a CA. Where one is not there yet, the first one is shown in its place; one that works stays until there is a better one
// for the same names, wherever that comes from.

import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import { CertificateFiles, type FilesProblem } from './certificate-files.ts';
import type { CertificateStore, ServedCertificate } from './certificate-store.ts';

export interface FurtherInputs {
  readonly names: readonly string[];
  /** Absolute paths; null: a CA issues it. */
  readonly files: { readonly certificate: string; readonly key: string } | null;
  /** What a CA has issued; 'awaited': nothing yet; null: none is asked. */
  readonly issued: ServedCertificate | 'awaited' | null;
}

export interface FurtherProblem {
  readonly names: readonly string[];
  readonly problem: FilesProblem;
  /** One that was read before is shown; false: the first certificate is, in its place. */
  readonly isServed: boolean;
}

interface Place {
  readonly key: string;
  readonly names: readonly string[];
  readonly files: CertificateFiles | null;
  certificate: ServedCertificate | null;
}

export interface FurtherParts {
  readonly store: CertificateStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class FurtherCertificates {
  readonly #parts: FurtherParts;
  #places: readonly Place[] = [];

  constructor(parts: FurtherParts) {
    this.#parts = parts;
  }

  /** Takes over what is wanted, and reads all files again. */
  async become(wanted: readonly FurtherInputs[]): Promise<void> {
    const before = this.#places;
    this.#places = wanted.map((inputs) => {
      const key = JSON.stringify([inputs.names, inputs.files]);
      return before.find((place) => place.key === key) ?? this.#placeOf(key, inputs);
    });
    for (const place of before) if (!this.#places.includes(place)) place.files?.close();
    for (const [position, { issued }] of wanted.entries())
      if (issued !== null && issued !== 'awaited') this.#serve(this.#places[position]!, issued);
    await Promise.all(this.#places.map(({ files }) => files?.load()));
    this.#publish();
  }

  /** One of a CA, for the certificate with these names; does nothing where none is wanted any more. */
  serveIssued(names: readonly string[], certificate: ServedCertificate): void {
    const place = placeFor(names, this.#places);
    if (place !== undefined) this.#serve(place, certificate);
  }

  /** Those whose files cannot be used as they are now. */
  get problems(): readonly FurtherProblem[] {
    return this.#places.flatMap(({ names, files, certificate }) => {
      const problem = files?.problem ?? null;
      return problem === null ? [] : [{ names, problem, isServed: certificate !== null }];
    });
  }

  close(): void {
    for (const { files } of this.#places) files?.close();
    this.#places = [];
  }

  #placeOf(key: string, { names, files: paths }: FurtherInputs): Place {
    const { clock, log } = this.#parts;
    const serve = (certificate: ServedCertificate) => this.#serve(place, certificate);
    const files = paths === null ? null : new CertificateFiles({ paths, clock, log, serve });
    const place: Place = {
      key,
      names,
      files,
      certificate: placeFor(names, this.#places)?.certificate ?? null,
    };
    return place;
  }

  #serve(place: Place, certificate: ServedCertificate): void {
    if (place.certificate === certificate) return;
    place.certificate = certificate;
    this.#publish();
    const { names, issuer, source } = certificate;
    this.#parts.log.info('serving a further certificate', { source, names, issuer });
  }

  #publish(): void {
    this.#parts.store.replaceFurther(this.#places.flatMap(({ certificate }) => certificate ?? []));
  }
}

function placeFor(names: readonly string[], places: readonly Place[]): Place | undefined {
  return places.find((place) => place.names.join() === names.join());
}
