// Setting up whatever hands out DNS servers in a house: DHCP, router advertisements (RFC 8106), and DNR (RFC 9463) for
// devices that find encrypted DNS by it. Files as dnsmasq(8), Kea's administrator reference manual and radvd.conf(5) have
// them; dnsmasq reads its own in the tests.

import ipaddr from 'ipaddr.js';
import { type DeviceFacts, isPlainUsual } from './facts.ts';
import {
  type CodeBlock,
  type Guide,
  type GuideInputs,
  type GuidePart,
  type Holding,
  listed,
  steps,
} from './guide.ts';
import { certificateHoldings, clockHoldings, reachHolding } from './holdings.ts';
import { colonHex, DHCPV4_OPTION, DHCPV6_OPTION, dhcpv4Value, dhcpv6Values } from './network-designation.ts';

interface Handed {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

export function routersGuide({ facts }: GuideInputs): Guide {
  const addresses = facts.plain?.addresses ?? [];
  const handed = {
    v4: addresses.filter((address) => ipaddr.IPv4.isValid(address)),
    v6: addresses.filter((address) => ipaddr.IPv6.isValid(address)),
  };
  const isPossible = isPlainUsual(facts) && facts.reach !== 'host';
  return {
    title: 'Routers and DHCP servers',
    summary: isPossible
      ? `The whole house, by ${listed(addresses)} in DHCP.`
      : 'Not yet: DHCP cannot send devices here.',
    holds: [plainHolding(facts), ...clockHoldings(facts)],
    parts: isPossible
      ? [
          anyPart(handed),
          dnsmasqPart(handed),
          keaPart(handed),
          ...radvdParts(handed),
          ...designationParts(facts),
        ]
      : [],
  };
}

function plainHolding(facts: DeviceFacts): Holding {
  if (facts.plain !== null && facts.reach !== 'host' && !isPlainUsual(facts))
    return {
      tone: 'bad',
      text: `Plain DNS is open on port ${facts.plain.port}, and DHCP knows no ports: open it on 53 (\`listen.dns\`).`,
    };
  return reachHolding(facts);
}

function anyPart({ v4, v6 }: Handed): GuidePart {
  return {
    id: 'any',
    title: 'Any router',
    note: 'Devices mix what they are given, so one stranger in the list, often the router itself, makes names of the house fail now and then.',
    steps: steps(
      v4.length === 0
        ? null
        : {
            text: "In its DHCP settings, as DNS server, and nothing beside it (option 6). With two servers of yours, both; never one of yours and one of the provider's.",
            blocks: [{ id: 'dhcp', label: 'DNS server, DHCP', lines: v4 }],
          },
      v6.length === 0
        ? {
            text: 'Where the network has IPv6, see that router advertisements (RDNSS) and DHCPv6 (option 23) name no other server: this one has no IPv6 address to be named there.',
          }
        : {
            text: 'In its IPv6 settings, as DNS server of router advertisements (RDNSS) and of DHCPv6 (option 23). Many routers put themselves there unasked.',
            blocks: [{ id: 'rdnss', label: 'DNS server, IPv6', lines: v6 }],
          },
      {
        text: 'Join the network anew with a device, and see what it was given: `resolvectl status` on Linux, `scutil --dns` on a Mac, `ipconfig /all` on Windows.',
      },
    ),
  };
}

function dnsmasqPart({ v4, v6 }: Handed): GuidePart {
  const lines = [
    ...(v4.length === 0 ? [] : [`dhcp-option=option:dns-server,${v4.join(',')}`]),
    ...(v6.length === 0
      ? []
      : [`dhcp-option=option6:dns-server,${v6.map((address) => `[${address}]`).join(',')}`]),
  ];
  return {
    id: 'dnsmasq',
    title: 'dnsmasq',
    note: 'What it says of IPv6 it also says in router advertisements, where it sends them.',
    steps: [
      {
        text: 'Add this, and restart it:',
        blocks: [{ id: 'dnsmasq-conf', label: '/etc/dnsmasq.d/noonmark.conf', lines }],
      },
    ],
  };
}

function keaPart({ v4, v6 }: Handed): GuidePart {
  return {
    id: 'kea',
    title: 'Kea',
    steps: [
      {
        text: 'Into `Dhcp4` and `Dhcp6`, or into a subnet of theirs:',
        blocks: [
          ...keaBlock('kea-4', 'kea-dhcp4.conf', [{ name: 'domain-name-servers', data: v4.join(', ') }]),
          ...keaBlock('kea-6', 'kea-dhcp6.conf', [{ name: 'dns-servers', data: v6.join(', ') }]),
        ],
      },
    ],
  };
}

type KeaOption = { readonly data: string } & Readonly<Record<string, string | number | boolean>>;

function keaBlock(id: string, label: string, options: readonly KeaOption[]): CodeBlock[] {
  const told = options.filter(({ data }) => data !== '');
  if (told.length === 0) return [];
  return [{ id, label, lines: `"option-data": ${JSON.stringify(told, null, 2)}`.split('\n') }];
}

function radvdParts({ v6 }: Handed): GuidePart[] {
  if (v6.length === 0) return [];
  return [
    {
      id: 'radvd',
      title: 'radvd',
      steps: [
        {
          text: 'Into the section of the interface:',
          blocks: [
            {
              id: 'radvd-conf',
              label: '/etc/radvd.conf',
              lines: v6.map((address) => `RDNSS ${address} { };`),
            },
          ],
        },
      ],
    },
  ];
}

/** Nothing where devices could not verify what they are told. */
function designationParts(facts: DeviceFacts): GuidePart[] {
  const v4 = dhcpv4Value(facts);
  const v6 = dhcpv6Values(facts);
  if (v4 === null && v6.length === 0) return [];
  const dnsmasq = [
    ...(v4 === null ? [] : [`dhcp-option=${DHCPV4_OPTION},${colonHex(v4)}`]),
    ...v6.slice(0, 1).map((value) => `dhcp-option=option6:${DHCPV6_OPTION},${colonHex(value)}`),
  ];
  const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
  const kea = (code: number, space: string, value: Uint8Array) => ({
    ...{ code, space, 'csv-format': false },
    data: hex(value),
  });
  const who = certificateHoldings(facts)[0]!.text;
  return [
    {
      id: 'dnr',
      title: 'Encrypted DNS by DHCP (DNR)',
      note: `Only for networks whose devices all trust the certificate. ${who}`,
      steps: [
        {
          text: `Devices that know RFC 9463 learn from it that \`${facts.name}\` has encrypted doors, and where; the others pass over it. The digits are this server's name, addresses and ports: change them when those change.`,
          blocks: [
            { id: 'dnr-dnsmasq', label: '/etc/dnsmasq.d/noonmark.conf', lines: dnsmasq },
            ...(v4 === null
              ? []
              : keaBlock('dnr-kea-4', 'kea-dhcp4.conf', [kea(DHCPV4_OPTION, 'dhcp4', v4)])),
            ...keaBlock(
              'dnr-kea-6',
              'kea-dhcp6.conf',
              v6.slice(0, 1).map((value) => kea(DHCPV6_OPTION, 'dhcp6', value)),
            ),
          ],
        },
      ],
    },
  ];
}
