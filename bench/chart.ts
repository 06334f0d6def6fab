// The ratios of the table as a picture: one line a path, unbound at 1 in the middle, less CPU to the left, on a scale where
// half and double are equally far. Written by hand as SVG, legible in the light and in the dark. Pure.

import { type Findings, figureOf, type LoadFinding } from './findings.ts';
import { ofKind } from './report.ts';

const WIDTH = 880;
const LEFT = 316;
const RIGHT = 40;
const TOP = 104;
const LINE_HEIGHT = 40;
const FOOT = 52;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const MARKS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16];
const MARK_TEXTS = ['1/16', '1/8', '1/4', '1/2', 'unbound', '2 ×', '4 ×', '8 ×', '16 ×'];
const SYMBOL = 5;

/** By peer: ours is drawn apart. */
const SHAPES: Readonly<Record<string, (x: number, y: number) => string>> = {
  dnsdist: (x, y) =>
    polygon('a', [
      [x, y - SYMBOL],
      [x + SYMBOL, y],
      [x, y + SYMBOL],
      [x - SYMBOL, y],
    ]),
  kresd: (x, y) => `<rect class="b" x="${f(x - 4)}" y="${f(y - 4)}" width="8" height="8"/>`,
  named: (x, y) =>
    polygon('c', [
      [x, y - SYMBOL],
      [x + SYMBOL, y + 4],
      [x - SYMBOL, y + 4],
    ]),
  dnsmasq: (x, y) =>
    polygon('d', [
      [x, y + SYMBOL],
      [x + SYMBOL, y - 4],
      [x - SYMBOL, y - 4],
    ]),
};

/** Empty where there is nothing to draw. */
export function drawChart(findings: Findings): string {
  const rows = ofKind(findings, 'load').filter(
    ({ peers, target }) => target !== null && figureOf(peers.noonmark) !== null,
  );
  if (rows.length === 0) return '';
  const scale = scaleOf(rows);
  const height = TOP + rows.length * LINE_HEIGHT + FOOT;
  const bottom = TOP + rows.length * LINE_HEIGHT;
  const shown = MARKS.map((mark, at) => ({ mark, text: MARK_TEXTS[at]! })).filter(({ mark }) =>
    scale.has(mark),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', sans-serif">
  <title id="title">CPU per query beside unbound. ${rows.map(inWords).join('; ')}.</title>
  <style>
    .ink { fill: #1f2933 } .soft { fill: #5b6770 } .back { fill: #fffdf8 }
    .grid { stroke: #e4dfd3; stroke-width: 1 } .one { stroke: #5b6770; stroke-width: 1.5 }
    .bar { stroke: #e0a526; stroke-width: 9; stroke-linecap: butt; opacity: .55 } .ours { fill: #b26b00 } .target { stroke: #1f2933; stroke-width: 2 }
    .a { fill: #2f6f8f } .b { fill: #7a5195 } .c { fill: #3c8d5a } .d { fill: #a34a4a }
    @media (prefers-color-scheme: dark) {
      .ink { fill: #e8e6e1 } .soft { fill: #a7b0b8 } .back { fill: #181d22 }
      .grid { stroke: #2d353c } .one { stroke: #a7b0b8 } .ours { fill: #f0b43c } .target { stroke: #e8e6e1 }
      .a { fill: #7cc0e0 } .b { fill: #c3a0dd } .c { fill: #7fcf9b } .d { fill: #e59a9a }
    }
  </style>
  <rect class="back" width="${WIDTH}" height="${height}" rx="14"/>
  <text class="ink" x="24" y="36" font-size="17" font-weight="600">CPU per query, beside unbound’s in the same run</text>
  <text class="soft" x="24" y="56" font-size="12">Farther to the left is less. Upright stroke: what Noonmark is meant to need at most.</text>
${legend(findings)}
${shown.map(({ mark, text }) => gridLine(scale.x(mark), bottom, text, mark === 1)).join('\n')}
${rows.map((row, at) => drawRow(row, scale, TOP + (at + 0.5) * LINE_HEIGHT)).join('\n')}
  <text class="soft" x="24" y="${height - 14}" font-size="11">${escaped(`${findings.machine}, commit of ${findings.commit}; medians of ${findings.rounds} rounds`)}</text>
</svg>
`;
}

interface Scale {
  x(ratio: number): number;
  has(ratio: number): boolean;
}

/** From the smallest to the largest figure, one step of the scale beyond them, and 1 always inside. */
function scaleOf(rows: readonly LoadFinding[]): Scale {
  const ratios = rows.flatMap(({ peers, target }) => [
    ...Object.values(peers).flatMap((found) => figureOf(found)?.ratio ?? []),
    target ?? 1,
  ]);
  const low = Math.floor(Math.log2(Math.min(0.5, ...ratios)) - 0.2);
  const high = Math.ceil(Math.log2(Math.max(2, ...ratios)) + 0.2);
  return {
    x: (ratio) => LEFT + (PLOT_WIDTH * (Math.log2(ratio) - low)) / (high - low),
    has: (ratio) => Math.log2(ratio) >= low && Math.log2(ratio) <= high,
  };
}

function drawRow({ title, target, peers }: LoadFinding, { x }: Scale, y: number): string {
  const { ratio } = figureOf(peers.noonmark)!;
  const others = Object.entries(SHAPES).flatMap(([name, draw]) => {
    const figure = figureOf(peers[name]);
    return figure === null ? [] : [`  ${draw(x(figure.ratio), y)}`];
  });
  const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
  const goal =
    target === null
      ? ''
      : `<line class="target" x1="${f(x(target))}" x2="${f(x(target))}" y1="${f(y - 10)}" y2="${f(y + 10)}"/>`;
  return [
    `  <text class="ink" x="${LEFT - 14}" y="${f(y + 4)}" font-size="12.5" text-anchor="end">${escaped(title)}</text>`,
    `  <line class="bar" x1="${f(from)}" x2="${f(to)}" y1="${f(y)}" y2="${f(y)}"/>`,
    `  ${goal}`,
    ...others,
    `  <circle class="ours" cx="${f(x(ratio))}" cy="${f(y)}" r="6.5"/>`,
    `  <text class="ink" x="${f(x(ratio))}" y="${f(y - 10)}" font-size="11.5" font-weight="600" text-anchor="middle">${ratio.toFixed(2)}</text>`,
  ].join('\n');
}

function gridLine(x: number, bottom: number, label: string, isOne: boolean): string {
  return `  <line class="${isOne ? 'one' : 'grid'}" x1="${f(x)}" x2="${f(x)}" y1="${TOP}" y2="${bottom}"/>
  <text class="soft" x="${f(x)}" y="${bottom + 18}" font-size="11" text-anchor="middle">${label}</text>`;
}

function legend({ peers, titles }: Findings): string {
  const shown = ['noonmark', ...Object.keys(SHAPES)].filter((name) => peers.includes(name));
  return shown
    .map((name, at) => {
      const x = 30 + at * 130;
      const symbol = SHAPES[name]?.(x, 80) ?? `<circle class="ours" cx="${x}" cy="80" r="6.5"/>`;
      return `  ${symbol}<text class="ink" x="${x + 13}" y="84" font-size="12">${escaped(titles[name]!)}</text>`;
    })
    .join('\n');
}

function inWords({ title, peers }: LoadFinding): string {
  return escaped(`${title}: ${figureOf(peers.noonmark)!.ratio.toFixed(2)}`);
}

function polygon(colour: string, points: readonly (readonly [number, number])[]): string {
  return `<polygon class="${colour}" points="${points.map(([x, y]) => `${f(x)},${f(y)}`).join(' ')}"/>`;
}

function f(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
