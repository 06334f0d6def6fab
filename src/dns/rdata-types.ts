// What the RDATA of each type is made of, as a table. Parsing and formatting both read it, so they cannot disagree.
// A type that is not here is written as RFC 3597 says. `example` is what a person is shown after a mistake.

import { TYPE } from './codes.ts';
import { algorithm, hashedOwner, instant, salt, typeBitmap, typeCovered } from './rdata-dnssec-fields.ts';
import {
  base64,
  duration,
  eui,
  type Field,
  hex,
  ipv4,
  ipv6,
  longText,
  name,
  tag,
  text,
  texts,
  uint,
} from './rdata-fields.ts';
import { loc } from './rdata-loc.ts';
import { svcParams } from './rdata-svcb.ts';

export interface RdataShape {
  readonly fields: readonly Field[];
  /** RDATA in presentation form. */
  readonly example: string;
}

// RFC 4398 section 2.1.
const CERTIFICATE_TYPES = new Map([
  ['PKIX', 1],
  ['SPKI', 2],
  ['PGP', 3],
  ['IPKIX', 4],
  ['ISPKI', 5],
  ['IPGP', 6],
  ['ACPKIX', 7],
  ['IACPKIX', 8],
  ['URI', 253],
  ['OID', 254],
]);

const preference = uint(2, 'the preference');
const priority = uint(2, 'the priority');
const weight = uint(2, 'the weight');
const flags8 = uint(1, 'the flags');
const flags16 = uint(2, 'the flags');
const keyTag = uint(2, 'the key tag');
const serial = uint(4, 'the serial');
const target = name('the target');

const HOST = [target];
const PREFERRED_HOST = [preference, target];
const DIGEST = [keyTag, algorithm, uint(1, 'the digest type'), hex('the digest')];
const KEY = [flags16, uint(1, 'the protocol'), algorithm, base64('the public key')];
const TLS_ASSOCIATION = [
  uint(1, 'the certificate usage'),
  uint(1, 'the selector'),
  uint(1, 'the matching type'),
  hex('the certificate association'),
];
const SIGNATURE = [
  typeCovered,
  algorithm,
  uint(1, 'the number of labels'),
  duration('the original TTL'),
  instant('the expiration'),
  instant('the inception'),
  keyTag,
  name("the signer's name"),
  base64('the signature'),
];
const HASH_PARAMETERS = [uint(1, 'the hash algorithm'), flags8, uint(2, 'the iterations'), salt];
const BINDING = [priority, target, svcParams];

const EXAMPLE_DIGEST = '60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A';
const EXAMPLE_KEY =
  '257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==';
const EXAMPLE_ASSOCIATION = '3 1 1 0C72AC70B745AC19998811B131D662C9AC69DBDBE7CB23E5B514B56664C5D3D6';
const EXAMPLE_SIGNATURE = 'A 13 2 300 20300101000000 20290101000000 60485 example. AAAA';

const shape = (example: string, fields: readonly Field[]): RdataShape => ({ fields, example });

export const RDATA_SHAPES: ReadonlyMap<number, RdataShape> = new Map<number, RdataShape>([
  [TYPE.A, shape('192.168.1.20', [ipv4])],
  [TYPE.AAAA, shape('fd00::20', [ipv6])],
  [TYPE.NS, shape('ns1', HOST)],
  [TYPE.CNAME, shape('nas', HOST)],
  [TYPE.DNAME, shape('home.example.', HOST)],
  [TYPE.PTR, shape('nas.home.arpa.', HOST)],
  [TYPE.MX, shape('10 mail', PREFERRED_HOST)],
  [TYPE.KX, shape('10 gateway', PREFERRED_HOST)],
  [TYPE.AFSDB, shape('1 afs', [uint(2, 'the subtype'), target])],
  [TYPE.TXT, shape('"any text"', [texts])],
  [TYPE.SPF, shape('"v=spf1 -all"', [texts])],
  [TYPE.SRV, shape('0 5 631 printer', [priority, weight, uint(2, 'the port'), target])],
  [
    TYPE.SOA,
    shape('ns1 hostmaster 1 1h 10m 1w 5m', [
      name('the first name server'),
      name("the hostmaster's mailbox"),
      serial,
      duration('the refresh time'),
      duration('the retry time'),
      duration('the expire time'),
      duration('the negative TTL'),
    ]),
  ],
  [TYPE.CAA, shape('0 issue "ca.example"', [flags8, tag, longText('the value')])],
  [
    TYPE.NAPTR,
    shape('100 10 "S" "SIP+D2U" "" _sip._udp', [
      uint(2, 'the order'),
      preference,
      text('the flags'),
      text('the services'),
      text('the regular expression'),
      name('the replacement'),
    ]),
  ],
  [TYPE.HINFO, shape('"ARM64" "Linux"', [text('the hardware'), text('the operating system')])],
  [TYPE.RP, shape('admin admin-contact', [name('the mailbox'), name('the name with its text')])],
  [TYPE.LOC, shape('52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m', [loc])],
  [
    TYPE.SSHFP,
    shape('4 2 0C72AC70B745AC19998811B131D662C9AC69DBDBE7CB23E5B514B56664C5D3D6', [
      uint(1, 'the key algorithm'),
      uint(1, 'the fingerprint type'),
      hex('the fingerprint'),
    ]),
  ],
  [TYPE.TLSA, shape(EXAMPLE_ASSOCIATION, TLS_ASSOCIATION)],
  [TYPE.SMIMEA, shape(EXAMPLE_ASSOCIATION, TLS_ASSOCIATION)],
  [TYPE.DS, shape(EXAMPLE_DIGEST, DIGEST)],
  [TYPE.CDS, shape(EXAMPLE_DIGEST, DIGEST)],
  [TYPE.DNSKEY, shape(EXAMPLE_KEY, KEY)],
  [TYPE.CDNSKEY, shape(EXAMPLE_KEY, KEY)],
  [TYPE.KEY, shape(EXAMPLE_KEY, KEY)],
  [TYPE.RRSIG, shape(EXAMPLE_SIGNATURE, SIGNATURE)],
  [TYPE.SIG, shape(EXAMPLE_SIGNATURE, SIGNATURE)],
  [TYPE.NSEC, shape('host.example. A MX RRSIG NSEC', [name('the next name'), typeBitmap])],
  [
    TYPE.NSEC3,
    shape('1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG', [
      ...HASH_PARAMETERS,
      hashedOwner,
      typeBitmap,
    ]),
  ],
  [TYPE.NSEC3PARAM, shape('1 0 12 AABBCCDD', HASH_PARAMETERS)],
  [TYPE.CSYNC, shape('66 3 A NS AAAA', [serial, flags16, typeBitmap])],
  [
    TYPE.ZONEMD,
    shape('1 1 1 FEBE3D4C', [
      serial,
      uint(1, 'the scheme'),
      uint(1, 'the hash algorithm'),
      hex('the digest'),
    ]),
  ],
  [TYPE.OPENPGPKEY, shape('AQIDBA==', [base64('the key')])],
  [TYPE.DHCID, shape('AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=', [base64('the identifier')])],
  [
    TYPE.CERT,
    shape('PKIX 0 0 AQIDBA==', [
      uint(2, 'the certificate type', CERTIFICATE_TYPES),
      keyTag,
      algorithm,
      base64('the certificate'),
    ]),
  ],
  [TYPE.URI, shape('10 1 "https://nas.home.arpa/"', [priority, weight, longText('the URI')])],
  [TYPE.SVCB, shape('1 nas alpn=h2,h3 port=8443', BINDING)],
  [TYPE.HTTPS, shape('1 . alpn=h2,h3', BINDING)],
  [TYPE.EUI48, shape('00-00-5e-00-53-2a', [eui(6)])],
  [TYPE.EUI64, shape('00-00-5e-ef-10-00-00-2a', [eui(8)])],
]);
