// A certs_dir that is found empty again and again: a container without a volume orders anew at each start and runs into
// the CA's limits, with its ledger lost each time. So the dates on which nothing was there are kept in state_dir, and the
// second within a day waits. Where state_dir is lost as well, nothing can be known.

import { join } from 'node:path';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import { makeDirectories, readStoredText, writeStoredText } from './stored-text.ts';

const FILE_NAME = 'acme-empty.json';
const FILE_OCTETS_MAX = 4096;
const DATES_MAX = 20;

const DAY_MS = 86_400_000;
/** What is found twice in so long a time is no first start. */
const WITHIN_MS = DAY_MS;
const WAIT_MS = 3_600_000;

export interface EmptinessParts {
  /** Absolute. */
  readonly stateDir: string;
  /** As the storage says it, once at each start. */
  readonly isEmpty: boolean;
  /** By the trusted clock, milliseconds since 1970. */
  readonly nowMs: number;
}

export interface Emptiness {
  /** Nothing is to be ordered before, milliseconds since 1970; null: no need to wait. */
  readonly waitUntilMs: number | null;
  /** For the log, a sentence. */
  readonly warning: string | null;
}

/** Takes down that there was nothing, and says whether to wait. Never rejects. */
export async function judgeEmptiness({ stateDir, isEmpty, nowMs }: EmptinessParts): Promise<Emptiness> {
  if (!isEmpty) return { waitUntilMs: null, warning: null };
  const file = join(stateDir, FILE_NAME);
  const earlier = (await readDates(file)).filter((atMs) => Math.abs(nowMs - atMs) <= WITHIN_MS);
  const problem = await writeDates(stateDir, file, [...earlier, nowMs].slice(-DATES_MAX));
  if (earlier.length === 0) return { waitUntilMs: null, warning: problem };
  const waitUntilMs = nowMs + WAIT_MS;
  const warning =
    `certs_dir was found empty ${earlier.length + 1} times within 24 hours, so certificates are lost at each start; ` +
    'give it a volume or a disk that stays. To keep within the limits of the CA, none is ordered before ' +
    writeRfc3339(waitUntilMs);
  return { waitUntilMs, warning };
}

/** None where the file cannot be used: it is only there to be careful. */
async function readDates(file: string): Promise<number[]> {
  try {
    const found: unknown = JSON.parse((await readStoredText(file, FILE_OCTETS_MAX)) ?? '{}');
    const dates = (found as { foundEmptyAtMs?: unknown } | null)?.foundEmptyAtMs;
    return Array.isArray(dates) ? dates.filter((date) => Number.isFinite(date)) : [];
  } catch {
    return [];
  }
}

async function writeDates(stateDir: string, file: string, foundEmptyAtMs: number[]): Promise<string | null> {
  try {
    await makeDirectories([stateDir]);
    await writeStoredText(file, `${JSON.stringify({ foundEmptyAtMs })}\n`);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
