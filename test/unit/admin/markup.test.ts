// HTML that cannot be injected into, and the sentences that stand in it.

import { expect, it } from 'vitest';
import { html, withCode } from '../../../src/admin/markup.ts';
import { capital } from '../../../src/admin/words.ts';

it('sets what a person types in code, and escapes it like everything else', () => {
  const { text } = html`<p>${withCode('ask `noonmark time`, not `<script>` & co')}</p>`;
  expect(text).toBe('<p>ask <code>noonmark time</code>, not <code>&lt;script&gt;</code> &amp; co</p>');
});

it('begins a sentence with a capital letter, and leaves a URL as it is', () => {
  expect(['nobody is there', 'tls://dns.example: nobody'].map(capital)).toEqual([
    'Nobody is there',
    'tls://dns.example: nobody',
  ]);
});
