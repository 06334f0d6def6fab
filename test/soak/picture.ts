// The samples of a soak as a picture: five panels over one time axis, written by hand as SVG, legible in the light and in the
// dark. It decides nothing; scales begin at zero, so that what is flat looks flat.

import type { Sample } from './samples.ts';
import { type SoakReport, totalsOf } from './verdict.ts';

const WIDTH = 880;
const LEFT = 66;
const RIGHT = 24;
const TOP = 92;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PANEL_HEIGHT = 84;
/** With the heading of a panel. */
const PANEL_PITCH = 126;
const FOOT = 34;
/** Of answers, in per cent: what lies below it is drawn at the lower edge. */
const LEAST_ANSWERED_SHOWN = 98;
const LEAST_WAIT_MS = 1;
const TIME_STEPS = [5, 10, 20, 60, 120, 300, 600, 1200, 3600];
const TIME_MARKS = 8;

interface Line {
  readonly label: string;
  readonly style: 'one' | 'two';
  of(sample: Sample): number;
}

interface Scale {
  /** 0 at the lower edge, 1 at the upper one. */
  place(value: number): number;
  readonly marks: readonly number[];
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly scale: Scale;
}

export function drawSoak(report: SoakReport, machine: string): string {
  const { samples } = report;
  const endAt = samples.at(-1)?.at ?? 1;
  const panels = panelsOf(samples);
  const height = TOP + panels.length * PANEL_PITCH + FOOT;
  const bottom = TOP + (panels.length - 1) * PANEL_PITCH + PANEL_HEIGHT;
  const { asked, answered, wrong } = totalsOf(samples);
  const heading = `${inWords(endAt)} of honest questions and floods at once`;
  const sum = `${grouped(asked)} questions on UDP, TCP, DoT and DoH, ${share(answered, asked)} % answered, ${wrong.length === 0 ? 'none' : wrong.length} wrongly.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', sans-serif">
  <title id="title">${heading}. ${sum} Over time: answers, waits, memory, descriptors, floods.</title>
  <style>
    .ink { fill: #1f2933 } .soft { fill: #5b6770 } .back { fill: #fffdf8 } .plot { fill: #f7f5f0 }
    .grid { stroke: #ddd7ca; stroke-width: 1 } .event { stroke: #a39b8b; stroke-width: 1 }
    .one, .two { fill: none; stroke-width: 1.6; stroke-linejoin: round } .one { stroke: #b26b00 } .two { stroke: #2f6f8f }
    @media (prefers-color-scheme: dark) {
      .ink { fill: #e8e6e1 } .soft { fill: #a7b0b8 } .back { fill: #181d22 } .plot { fill: #20272d }
      .grid { stroke: #343d45 } .event { stroke: #6b7680 } .one { stroke: #f0b43c } .two { stroke: #7cc0e0 }
    }
  </style>
  <rect class="back" width="${WIDTH}" height="${height}" rx="14"/>
  <text class="ink" x="${LEFT}" y="38" font-size="17" font-weight="600">${heading}</text>
  <text class="soft" x="${LEFT}" y="58" font-size="12">${sum}</text>
${panels.map((panel, at) => drawPanel(panel, samples, endAt, TOP + at * PANEL_PITCH)).join('\n')}
${report.disturbances.map(({ at }) => drawEvent(xOf(at, endAt), bottom)).join('\n')}
${timeMarks(endAt)
  .map((at) => text('soft', xOf(at, endAt), bottom + 30, timeText(at, endAt), 'middle'))
  .join('\n')}
${text('soft', LEFT, height - 18, `Ticks: ${report.disturbances.length} faults and restarts of upstreams, reloads, changes. ${machine}.`)}
</svg>
`;
}

function panelsOf(samples: readonly Sample[]): Panel[] {
  const most = (of: (sample: Sample) => number) => Math.max(...samples.map(of));
  const upTo = (of: (sample: Sample) => number) => linear(0, roundUp(most(of)));
  const answered = (sample: Sample) => (sample.asked === 0 ? 100 : (100 * sample.answered) / sample.asked);
  return [
    {
      title: 'Answered, %',
      lines: [{ label: '', style: 'two', of: answered }],
      scale: linear(LEAST_ANSWERED_SHOWN, 100),
    },
    {
      title: 'Wait of honest clients, ms',
      lines: [
        { label: '99 of 100 within', style: 'one', of: ({ p99Ms }) => p99Ms },
        { label: 'median', style: 'two', of: ({ medianMs }) => medianMs },
      ],
      scale: decades(
        LEAST_WAIT_MS,
        most(({ p99Ms }) => p99Ms),
      ),
    },
    {
      title: 'Resident memory, MB',
      lines: [{ label: '', style: 'two', of: ({ rssMb }) => rssMb }],
      scale: upTo(({ rssMb }) => rssMb),
    },
    {
      title: 'Open descriptors',
      lines: [{ label: '', style: 'two', of: ({ descriptors }) => descriptors }],
      scale: upTo(({ descriptors }) => descriptors),
    },
    {
      title: 'Acts of attackers per second, as many as leave a third of the machine idle',
      lines: [{ label: '', style: 'one', of: ({ floodPerSecond }) => floodPerSecond }],
      scale: upTo(({ floodPerSecond }) => floodPerSecond),
    },
  ];
}

function drawPanel(
  { title, lines, scale }: Panel,
  samples: readonly Sample[],
  endAt: number,
  top: number,
): string {
  const yOf = (value: number) => top + PANEL_HEIGHT * (1 - Math.min(1, Math.max(0, scale.place(value))));
  const grid = scale.marks.map((mark) => {
    const y = yOf(mark).toFixed(1);
    const line = `  <line class="grid" x1="${LEFT}" y1="${y}" x2="${LEFT + PLOT_WIDTH}" y2="${y}"/>`;
    return `${line}\n${text('soft', LEFT - 8, Number(y) + 4, grouped(mark), 'end')}`;
  });
  const paths = lines.map(({ style, of }) => {
    const points = samples.map(
      (sample) => `${xOf(sample.at, endAt).toFixed(1)} ${yOf(of(sample)).toFixed(1)}`,
    );
    return `  <path class="${style}" d="M${points.join('L')}"/>`;
  });
  return [
    text('ink', LEFT, top - 9, title),
    ...lines.filter(({ label }) => label !== '').map(drawLegend(top - 9)),
    `  <rect class="plot" x="${LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${PANEL_HEIGHT}"/>`,
    ...grid,
    ...paths,
  ].join('\n');
}

const drawLegend =
  (y: number) =>
  ({ label, style }: Line, at: number): string => {
    const LEGEND_PITCH = 130;
    const x = LEFT + PLOT_WIDTH - (2 - at) * LEGEND_PITCH + 30;
    const dash = `  <path class="${style}" d="M${x} ${y - 4}h18"/>`;
    return `${dash}\n${text('soft', x + 24, y, label)}`;
  };

function drawEvent(x: number, bottom: number): string {
  return `  <path class="event" d="M${x.toFixed(1)} ${bottom + 3}v9"/>`;
}

function text(style: string, x: number, y: number, content: string, anchor = 'start'): string {
  return `  <text class="${style}" x="${x.toFixed(0)}" y="${y.toFixed(0)}" font-size="12" text-anchor="${anchor}">${content}</text>`;
}

function xOf(at: number, endAt: number): number {
  return LEFT + (PLOT_WIDTH * at) / endAt;
}

function linear(from: number, to: number): Scale {
  return { place: (value) => (value - from) / (to - from), marks: [from, (from + to) / 2, to] };
}

/** Powers of ten; the upper edge is the first one above `most`. */
function decades(least: number, most: number): Scale {
  const count = Math.max(1, Math.ceil(Math.log10(most / least)));
  return {
    place: (value) => Math.log10(Math.max(value, least) / least) / count,
    marks: Array.from({ length: count + 1 }, (_, at) => least * 10 ** at),
  };
}

/** To an even number of the leading digit's size, so that half of it is round as well. */
function roundUp(value: number): number {
  const step = 2 * 10 ** Math.floor(Math.log10(Math.max(value, 10) / 2));
  return Math.ceil(value / step) * step;
}

function timeMarks(endAt: number): number[] {
  const step = TIME_STEPS.find((seconds) => endAt / seconds <= TIME_MARKS) ?? endAt;
  return Array.from({ length: Math.floor(endAt / step) + 1 }, (_, at) => at * step);
}

function timeText(at: number, endAt: number): string {
  return endAt > 180 ? `${Math.round(at / 60)} min` : `${at} s`;
}

function inWords(seconds: number): string {
  return seconds >= 90 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds)} seconds`;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}

function share(part: number, all: number): string {
  return ((100 * part) / all).toFixed(2);
}
