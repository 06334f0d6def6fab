// Setting up Linux for DNS over TLS: systemd-resolved, NetworkManager, stubby. Files as resolved.conf(5), nm-settings-nmcli(5)
// and stubby's own yaml have them; those of systemd-resolved and stubby are run by the tests as they stand here.

import { isLoopback } from '../config/own-sockets.ts';
import { authorityOf, downloadStep, fetchBlock, LINUX_CA_FILE, linuxStoreStep } from './authority-steps.ts';
import { type DeviceFacts, type Door, inUrl, isDotUsual, verifiedHost } from './facts.ts';
import {
  commandLines,
  type Guide,
  type GuideInputs,
  type GuidePart,
  type Holding,
  type Step,
  steps,
  TERMINAL,
} from './guide.ts';
import { encryptedHoldings } from './holdings.ts';

const DOT_PORT = 853;

export function linuxGuide(inputs: GuideInputs): Guide {
  const { facts } = inputs;
  const { dot } = facts;
  const host = verifiedHost(facts);
  const isPossible = dot !== null && host !== null;
  return {
    title: 'Linux',
    summary: isPossible
      ? 'DNS over TLS by systemd-resolved, NetworkManager or stubby.'
      : 'In plaintext, from the router.',
    holds: [...encryptedHoldings(facts), dotHolding(dot)],
    parts: isPossible
      ? [
          ...authorityParts(inputs),
          resolvedPart(dot, host),
          nmcliPart(facts, dot, host),
          stubbyPart(facts, dot, host),
        ]
      : [],
  };
}

function dotHolding(dot: Door | null): Holding {
  if (dot === null) return { tone: 'bad', text: 'DNS over TLS is not open here (`listen.dot`).' };
  if (dot.port === DOT_PORT)
    return { tone: 'good', text: 'DNS over TLS is open on port 853, the usual one.' };
  return {
    tone: 'plain',
    text: `DNS over TLS is open on port ${dot.port}, and not on 853, so the port is written out below.`,
  };
}

function authorityParts(inputs: GuideInputs): GuidePart[] {
  const download = downloadStep(inputs);
  if (download === null) return [];
  const fetch: Step = {
    text: 'Or, on the machine itself, and then compare what the last line says:',
    blocks: fetchBlock(inputs),
  };
  return [
    {
      id: 'authority',
      title: 'Trust the CA',
      steps: steps(download, fetch.blocks!.length === 0 ? null : fetch, linuxStoreStep(inputs)),
    },
  ];
}

function resolvedPart(dot: Door, host: string): GuidePart {
  const servers = dot.addresses.map((address) => {
    const at = dot.port === DOT_PORT ? address : `${inUrl(address)}:${dot.port}`;
    return `${at}#${host}`;
  });
  return {
    id: 'systemd-resolved',
    title: 'systemd-resolved',
    note: 'Ubuntu and Fedora have it. The name behind # is what the certificate is checked against.',
    steps: steps(
      {
        text: 'Write this file. Without `Domains=~.` the servers that DHCP gave are asked as well.',
        blocks: [
          {
            id: 'resolved-conf',
            label: '/etc/systemd/resolved.conf.d/noonmark.conf',
            lines: ['[Resolve]', `DNS=${servers.join(' ')}`, 'Domains=~.', 'DNSOverTLS=yes'],
          },
        ],
      },
      {
        text: 'Restart it, and see: "Data was acquired via local or encrypted transport: yes".',
        blocks: [
          {
            id: 'resolved-restart',
            label: TERMINAL,
            lines: ['sudo systemctl restart systemd-resolved', `resolvectl query ${host}`],
          },
        ],
      },
    ),
  };
}

function nmcliPart(facts: DeviceFacts, dot: Door, host: string): GuidePart {
  const title = 'NetworkManager';
  if (!isDotUsual(facts))
    return {
      id: 'networkmanager',
      title,
      steps: [
        {
          text: `It asks DNS over TLS on port 853, and here it is open on ${dot.port}: write resolved.conf as above.`,
        },
      ],
    };
  const isCarried = dot.addresses.every((address) => facts.certificate?.names.includes(address) === true);
  const v4 = dot.addresses.filter((address) => !address.includes(':'));
  const v6 = dot.addresses.filter((address) => address.includes(':'));
  const family = (version: 4 | 6, addresses: readonly string[]) =>
    addresses.length === 0
      ? []
      : [`ipv${version}.ignore-auto-dns yes`, `ipv${version}.dns "${addresses.join(' ')}"`];
  const settings = [...family(4, v4), ...family(6, v6), 'connection.dns-over-tls yes'];
  if (!isCarried)
    return {
      id: 'networkmanager',
      title,
      steps: [
        {
          text: `It checks the certificate against the address, which this one does not carry for every address: write resolved.conf as above, with the name \`${host}\`.`,
        },
      ],
    };
  return {
    id: 'networkmanager',
    title,
    note: 'It hands over to systemd-resolved. Without that, it has plain DNS alone.',
    steps: [
      {
        text: 'NAME is the connection, as `nmcli connection` lists it. The certificate is checked against the address, which it carries.',
        blocks: [
          {
            id: 'nmcli',
            label: TERMINAL,
            lines: [...commandLines('nmcli connection modify NAME', ...settings), 'nmcli connection up NAME'],
          },
        ],
      },
    ],
  };
}

function stubbyPart(facts: DeviceFacts, dot: Door, host: string): GuidePart {
  const authority = authorityOf(facts);
  const upstreams = dot.addresses.flatMap((address) => [
    `  - address_data: ${address}`,
    `    tls_port: ${dot.port}`,
    `    tls_auth_name: "${host}"`,
  ]);
  // Where this server has port 53 of loopback itself, another address of it is as good.
  const isTaken = facts.plain?.addresses.some((address) => isLoopback(address)) === true;
  const stub = isTaken ? '127.0.0.2' : '127.0.0.1';
  return {
    id: 'stubby',
    title: 'stubby',
    note: `A small forwarder, for a machine with neither of the two. It answers at ${stub}.`,
    steps: steps(
      {
        text: 'Write this file, restart stubby, and name it in `/etc/resolv.conf`.',
        blocks: [
          {
            id: 'stubby-yml',
            label: '/etc/stubby/stubby.yml',
            lines: [
              'resolution_type: GETDNS_RESOLUTION_STUB',
              'dns_transport_list:',
              '  - GETDNS_TRANSPORT_TLS',
              'tls_authentication: GETDNS_AUTHENTICATION_REQUIRED',
              ...(authority === null ? [] : [`tls_ca_file: "${LINUX_CA_FILE}"`]),
              'tls_query_padding_blocksize: 128',
              'idle_timeout: 10000',
              'listen_addresses:',
              `  - ${stub}`,
              'upstream_recursive_servers:',
              ...upstreams,
            ],
          },
          { id: 'resolv-conf', label: '/etc/resolv.conf', lines: [`nameserver ${stub}`] },
        ],
      },
      null,
    ),
  };
}
