// Tables of a page: cells that say what they are, and rows that keep their meaning for screen readers when a phone shows
// them as blocks, hence the roles.

import { html, type Markup, withTimes } from './markup.ts';

export interface Cell {
  /** `none`: nothing to show, and left out on a phone. */
  readonly is: 'name' | 'number' | 'none' | 'text';
  readonly content: Markup;
}

export function text(value: string): Cell {
  return { is: 'text', content: inOne(value) };
}

export function number(value: string): Cell {
  return {
    is: value === '' ? 'none' : 'number',
    content: inOne(value === '' ? '–' : value),
  };
}

/** One element or one text, as the rows of a phone are grids. */
function inOne(value: string): Markup {
  const parts = withTimes(value);
  return parts.length === 1 ? parts[0]! : html`<span>${parts}</span>`;
}

/** The first cell of a row is its name. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  const cell = ({ is, content }: Cell, at: number) => {
    if (is === 'name') return html`<th role="rowheader" scope="row">${content}</th>`;
    const kind = is === 'number' ? 'n' : is === 'none' ? 'none' : 't';
    return html`<td role="cell" class="${kind}" data-is="${head[at]!}">${content}</td>`;
  };
  return html`<table role="table"><thead role="rowgroup"><tr role="row">${head.map((word) => html`<th role="columnheader" scope="col">${word}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map((row) => html`<tr role="row">${row.map(cell)}</tr>`)}</tbody></table>`;
}

/** Text that is more than words. */
export function rich(content: Markup): Cell {
  return { is: 'text', content };
}

export function named(content: Markup): Cell {
  return { is: 'name', content };
}
