// One run of OpenSSL's path validation (RFC 5280 section 6): from a leaf, by way of what its peer sent along, to a
// trust anchor, at one instant, for a server's certificate, with keys and digests that still count as strong.
// It does not look at names, and decides nothing: verify.ts reads the result.

import type { OpenSsl, Pointer } from './openssl.ts';
import { type Certificate, publicKeyPin } from './openssl-certificate.ts';

/** Keys and digests worth 112 bits: RSA 2048, SHA-256 (X509_VERIFY_PARAM_set_auth_level, level 2). */
const AUTH_LEVEL = 2;

/** Certificates between leaf and anchor; public paths have one or two. */
const DEPTH_LIMIT = 10;

/** X509_V_FLAG_PARTIAL_CHAIN (openssl/x509_vfy.h). */
const PARTIAL_CHAIN = 0x80000;

/** X509_V_OK and X509_V_ERR_UNSPECIFIED (openssl/x509_vfy.h). */
export const PATH_OK = 0;
const PATH_UNSPECIFIED = 1;

export interface PathStart {
  readonly leaf: Certificate;
  /** What the peer sent besides, in any order; none of it is believed. */
  readonly others: readonly Certificate[];
  /** X509_STORE * of the trust anchors. */
  readonly store: Pointer;
  /**
   * An anchor that did not sign itself ends the path too. For a chain of our own, which mostly ends in an intermediate;
   * a peer's must end in a root.
   */
  readonly allowPartialChain?: boolean;
}

export interface Path {
  /** PATH_OK, or OpenSSL's X509_V_ERR_… code. */
  readonly error: number;
  /** Which certificate the error is about: 0 is the leaf. */
  readonly depth: number;
  /** Pins of the keys on the proven path, leaf first, anchor included; of the leaf alone where none is proven. */
  readonly pins: readonly string[];
}

/** `at` is in milliseconds since 1970; OpenSSL judges at that second. Throws only when OpenSSL lacks memory. */
export function findPath(openssl: OpenSsl, start: PathStart, at: number): Path {
  const context = openssl.X509_STORE_CTX_new();
  const others = openssl.OPENSSL_sk_new_null();
  if (context === null || others === null) throw new Error('OpenSSL has no memory for a verification');
  try {
    for (const certificate of start.others) openssl.OPENSSL_sk_push(others, certificate.pointer);
    if (openssl.X509_STORE_CTX_init(context, start.store, start.leaf.pointer, others) !== 1) {
      throw new Error('OpenSSL has no memory for a verification');
    }
    // OpenSSL's name for "what a server shows": sets purpose and trust alike.
    if (openssl.X509_STORE_CTX_set_default(context, 'ssl_server') !== 1) {
      throw new Error('OpenSSL knows no ssl_server');
    }
    const parameters = openssl.X509_STORE_CTX_get0_param(context);
    openssl.X509_VERIFY_PARAM_set_auth_level(parameters, AUTH_LEVEL);
    openssl.X509_VERIFY_PARAM_set_depth(parameters, DEPTH_LIMIT);
    openssl.X509_VERIFY_PARAM_set_time(parameters, Math.floor(at / 1000));
    if (start.allowPartialChain === true) openssl.X509_VERIFY_PARAM_set_flags(parameters, PARTIAL_CHAIN);
    const proven = openssl.X509_verify_cert(context) === 1;
    const error = openssl.X509_STORE_CTX_get_error(context);
    const depth = openssl.X509_STORE_CTX_get_error_depth(context);
    if (proven && error === PATH_OK) return { error, depth, pins: provenPins(openssl, context) };
    return { error: error || PATH_UNSPECIFIED, depth, pins: [publicKeyPin(openssl, start.leaf.pointer)] };
  } finally {
    openssl.X509_STORE_CTX_free(context);
    openssl.OPENSSL_sk_free(others);
    openssl.ERR_clear_error();
  }
}

function provenPins(openssl: OpenSsl, context: Pointer): string[] {
  const path = openssl.X509_STORE_CTX_get0_chain(context);
  if (path === null) return [];
  const length = openssl.OPENSSL_sk_num(path);
  return Array.from({ length }, (_, index) => publicKeyPin(openssl, openssl.OPENSSL_sk_value(path, index)));
}
