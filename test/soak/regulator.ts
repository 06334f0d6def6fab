// Tells the process of the floods, once a second, how strong they are to be, and hears how strong they are.

import type { ChildProcess } from 'node:child_process';
import { type CpuTicks, idleShare, nextIntensity, readCpuTicks } from './machine-idle.ts';

const FIRST_INTENSITY = 1;

/** Keeps the floods as strong as leaves a third of the machine idle. */
export class Regulator {
  readonly #flood: ChildProcess;
  #ticks: CpuTicks = readCpuTicks();
  #sampled: CpuTicks = this.#ticks;
  #floodPerSecond = 0;
  intensity = FIRST_INTENSITY;

  constructor(flood: ChildProcess) {
    this.#flood = flood;
    flood.on('message', (told: { readonly actionsPerSecond?: number }) => {
      this.#floodPerSecond = told.actionsPerSecond ?? 0;
    });
  }

  turn(): void {
    const now = readCpuTicks();
    this.intensity = nextIntensity(this.intensity, idleShare(this.#ticks, now));
    this.#ticks = now;
    this.#tell(this.intensity);
  }

  rest(): void {
    this.#tell(0);
  }

  /** Since the last call. */
  take(): { readonly idle: number; readonly floodPerSecond: number } {
    const now = readCpuTicks();
    const idle = idleShare(this.#sampled, now);
    this.#sampled = now;
    return { idle, floodPerSecond: this.#floodPerSecond };
  }

  #tell(intensity: number): void {
    if (this.#flood.connected) this.#flood.send({ intensity });
  }
}
