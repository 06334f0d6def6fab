// "Test from this device": the part of each set-up page that makes the very browser that shows it look up a fresh name, and
// says whether the query arrived, and how. The browser is asked by hints (dns-prefetch, preconnect: W3C Resource Hints),
// which load nothing; one that takes no hints is asked for an image there, which is not, since the name has no address.
// Without a script a button shows what came of it.

import type { TestVerdict } from '../devices/test-verdict.ts';
import { codeBlock } from './code-block.ts';
import { html, withCode } from './markup.ts';
import type { Page, PageSection } from './page.ts';

export const DEVICE_TEST_SCRIPT = 'device-test.js';
export const TEST_RESULT_PATH = '/devices/test';
export const TEST_API_PATH = '/api/device-test';

/** Every name of a test; where the browser would go for an image, were there anything. */
export const TEST_IMAGES = '*.probe.noonmark.home.arpa';

export interface DeviceTest {
  readonly nonce: string;
  readonly name: string;
}

export function deviceTestSection(test: DeviceTest): PageSection {
  return {
    id: 'device-test',
    title: 'Test from this device',
    note: 'This page has made your browser look up a name that nobody has looked up before. If that came here, it says how.',
    body: html`<div id="test" data-api="${TEST_API_PATH}" data-nonce="${test.nonce}" data-name="${test.name}">
<noscript><link rel="dns-prefetch" href="//${test.name}"><img src="//${test.name}/" alt=""></noscript>
<p id="test-verdict" class="notice" role="status">Not looked at yet: the button does.</p>
<form method="get" action="${TEST_RESULT_PATH}"><input type="hidden" name="nonce" value="${test.nonce}"><button>See what came of it</button></form>
${codeBlock({ id: 'test-by-hand', label: 'By hand, on any device, and then the button above', lines: [`nslookup ${test.name}`] })}
</div>`,
  };
}

/** For who has no script. */
export function testResultPage(verdict: TestVerdict | null): Page {
  const body =
    verdict === null
      ? html`<p class="notice bad">That test is not known here: it is of an earlier life of this server, or not of this one. <a href="/devices">Begin anew</a>.</p>`
      : html`<p class="notice ${noticeClass(verdict.tone)}">${withCode(verdict.sentence)}</p><p><a href="/devices">Back to the devices</a></p>`;
  return {
    title: 'Test from this device',
    lead: html`<h1>Test from this device</h1>${body}`,
    sections: [],
    status: verdict === null ? 404 : 200,
  };
}

export function noticeClass(tone: 'good' | 'plain' | 'bad'): string {
  return tone === 'plain' ? '' : tone;
}
