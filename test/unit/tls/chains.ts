// The table of verdicts: chains with names, what they were sent as, and what must hold of them.
// verify.test.ts puts each before our judgement and before `openssl verify`.

import { generateKeyPairSync } from 'node:crypto';
import * as der from '../../support/der.ts';
import {
  type CertificateSpec,
  EXTENDED_KEY_USAGE,
  extension,
  generateKey,
  type IssuedCertificate,
  type Pki,
  toPem,
} from '../../support/pki.ts';

/** The instant at which every chain is judged unless it says otherwise. */
export const AT = Date.UTC(2026, 10, 15, 12);

const HOST = 'dns.example.test';
const DAY_MS = 86_400_000;

export interface ChainCase {
  readonly what: string;
  readonly chain: readonly Uint8Array[];
  /** Which of identity, chain and dates hold, in that order. */
  readonly holds:
    | 'identity chain dates'
    | 'chain dates'
    | 'identity dates'
    | 'identity chain'
    | 'identity'
    | 'chain'
    | 'dates'
    | '';
  readonly name: string;
  readonly at: number;
  /** PEM. */
  readonly anchors: string;
  readonly pins: readonly string[];
  /** Why `openssl verify` cannot be asked, or is known to be laxer than us. */
  readonly beyondOracle: string | null;
}

type CaseOptions = Partial<Pick<ChainCase, 'name' | 'at' | 'anchors' | 'pins' | 'beyondOracle'>>;

const EVERYTHING = 'identity chain dates';
const NOT_IDENTITY = 'chain dates';
const NOT_CHAIN = 'identity dates';
const NOT_DATES = 'identity chain';

export function makeChains(pki: Pki): ChainCase[] {
  const cases: ChainCase[] = [];
  const add = (
    what: string,
    holds: ChainCase['holds'],
    sent: IssuedCertificate | readonly Uint8Array[],
    options: CaseOptions = {},
  ) => {
    const chain = 'der' in sent ? sent.der : sent;
    const anchors = toPem(pki.root.der[0]!);
    cases.push({ what, holds, chain, name: HOST, at: AT, anchors, pins: [], beyondOracle: null, ...options });
  };
  const leaf = (spec: CertificateSpec = {}) => pki.issue({ names: [HOST], ...spec });
  addNames(pki, leaf, add);
  addPaths(pki, leaf, add);
  addFitness(pki, leaf, add);
  addDates(pki, leaf, add);
  addOddSendings(pki, leaf, add);
  addPins(pki, leaf, add);
  return cases;
}

type Leaf = (spec?: CertificateSpec) => IssuedCertificate;
type Add = (
  what: string,
  holds: ChainCase['holds'],
  sent: IssuedCertificate | readonly Uint8Array[],
  options?: CaseOptions,
) => void;

function addNames(pki: Pki, leaf: Leaf, add: Add): void {
  const rich = pki.issue({
    names: [HOST, '*.wild.test', 'xn--bcher-kva.example.test'],
    addresses: ['127.0.0.1', '2001:db8::53'],
  });
  add('a good name', EVERYTHING, rich);
  add('a good name in capitals', EVERYTHING, rich, { name: HOST.toUpperCase() });
  add('a good IPv4 address', EVERYTHING, rich, { name: '127.0.0.1' });
  add('a good IPv6 address', EVERYTHING, rich, { name: '2001:db8::53' });
  add('a good IPv6 address written at length', EVERYTHING, rich, { name: '2001:0db8:0:0:0:0:0:0053' });
  add('a wildcard for one label', EVERYTHING, rich, { name: 'a.wild.test' });
  add('a wildcard for an A-label', EVERYTHING, rich, { name: 'xn--bcher-kva.wild.test' });
  add('an A-label', EVERYTHING, rich, { name: 'xn--bcher-kva.example.test' });
  add('the last of a hundred names', EVERYTHING, leaf({ names: [...hundredNames(), HOST] }));
  add('a wrong name', NOT_IDENTITY, rich, { name: 'evil.test' });
  add('a name below the right one', NOT_IDENTITY, rich, { name: `a.${HOST}` });
  add('a wildcard for two labels', NOT_IDENTITY, rich, { name: 'a.b.wild.test' });
  add('a wildcard for no label', NOT_IDENTITY, rich, { name: 'wild.test' });
  add('a wildcard right below the top', NOT_IDENTITY, leaf({ names: ['*.test'] }), { name: 'wild.test' });
  add('a wildcard in the middle', NOT_IDENTITY, leaf({ names: ['dns.*.test'] }));
  add('a partial wildcard', NOT_IDENTITY, leaf({ names: ['d*.example.test'] }), {
    beyondOracle: 'the command has no switch for X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS',
  });
  add('a U-label', NOT_IDENTITY, rich, { name: 'bücher.example.test' });
  add('a trailing dot', NOT_IDENTITY, rich, { name: `${HOST}.` });
  add('a leading dot, which OpenSSL takes for any name below', NOT_IDENTITY, rich, {
    name: '.example.test',
    beyondOracle: 'it means another thing to the command',
  });
  add('an empty name', NOT_IDENTITY, rich, { name: '', beyondOracle: 'the command then checks none' });
  add('a name that goes on after a NUL', NOT_IDENTITY, rich, {
    name: `${HOST}\0.evil.test`,
    beyondOracle: 'no argument of a command can hold a NUL',
  });
  add('a certificate whose name goes on after a NUL', NOT_IDENTITY, leaf({ names: [`${HOST}\0.evil.test`] }));
  add('a wrong IPv4 address', NOT_IDENTITY, rich, { name: '127.0.0.2' });
  add('a wrong IPv6 address', NOT_IDENTITY, rich, { name: '2001:db8::54' });
  add('an IPv6 address with a zone', NOT_IDENTITY, rich, {
    name: '2001:db8::53%eth0',
    beyondOracle: 'the command refuses it as an option',
  });
  add('an address that is written as a name', NOT_IDENTITY, leaf({ names: ['127.0.0.1'] }), {
    name: '127.0.0.1',
  });
  const commonName = { names: [], subject: HOST };
  add('a common name and no other', NOT_IDENTITY, leaf(commonName), {
    beyondOracle: 'the command has no switch for X509_CHECK_FLAG_NEVER_CHECK_SUBJECT',
  });
  add('a common name beside another name', NOT_IDENTITY, leaf({ subject: HOST, names: ['other.test'] }));
  add('no name at all', NOT_IDENTITY, leaf({ names: [], subject: '' }));
  const uri = der.sequence(der.tlv(0x86, Buffer.from(`https://${HOST}/`)));
  add(
    'the name in a URI only',
    NOT_IDENTITY,
    leaf({ names: [], subject: 'x', extensions: [extension('2.5.29.17', false, uri)] }),
  );
  add('a certificate that carries another one as text', NOT_IDENTITY, smuggling(pki), { name: HOST });
}

function hundredNames(): string[] {
  return Array.from({ length: 100 }, (_, index) => `host-${index}.example.test`);
}

/** For evil.test, and with a whole certificate for HOST in PEM inside: node:crypto would read that one. */
function smuggling(pki: Pki): IssuedCertificate {
  const text = `\n${toPem(pki.issue({ names: [HOST] }).der[0]!)}`;
  const comment = extension('2.16.840.1.113730.1.13', false, der.tlv(0x16, Buffer.from(text)));
  return pki.issue({ names: ['evil.test'], extensions: [comment] });
}

function addPaths(pki: Pki, leaf: Leaf, add: Add): void {
  const { root, intermediate } = pki;
  const good = leaf();
  const [own] = good.der as [Uint8Array];
  const middle = intermediate.der[0]!;
  const top = root.der[0]!;
  const oldRoot = pki.authority({ subject: 'Old Root', issuer: 'self' });
  const crossed = (spec: Partial<CertificateSpec> = {}) =>
    pki.authority({ subject: root.subject, key: root.key, issuer: oldRoot, ...spec }).der[0]!;
  const other = pki.authority({ subject: 'Other Root', issuer: 'self' });
  const imposter = pki.authority({ subject: root.subject, issuer: 'self' });
  const oldAnchor = { anchors: toPem(oldRoot.der[0]!) };

  add('a leaf straight below the root', EVERYTHING, leaf({ issuer: root }));
  add('the root sent along', EVERYTHING, [own, middle, top]);
  add('a chain out of order', EVERYTHING, [own, top, middle]);
  add('an intermediate sent twice', EVERYTHING, [own, middle, middle]);
  add('the leaf sent twice', EVERYTHING, [own, own, middle]);
  add('a chain with a stranger in it', EVERYTHING, [own, other.der[0]!, middle]);
  add('a cross-signed root, trusted itself', EVERYTHING, [own, middle, crossed(), oldRoot.der[0]!]);
  add('a cross-signed root, its signer trusted', EVERYTHING, [own, middle, crossed()], oldAnchor);
  add('an expired cross-signature beside a trusted root', EVERYTHING, [
    own,
    middle,
    crossed({ notAfter: new Date(AT - DAY_MS) }),
  ]);
  add(
    'an expired cross-signature alone',
    NOT_DATES,
    [own, middle, crossed({ notAfter: new Date(AT - DAY_MS / 2) })],
    {
      ...oldAnchor,
    },
  );
  add('one of two trusted roots', EVERYTHING, good, { anchors: toPem(other.der[0]!) + toPem(top) });
  add('a trusted leaf that signed itself', EVERYTHING, ...trustedSelf(leaf));
  add('nine authorities', EVERYTHING, leaf({ issuer: tower(pki, 9) }));

  add('a foreign root', NOT_CHAIN, leaf({ issuer: other }));
  add('a foreign root sent along', NOT_CHAIN, [...leaf({ issuer: other }).der, other.der[0]!]);
  add('a foreign root of the same name', NOT_CHAIN, leaf({ issuer: imposter }));
  add('a leaf that signed itself', NOT_CHAIN, leaf({ issuer: 'self' }));
  add('a missing intermediate', NOT_CHAIN, [own]);
  add('the intermediate trusted, but not its root', NOT_CHAIN, good, { anchors: toPem(middle) });
  add('a leaf below a leaf', NOT_CHAIN, leaf({ issuer: { ...leaf({ subject: 'Leaf' }), subject: 'Leaf' } }));
  add('a leaf below the trusted leaf of another', NOT_CHAIN, leaf({ issuer: { ...good, subject: HOST } }));
  const narrow = pki.authority({ subject: 'Path Length 0', pathLength: 0 });
  add('a path length kept', EVERYTHING, leaf({ issuer: narrow }));
  add(
    'a path length exceeded',
    NOT_CHAIN,
    leaf({ issuer: pki.authority({ subject: 'Below', issuer: narrow }) }),
  );
  add('a changed name', NOT_CHAIN, [replaced(own, 'dns.example.test', 'dns.exomple.test'), middle], {
    name: 'dns.exomple.test',
  });
  add('a changed signature', NOT_CHAIN, [flippedLast(own), middle]);
  add('a changed signature of an intermediate', NOT_CHAIN, [own, flippedLast(middle)]);
}

function trustedSelf(leaf: Leaf): [IssuedCertificate, CaseOptions] {
  const self = leaf({ issuer: 'self' });
  return [self, { anchors: toPem(self.der[0]!) }];
}

function tower(pki: Pki, height: number) {
  let top = pki.root;
  for (let floor = 1; floor <= height; floor++)
    top = pki.authority({ subject: `Floor ${floor}`, issuer: top });
  return top;
}

function replaced(certificate: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(certificate).toString('latin1').replaceAll(from, to), 'latin1');
}

function flippedLast(certificate: Uint8Array): Uint8Array {
  const copy = Buffer.from(certificate);
  copy[copy.length - 1]! ^= 1;
  return copy;
}

function addFitness(pki: Pki, leaf: Leaf, add: Add): void {
  const below = (spec: Partial<CertificateSpec>) =>
    leaf({ issuer: pki.authority({ subject: 'Odd CA', ...spec }) });
  const constrained = (spec: Partial<CertificateSpec>, names: CertificateSpec) =>
    pki.issue({ issuer: pki.authority({ subject: 'Constrained CA', ...spec }), ...names });
  const net = { address: '10.0.0.0', mask: '255.0.0.0' };

  add(
    'RSA 2048',
    EVERYTHING,
    leaf({ key: 'rsa2048', issuer: pki.authority({ subject: 'RSA', key: 'rsa2048' }) }),
  );
  add('RSA-PSS', EVERYTHING, leaf({ issuer: pki.authority({ subject: 'PSS', key: 'rsa-pss' }) }));
  add(
    'P-384 with SHA-384',
    EVERYTHING,
    leaf({ issuer: pki.authority({ subject: 'P-384', key: 'p384' }), digest: 'sha384' }),
  );
  add('secp256k1', EVERYTHING, leaf({ key: 'secp256k1' }));
  add(
    'Ed25519',
    EVERYTHING,
    leaf({ key: 'ed25519', issuer: pki.authority({ subject: 'Ed', key: 'ed25519' }) }),
  );
  add('SHA-1 on the trusted root itself', EVERYTHING, ...weakRoot(pki, leaf));
  add('SHA-1 on the leaf', NOT_CHAIN, leaf({ digest: 'sha1' }));
  add('SHA-1 on the intermediate', NOT_CHAIN, below({ digest: 'sha1' }));
  add(
    'MD5 on the leaf',
    NOT_CHAIN,
    leaf({ digest: 'md5', issuer: pki.authority({ subject: 'MD5 RSA', key: 'rsa2048' }) }),
  );
  add('an RSA 1024 leaf', NOT_CHAIN, leaf({ key: 'rsa1024' }));
  add('an RSA 1024 intermediate', NOT_CHAIN, below({ key: 'rsa1024' }));
  const p192 = generateKeyPairSync('ec', { namedCurve: 'prime192v1' }).privateKey;
  add('a P-192 leaf', NOT_CHAIN, leaf({ key: p192 }));

  add('an authority without keyCertSign', NOT_CHAIN, below({ keyUsage: ['digitalSignature'] }));
  add('an authority without any key usage', EVERYTHING, below({ keyUsage: null }));
  add('an authority that is none', NOT_CHAIN, below({ ca: false }));
  add('an authority without basic constraints', NOT_CHAIN, below({ ca: null, keyUsage: null }));
  add('an authority of version 1', NOT_CHAIN, below({ version: 1 }));
  add('an authority for servers', EVERYTHING, below({ extendedKeyUsage: [EXTENDED_KEY_USAGE.serverAuth] }));
  add('an authority for clients', NOT_CHAIN, below({ extendedKeyUsage: [EXTENDED_KEY_USAGE.clientAuth] }));
  add('a leaf for clients', NOT_CHAIN, leaf({ extendedKeyUsage: [EXTENDED_KEY_USAGE.clientAuth] }));
  add('a leaf for any use', NOT_CHAIN, leaf({ extendedKeyUsage: ['2.5.29.37.0'] }));
  add(
    'a leaf for servers and clients',
    EVERYTHING,
    leaf({ extendedKeyUsage: Object.values(EXTENDED_KEY_USAGE) }),
  );
  add('a leaf without extended key usage', EVERYTHING, leaf({ extendedKeyUsage: null }));
  add('a leaf without key usage', EVERYTHING, leaf({ keyUsage: null }));
  add('a leaf that may only sign CRLs', NOT_CHAIN, leaf({ keyUsage: ['cRLSign'] }));
  add('a leaf without basic constraints', EVERYTHING, leaf({ ca: null }));
  add(
    'a leaf that is an authority',
    EVERYTHING,
    leaf({ ca: true, keyUsage: ['digitalSignature', 'keyCertSign'] }),
  );
  add('a leaf of version 1', NOT_IDENTITY, leaf({ version: 1 }), {
    beyondOracle: 'the command takes its common name',
  });
  const unknown = (critical: boolean) => extension('1.3.6.1.4.1.99999.1', critical, der.nullValue());
  add('an unknown extension', EVERYTHING, leaf({ extensions: [unknown(false)] }));
  add('an unknown critical extension', NOT_CHAIN, leaf({ extensions: [unknown(true)] }));
  add('an unknown critical extension of an authority', NOT_CHAIN, below({ extensions: [unknown(true)] }));
  const again = extension('2.5.29.17', false, der.sequence(der.tlv(0x82, Buffer.from(HOST))));
  add('two lists of names', 'dates', leaf({ names: ['other.test'], extensions: [again] }));

  add(
    'a name within its constraint',
    EVERYTHING,
    constrained({ permitted: [{ name: 'example.test' }] }, { names: [HOST] }),
  );
  add(
    'a name outside its constraint',
    NOT_CHAIN,
    constrained({ permitted: [{ name: 'allowed.test' }] }, { names: [HOST] }),
  );
  add(
    'one name of two outside its constraint',
    NOT_CHAIN,
    constrained({ permitted: [{ name: 'example.test' }] }, { names: [HOST, 'evil.test'] }),
  );
  add(
    'an excluded name',
    NOT_CHAIN,
    constrained({ excluded: [{ name: 'example.test' }] }, { names: [HOST] }),
  );
  add(
    'an address within its constraint',
    EVERYTHING,
    constrained({ permitted: [net] }, { addresses: ['10.1.2.3'] }),
    { name: '10.1.2.3' },
  );
  add(
    'an address outside its constraint',
    NOT_CHAIN,
    constrained({ permitted: [net] }, { addresses: ['11.1.2.3'] }),
    { name: '11.1.2.3' },
  );
  add('an excluded address', NOT_CHAIN, constrained({ excluded: [net] }, { addresses: ['10.1.2.3'] }), {
    name: '10.1.2.3',
  });
  add(
    'an address where only names are constrained',
    EVERYTHING,
    constrained(
      { permitted: [{ name: 'example.test' }] },
      { addresses: ['10.1.2.3'], subject: 'Resolver at home' },
    ),
    { name: '10.1.2.3' },
  );
}

function weakRoot(pki: Pki, leaf: Leaf): [IssuedCertificate, CaseOptions] {
  const root = pki.authority({ subject: 'SHA-1 Root', issuer: 'self', key: 'rsa2048', digest: 'sha1' });
  return [leaf({ issuer: root }), { anchors: toPem(root.der[0]!) }];
}

function addDates(pki: Pki, leaf: Leaf, add: Add): void {
  const day = (offset: number) => new Date(AT + offset * DAY_MS);
  const week = leaf({ notBefore: day(-3), notAfter: day(4) });
  const begin = AT - 3 * DAY_MS;
  const end = AT + 4 * DAY_MS;
  add('the first second', EVERYTHING, week, { at: begin });
  add('the second before the first', NOT_DATES, week, { at: begin - 1000 });
  add('the millisecond before the first', NOT_DATES, week, { at: begin - 1 });
  add('the second before the end', EVERYTHING, week, { at: end - 1000 });
  add('the millisecond before the end', EVERYTHING, week, { at: end - 1 });
  add('the end itself', NOT_DATES, week, { at: end });
  add('the second after the end', NOT_DATES, week, { at: end + 1000 });
  add('the year 1970', NOT_DATES, week, { at: 0 });
  add('a date before 1970', NOT_DATES, week, { at: -DAY_MS });
  add('the year 2045', NOT_DATES, week, { at: Date.UTC(2045, 0, 1) });
  add('the year 2045, for a foreign chain', 'identity', leaf({ issuer: 'self' }), {
    at: Date.UTC(2045, 0, 1),
  });
  const foreign = leaf({ issuer: 'self', notBefore: day(-3), notAfter: day(4) });
  add('the first second of a foreign chain', NOT_CHAIN, foreign, { at: begin });
  add('the millisecond before the first of a foreign chain', 'identity', foreign, { at: begin - 1 });
  add('the millisecond before the end of a foreign chain', NOT_CHAIN, foreign, { at: end - 1 });
  add('the end itself of a foreign chain', 'identity', foreign, { at: end });
  add('an expired leaf', NOT_DATES, leaf({ notBefore: day(-9), notAfter: day(-2) }));
  add('an early leaf', NOT_DATES, leaf({ notBefore: day(2), notAfter: day(9) }));
  add(
    'a leaf until the end of time',
    EVERYTHING,
    leaf({ notAfter: new Date(Date.UTC(9999, 11, 31, 23, 59, 59)) }),
  );
  add('a leaf that ends before it begins', 'identity', leaf({ notBefore: day(9), notAfter: day(-9) }));

  const dated = (notBefore: Date, notAfter: Date) =>
    pki.authority({ subject: 'Dated CA', notBefore, notAfter });
  add('an expired intermediate', NOT_DATES, leaf({ issuer: dated(day(-99), day(-1)), notBefore: day(-9) }));
  add(
    'an intermediate that ended before its leaf began',
    'identity',
    leaf({ issuer: dated(day(-99), day(-10)), notBefore: day(-9) }),
  );
  add('an early intermediate', 'identity', leaf({ issuer: dated(day(9), day(99)), notBefore: day(-9) }));
  const oldRoot = pki.authority({ subject: 'Expired Root', issuer: 'self', notAfter: day(-1) });
  const anchored = { anchors: toPem(oldRoot.der[0]!) };
  add('an expired root', NOT_DATES, leaf({ issuer: oldRoot, notBefore: day(-9) }), anchored);
  add(
    'an expired root, and a changed leaf',
    'identity',
    [flippedLast(leaf({ issuer: oldRoot, notBefore: day(-9) }).der[0]!)],
    anchored,
  );
  add('an end that is no date', 'identity', leaf({ notAfter: '261315000000Z' }));
  add('a beginning that is no date', 'identity', leaf({ notBefore: '261315000000Z' }));
  add('a date that is too short for one', '', leaf({ notBefore: 'never' }));
  add('a date without its zone', '', leaf({ notAfter: '271115000000' }));
  add('a date with a zone of its own', 'identity', leaf({ notAfter: '271115000000+0100' }));

  const old = { notBefore: day(-9), notAfter: day(-2) };
  add('expired and misnamed', 'chain', leaf({ ...old, names: ['other.test'] }));
  add(
    'expired and foreign',
    'identity',
    leaf({ ...old, issuer: pki.authority({ subject: 'Foreign', issuer: 'self' }) }),
  );
  add('expired and signed by itself', 'identity', leaf({ ...old, issuer: 'self' }));
  add('expired and changed', 'identity', [flippedLast(leaf(old).der[0]!), pki.intermediate.der[0]!]);
  add('expired and signed with SHA-1', 'identity', leaf({ ...old, digest: 'sha1' }));
  add(
    'expired and for clients',
    'identity',
    leaf({ ...old, extendedKeyUsage: [EXTENDED_KEY_USAGE.clientAuth] }),
  );
  add('early and foreign', 'identity', leaf({ notBefore: day(2), issuer: 'self' }));
  add('misnamed and foreign', 'dates', leaf({ names: ['other.test'], issuer: 'self' }));
  add('wrong in everything', '', leaf({ ...old, names: ['other.test'], issuer: 'self' }));
}

function addOddSendings(pki: Pki, leaf: Leaf, add: Add): void {
  const [own] = leaf().der as [Uint8Array];
  const middle = pki.intermediate.der[0]!;
  const unread = { beyondOracle: 'the command needs a certificate to read' };
  const strict = { beyondOracle: 'the command has no such limit' };
  add('nothing', '', [], unread);
  add('an empty certificate', '', [new Uint8Array(), middle], unread);
  add('noise for a leaf', '', [Buffer.from('not a certificate at all'), middle], unread);
  add('a PEM text for a leaf', '', [Buffer.from(toPem(own)), middle], unread);
  add('half a leaf', '', [own.subarray(0, own.length / 2), middle], unread);
  add('octets after the leaf', '', [Buffer.concat([own, Buffer.of(0)]), middle], strict);
  add('noise for an intermediate', '', [own, Buffer.from([0x30, 0x03, 0x02, 0x01, 0x05])], unread);
  add('ten certificates', EVERYTHING, [own, ...Array(9).fill(middle)]);
  add('eleven certificates', '', [own, ...Array(10).fill(middle)], strict);
  const large = extension('1.3.6.1.4.1.99999.2', false, der.octetString(Buffer.alloc(17_000)));
  add('a certificate of 17,000 octets', '', leaf({ extensions: [large] }), strict);
}

function addPins(pki: Pki, leaf: Leaf, add: Add): void {
  const pinned = { beyondOracle: 'the command knows no pins' };
  const good = leaf();
  const wrong = leaf().pin;
  const stranger = leaf({ names: ['stranger.test'] });
  const sameKey = generateKey('p256');
  const renewed = [leaf({ key: sameKey }), leaf({ key: sameKey })] as const;
  const [own, middle] = good.der as [Uint8Array, Uint8Array];
  add('the leaf pinned', EVERYTHING, good, { pins: [good.pin] });
  add('the intermediate pinned', EVERYTHING, good, { pins: [pki.intermediate.pin] });
  add('the root pinned', EVERYTHING, good, { pins: [pki.root.pin] });
  add('one of two pins', EVERYTHING, good, { pins: [wrong, good.pin] });
  add('a renewed certificate with the pinned key', EVERYTHING, renewed[1], { pins: [renewed[0].pin] });
  add('another key pinned', NOT_IDENTITY, good, { pins: [wrong], ...pinned });
  add(
    'the pinned certificate sent along, but not on the path',
    NOT_IDENTITY,
    [own, middle, stranger.der[0]!],
    {
      pins: [stranger.pin],
      ...pinned,
    },
  );
  const foreign = leaf({ issuer: 'self' });
  add('a foreign leaf, pinned', NOT_CHAIN, foreign, { pins: [foreign.pin] });
  add('a misnamed leaf, pinned', NOT_IDENTITY, good, { name: 'other.test', pins: [good.pin] });
  const old = leaf({ notAfter: new Date(AT - 1000) });
  add('an expired leaf, its intermediate pinned', NOT_DATES, old, { pins: [pki.intermediate.pin] });
  add('an expired leaf, another key pinned', 'chain', old, { pins: [wrong], ...pinned });
}
