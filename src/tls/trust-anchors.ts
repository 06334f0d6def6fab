// The roots that a peer's chain may descend from: the public ones that Node carries, or the CAs of one PEM file.
// Held in the two forms that are needed: PEM for Node's own verification, and one OpenSSL store, built at first use
// and kept, because reading 140 roots costs more than all the rest of a handshake.

import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { OpenSsl, Pointer } from './openssl.ts';
import { Certificate } from './openssl-certificate.ts';

/** Five times the bundle that Debian ships; a file above it is not a CA file. */
const FILE_LIMIT_OCTETS = 1024 * 1024;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A CA file that cannot be used; the message says which file, why, and what to do. */
export class CaFileUnusable extends Error {
  override readonly name = 'CaFileUnusable';
  readonly code = 'ca-file-unusable';
}

export class TrustAnchors {
  /** Whether these are the public roots; only they say anything about the date of the world (docs/time.md). */
  readonly isPublic: boolean;
  /** One PEM block a certificate. */
  readonly pem: readonly string[];
  #store: Pointer | undefined;

  static #public: TrustAnchors | undefined;
  static readonly #stores = new FinalizationRegistry<() => void>((free) => free());

  private constructor(pem: readonly string[], isPublic: boolean) {
    this.isPublic = isPublic;
    this.pem = pem;
  }

  /** The public roots as this Node has them (NODE_EXTRA_CA_CERTS and --use-system-ca included), read once. */
  static public(): TrustAnchors {
    TrustAnchors.#public ??= new TrustAnchors(getCACertificates('default'), true);
    return TrustAnchors.#public;
  }

  /** The certificates of a PEM file, and no others; a chain must end in one that signed itself. Throws CaFileUnusable. */
  static fromFile(file: string): TrustAnchors {
    return TrustAnchors.fromPem(readPemFile(file), `The CA file ${file}`);
  }

  /** The same from PEM text; `what` begins the sentence of an error. */
  static fromPem(text: string, what = 'The CA'): TrustAnchors {
    const pem = text.match(PEM_CERTIFICATE);
    if (pem === null) {
      throw new CaFileUnusable(`${what} holds no certificate: it needs a block -----BEGIN CERTIFICATE-----.`);
    }
    try {
      for (const block of pem) new X509Certificate(block);
    } catch {
      throw new CaFileUnusable(`${what} holds a block that is no certificate: replace it by an intact copy.`);
    }
    return new TrustAnchors(pem, false);
  }

  /** An X509_STORE of these anchors, owned by this object and freed with it. */
  store(openssl: OpenSsl): Pointer {
    if (this.#store !== undefined) return this.#store;
    const store = openssl.X509_STORE_new();
    if (store === null) throw new Error('OpenSSL has no memory for a certificate store');
    // The callback must not hold `this`, or it would never be collected.
    TrustAnchors.#stores.register(this, () => openssl.X509_STORE_free(store));
    this.#store = store;
    for (const block of this.pem) {
      using certificate = Certificate.read(openssl, derOf(block));
      // Null where Node could read it and this OpenSSL cannot: one root less, never one too many.
      if (certificate !== null) openssl.X509_STORE_add_cert(store, certificate.pointer);
    }
    return store;
  }
}

function derOf(block: string): Uint8Array {
  return Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64');
}

function readPemFile(file: string): string {
  const kind = attempt(file, () => statSync(file));
  // A device or a pipe has no size, and may have no end.
  if (!kind.isFile()) throw new CaFileUnusable(`The CA file ${file} is not a file: name a PEM file.`);
  if (kind.size > FILE_LIMIT_OCTETS) {
    throw new CaFileUnusable(
      `The CA file ${file} is over ${FILE_LIMIT_OCTETS} octets: name a file that holds only CAs.`,
    );
  }
  return attempt(file, () => readFileSync(file, 'latin1'));
}

function attempt<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new CaFileUnusable(
      `The CA file ${file} cannot be read (${code}): check its path and its permissions.`,
    );
  }
}
