// What a story measured. Each is printed as one line, and kept for the table where the run asked for that
// (`npm run lab`, which names a file in NOONMARK_LAB_FIGURES).

import { appendFileSync, readFileSync } from 'node:fs';

/** Milliseconds are counted from the start of the process; null: it did not happen, or (`plaintext`) was not watched. */
export interface Figures {
  readonly story: string;
  readonly title: string;
  readonly internalMs: number | null;
  readonly worldMs: number | null;
  readonly stateMs: number | null;
  readonly state: string;
  readonly basis: string | null;
  readonly internalAsked: number;
  readonly internalLost: number;
  readonly slowestInternalMs: number;
  /** What else the story measured, by what it was: milliseconds; null: it did not happen. */
  readonly more: Readonly<Record<string, number | null>>;
  /** Names seen in plaintext. */
  readonly plaintext: number | null;
}

export function record(figures: Figures): void {
  const { story, title, internalMs, worldMs, stateMs, state, basis, internalAsked, internalLost } = figures;
  const stands = basis === null ? state : `${state} (${basis})`;
  const plaintext =
    figures.plaintext === null ? 'plaintext not watched' : `${figures.plaintext} in plaintext`;
  console.log(
    `story ${story}, ${title}: internal ${seconds(internalMs)}, world ${seconds(worldMs)}, ` +
      `${stands} ${seconds(stateMs)}; ${internalLost} of ${internalAsked} internal lost, ${plaintext}`,
  );
  const file = process.env.NOONMARK_LAB_FIGURES;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figures)}\n`);
}

export function readFigures(file: string): Figures[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Figures);
}

/** "0.42 s", or "never". */
export function seconds(ms: number | null): string {
  return ms === null ? 'never' : `${(ms / 1000).toFixed(2)} s`;
}
