// Lines for a terminal: labels in a column of their own, tables, and paragraphs that do not run out of the window.
// Pure; it knows nothing of what the words mean.

/** What a terminal has had since the beginning; longer words stand alone. */
const LINE_LENGTH = 100;

/** Each row's label, then its text, wrapped below itself. */
export function labelled(rows: readonly (readonly [string, string])[], indent = ''): string[] {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows.flatMap(([label, text]) => {
    const margin = indent.length + width + 2;
    return wrapped(text, LINE_LENGTH - margin).map(
      (line, at) => `${indent}${(at === 0 ? label : '').padEnd(width)}  ${line}`,
    );
  });
}

/** Columns as wide as their widest cell; the last one is left alone. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map(
    (row) =>
      indent +
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
  );
}

/** One paragraph as lines of at most `length` characters. */
export function wrapped(text: string, length: number = LINE_LENGTH): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > length) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
