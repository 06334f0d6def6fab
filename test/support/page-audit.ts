// What must hold for every page in every browser: nothing that axe-core finds, no scrolling sideways, its structure, and
// everything that can be used within reach of the Tab key, with an outline that is seen. What looks at the page from inside
// is in-page/probes.js.

import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** For `initScripts` of a window whose pages are audited. */
export const AUDIT_SCRIPTS: readonly string[] = [
  axe.source,
  `{${readFileSync(new URL('./in-page/probes.js', import.meta.url), 'utf8')}}`,
];

type Probes = typeof globalThis & {
  readonly noonmarkProbes: {
    axe(): Promise<string[]>;
    structure(): string[];
    overflow(): string[];
    beginWalk(): string[];
    here(): { stop: number; isOutlined: boolean; isInView: boolean; what: string } | null;
  };
};

/** What axe-core finds wrong, one line for each place; empty when nothing is. As are the others. */
export const axeFindings = (page: Page) => page.evaluate(() => (globalThis as Probes).noonmarkProbes.axe());

export const structureFindings = (page: Page) =>
  page.evaluate(() => (globalThis as Probes).noonmarkProbes.structure());

export const overflowFindings = (page: Page) =>
  page.evaluate(() => (globalThis as Probes).noonmarkProbes.overflow());

/** More would be a page that nobody wants to walk through. */
const STOPS_MAX = 400;

/** What the Tab key does not reach, or where its outline cannot be seen. */
export async function keyboardFindings(page: Page): Promise<string[]> {
  const wanted = await page.evaluate(() => (globalThis as Probes).noonmarkProbes.beginWalk());
  const reached = new Set<number>();
  const findings: string[] = [];
  // What has the focus at first may lie in the middle: beyond the last one, and the window itself, is the first.
  for (let stops = 0; stops < Math.min(wanted.length + 2, STOPS_MAX); stops += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => (globalThis as Probes).noonmarkProbes.here());
    if (here === null) continue;
    if (reached.has(here.stop)) break;
    reached.add(here.stop);
    if (!here.isOutlined) findings.push(`no outline: ${here.what}`);
    if (!here.isInView) findings.push(`focused out of sight: ${here.what}`);
  }
  return [...findings, ...wanted.filter((_, at) => !reached.has(at)).map((what) => `not reached: ${what}`)];
}
