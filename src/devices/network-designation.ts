// What a DHCP server tells devices of our encrypted doors (DNR, RFC 9463): the value of DHCPv4's option 162 (section 5.1)
// and of DHCPv6's option 144 (section 4.1) as octets, which every DHCP server takes, whether it knows the options or not.
// Router advertisements carry the same in another form; no router's configuration of them is known here.

import ipaddr from 'ipaddr.js';
import { TYPE } from '../dns/codes.ts';
import { nameKey, nameOctets, ROOT } from '../dns/names.ts';
import { parseRdata } from '../dns/rdata-text.ts';
import { tokenize } from '../dns/tokens.ts';
import type { DeviceFacts, Door } from './facts.ts';

export const DHCPV4_OPTION = 162;
export const DHCPV6_OPTION = 144;

/** Longer ones have to be split (RFC 3396), which not every server does. */
const DHCPV4_VALUE_MAX_OCTETS = 255;

/** RFC 9461 section 5; the path is that of src/listener. */
const PARAMETERS = { dot: 'alpn=dot', doh: 'alpn=h2 dohpath=/dns-query{?dns}' } as const;
const USUAL_PORTS = { dot: 853, doh: 443 } as const;
/** RFC 9463 section 3.1.1: the lower one is tried first. */
const PRIORITIES = { dot: 1, doh: 2 } as const;

interface Designation {
  readonly priority: number;
  /** In wire form. */
  readonly name: Uint8Array;
  /** Of one family, each as octets. */
  readonly addresses: Uint8Array;
  readonly parameters: Uint8Array;
}

/** One instance for each door that is open on IPv4; null: none, or what there is does not fit. */
export function dhcpv4Value(facts: DeviceFacts): Uint8Array | null {
  const instances = designations(facts, 4).map((one) => {
    const data = Buffer.concat([
      uint16(one.priority),
      Uint8Array.of(one.name.length),
      one.name,
      Uint8Array.of(one.addresses.length),
      one.addresses,
      one.parameters,
    ]);
    return Buffer.concat([uint16(data.length), data]);
  });
  const value = Buffer.concat(instances);
  return value.length === 0 || value.length > DHCPV4_VALUE_MAX_OCTETS ? null : value;
}

/** The same for IPv6: one option a door, the likeliest first. */
export function dhcpv6Values(facts: DeviceFacts): Uint8Array[] {
  return designations(facts, 6).map((one) =>
    Buffer.concat([
      uint16(one.priority),
      uint16(one.name.length),
      one.name,
      uint16(one.addresses.length),
      one.addresses,
      one.parameters,
    ]),
  );
}

/** A device verifies the certificate by the name, so without one there is nothing to tell. */
function designations({ name, dot, doh }: DeviceFacts, family: 4 | 6): Designation[] {
  if (name === null) return [];
  return [designation('dot', name, dot, family), designation('doh', name, doh, family)].flat();
}

function designation(kind: 'dot' | 'doh', name: string, door: Door | null, family: 4 | 6): Designation[] {
  const addresses = (door?.addresses ?? []).filter((address) => address.includes(':') === (family === 6));
  if (door === null || addresses.length === 0) return [];
  const port = door.port === USUAL_PORTS[kind] ? '' : ` port=${door.port}`;
  const svcb = parseRdata(TYPE.SVCB, tokenize(`1 . ${PARAMETERS[kind]}${port}`), ROOT);
  return [
    {
      priority: PRIORITIES[kind],
      name: nameOctets(nameKey(name)),
      addresses: Uint8Array.from(addresses.flatMap((address) => ipaddr.parse(address).toByteArray())),
      parameters: svcb.subarray(SVCB_HEAD_OCTETS),
    },
  ];
}

/** Priority and target, the root, before the parameters of an SVCB record (RFC 9460 section 2.2). */
const SVCB_HEAD_OCTETS = 3;

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/** "00:1f:…", as dnsmasq and Kea take it. */
export function colonHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex').match(/../g)!.join(':');
}
