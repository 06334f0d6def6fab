// What is to be copied as a whole: a label over the lines as they are, broken where they are too long for the screen. A script
// adds a button where the browser lets it write to the clipboard; without one it is marked by hand. Pure.

import type { CodeBlock } from '../devices/guide.ts';
import { html, type Markup, NOTHING } from './markup.ts';

/** For every page that has such a block. */
export const COPY_SCRIPT = 'copy.js';

export function codeBlock({ id, label, lines, copied }: CodeBlock): Markup {
  const other = copied === undefined ? NOTHING : html` data-copy="${copied}"`;
  return html`<figure class="block"><figcaption class="soft">${breakable(label)}</figcaption><pre class="copy" id="${id}"${other}>${lines.map(
    (line) => html`${words(line)}
`,
  )}</pre></figure>`;
}

/** Somebody may type it: a narrow screen breaks it between its words, and no option after its hyphen. */
function words(line: string): Markup[] {
  return line
    .split(/( +)/)
    .map((word) => (/[-/]/.test(word) ? html`<span>${breakable(word)}</span>` : html`${word}`));
}

/** After a slash of a URL or a path, and between octets in hexadecimal digits. */
const BREAKS = /(?<=\/)(?!\/)|(?<=\b[\da-f]{2}:)(?=[\da-f]{2}\b)/;

/** Text with long words, and where they are broken if they have to be. */
export function breakable(text: string): Markup[] {
  return text.split(BREAKS).map((part, at) => (at === 0 ? html`${part}` : html`<wbr>${part}`));
}
