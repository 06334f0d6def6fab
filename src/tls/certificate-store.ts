// The certificates that the TLS listeners serve, held in memory: a handshake never waits for a file or a CA.
// One is for everybody; whoever has a better one calls `replace`, and listeners hand it to `setSecureContext`. Further ones
// are for clients that ask for a name of theirs (SNI, RFC 6066 section 3).
// Also the two pure questions asked of any candidate: do its halves fit, and does it look out of date.
// Dates never decide what is served (DESIGN: the clock never stops a listener); they only make a warning.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import ipaddr from 'ipaddr.js';
import type { ClockStatus } from '../clock/clock.ts';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import { AlpnChallenges } from './alpn-challenges.ts';

export interface ServedCertificate {
  /** PEM, the server's own certificate first, then what issued it. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** DNS names and IP addresses of the subjectAltName (RFC 5280 section 4.2.1.6), addresses in canonical form. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  /** Milliseconds since 1970. */
  readonly notAfterMs: number;
  /** Issuer's distinguished name on one line, for people. */
  readonly issuer: string;
  readonly source: 'files' | 'local-ca' | 'acme';
}

/** What a TLS context is made of; the oldest version by RFC 8996. */
export function contextOptions({ chainPem, keyPem }: Pick<ServedCertificate, 'chainPem' | 'keyPem'>) {
  return { cert: chainPem, key: keyPem, minVersion: 'TLSv1.2' } as const;
}

interface FurtherCertificate {
  readonly certificate: ServedCertificate;
  readonly context: SecureContext;
}

export class CertificateStore {
  /** What a CA looks for, while it does. */
  readonly challenges: AlpnChallenges;
  #current: ServedCertificate;
  #further: readonly FurtherCertificate[] = [];
  readonly #listeners = new Set<(certificate: ServedCertificate) => void>();

  /** A store is never empty, so that a listener can always start. */
  constructor(first: ServedCertificate, challenges = new AlpnChallenges()) {
    this.#current = first;
    this.challenges = challenges;
  }

  /** The certificate for a client that asks for `serverName` (SNI); the first one where none has that name. */
  current(serverName?: string): ServedCertificate {
    return this.#furtherFor(serverName)?.certificate ?? this.#current;
  }

  /** All of them, the first one first. */
  get all(): readonly ServedCertificate[] {
    return [this.#current, ...this.#further.map(({ certificate }) => certificate)];
  }

  /** The context of a further certificate that has `serverName`; undefined: the first one is shown. */
  contextFor(serverName: string): SecureContext | undefined {
    return this.#furtherFor(serverName)?.context;
  }

  /** Serves these besides the first one from now on; of two that have a name, the earlier one. */
  replaceFurther(certificates: readonly ServedCertificate[]): void {
    this.#further = certificates.map((certificate) => {
      const known = this.#further.find((one) => isSamePair(one.certificate, certificate));
      return known ?? { certificate, context: createSecureContext(contextOptions(certificate)) };
    });
  }

  #furtherFor(serverName: string | undefined): FurtherCertificate | undefined {
    if (serverName === undefined || this.#further.length === 0) return undefined;
    const names = namesThatFit(serverName);
    for (const name of names) {
      if (this.#current.names.includes(name)) return undefined;
      const found = this.#further.find(({ certificate }) => certificate.names.includes(name));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Serves `certificate` from now on and tells every listener, also when one of them throws.
   * @throws AggregateError with what the listeners threw
   */
  replace(certificate: ServedCertificate): void {
    this.#current = certificate;
    const errors: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(certificate);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'a listener did not take the new certificate');
  }

  /** Calls `listener` at each replacement; returns how to stop that. */
  onReplace(listener: (certificate: ServedCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function isSamePair(one: ServedCertificate, other: ServedCertificate): boolean {
  return one.chainPem === other.chainPem && one.keyPem === other.keyPem;
}

/** Itself, then the wildcard above it (RFC 9525 section 6.3). */
function namesThatFit(serverName: string): string[] {
  const name = serverName.toLowerCase();
  return [name, name.replace(/^[^.]+/, '*')];
}

/** A pair that can be served, or one sentence that says why not; `half` is where to look. */
export type PairVerdict =
  | { readonly certificate: ServedCertificate }
  | { readonly problem: string; readonly half: 'certificate' | 'key' };

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Public chains have two to four; a file with more is a bundle of roots, put in the wrong place. */
const MAX_CHAIN_CERTIFICATES = 10;

/** Whether certificate chain and private key belong together and OpenSSL will serve them; no date is judged. */
export function fitPair(
  chainText: string,
  keyText: string,
  source: ServedCertificate['source'],
): PairVerdict {
  const chain = parseChain(chainText);
  if (typeof chain === 'string') return { problem: chain, half: 'certificate' };
  const key = parseKey(keyText);
  if (typeof key === 'string') return { problem: key, half: 'key' };
  const leaf = chain[0]!;
  if (!leaf.checkPrivateKey(key)) {
    const owner = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
    if (owner < 0) return { problem: 'the key does not belong to the certificate', half: 'key' };
    const problem = `the key belongs to certificate ${owner + 1} of ${chain.length}; put that one first, then what issued it`;
    return { problem, half: 'certificate' };
  }
  const chainPem = chain.map((certificate) => certificate.toString()).join('');
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  try {
    // OpenSSL's own judgement (key sizes, digests), so that setSecureContext cannot fail later in a listener.
    createSecureContext(contextOptions({ chainPem, keyPem }));
  } catch (error) {
    return { problem: `OpenSSL refuses to serve it (${(error as Error).message})`, half: 'certificate' };
  }
  const certificate: ServedCertificate = {
    chainPem,
    keyPem,
    names: subjectNames(leaf),
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    issuer: readableName(leaf.issuer),
    source,
  };
  return { certificate };
}

/** A distinguished name as node:crypto writes it, on one line and without backslashes; for people only. */
export function readableName(distinguishedName: string): string {
  return distinguishedName.replaceAll('\n', ', ').replaceAll('\\', '');
}

function parseChain(text: string): X509Certificate[] | string {
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0) return 'no certificate in it (expected PEM: "-----BEGIN CERTIFICATE-----")';
  if (blocks.length > MAX_CHAIN_CERTIFICATES) {
    return `${blocks.length} certificates in it, more than ${MAX_CHAIN_CERTIFICATES}; expected the server's own and what issued it`;
  }
  const chain: X509Certificate[] = [];
  for (const block of blocks) {
    try {
      chain.push(new X509Certificate(block));
    } catch {
      return `certificate ${chain.length + 1} of ${blocks.length} cannot be read`;
    }
  }
  return chain;
}

function parseKey(text: string): KeyObject | string {
  if (!text.includes('PRIVATE KEY-----'))
    return 'no private key in it (expected PEM: "-----BEGIN PRIVATE KEY-----")';
  // Asked first: the error of createPrivateKey says nothing of a passphrase.
  if (text.includes('ENCRYPTED')) {
    return 'the key is protected by a passphrase; write it without one: openssl pkey -in FILE -out NEWFILE';
  }
  try {
    return createPrivateKey(text);
  } catch {
    return 'the private key cannot be read';
  }
}

/** node:crypto writes a comma inside a name as \u002c, so a comma always ends one. */
const SUBJECT_ALT_NAME = /(?:^|, )(DNS|IP Address):([^,]*)/g;

/** DNS names and addresses of the subjectAltName, in the order in which they stand. */
export function subjectNames(certificate: X509Certificate): string[] {
  return [...(certificate.subjectAltName ?? '').matchAll(SUBJECT_ALT_NAME)].map(([, kind, value]) =>
    kind === 'DNS' ? value!.toLowerCase() : canonicalAddress(value!),
  );
}

/** One spelling for each address (RFC 5952), without a zone, which a certificate cannot carry. */
export function canonicalAddress(address: string): string {
  const bare = address.split('%')[0]!;
  return isIPv6(bare) ? ipaddr.parse(bare).toString() : bare;
}

/**
 * What is wrong with the dates by our own clock, for the log; null while all is well or no date can be believed.
 * The clock may be what is wrong, so the sentence says what it stands on.
 */
export function dateWarning(
  certificate: Pick<ServedCertificate, 'notBeforeMs' | 'notAfterMs'>,
  status: ClockStatus,
  nowMs: number,
): string | null {
  if (status.state === 'untrusted') return null;
  const believed = `our clock says ${writeRfc3339(nowMs)} (${status.basis ?? status.state})`;
  if (nowMs < certificate.notBeforeMs) {
    return `not valid before ${writeRfc3339(certificate.notBeforeMs)}, and ${believed}`;
  }
  if (nowMs > certificate.notAfterMs)
    return `expired at ${writeRfc3339(certificate.notAfterMs)}, and ${believed}`;
  return null;
}
