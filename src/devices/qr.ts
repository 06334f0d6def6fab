// QR codes (ISO/IEC 18004) for what nobody wants to type on a phone: as a path for SVG, and as half blocks for a terminal.
// The code itself is made by the package qr.

import encodeQR from 'qr';

/** Light modules around the code (ISO/IEC 18004 section 6.3.8). */
const QUIET_MODULES = 4;

export interface QrDrawing {
  /** Modules along a side, quiet ones included: the SVG's viewBox. */
  readonly size: number;
  /** The dark modules, as the `d` of a path. */
  readonly path: string;
}

export function qrDrawing(text: string): QrDrawing {
  const modules = modulesOf(text);
  return { size: modules.length, path: modules.map(runsOf).join('') };
}

/** One rectangle for each run of dark modules of a row. */
function runsOf(row: readonly boolean[], y: number): string {
  const runs: string[] = [];
  for (let x = 0; x < row.length; x += 1) {
    if (!row[x]) continue;
    const from = x;
    while (row[x + 1]) x += 1;
    runs.push(`M${from} ${y}h${x + 1 - from}v1H${from}z`);
  }
  return runs.join('');
}

/** Black on white whatever the terminal's colours are. */
const BLACK_ON_WHITE = '\u001b[38;5;16;48;5;231m';
const AS_BEFORE = '\u001b[0m';

/** Lines of half blocks, each two rows of modules; without colours for what is no terminal. */
export function qrLines(text: string, isColoured: boolean): string[] {
  const modules = modulesOf(text);
  const lines: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const blocks = modules[y]!.map((upper, x) => halfBlock(upper, modules[y + 1]?.[x] ?? false)).join('');
    lines.push(isColoured ? `${BLACK_ON_WHITE}${blocks}${AS_BEFORE}` : blocks);
  }
  return lines;
}

function halfBlock(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀';
  return lower ? '▄' : ' ';
}

/** By rows; true is dark. */
function modulesOf(text: string): boolean[][] {
  return encodeQR(text, 'raw', { border: QUIET_MODULES });
}
