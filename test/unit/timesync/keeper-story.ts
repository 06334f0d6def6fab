// A keeper among sources and upstreams that a test scripts, on a machine whose time a test moves; the stamp is a real
// file. The truth goes on whatever the system clock says, and through a suspend.

import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { TrueClock } from '../../../src/clock/true-clock.ts';
import { Keeper, type KeeperParts } from '../../../src/timesync/keeper.ts';
import type { RosterEntry } from '../../../src/timesync/roster.ts';
import type { Sample, TimeSource } from '../../../src/timesync/source.ts';
import type { GenuinePeer, TlsTarget } from '../../../src/tls/connect.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { SimulatedMachine } from '../../support/simulated-machine.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

export const DAY_MS = 86_400_000;
export const YEAR_MS = 365 * DAY_MS;
/** The true time when a story begins. */
export const TRUTH_MS = HARD_FLOOR_MS + 100 * DAY_MS;

export type Behaviour = (signal: AbortSignal) => Promise<Sample>;

export interface ScriptedOptions extends Partial<Pick<TimeSource, 'vote' | 'leastPauseMs'>> {
  readonly isAuthenticated?: boolean;
  readonly isTrusted?: boolean;
  readonly isPreferred?: boolean;
  /** How far it is from the truth, milliseconds. */
  readonly offMs?: number;
}

/** A time source that tells the truth, or the truth and `offMs`, until its behaviour is changed. */
export class ScriptedSource implements TimeSource {
  readonly url: string;
  readonly peer: string;
  readonly vote: string;
  readonly isAuthenticated: boolean;
  readonly isPreferred: boolean;
  readonly isTrusted: boolean;
  readonly isNear = true;
  readonly leastPauseMs: number;
  /** Monotonic instants of the questions, milliseconds. */
  readonly askedAt: number[] = [];
  /** Short enough that no burst follows. */
  delayMs = 2;
  offMs: number;
  behaviour: Behaviour;
  readonly #story: Story;

  constructor(story: Story, name: string, options: ScriptedOptions = {}) {
    this.#story = story;
    this.url = `ntp://${name}`;
    this.peer = name;
    this.vote = options.vote ?? name;
    this.isAuthenticated = options.isAuthenticated ?? false;
    this.isPreferred = options.isPreferred ?? false;
    this.isTrusted = options.isTrusted ?? false;
    this.leastPauseMs = options.leastPauseMs ?? 0;
    this.offMs = options.offMs ?? 0;
    this.behaviour = this.tell;
  }

  sample(signal: AbortSignal): Promise<Sample> {
    this.askedAt.push(this.#story.machine.monotonic());
    return this.behaviour(signal);
  }

  readonly tell: Behaviour = async () => this.answer();

  readonly hush: Behaviour = (signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  /** What it says at this moment. */
  answer(): Sample {
    const { machine, truthMs } = this.#story;
    const utcMs = truthMs + this.offMs;
    return { utcMs, atMs: machine.monotonic(), boundMs: 10, delayMs: this.delayMs, isProvenAt: null };
  }
}

export interface Certificate {
  readonly fromMs: number;
  readonly toMs: number;
}

/** An upstream: what its certificate says; null: it is away; mute: it takes the connection and never says a word. */
export type Peer = Certificate | 'mute' | null;

/** Ninety days around the truth. */
export const VALID: Certificate = { fromMs: TRUTH_MS - 30 * DAY_MS, toMs: TRUTH_MS + 60 * DAY_MS };

export interface StoryOptions {
  /** What the system clock says at start; default the truth. */
  readonly systemClockMs?: number;
  readonly stateDir?: string;
  /** Certificates of the upstreams at start, by name. */
  readonly upstreams?: Readonly<Record<string, Peer>>;
  readonly keepsStamp?: boolean;
}

const ADDRESS = '192.0.2.53';

export class Story {
  readonly machine: SimulatedMachine;
  readonly clock: TrueClock;
  readonly log = new RecordedLog();
  readonly stateDir: string;
  readonly upstreams: Map<string, Peer>;
  /** Each state that was entered: "synchronized" or "provisional/stamp". */
  readonly states: string[] = [];
  readonly #listeners = new Set<(peer: GenuinePeer) => void>();
  readonly #options: StoryOptions;
  #keeper: Keeper | null = null;

  constructor(options: StoryOptions = {}) {
    this.#options = options;
    this.machine = new SimulatedMachine(options.systemClockMs ?? TRUTH_MS);
    this.clock = new TrueClock(this.machine);
    this.stateDir = options.stateDir ?? temporaryDirectory('keeper');
    this.upstreams = new Map(Object.entries(options.upstreams ?? {}));
    this.clock.onStateChange(() => this.states.push(this.state));
  }

  get truthMs(): number {
    return TRUTH_MS + this.machine.monotonic() + this.machine.suspendedMs;
  }

  get state(): string {
    const { state, basis } = this.clock.status;
    return basis === null ? state : `${state}/${basis}`;
  }

  /** How far our own time is from the truth, milliseconds. */
  get errorMs(): number {
    return this.clock.now().epochMs - this.truthMs;
  }

  get keeper(): Keeper {
    return this.#keeper!;
  }

  get incidents(): string[] {
    return this.keeper.report().incidents.map(({ what }) => what);
  }

  source(name: string, options?: ScriptedOptions): ScriptedSource {
    return new ScriptedSource(this, name, options);
  }

  /** Three plain sources that tell the truth. */
  threeSources(): [ScriptedSource, ScriptedSource, ScriptedSource] {
    return [this.source('a'), this.source('b'), this.source('c')];
  }

  /** Makes the keeper and begins to ask; without time passing, nobody has answered yet. */
  start(sources: readonly TimeSource[]): Keeper {
    return this.startWith(sources.map(entryOf));
  }

  startWith(roster: readonly RosterEntry[]): Keeper {
    const { clock, log, stateDir } = this;
    this.#keeper = new Keeper({
      ...{ clock, log, stateDir, roster, tls: this.#tls },
      upstreams: this.witnesses,
      keepsStamp: this.#options.keepsStamp ?? true,
    });
    this.#keeper.start();
    return this.#keeper;
  }

  get witnesses(): KeeperParts['upstreams'] {
    return [...this.upstreams.keys()].map((serverName) => ({
      ...{ serverName, port: 853, addresses: [ADDRESS], anchors: TrustAnchors.public() },
    }));
  }

  /** Somebody shakes hands with a genuine peer. */
  meet(serverName: string, { fromMs, toMs }: Certificate, isPublic = false): void {
    const leaf = { notBeforeMs: fromMs, notAfterMs: toMs };
    const isValidAt = (epochMs: number) => fromMs <= epochMs && epochMs < toMs;
    for (const listener of this.#listeners) listener({ serverName, port: 853, isPublic, leaf, isValidAt });
  }

  get #tls(): KeeperParts['tls'] {
    return {
      inspect: async ({ serverName }: TlsTarget) => {
        const certificate = this.upstreams.get(serverName) ?? null;
        if (certificate === null) throw new Error('nobody is there');
        if (certificate === 'mute') return new Promise(() => {});
        this.meet(serverName, certificate);
        return {} as GenuinePeer; // nobody looks at it: what counts is heard
      },
      onGenuinePeer: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }
}

export function entryOf(source: TimeSource): RosterEntry {
  return { url: source.url, sources: async () => [source], forget: () => {} };
}
