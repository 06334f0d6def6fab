// Asking this server by hand: curl over DNS over HTTPS, and dig and kdig over the rest. For trying things out, and for
// scripts.

import { isLoopback } from '../config/own-sockets.ts';
import { authorityOf, CA_FILE, downloadStep, fetchBlock } from './authority-steps.ts';
import { type DeviceFacts, dohTemplate, verifiedHost } from './facts.ts';
import { type Guide, type GuideInputs, type GuidePart, steps, TERMINAL } from './guide.ts';
import { encryptedHoldings } from './holdings.ts';

/** Answered by every server of ours, whatever its zones are. */
const EXAMPLE = 'example.com';

export function curlGuide(inputs: GuideInputs): Guide {
  const { facts } = inputs;
  const template = dohTemplate(facts);
  return {
    title: 'curl and the like',
    summary: template === null ? 'dig and kdig; DNS over HTTPS is not open here.' : 'curl, dig and kdig.',
    holds: encryptedHoldings(facts),
    parts: [
      ...authorityParts(inputs),
      ...(template === null ? [] : [curlPart(template, facts)]),
      ...digParts(facts),
    ],
  };
}

function authorityParts(inputs: GuideInputs): GuidePart[] {
  const download = downloadStep(inputs);
  if (download === null) return [];
  return [
    {
      id: 'authority',
      title: 'Get the CA',
      steps: [{ ...download, blocks: [...download.blocks!, ...fetchBlock(inputs)] }],
    },
  ];
}

function curlPart(template: string, facts: DeviceFacts): GuidePart {
  const trust = authorityOf(facts) === null ? '' : `--cacert ${CA_FILE} `;
  const to = resolveOption(facts);
  return {
    id: 'curl',
    title: 'curl',
    note: 'What --cacert names is trusted for DNS and for the page alike, and nothing else is: for pages of the world install the CA in the store of the system, and leave it out.',
    steps: steps(
      {
        text: 'Ask for one name, in JSON:',
        blocks: [
          {
            id: 'curl-json',
            label: TERMINAL,
            lines: [
              `curl ${trust}${to}-H 'accept: application/dns-json' '${template}?name=${facts.name ?? EXAMPLE}&type=A'`,
            ],
          },
        ],
      },
      {
        text: 'Let curl resolve through this server:',
        blocks: [
          {
            id: 'curl-doh',
            label: TERMINAL,
            lines: [`curl ${trust}${to}--doh-url ${template} http://${EXAMPLE}/`],
          },
        ],
      },
    ),
  };
}

/** Where the name leads, for a machine whose own resolver does not know; "" where an address stands in the template. */
function resolveOption({ name, doh }: DeviceFacts): string {
  if (name === null || doh === null) return '';
  const [address] = doh.addresses;
  return `--resolve ${name}:${doh.port}:${address!.includes(':') ? `[${address}]` : address} `;
}

function digParts(facts: DeviceFacts): GuidePart[] {
  const { plain, dot, doh } = facts;
  const host = verifiedHost(facts);
  const trust = authorityOf(facts) === null ? '+tls-ca' : `+tls-ca=${CA_FILE}`;
  const name = facts.name ?? EXAMPLE;
  const port = (of: number, usual: number) => (of === usual ? '' : `-p ${of} `);
  const lines = [
    ...(plain === null ? [] : [`dig @${plain.addresses[0]} ${port(plain.port, 53)}${name}`]),
    ...(dot === null || host === null
      ? []
      : [`kdig @${dot.addresses[0]} ${port(dot.port, 853)}${trust} +tls-hostname=${host} ${name}`]),
    ...(doh === null || host === null
      ? []
      : [`kdig @${doh.addresses[0]} ${port(doh.port, 443)}+https ${trust} +tls-hostname=${host} ${name}`]),
  ];
  if (lines.length === 0) return [];
  const isHere = plain?.addresses.every((address) => isLoopback(address)) === true;
  return [
    {
      id: 'dig',
      title: 'dig and kdig',
      note: isHere ? 'On this machine; no other reaches it.' : undefined,
      steps: [
        {
          text: 'Plain DNS, DNS over TLS, DNS over HTTPS, one a line:',
          blocks: [{ id: 'dig-lines', label: TERMINAL, lines }],
        },
      ],
    },
  ];
}
