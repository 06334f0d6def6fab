// The set-up page of one family of devices: what holds now, numbered steps with what is to be copied, and the test at the
// end. Pure; what it says is src/devices.

import type { Guide, GuidePart, Holding, Step } from '../devices/guide.ts';
import { qrDrawing } from '../devices/qr.ts';
import { PROFILE_PATH } from '../devices/setup-apple.ts';
import { breakable, COPY_SCRIPT, codeBlock } from './code-block.ts';
import {
  DEVICE_TEST_SCRIPT,
  type DeviceTest,
  deviceTestSection,
  noticeClass,
  TEST_IMAGES,
} from './device-test-section.ts';
import { html, type Markup, NOTHING, withCode } from './markup.ts';
import type { Page, PageSection } from './page.ts';

/** What the form that makes a profile offers. */
export interface ProfileChoice {
  readonly canBeEverywhere: boolean;
  readonly protocols: readonly { readonly value: string; readonly text: string }[];
}

export interface SetupPageParts {
  readonly guide: Guide;
  readonly test: DeviceTest;
  /** For Apple's page. */
  readonly profile: ProfileChoice;
}

export function setupPage({ guide, test, profile }: SetupPageParts): Page {
  return {
    title: guide.title,
    lead: html`<p class="back"><a href="/devices">All devices</a></p><h1>${guide.title}</h1>${holdings(guide.holds)}`,
    sections: [...guide.parts.map((part) => partSection(part, profile)), deviceTestSection(test)],
    scripts: [COPY_SCRIPT, DEVICE_TEST_SCRIPT],
    imagesFrom: TEST_IMAGES,
  };
}

/** What holds now, before anything is done. */
export function holdings(holds: readonly Holding[]): Markup {
  return html`<ul class="holds">${holds.map(({ tone, text }) => html`<li class="notice ${noticeClass(tone)}">${withCode(text)}</li>`)}</ul>`;
}

function partSection({ id, title, note, steps }: GuidePart, profile: ProfileChoice): PageSection {
  const items = steps.map((step) => html`<li>${stepMarkup(step, profile)}</li>`);
  const remark = note === undefined ? NOTHING : html`<p class="soft">${withCode(note)}</p>`;
  return { id, title, body: html`${remark}<ol class="steps">${items}</ol>` };
}

function stepMarkup({ text, blocks = [], qr, links = [], form }: Step, profile: ProfileChoice): Markup {
  return html`<p>${withCode(text)}</p>${links.map(({ href, text }) => html`<p><a href="${href}">${text}</a></p>`)}${blocks.map(codeBlock)}${
    qr === undefined ? NOTHING : qrMarkup(qr.text, qr.label)
  }${form === undefined ? NOTHING : profileForm(profile)}`;
}

/** Dark on light whatever the page's colours are: cameras want it so. */
export function qrMarkup(text: string, label: string): Markup {
  const { size, path } = qrDrawing(text);
  return html`<figure class="qr"><svg viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code: ${label}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${path}"/></svg><figcaption class="soft">${label}: <code>${breakable(text)}</code></figcaption></figure>`;
}

/** Three networks are enough for most houses; more come from the command line. */
const SSID_FIELDS = ['Wi-Fi of the house', 'Another, if there is one', 'And another'] as const;

const WHERE = html`<label>Where it holds <select name="where"><option value="home">at home</option><option value="everywhere">everywhere</option></select></label>`;

function profileForm({ protocols, canBeEverywhere }: ProfileChoice): Markup {
  const options = protocols.map(({ value, text }) => html`<option value="${value}">${text}</option>`);
  const ssids = SSID_FIELDS.map(
    (label) =>
      html`<label>${label} <input name="ssid" autocomplete="off" autocapitalize="none" spellcheck="false"></label>`,
  );
  return html`<form class="filter" method="get" action="${PROFILE_PATH}">
${ssids}
${canBeEverywhere ? WHERE : NOTHING}
<label>Protocol <select name="protocol">${options}</select></label>
<button>Get the profile</button>
</form>`;
}
