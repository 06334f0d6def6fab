// Discovery of designated resolvers (RFC 9462): a device that knows only our address asks _dns.resolver.arpa SVCB, and
// learns which name, ports and path its DoT and DoH have; section 5 has the same at _dns.NAME, for whoever knows a name.
// Said only while the name leads to the very address that was asked, for a port that is really open there, and while
// the clock is not untrusted. DoT is left out where the certificate lacks the address that was asked: no device can
// verify it then, and iOS 16 lost its DNS over such an offer (AdGuard Home issue 4927).

import ipaddr from 'ipaddr.js';
import type { Clock } from '../../clock/clock.ts';
import type { SocketAddress } from '../../config/config.ts';
import { isWildcard } from '../../config/own-sockets.ts';
import { TYPE } from '../../dns/codes.ts';
import { formatName, type NameKey, nameKey, ROOT } from '../../dns/names.ts';
import { parseRdata } from '../../dns/rdata-text.ts';
import type { ResourceRecord } from '../../dns/records.ts';
import { tokenize } from '../../dns/tokens.ts';

const DISCOVERY_NAME = nameKey('_dns.resolver.arpa.');
const DNS_LABEL = '\x04_dns';
/** A device that could not verify asks again after this (section 4.2), and a port that moved is known after this. */
const TTL_SECONDS = 300;
/** What a port is unless said (RFC 9461 section 4). */
const DEFAULT_PORTS = { dot: 853, doh: 443 } as const;
/** RFC 9461 section 5; the path is that of listener/doh-request.ts. */
const PARAMETERS = { dot: 'alpn=dot', doh: 'alpn=h2 dohpath=/dns-query{?dns}' } as const;

export interface DesignatedResolversParts {
  /** Of the certificate, as configured; wildcards and addresses among them designate nothing. */
  readonly names: readonly string[];
  /** What we answer about a name of ours to whoever asked `localAddress`; none where we answer nothing. */
  readonly recordsOf: (key: NameKey, type: number, localAddress: string) => readonly ResourceRecord[];
  /** Does a zone of the owner's hold this name? */
  readonly isOwned: (key: NameKey) => boolean;
  /** Where DoT and DoH are taken at this moment. */
  readonly doors: () => OpenDoors;
  /** What the certificate that is served names, addresses in canonical form; empty before there is one. */
  readonly certificateNames: () => readonly string[];
  readonly clock: Pick<Clock, 'status'>;
}

export type OpenDoors = Readonly<Record<DoorKind, readonly Pick<SocketAddress, 'address' | 'port'>[]>>;
export type DoorKind = 'dot' | 'doh';

/** What devices that ask one address of ours are told, or why nothing. */
export type Designation =
  | { readonly silence: string }
  | {
      /** In wire form. */
      readonly name: NameKey;
      readonly doors: readonly Door[];
      /** The certificate names the address that was asked (section 4.2). */
      readonly isVerifiable: boolean;
    };

export interface Door {
  readonly kind: DoorKind;
  readonly port: number;
  /** Those of the name that have this port open. */
  readonly addresses: readonly string[];
}

export class DesignatedResolvers {
  readonly #parts: DesignatedResolversParts;
  readonly #names: readonly NameKey[];

  constructor(parts: DesignatedResolversParts) {
    this.#parts = parts;
    this.#names = parts.names
      .filter((name) => !ipaddr.isValid(name) && !name.startsWith('*'))
      .map((name) => nameKey(name));
  }

  /** Those that are asked about here, beside the discovery name itself. */
  get names(): readonly NameKey[] {
    return this.#names.map((name) => DNS_LABEL + name);
  }

  /** SVCB records, or null for whatever else: then the question takes its usual way. */
  answer(key: NameKey, type: number, localAddress: string): readonly ResourceRecord[] | null {
    if (type !== TYPE.SVCB || !key.startsWith(DNS_LABEL)) return null;
    const isByName = key !== DISCOVERY_NAME;
    const names = isByName ? this.#names.filter((name) => key === DNS_LABEL + name) : this.#names;
    if (names.length === 0) return null;
    const found = this.#designate(names, localAddress, isByName);
    return 'silence' in found ? null : found.doors.map((door) => svcbRecord(key, found.name, door));
  }

  /** What devices are told that ask `localAddress`. */
  designate(localAddress: string): Designation {
    return this.#designate(this.#names, localAddress, false);
  }

  /** `isByName`: the certificate is verified by the name, whatever address was asked (section 5). */
  #designate(names: readonly NameKey[], localAddress: string, isByName: boolean): Designation {
    const { isOwned, clock, certificateNames } = this.#parts;
    if (names.length === 0) return { silence: 'no name is configured (certificate.names)' };
    if (!isByName && isOwned(DISCOVERY_NAME)) return { silence: 'a zone of your own holds resolver.arpa' };
    if (clock.status.state === 'untrusted')
      return { silence: 'the time is not known, and devices may refuse our certificate' };
    const asked = canonical(localAddress);
    const name = names.find((one) => this.#addressesOf(one, localAddress).includes(asked));
    if (name === undefined)
      return { silence: `${formatName(names[0]!)} has another address than the one that was asked` };
    const isVerifiable = certificateNames().includes(asked);
    const addresses = this.#addressesOf(name, localAddress);
    const doors = [
      ...(isVerifiable || isByName ? this.#openDoors('dot', asked, addresses) : []),
      ...this.#openDoors('doh', asked, addresses),
    ];
    if (doors.length > 0) return { name, doors, isVerifiable };
    const why = isVerifiable ? '' : ' that devices could verify, for the certificate does not name it';
    return { silence: `neither DoT nor DoH is open on that address${why}` };
  }

  #openDoors(kind: DoorKind, asked: string, addresses: readonly string[]): Door[] {
    const open = this.#parts.doors()[kind];
    const portsOf = (address: string) =>
      open.filter((door) => isOn(door.address, address)).map(({ port }) => port);
    return [...new Set(portsOf(asked))].map((port) => ({
      kind,
      port,
      addresses: addresses.filter((address) => portsOf(address).includes(port)),
    }));
  }

  #addressesOf(name: NameKey, localAddress: string): string[] {
    return [TYPE.A, TYPE.AAAA]
      .flatMap((type) => this.#parts.recordsOf(name, type, localAddress))
      .map(({ rdata }) => ipaddr.fromByteArray([...rdata]).toString());
  }
}

function svcbRecord(owner: NameKey, target: NameKey, { kind, port, addresses }: Door): ResourceRecord {
  const ofFamily = (isIpv6: boolean) =>
    addresses.filter((address) => address.includes(':') === isIpv6).join();
  const text = [
    `1 ${formatName(target)} ${PARAMETERS[kind]}`,
    ...(port === DEFAULT_PORTS[kind] ? [] : [`port=${port}`]),
    ...(ofFamily(false) === '' ? [] : [`ipv4hint=${ofFamily(false)}`]),
    ...(ofFamily(true) === '' ? [] : [`ipv6hint=${ofFamily(true)}`]),
  ].join(' ');
  const rdata = parseRdata(TYPE.SVCB, tokenize(text), ROOT);
  return { owner, type: TYPE.SVCB, ttlSeconds: TTL_SECONDS, rdata };
}

/** Does a door at `bound` open to whoever comes to `address`? */
function isOn(bound: string, address: string): boolean {
  const at = canonical(bound);
  return at === address || (isWildcard(at) && at.includes(':') === address.includes(':'));
}

/** One text an address, without its scope; "" (the peer has gone) stays. */
function canonical(address: string): string {
  const bare = address.split('%', 1)[0]!;
  return ipaddr.isValid(bare) ? ipaddr.parse(bare).toString() : bare;
}
