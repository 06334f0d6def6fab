// HTML that cannot be injected into: what is put into the template is escaped, unless it is markup already.
// Names of sources and upstreams come from the network and the configuration, and none of them is markup (reliability row 21).

import { visible } from '../status/words.ts';

/** Text that is HTML; made by `html` and by nothing else. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[];

/** A template whose parts are escaped, for element content and for quoted attribute values. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    literals.map((literal, at) => literal + (at < parts.length ? textOf(parts[at]!) : '')).join(''),
  );
}

/** A sentence whose words between backticks are what a person types; its dates are kept together. */
export function withCode(sentence: string): Markup[] {
  return sentence
    .split('`')
    .flatMap((part, at) => (at % 2 === 1 ? [html`<code>${part}</code>`] : withTimes(part)));
}

/** A day, a time of day or a length of time, as words.ts writes them: a line of a phone ends within none of them. */
const TIME =
  /(\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d UTC|\d[\d.,]* (?:µs|ms|s|min|h|d|years?)\b(?: \d+ (?:s|min|h)\b)?)/;

/** An instant, as formatInstant of words.ts writes it. */
const INSTANT = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)/;

/** A sentence whose dates are kept together, and known to assets/local-time.js. */
export function withTimes(sentence: string): Markup[] {
  return sentence.split(INSTANT).flatMap((part, at) => {
    if (at % 2 === 0) return part === '' ? [] : keptTogether(part);
    const date = `${part.slice(0, 10)}T${part.slice(11, 19)}Z`;
    return html`<time datetime="${date}">${keptTogether(part)}</time>`;
  });
}

function keptTogether(sentence: string): Markup[] {
  return sentence
    .split(TIME)
    .map((part, at) => (at % 2 === 1 ? html`<span class="whole">${part}</span>` : html`${part}`));
}

export const NOTHING = html``;

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return escaped(visible(String(part)));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
