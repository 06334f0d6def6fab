// One X.509 certificate in OpenSSL's memory: what verify.ts asks of it, answered by OpenSSL alone.
// Never through node:crypto's X509Certificate, which takes a PEM block found anywhere inside the octets for the
// certificate: names must be read from the very object whose chain is proven.

import { isIP } from 'node:net';
import { isHostName } from './identity.ts';
import type { OpenSsl, Pointer } from './openssl.ts';

/** BIO_ctrl's command for "how many octets are left" (openssl/bio.h). */
const BIO_CTRL_PENDING = 10;

/**
 * X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS and X509_CHECK_FLAG_NEVER_CHECK_SUBJECT (openssl/x509v3.h), as RFC 9525
 * section 6.3 wants it: a wildcard is a whole label, and a common name is no name of a host.
 */
const HOST_FLAGS = 0x4 | 0x20;

const SHA256_OCTETS = 32;

/** `struct tm` begins with these six ints everywhere; 16 leave room for what each platform adds. */
const STRUCT_TM_INTS = 16;

export class Certificate implements Disposable {
  readonly #openssl: OpenSsl;
  /** X509 *, owned by this object. */
  readonly pointer: Pointer;
  /** Whole seconds as milliseconds since 1970; NaN where the certificate's date is none. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;

  private constructor(openssl: OpenSsl, pointer: Pointer) {
    this.#openssl = openssl;
    this.pointer = pointer;
    this.notBeforeMs = readTime(openssl, openssl.X509_get0_notBefore(pointer));
    this.notAfterMs = readTime(openssl, openssl.X509_get0_notAfter(pointer));
  }

  /** Reads one DER certificate, all of it and nothing after it; null if that is not what it is. */
  static read(openssl: OpenSsl, der: Uint8Array): Certificate | null {
    // A copy in OpenSSL's own memory: what JavaScript holds may move or vanish between two calls.
    const bio = openssl.BIO_new(openssl.BIO_s_mem());
    if (bio === null) return null;
    openssl.BIO_write(bio, der, der.length);
    const pointer = openssl.d2i_X509_bio(bio, null);
    const leftOctets = openssl.BIO_ctrl(bio, BIO_CTRL_PENDING, 0, null);
    openssl.BIO_free(bio);
    openssl.ERR_clear_error();
    if (pointer === null) return null;
    if (leftOctets === 0) return new Certificate(openssl, pointer);
    openssl.X509_free(pointer);
    return null;
  }

  /** Whether a SAN names this host name or IP literal (RFC 9525); false for what is neither. */
  isFor(name: string): boolean {
    if (isIP(name) !== 0) return this.#openssl.X509_check_ip_asc(this.pointer, name, 0) === 1;
    if (!isHostName(name)) return false;
    const octets = Buffer.from(name, 'latin1');
    return this.#openssl.X509_check_host(this.pointer, octets, octets.length, HOST_FLAGS, null) === 1;
  }

  /** Frees it; it must not be touched afterwards. */
  [Symbol.dispose](): void {
    this.#openssl.X509_free(this.pointer);
  }
}

/** "sha256/BASE64" over the SubjectPublicKeyInfo of an X509 * (RFC 7469 section 2.4). */
export function publicKeyPin(openssl: OpenSsl, certificate: Pointer): string {
  const digest = Buffer.alloc(SHA256_OCTETS);
  const key = openssl.X509_get_X509_PUBKEY(certificate);
  const done = openssl.ASN1_item_digest(openssl.X509_PUBKEY_it(), openssl.EVP_sha256(), key, digest, null);
  if (done !== 1) throw new Error('OpenSSL could not digest a public key');
  return `sha256/${digest.toString('base64')}`;
}

function readTime(openssl: OpenSsl, time: Pointer): number {
  const tm = new Int32Array(STRUCT_TM_INTS);
  if (openssl.ASN1_TIME_to_tm(time, tm) !== 1) return Number.NaN;
  const [second, minute, hour, day, month, yearsSince1900] = tm;
  return Date.UTC(yearsSince1900! + 1900, month!, day!, hour!, minute!, second!);
}
