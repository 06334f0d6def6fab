// The certificate functions of the OpenSSL that runs inside this very Node, called through koffi.
// Node offers no way to verify a chain at a given instant; OpenSSL does (X509_VERIFY_PARAM_set_time), and Node's
// executable exports its functions. Thin, typed, one line each, under their own names: their manual pages are the
// documentation (https://docs.openssl.org/3.5/man3/). No policy here; verify.ts has it, self-test.ts proves it.

import { createRequire } from 'node:module';

/** An address in OpenSSL's memory; `null` is NULL. Whoever makes an object frees it. */
export type Pointer = bigint & { readonly of: 'openssl' };

export type OpenSsl = ReturnType<typeof bind>;

/** OpenSSL's functions, or why they cannot be had. */
export type OpenSslResult =
  | { readonly openssl: OpenSsl }
  | { readonly openssl: null; readonly reason: string };

/**
 * Where the functions may be: the executable and what it has loaded (official builds, and a distribution's Node
 * linked to a shared libcrypto), then the shared library by its own name.
 */
const LIBRARIES = [null, 'libcrypto.so.3', 'libcrypto.3.dylib'];

/** When it is needed, and not with this file: 9 ms that no name of the house waits for. */
const load = createRequire(import.meta.url);

/** Binds all functions, from the first library that has every one of them. */
export function loadOpenSsl(libraries: readonly (string | null)[] = LIBRARIES): OpenSslResult {
  const reasons: string[] = [];
  for (const library of libraries) {
    try {
      const koffi = load('koffi') as typeof import('koffi');
      // deep: a second OpenSSL must find its own functions before the executable's, or the two free each other's memory.
      return { openssl: bind(koffi.load(library ?? null, library ? { deep: true } : {})) };
    } catch (error) {
      reasons.push(`${library ?? 'the executable'}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { openssl: null, reason: `OpenSSL's functions were not found (${reasons.join('; ')})` };
}

function bind(library: ReturnType<typeof import('koffi').load>) {
  const f = <Arguments extends readonly unknown[], Result>(declaration: string) =>
    library.func(declaration) as unknown as (...values: Arguments) => Result;
  type Octets = Uint8Array;
  type Maybe = Pointer | null;
  return {
    ERR_clear_error: f<[], void>('void ERR_clear_error()'),

    BIO_s_mem: f<[], Pointer>('void *BIO_s_mem()'),
    BIO_new: f<[Pointer], Maybe>('void *BIO_new(void *)'),
    BIO_write: f<[Pointer, Octets, number], number>('int BIO_write(void *, const uint8_t *, int)'),
    BIO_ctrl: f<[Pointer, number, number, null], number>('long BIO_ctrl(void *, int, long, void *)'),
    BIO_free: f<[Pointer], number>('int BIO_free(void *)'),

    d2i_X509_bio: f<[Pointer, null], Maybe>('void *d2i_X509_bio(void *, void *)'),
    X509_free: f<[Pointer], void>('void X509_free(void *)'),
    X509_get0_notBefore: f<[Pointer], Pointer>('void *X509_get0_notBefore(void *)'),
    X509_get0_notAfter: f<[Pointer], Pointer>('void *X509_get0_notAfter(void *)'),
    ASN1_TIME_to_tm: f<[Pointer, Int32Array], number>('int ASN1_TIME_to_tm(void *, _Out_ int *)'),
    X509_check_host: f<[Pointer, Octets, number, number, null], number>(
      'int X509_check_host(void *, const uint8_t *, size_t, unsigned int, void *)',
    ),
    X509_check_ip_asc: f<[Pointer, string, number], number>(
      'int X509_check_ip_asc(void *, const char *, unsigned int)',
    ),

    X509_get_X509_PUBKEY: f<[Pointer], Pointer>('void *X509_get_X509_PUBKEY(void *)'),
    X509_PUBKEY_it: f<[], Pointer>('void *X509_PUBKEY_it()'),
    EVP_sha256: f<[], Pointer>('void *EVP_sha256()'),
    ASN1_item_digest: f<[Pointer, Pointer, Pointer, Octets, null], number>(
      'int ASN1_item_digest(void *, void *, void *, _Out_ uint8_t *, void *)',
    ),

    OPENSSL_sk_new_null: f<[], Maybe>('void *OPENSSL_sk_new_null()'),
    OPENSSL_sk_push: f<[Pointer, Pointer], number>('int OPENSSL_sk_push(void *, void *)'),
    OPENSSL_sk_num: f<[Pointer], number>('int OPENSSL_sk_num(void *)'),
    OPENSSL_sk_value: f<[Pointer, number], Pointer>('void *OPENSSL_sk_value(void *, int)'),
    OPENSSL_sk_free: f<[Pointer], void>('void OPENSSL_sk_free(void *)'),

    X509_STORE_new: f<[], Maybe>('void *X509_STORE_new()'),
    X509_STORE_add_cert: f<[Pointer, Pointer], number>('int X509_STORE_add_cert(void *, void *)'),
    X509_STORE_free: f<[Pointer], void>('void X509_STORE_free(void *)'),

    X509_STORE_CTX_new: f<[], Maybe>('void *X509_STORE_CTX_new()'),
    X509_STORE_CTX_init: f<[Pointer, Pointer, Pointer, Pointer], number>(
      'int X509_STORE_CTX_init(void *, void *, void *, void *)',
    ),
    X509_STORE_CTX_set_default: f<[Pointer, string], number>(
      'int X509_STORE_CTX_set_default(void *, const char *)',
    ),
    X509_STORE_CTX_get0_param: f<[Pointer], Pointer>('void *X509_STORE_CTX_get0_param(void *)'),
    X509_VERIFY_PARAM_set_time: f<[Pointer, number], void>(
      'void X509_VERIFY_PARAM_set_time(void *, int64_t)',
    ),
    X509_VERIFY_PARAM_set_auth_level: f<[Pointer, number], void>(
      'void X509_VERIFY_PARAM_set_auth_level(void *, int)',
    ),
    X509_VERIFY_PARAM_set_depth: f<[Pointer, number], void>('void X509_VERIFY_PARAM_set_depth(void *, int)'),
    X509_VERIFY_PARAM_set_flags: f<[Pointer, number], number>(
      'int X509_VERIFY_PARAM_set_flags(void *, unsigned long)',
    ),
    X509_verify_cert: f<[Pointer], number>('int X509_verify_cert(void *)'),
    X509_STORE_CTX_get_error: f<[Pointer], number>('int X509_STORE_CTX_get_error(void *)'),
    X509_STORE_CTX_get_error_depth: f<[Pointer], number>('int X509_STORE_CTX_get_error_depth(void *)'),
    X509_STORE_CTX_get0_chain: f<[Pointer], Maybe>('void *X509_STORE_CTX_get0_chain(void *)'),
    X509_STORE_CTX_free: f<[Pointer], void>('void X509_STORE_CTX_free(void *)'),
    X509_verify_cert_error_string: f<[number], string>('const char *X509_verify_cert_error_string(long)'),
  };
}
