// The style and the scripts of the pages: files of assets/, and one of the package idiomorph, read once. Their URLs carry a
// digest of what is in them, so that browsers keep them for good and a new release is seen at once.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly text: string;
  /** The beginning of SHA-256 over the text, in hexadecimal digits. */
  readonly digest: string;
}

const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const DIGEST_LENGTH = 12;

const own = (file: string) => fileURLToPath(new URL(`./assets/${file}`, import.meta.url));
const packaged = (file: string) => createRequire(import.meta.url).resolve(file);

const FILES: Readonly<Record<string, { readonly type: string; readonly path: () => string }>> = {
  'style.css': { type: CSS, path: () => own('style.css') },
  'live.js': { type: SCRIPT, path: () => own('live.js') },
  'chart.js': { type: SCRIPT, path: () => own('chart.js') },
  'local-time.js': { type: SCRIPT, path: () => own('local-time.js') },
  'copy.js': { type: SCRIPT, path: () => own('copy.js') },
  'device-test.js': { type: SCRIPT, path: () => own('device-test.js') },
  'idiomorph.js': { type: SCRIPT, path: () => packaged('idiomorph/dist/idiomorph.min.js') },
};

/** Names of all of them. */
export const ASSETS: readonly string[] = Object.keys(FILES);

const read = new Map<string, Asset>();

/** @throws Error when there is no such file, which is a mistake of ours */
export function asset(file: string): Asset {
  const kept = read.get(file);
  if (kept !== undefined) return kept;
  if (!Object.hasOwn(FILES, file)) throw new Error(`there is no asset ${file}`);
  const { type, path } = FILES[file]!;
  const text = readFileSync(path(), 'utf8');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LENGTH);
  const found = { type, text, digest };
  read.set(file, found);
  return found;
}

export function assetUrl(file: string): string {
  return `/assets/${file}?${asset(file).digest}`;
}
