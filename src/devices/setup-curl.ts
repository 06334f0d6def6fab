// Asking this server by hand: curl over DNS over HTTPS, and dig and kdig over the rest. For trying things out, and for
// scripts.

import { isLoopback } from '../config/own-sockets.ts';
import { authorityOf, CA_FILE, downloadStep, fetchBlock } from './authority-steps.ts';
import { type DeviceFacts, type Door, dohTemplate, verifiedHost } from './facts.ts';
import {
  type CodeBlock,
  commandLines,
  type Guide,
  type GuideInputs,
  type GuidePart,
  steps,
  TERMINAL,
} from './guide.ts';
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
  const options = [...(authorityOf(facts) === null ? [] : [`--cacert ${CA_FILE}`]), ...resolveOption(facts)];
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
            lines: commandLines(
              'curl',
              ...options,
              "-H 'accept: application/dns-json'",
              `'${template}?name=${facts.name ?? EXAMPLE}&type=A'`,
            ),
          },
        ],
      },
      {
        text: 'Let curl resolve through this server:',
        blocks: [
          {
            id: 'curl-doh',
            label: TERMINAL,
            lines: commandLines('curl', ...options, `--doh-url ${template}`, `http://${EXAMPLE}/`),
          },
        ],
      },
    ),
  };
}

/** Where the name leads, for a machine whose own resolver does not know; nothing where an address stands in the template. */
function resolveOption({ name, doh }: DeviceFacts): string[] {
  if (name === null || doh === null) return [];
  const [address] = doh.addresses;
  return [`--resolve ${name}:${doh.port}:${address!.includes(':') ? `[${address}]` : address}`];
}

function digParts(facts: DeviceFacts): GuidePart[] {
  const { plain, dot, doh } = facts;
  const host = verifiedHost(facts);
  const trust = authorityOf(facts) === null ? '+tls-ca' : `+tls-ca=${CA_FILE}`;
  const name = facts.name ?? EXAMPLE;
  const at = ({ addresses, port }: Door, usual: number) =>
    `@${addresses[0]}${port === usual ? '' : ` -p ${port}`}`;
  const blocks: CodeBlock[] = [];
  if (plain !== null) blocks.push({ id: 'dig', label: 'Plain DNS', lines: [`dig ${at(plain, 53)} ${name}`] });
  const encrypted = (id: string, label: string, command: string) =>
    blocks.push({ id, label, lines: commandLines(command, trust, `+tls-hostname=${host}`, name) });
  if (dot !== null && host !== null) encrypted('kdig-tls', 'DNS over TLS', `kdig ${at(dot, 853)}`);
  if (doh !== null && host !== null) encrypted('kdig-https', 'DNS over HTTPS', `kdig ${at(doh, 443)} +https`);
  if (blocks.length === 0) return [];
  const isHere = plain?.addresses.every((address) => isLoopback(address)) === true;
  return [
    {
      id: 'by-hand',
      title: 'dig and kdig',
      note: isHere ? 'On this machine; no other reaches it.' : undefined,
      steps: [{ text: 'One for each way that is open:', blocks }],
    },
  ];
}
