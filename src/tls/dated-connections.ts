// Connections that stand, and the time at which their peers were judged: what a wrong date let in goes out with it.
// Relaxed ones end with the state that allowed them; strict ones are judged again whenever the date has jumped.

import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock/clock.ts';

interface Judged {
  readonly serverName: string;
  readonly isValidAt: (epochMs: number) => boolean;
}

export class DatedConnections {
  readonly #relaxed = new Set<TLSSocket>();
  readonly #strict = new Map<TLSSocket, Judged>();
  readonly #listeners = new Set<(serverName: string) => void>();

  constructor(clock: Clock) {
    clock.onStateChange(({ state }) => {
      if (state === 'untrusted') this.#endStrict();
      else this.#judgeAgain(clock.now().epochMs);
    });
  }

  /** Calls `listener` with each peer that was trusted at a time that was wrong; returns how to stop that. */
  onUnmasked(listener: (serverName: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  addRelaxed(socket: TLSSocket): void {
    this.#relaxed.add(socket);
    socket.once('close', () => this.#relaxed.delete(socket));
  }

  addStrict(socket: TLSSocket, judged: Judged): void {
    this.#strict.set(socket, judged);
    socket.once('close', () => this.#strict.delete(socket));
  }

  /** Without a date nobody is trusted. */
  #endStrict(): void {
    for (const socket of this.#strict.keys()) socket.destroy();
  }

  #judgeAgain(epochMs: number): void {
    for (const socket of this.#relaxed) socket.destroy();
    for (const [socket, { serverName, isValidAt }] of this.#strict) {
      if (isValidAt(epochMs)) continue;
      socket.destroy();
      for (const listener of [...this.#listeners]) listener(serverName);
    }
  }
}
