// The overview of the devices: a card for each family with what holds for it now, what all of them are told, the CA to be
// installed, and the test. Pure.

import {
  authorityOf,
  CA_DER_PATH,
  CA_PEM_PATH,
  fingerprintBlocks,
  whatToCompare,
} from '../devices/authority-steps.ts';
import { type DeviceFacts, type Door, dohTemplate } from '../devices/facts.ts';
import { FAMILIES, type Family, type Guide } from '../devices/guide.ts';
import { encryptedHoldings } from '../devices/holdings.ts';
import { breakable, COPY_SCRIPT, codeBlock } from './code-block.ts';
import {
  DEVICE_TEST_SCRIPT,
  type DeviceTest,
  deviceTestSection,
  TEST_IMAGES,
} from './device-test-section.ts';
import { html, NOTHING } from './markup.ts';
import type { Page, PageSection } from './page.ts';
import { definitions } from './page-sections.ts';
import { holdings, qrMarkup } from './setup-page.ts';

export interface DevicesPageParts {
  readonly facts: DeviceFacts;
  readonly guides: Readonly<Record<Family, Guide>>;
  readonly test: DeviceTest;
  /** Where another device can open these pages; null: it cannot. */
  readonly pagesUrl: string | null;
}

export function devicesPage({ facts, guides, test, pagesUrl }: DevicesPageParts): Page {
  return {
    title: 'Devices',
    lead: html`<h1>Pointing devices at Noonmark</h1>${holdings(encryptedHoldings(facts))}`,
    sections: [
      cardsSection(guides),
      factsSection(facts),
      ...authoritySection(facts),
      elsewhereSection(pagesUrl),
      deviceTestSection(test),
    ],
    scripts: [COPY_SCRIPT, DEVICE_TEST_SCRIPT],
    imagesFrom: TEST_IMAGES,
  };
}

function cardsSection(guides: DevicesPageParts['guides']): PageSection {
  const cards = FAMILIES.map(
    (family) =>
      html`<li><a class="card" href="/devices/${family}"><b>${guides[family].title}</b><br><span class="soft">${breakable(guides[family].summary)}</span></a></li>`,
  );
  return { id: 'families', title: 'Which device?', body: html`<ul class="cards">${cards}</ul>` };
}

function factsSection(facts: DeviceFacts): PageSection {
  const rows = [
    ['name', facts.name ?? 'none that the certificate carries'],
    ['plain DNS', where(facts.plain)],
    ['DNS over TLS', where(facts.dot)],
    ['DNS over HTTPS', where(facts.doh)],
  ] as const;
  const template = dohTemplate(facts);
  const block =
    template === null
      ? NOTHING
      : codeBlock({ id: 'template', label: 'Template of DNS over HTTPS', lines: [template] });
  return { id: 'facts', title: 'What they are told', body: html`${definitions(rows)}${block}` };
}

function where(door: Door | null): string {
  return door === null ? 'not open' : `${door.addresses.join(', ')}, port ${door.port}`;
}

function authoritySection(facts: DeviceFacts): PageSection[] {
  const authority = authorityOf(facts);
  if (authority === null) return [];
  return [
    {
      id: 'authority',
      title: 'The CA',
      note: `Whoever installs "${authority.name}" trusts this server, and whoever has its key. Compare the fingerprint with what the device shows. ${whatToCompare(facts)}`,
      body: html`<p><a href="${CA_PEM_PATH}">As PEM</a> · <a href="${CA_DER_PATH}">As DER</a></p>${fingerprintBlocks(facts).map(codeBlock)}`,
    },
  ];
}

function elsewhereSection(pagesUrl: string | null): PageSection {
  const title = 'This page on another device';
  if (pagesUrl === null)
    return {
      id: 'elsewhere',
      title,
      body: html`<p>No other device can open these pages where they are open now. <code>listen.admin</code> with an address of the network lets them, and <code>noonmark profile</code> has what a phone needs without.</p>`,
    };
  const address = `${pagesUrl}/devices`;
  const warning = address.startsWith('https:')
    ? html`<p class="soft">A device that does not trust the certificate yet warns, and is right: go on, and compare the fingerprint.</p>`
    : NOTHING;
  return { id: 'elsewhere', title, body: html`${qrMarkup(address, 'For its camera')}${warning}` };
}
