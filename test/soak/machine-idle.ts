// How busy the whole machine is, and how hard the floods may press: as hard as leaves a third of it idle.

import { readFileSync } from 'node:fs';

const WANTED_IDLE = 1 / 3;
/** Floods grow gently and give way at once. */
const GROWTH = 1.1;
const RETREAT = 0.8;
/** Where others keep the machine busy, some of it goes on all the same. */
const LEAST = 0.2;
const MOST = 40;

export interface CpuTicks {
  readonly idle: number;
  readonly all: number;
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal. */
export function readCpuTicks(): CpuTicks {
  const fields = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .trim()
    .split(/\s+/)
    .slice(1, 9)
    .map(Number);
  return { idle: fields[3]! + fields[4]!, all: fields.reduce((sum, ticks) => sum + ticks, 0) };
}

/** From 0 to 1. */
export function idleShare(before: CpuTicks, after: CpuTicks): number {
  const all = after.all - before.all;
  return all === 0 ? 1 : (after.idle - before.idle) / all;
}

export function nextIntensity(intensity: number, idle: number): number {
  return Math.min(MOST, Math.max(LEAST, intensity * (idle > WANTED_IDLE ? GROWTH : RETREAT)));
}
