// How the certificates of CAs stand in a running server, asked over its control socket as its owner would, and what an
// owner may do to it: ask for a new one. Also the one thing that no owner can do, which is to let days pass.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlSocketPath } from '../../src/admin/control-socket-path.ts';
import { exchangeWithAdmin } from '../../src/cli/admin-exchange.ts';
import type { IssuanceStatus, Status } from '../../src/status/status.ts';
import { eventually } from './eventually.ts';

/** Orders of Pebble take a second; the machine may be busy, and the rhythm of a first failure is a minute. */
export const SOON_MS = 20_000;
/** A look that is further away than this is none that an attempt has left behind. */
const LATER_MS = 30_000;

export async function statusOf(stateDir: string): Promise<Status> {
  const { body } = await exchangeWithAdmin({ path: controlSocketPath(stateDir) }, 'GET', '/api/status');
  return JSON.parse(body) as Status;
}

/** The issuance of the certificate with that name; of the first one unless one is given. */
export async function issuanceOf(stateDir: string, name?: string): Promise<IssuanceStatus> {
  const { issuances } = await statusOf(stateDir);
  const found = issuances.find(({ names }) => name === undefined || names.includes(name));
  if (found === undefined) throw new Error(`nothing is ordered for ${name ?? 'anybody'}`);
  return found;
}

/** Resolves when every certificate is served, none is being ordered, and nobody means to look again soon. */
export function untilSettled(stateDir: string): Promise<unknown> {
  const isSettled = async () => {
    const { issuances } = await statusOf(stateDir);
    const isOne = ({ phase, isServed, nextLookMs }: IssuanceStatus) =>
      phase === 'idle' && isServed && nextLookMs !== null && nextLookMs > LATER_MS;
    if (issuances.length > 0 && issuances.every(isOne)) return true;
    throw new Error(JSON.stringify(issuances));
  };
  return eventually(isSettled, { withinMs: SOON_MS, what: 'certificates that are served' });
}

/** Resolves with what the first certificate waits for, once that fits. */
export function untilWaiting(stateDir: string, reason: RegExp): Promise<string> {
  const waits = async () => {
    const { phase, waitsFor } = await issuanceOf(stateDir);
    if (phase === 'waiting' && reason.test(waitsFor ?? '')) return waitsFor;
    throw new Error(`it is ${phase}: ${waitsFor}`);
  };
  return eventually(waits, { withinMs: SOON_MS, what: `waiting for ${reason}` }) as Promise<string>;
}

export function untilClockIs(stateDir: string, state: string, year?: number): Promise<unknown> {
  const isSo = async () => {
    const { clock } = await statusOf(stateDir);
    if (clock.state === state && (year === undefined || clock.now?.startsWith(`${year}-`))) return true;
    throw new Error(`the clock is ${clock.state} (${clock.reason}), ${clock.now}`);
  };
  return eventually(isSo, { withinMs: SOON_MS, what: `a clock that is ${state}, ${year ?? ''}` });
}

/** Resolves with the sentence for the owner. */
export async function renewNow(stateDir: string, name: string): Promise<string> {
  const target = `/control/renew-certificate?name=${name}`;
  const { body } = await exchangeWithAdmin({ path: controlSocketPath(stateDir) }, 'POST', target, SOON_MS);
  return body;
}

/** Everything in the ledger happened so much earlier: limits count days. */
export function ageLedger(certsDir: string, ageMs: number): void {
  const file = join(certsDir, 'acme/ledger.json');
  const age = (key: string, value: unknown) =>
    /AtMs$|^atMs$|^untilMs$/.test(key) ? (value as number) - ageMs : value;
  writeFileSync(file, JSON.stringify(JSON.parse(readFileSync(file, 'utf8'), age)));
}
