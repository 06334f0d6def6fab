// HTML that cannot be injected into, and the sentences that stand in it.

import { expect, it } from 'vitest';
import { capital } from '../../../src/status/words.ts';
import { html, withCode, withTimes } from '../../../src/web/markup.ts';

it('sets what a person types in code, and escapes it like everything else', () => {
  const { text } = html`<p>${withCode('ask `noonmark time`, not `<script>` & co')}</p>`;
  expect(text).toBe('<p>ask <code>noonmark time</code>, not <code>&lt;script&gt;</code> &amp; co</p>');
});

it('keeps days and times of day together, in sentences with code as well', () => {
  const parts = ['2026-11-03', '08:12:45 UTC'].map((part) => `<span class="whole">${part}</span>`);
  const kept = `<time datetime="2026-11-03T08:12:45Z">${parts.join(' ')}</time>`;
  expect(html`${withTimes('It was on 2026-11-03 08:12:45 UTC & is over')}`.text).toBe(
    `It was on ${kept} &amp; is over`,
  );
  expect(html`${withCode('`a` waits (2026-11-03 08:12:45 UTC)')}`.text).toBe(
    `<code>a</code> waits (${kept})`,
  );
});

it('begins a sentence with a capital letter, and leaves what is a URL, a path or a file as it is', () => {
  const asTheyAre = ['tls://dns.example: nobody', 'home.yaml is broken', 'certs/ca.pem: damaged'];
  expect(['nobody is there', ...asTheyAre].map(capital)).toEqual(['Nobody is there', ...asTheyAre]);
});
