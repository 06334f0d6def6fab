// A certificate authority for tests: a root, an intermediate, and any certificate below them, good or odd.
//
//   const pki = createPki(directory);                        // everything is synchronous; files go to `directory`
//   const good = pki.issue({ names: ['dns.example'], addresses: ['127.0.0.1'] });
//   const old = pki.issue({ names: ['dns.example'], notAfter: new Date('2026-01-01') });
//   tls.createServer({ cert: readFileSync(good.certificateFile), key: readFileSync(good.keyFile) });
//   // who trusts `pki.rootFile` trusts `good`
//
// Every field of CertificateSpec has an unremarkable default; the odd ones exist for the verdict table.
// Dates default to a day before and 90 days after `at` (ten years each way for authorities).

import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import * as der from './der.ts';

const DAY_MS = 86_400_000;

export type KeyType = 'p256' | 'p384' | 'secp256k1' | 'rsa2048' | 'rsa1024' | 'rsa-pss' | 'ed25519';

export type Digest = 'sha256' | 'sha384' | 'sha1' | 'md5';

/** Bits of KeyUsage by their place (RFC 5280 §4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

export const EXTENDED_KEY_USAGE = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Subtrees of a name constraint: a DNS suffix, or an address with its mask in octets (RFC 5280 §4.2.1.10). */
export type Subtree = { readonly name: string } | { readonly address: string; readonly mask: string };

export interface CertificateSpec {
  /** SAN dNSName entries, as they stand (Latin-1; a NUL is let through). */
  readonly names?: readonly string[];
  /** SAN iPAddress entries. */
  readonly addresses?: readonly string[];
  /** A string is written into a UTCTime as it stands. */
  readonly notBefore?: Date | string;
  readonly notAfter?: Date | string;
  /** Who signs; default: the intermediate for `issue`, the root for `authority`; `'self'`: its own key. */
  readonly issuer?: Authority | 'self';
  /** Kind of key, or a key made before (for cross-signing); default p256. */
  readonly key?: KeyType | KeyObject;
  /** Common name of the subject; default the first name or address. */
  readonly subject?: string;
  /** basicConstraints cA; default true for `authority`, false for `issue`; null: no basicConstraints. */
  readonly ca?: boolean | null;
  readonly pathLength?: number;
  /** Null: no such extension. */
  readonly keyUsage?: readonly (keyof typeof KEY_USAGE)[] | null;
  /** Object identifiers; null: no such extension. */
  readonly extendedKeyUsage?: readonly string[] | null;
  readonly permitted?: readonly Subtree[];
  readonly excluded?: readonly Subtree[];
  /** More extensions, each made by `extension`. */
  readonly extensions?: readonly Uint8Array[];
  /** Version 1 leaves every extension out. */
  readonly version?: 1 | 3;
  /** Digest of the signature over this certificate; default sha256. */
  readonly digest?: Digest;
}

export interface IssuedCertificate {
  /** PEM: this certificate and the intermediates above it, without the root. */
  readonly certificateFile: string;
  /** PEM, PKCS #8. */
  readonly keyFile: string;
  /** The same chain as DER, leaf first. */
  readonly der: readonly Uint8Array[];
  readonly key: KeyObject;
  /** SPKI pin of the leaf, "sha256/BASE64". */
  readonly pin: string;
}

/** An issued certificate that may issue others. */
export interface Authority extends IssuedCertificate {
  readonly subject: string;
}

export interface Pki {
  readonly root: Authority;
  readonly intermediate: Authority;
  /** PEM file of the root: what a `ca_file` names. */
  readonly rootFile: string;
  issue(spec: CertificateSpec): IssuedCertificate;
  /** Another authority, below the root unless `issuer` says otherwise; `'self'` makes a root of its own. */
  authority(spec: CertificateSpec & { readonly subject: string }): Authority;
}

/** `at`: the instant around which default dates lie, milliseconds since 1970; default: the machine's clock. */
export function createPki(directory: string, { at = Date.now() }: { readonly at?: number } = {}): Pki {
  let count = 0;
  const make = (spec: CertificateSpec, issuer: Authority | undefined, isAuthority: boolean): Authority => {
    const made = certify(spec, issuer, isAuthority, at);
    // A root stands in no chain that is sent; below it, each certificate is followed by its issuer's chain.
    const chain = issuer === undefined ? [] : isRoot(issuer) ? [] : issuer.der;
    const stem = join(directory, `${isAuthority ? 'authority' : 'leaf'}-${++count}`);
    const issued = {
      ...made,
      der: [made.certificate, ...chain],
      certificateFile: `${stem}.pem`,
      keyFile: `${stem}.key`,
    };
    writeFileSync(issued.certificateFile, issued.der.map(toPem).join(''));
    writeFileSync(issued.keyFile, made.key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    if (issuer === undefined) roots.add(issued);
    return issued;
  };
  const roots = new WeakSet<Authority>();
  const isRoot = (authority: Authority) => roots.has(authority);
  const signer = (spec: CertificateSpec, standard: Authority) =>
    spec.issuer === 'self' ? undefined : (spec.issuer ?? standard);

  const root = make({ subject: 'Test Root' }, undefined, true);
  const intermediate = make({ subject: 'Test Intermediate' }, root, true);
  return {
    root,
    intermediate,
    rootFile: root.certificateFile,
    issue: (spec) => make(spec, signer(spec, intermediate), false),
    authority: (spec) => make(spec, signer(spec, root), true),
  };
}

/** An extension by its object identifier and the DER of its value. */
export function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(oid), ...flag, der.octetString(value));
}

export function toPem(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Makes a key of a kind, for a spec whose key must be known beforehand or shared. */
export function generateKey(type: KeyType): KeyObject {
  switch (type) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    case 'secp256k1':
      return generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
    default:
      return generateKeyPairSync('rsa', { modulusLength: type === 'rsa1024' ? 1024 : 2048 }).privateKey;
  }
}

function certify(spec: CertificateSpec, issuer: Authority | undefined, isAuthority: boolean, at: number) {
  const key = typeof spec.key === 'object' ? spec.key : generateKey(spec.key ?? 'p256');
  const subject = spec.subject ?? spec.names?.[0] ?? spec.addresses?.[0] ?? '';
  const signingKey = issuer?.key ?? key;
  const digest = spec.digest ?? 'sha256';
  const algorithm = signatureAlgorithm(signingKey, digest);
  const spki = publicKeyInfo(key);
  const version = spec.version === 1 ? [] : [der.tlv(0xa0, der.integer(2))];
  const extensions =
    spec.version === 1
      ? []
      : [
          der.tlv(
            0xa3,
            der.sequence(
              ...standardExtensions(spec, isAuthority, key, signingKey),
              ...(spec.extensions ?? []),
            ),
          ),
        ];
  const reachMs = isAuthority ? 3650 * DAY_MS : 90 * DAY_MS;
  const tbs = der.sequence(
    ...version,
    der.integer(Uint8Array.of(1, ...randomBytes(15))),
    algorithm,
    commonName(issuer?.subject ?? subject),
    der.sequence(
      der.time(spec.notBefore ?? new Date(at - (isAuthority ? reachMs : DAY_MS))),
      der.time(spec.notAfter ?? new Date(at + reachMs)),
    ),
    commonName(subject),
    spki,
    ...extensions,
  );
  const certificate = der.sequence(tbs, algorithm, der.bitString(signature(signingKey, digest, tbs)));
  const pin = `sha256/${createHash('sha256').update(spki).digest('base64')}`;
  return { certificate, key, subject, pin };
}

function standardExtensions(
  spec: CertificateSpec,
  isAuthority: boolean,
  key: KeyObject,
  signingKey: KeyObject,
) {
  const out: Uint8Array[] = [];
  const ca = spec.ca === undefined ? isAuthority : spec.ca;
  if (ca !== null) {
    const pathLength = spec.pathLength === undefined ? [] : [der.integer(spec.pathLength)];
    out.push(extension('2.5.29.19', true, der.sequence(...(ca ? [der.boolean(true)] : []), ...pathLength)));
  }
  const usage =
    spec.keyUsage === undefined
      ? ca
        ? (['keyCertSign', 'cRLSign'] as const)
        : (['digitalSignature'] as const)
      : spec.keyUsage;
  if (usage !== null) out.push(extension('2.5.29.15', true, keyUsageBits(usage)));
  const extended =
    spec.extendedKeyUsage === undefined
      ? ca
        ? null
        : [EXTENDED_KEY_USAGE.serverAuth]
      : spec.extendedKeyUsage;
  if (extended !== null)
    out.push(extension('2.5.29.37', false, der.sequence(...extended.map(der.objectIdentifier))));
  out.push(extension('2.5.29.14', false, der.octetString(keyIdentifier(key))));
  out.push(extension('2.5.29.35', false, der.sequence(der.tlv(0x80, keyIdentifier(signingKey)))));
  const names = [
    ...(spec.names ?? []).map((name) => der.tlv(0x82, Buffer.from(name, 'latin1'))),
    ...(spec.addresses ?? []).map((address) => der.tlv(0x87, addressOctets(address))),
  ];
  if (names.length > 0) out.push(extension('2.5.29.17', false, der.sequence(...names)));
  if (spec.permitted || spec.excluded) {
    const permitted = spec.permitted ? [der.tlv(0xa0, ...spec.permitted.map(subtree))] : [];
    const excluded = spec.excluded ? [der.tlv(0xa1, ...spec.excluded.map(subtree))] : [];
    out.push(extension('2.5.29.30', true, der.sequence(...permitted, ...excluded)));
  }
  return out;
}

function subtree(tree: Subtree): Uint8Array {
  if ('name' in tree) return der.sequence(der.tlv(0x82, Buffer.from(tree.name, 'latin1')));
  return der.sequence(der.tlv(0x87, addressOctets(tree.address), addressOctets(tree.mask)));
}

function keyUsageBits(usage: readonly (keyof typeof KEY_USAGE)[]): Uint8Array {
  const octet = usage.reduce((bits, name) => bits | (0x80 >> KEY_USAGE[name]), 0);
  const unusedBits = octet === 0 ? 0 : Math.clz32(octet & -octet) ^ 31;
  return der.bitString(Uint8Array.of(octet), unusedBits);
}

function addressOctets(address: string): Uint8Array {
  return Uint8Array.from(
    isIPv4(address) ? ipaddr.IPv4.parse(address).toByteArray() : ipaddr.IPv6.parse(address).toByteArray(),
  );
}

/** A distinguished name of one common name; the empty string gives the empty name. */
function commonName(text: string): Uint8Array {
  if (text === '') return der.sequence();
  return der.sequence(der.set(der.sequence(der.objectIdentifier('2.5.4.3'), der.utf8String(text))));
}

function publicKeyInfo(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash('sha1').update(publicKeyInfo(key)).digest();
}

const DIGEST_OID: Record<Digest, string> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha1: '1.3.14.3.2.26',
  md5: '1.2.840.113549.2.5',
};
const RSA_WITH: Record<Digest, string> = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha1: '1.2.840.113549.1.1.5',
  md5: '1.2.840.113549.1.1.4',
};
const ECDSA_WITH: Record<Digest, string> = {
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha1: '1.2.840.10045.4.1',
  md5: '1.2.840.10045.4.1',
};

/** As long as SHA-256, which is what public CAs use. */
const PSS_SALT_OCTETS = 32;

function signatureAlgorithm(key: KeyObject, digest: Digest): Uint8Array {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return der.sequence(der.objectIdentifier(ECDSA_WITH[digest]));
    case 'ed25519':
      return der.sequence(der.objectIdentifier('1.3.101.112'));
    case 'rsa-pss': {
      const hash = der.sequence(der.objectIdentifier(DIGEST_OID[digest]), der.nullValue());
      const mgf1 = der.sequence(der.objectIdentifier('1.2.840.113549.1.1.8'), hash);
      const parameters = der.sequence(
        der.tlv(0xa0, hash),
        der.tlv(0xa1, mgf1),
        der.tlv(0xa2, der.integer(PSS_SALT_OCTETS)),
      );
      return der.sequence(der.objectIdentifier('1.2.840.113549.1.1.10'), parameters);
    }
    default:
      return der.sequence(der.objectIdentifier(RSA_WITH[digest]), der.nullValue());
  }
}

function signature(key: KeyObject, digest: Digest, tbs: Uint8Array): Uint8Array {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, tbs, key);
  return sign(digest, tbs, key.asymmetricKeyType === 'rsa-pss' ? { key, saltLength: PSS_SALT_OCTETS } : key);
}
