// One story played: Noonmark under a clock, the house that asks it all the while, and the witness of plaintext.
// What holds in every story is asserted here: internal names within a second and none lost, nothing in plaintext,
// the process alive, and the clock still in its final state at the end. The rest is each story's own.

import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Status } from '../../src/status/status.ts';
import { eventually, pause } from '../support/eventually.ts';
import { isFull } from '../support/is-full.ts';
import { Asker } from './asker.ts';
import { type Figures, record } from './figures.ts';
import { type Server, type ServerOptions, startServer, whenClockIs } from './server.ts';
import { startWitness } from './witness.ts';

/** What a busy machine of two cores adds; in the short run other suites are at work on it, and no figures are taken. */
const SLACK_MS = isFull ? 500 : 4_000;
/** The acceptance of issue 3. */
export const INTERNAL_WITHIN_MS = 1_000 + SLACK_MS;
export const WORLD_WITHIN_MS = 5_000 + SLACK_MS;
export const BACK_WITHIN_MS = 20_000 + SLACK_MS;
/** Of the true time: so near an NTP source brings the clock. */
export const NEAR_MS = isFull ? 50 : 500;
/** Long enough for any state that a story waits for; no acceptance. */
const STATE_WITHIN_MS = 30_000;
/** So long the house lives on after the last step, and must notice nothing. */
const LIVES_ON_MS = 2_000;

export interface Story {
  /** As the issue counts them: "3b". */
  readonly number: string;
  readonly title: string;
  readonly server: ServerOptions;
  /** More names and labels that must not leave in plaintext. */
  readonly secrets?: readonly string[];
}

export interface Stage {
  readonly server: Server;
  readonly asker: Asker;
  /** The first right answer about the world is there, within the acceptance unless said otherwise. */
  world(withinMs?: number): Promise<void>;
  /** A new name of the world is answered rightly from now on, within so long. */
  worldFromNow(withinMs: number): Promise<void>;
  /** The clock gets into the state that is its last in this story. */
  becomes(state: string, basis: string | null, withinMs?: number): Promise<Status>;
  /** Keeps a figure of the story's own. */
  note(what: string, ms: number | null): void;
  /** What a client is told about the world now: response code and codes of extended errors. */
  refusal(): Promise<{ readonly rcode: string; readonly codes: readonly number[]; readonly text: string }>;
}

/** Plays a story; gives its figures when everything that must hold held. */
export async function play(story: Story, act: (stage: Stage) => Promise<void>): Promise<Figures> {
  const label = `lab${randomBytes(6).toString('hex')}`;
  const witness = await startWitness();
  try {
    await using server = await startServer(story.server);
    const address = story.server.addresses?.[0] ?? '127.0.0.1';
    const asker = new Asker({ address, port: server.ports.dns, startedAtMs: server.startedAtMs, label });
    const more: Record<string, number | null> = {};
    const final = { state: '', basis: null as string | null, atMs: null as number | null };
    try {
      await act(stageOf(server, asker, final, more)).catch((error) => {
        throw new Error(`story ${story.number}, ${story.title}: ${told(error, server)}`, { cause: error });
      });
      await pause(LIVES_ON_MS);
    } finally {
      await asker.stop();
    }
    const { clock } = await server.status();
    expect.soft([clock.state, clock.basis], clock.reason).toEqual([final.state, final.basis]);
    expect(server.process.hasEnded).toBe(false);
    const plaintext = await witness.plaintext([label, ...(story.secrets ?? [])], [server.ports.dns]);
    const figures: Figures = {
      story: story.number,
      title: story.title,
      internalMs: asker.firstInternalMs,
      worldMs: asker.firstWorldMs,
      stateMs: final.atMs,
      state: final.state,
      basis: final.basis,
      internalAsked: asker.internalAsked,
      internalLost: asker.internalLost,
      slowestInternalMs: asker.slowestInternalMs,
      more,
      plaintext: plaintext === null ? null : plaintext.length,
    };
    record(figures);
    expect(plaintext ?? [], 'names that left in plaintext').toEqual([]);
    expect(asker.internalLost, 'internal queries lost').toBe(0);
    expect(asker.firstInternalMs, 'the first internal answer').toBeLessThan(INTERNAL_WITHIN_MS);
    expect(asker.slowestInternalMs, 'the slowest internal answer').toBeLessThan(INTERNAL_WITHIN_MS);
    return figures;
  } finally {
    await witness.stop();
  }
}

function stageOf(
  server: Server,
  asker: Asker,
  final: { state: string; basis: string | null; atMs: number | null },
  more: Record<string, number | null>,
): Stage {
  return {
    server,
    asker,
    async world(withinMs = WORLD_WITHIN_MS) {
      await eventually(() => asker.firstWorldMs !== null, {
        withinMs: withinMs - asker.elapsedMs,
        what: 'a name of the world',
      }).catch((error) => {
        throw new Error(`${(error as Error).message}; last: ${JSON.stringify(asker.world.at(-1)?.reply)}`);
      });
    },
    async worldFromNow(withinMs) {
      const fromMs = asker.elapsedMs;
      const isBack = () => asker.world.some((asked) => asked.atMs > fromMs && asked.isRight);
      await eventually(isBack, { withinMs, what: 'a name of the world' });
    },
    async becomes(state, basis, withinMs = STATE_WITHIN_MS) {
      const atMs = await whenClockIs(server, state, basis, withinMs);
      Object.assign(final, { state, basis, atMs });
      return server.status();
    },
    note(what, ms) {
      more[what] = ms;
    },
    async refusal() {
      const fromMs = asker.elapsedMs;
      const nextReply = () => asker.world.find(({ atMs, reply }) => atMs > fromMs && reply !== null)?.reply;
      const reply = await eventually(nextReply, { what: 'any reply about the world' });
      const errors = reply?.extendedErrors ?? [];
      return {
        rcode: reply?.rcode ?? '',
        codes: errors.map((error) => error.code),
        text: errors.map((error) => error.text).join('; '),
      };
    },
  };
}

const LAST_LINES = 25;

function told(error: unknown, server: Server): string {
  const log = server.process.lines.slice(-LAST_LINES).join('\n');
  return `${error instanceof Error ? error.message : String(error)}\nIts log ends:\n${log}`;
}
