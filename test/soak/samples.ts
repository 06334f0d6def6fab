// One look at the server under soak: its process from outside, its cache from its control socket, and what its honest clients
// have seen since the last look.

import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { rssMegabytes } from '../support/machine-figures.ts';
import type { Noonmark } from '../support/noonmark.ts';
import type { Seen } from './honest-clients.ts';

export interface Sample {
  /** Seconds since the floods began. */
  readonly at: number;
  readonly rssMb: number;
  readonly descriptors: number;
  readonly cacheEntries: number;
  readonly asked: number;
  readonly answered: number;
  readonly wrong: readonly string[];
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Of the machine, 0 to 1. */
  readonly idle: number;
  readonly floodPerSecond: number;
}

const STATUS_TIMEOUT_MS = 2_000;

export async function takeSample(
  noonmark: Noonmark,
  seen: Seen,
  more: Pick<Sample, 'at' | 'idle' | 'floodPerSecond'>,
): Promise<Sample> {
  const { pid } = noonmark.process;
  return {
    ...more,
    rssMb: rssMegabytes(pid),
    descriptors: countDescriptors(pid),
    cacheEntries: await cacheEntries(noonmark),
    asked: seen.asked,
    answered: seen.waits.length,
    wrong: seen.wrong,
    medianMs: quantile(seen.waits, 0.5),
    p99Ms: quantile(seen.waits, 0.99),
  };
}

export function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Of numbers in order. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(numbers: readonly number[]): number {
  return quantile(
    [...numbers].sort((one, other) => one - other),
    0.5,
  );
}

/** 0 where the socket says nothing in time. */
function cacheEntries({ directory }: Noonmark): Promise<number> {
  return new Promise((resolve) => {
    const socketPath = join(directory, 'state/noonmark.sock');
    const call = request({ socketPath, path: '/api/status', timeout: STATUS_TIMEOUT_MS }, (reply) => {
      let body = '';
      reply.setEncoding('utf8');
      reply.on('data', (text: string) => (body += text));
      reply.on('end', () => resolve(Number(JSON.parse(body).cache?.entries ?? 0)));
    });
    call.on('timeout', () => call.destroy(new Error('silent')));
    call.on('error', () => resolve(0));
    call.end();
  });
}
