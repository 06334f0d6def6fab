// Tables of Markdown and the few ways in which figures are written in them. Pure.

/** @param head names of the columns; those of figures, all but the first, are set to the right */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'---:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n');
}

export const DASH = '–';

/** Three figures that count, whatever the size: 0.082, 1.24, 12.3, 143. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(3, Math.max(0, 2 - digits)));
}

export function ratioText(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : DASH;
}

/** 1,234,567 */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function megabytes(octets: number): string {
  return (octets / 1e6).toFixed(0);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 2 : 0)} %`;
}

const OPEN = (name: string) => `<!-- bench: ${name} -->`;
const CLOSE = (name: string) => `<!-- end of bench: ${name} -->`;

/**
 * Puts texts between the marks of a page and leaves every other word as it is.
 * @throws Error where a mark is not there: a figure that nobody writes any more must not look fresh
 */
export function withSections(page: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [name, body]) => {
    const from = text.indexOf(OPEN(name));
    const to = text.indexOf(CLOSE(name));
    if (from < 0 || to < from)
      throw new Error(`the page has no place for "${name}": ${OPEN(name)} … ${CLOSE(name)}`);
    return `${text.slice(0, from + OPEN(name).length)}\n${body.trim()}\n${text.slice(to)}`;
  }, page);
}
