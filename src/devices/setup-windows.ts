// Setting up Windows 11: which DoH template belongs to which address, and the CA in the machine's store.
// Commands as Microsoft documents them ("Secure DNS Client over HTTPS (DoH)", "netsh dnsclient", "certutil").

import { authorityOf, CA_FILE, downloadStep } from './authority-steps.ts';
import { dohTemplate } from './facts.ts';
import { type Guide, type GuideInputs, type GuidePart, type Holding, listed, steps } from './guide.ts';
import { encryptedHoldings } from './holdings.ts';

const ADMIN_TERMINAL = 'Terminal (Admin)';

export function windowsGuide(inputs: GuideInputs): Guide {
  const { facts } = inputs;
  const template = dohTemplate(facts);
  return {
    title: 'Windows 11',
    summary: template === null ? 'In plaintext, from the router.' : 'DNS over HTTPS, set for the address.',
    holds: [...encryptedHoldings(facts), templateHolding(template)],
    parts: [...(template === null ? [] : [httpsPart(inputs, template)]), plainPart()],
  };
}

function templateHolding(template: string | null): Holding {
  return template === null
    ? {
        tone: 'bad',
        text: 'Encrypted DNS cannot be set up: Windows has DNS over HTTPS, which is not open here (`listen.doh`), or whose certificate carries no name.',
      }
    : { tone: 'good', text: `The template is \`${template}\`.` };
}

function httpsPart(inputs: GuideInputs, template: string): GuidePart {
  const addresses = inputs.facts.doh?.addresses ?? [];
  const install = {
    text: 'Install the CA for the machine.',
    blocks: [{ id: 'store', label: ADMIN_TERMINAL, lines: [`certutil -addstore Root ${CA_FILE}`] }],
  };
  return {
    id: 'https',
    title: 'DNS over HTTPS',
    steps: steps(
      downloadStep(inputs),
      authorityOf(inputs.facts) === null ? null : install,
      {
        text: 'Tell Windows which template belongs to the address. `udpfallback=no` leaves no silent way back to plaintext.',
        blocks: addresses.map((address) => ({
          id: `template-${address}`,
          label: `${ADMIN_TERMINAL}, for ${address}`,
          lines: [
            `netsh dns add encryption server=${address} dohtemplate=${template} autoupgrade=yes udpfallback=no`,
          ],
        })),
      },
      {
        text: `Where the router does not hand out this server: Settings, Network & internet, the adapter, DNS server assignment, Edit, "Manual", and ${listed(addresses)}. From now on it offers "DNS over HTTPS" for them; "Unencrypted allowed" is a silent way back.`,
      },
      {
        text: 'See that it is so: the address has to be listed, with its template.',
        blocks: [
          { id: 'shown', label: ADMIN_TERMINAL, lines: ['netsh dns show encryption', 'ipconfig /all'] },
        ],
      },
    ),
  };
}

function plainPart(): GuidePart {
  return {
    id: 'plain',
    title: 'In plaintext',
    steps: [
      {
        text: 'Nothing has to be done on the device where the router hands out this server.',
        links: [{ href: '/devices/routers', text: 'Routers' }],
      },
    ],
  };
}
