// Decides for one channel which incidents are told, and when: something has to stand for a while first, what begins
// together is told together, and what is over is told only to who was told that it had begun. What comes back again and
// again has to stand longer each time. It holds no message and sends none.

import type { Clock, Timer } from '../clock/clock.ts';
import type { NotifyTopic } from '../config/config.ts';
import type { Incident, IncidentEvent } from '../history/incident.ts';
import { ITEMS_MAX, type Item, type Moment } from './notice.ts';
import { topicOf } from './topics.ts';

/** Somebody stands before a browser that shows nothing; a start of this server is over by then. */
const URGENT_AFTER_MS = 5_000;
/** What is over together is noticed within this. */
const OVER_GATHER_MS = 1_000;
/** It seems to be over, and its incident is still open: it is looked at again. */
const LOOK_AGAIN_MS = 2_000;
/** What comes back within this has come back; each time that it is told it has to stand twice as long, up to a limit. */
const SHORT_ORDER_MS = 3_600_000;
const DOUBLINGS_MAX = 6;
/** Of an incident's words, so that what is kept is bounded; none of ours comes near. */
const WORDS_CHARACTERS_MAX = 600;

export interface DebounceParts {
  readonly about: readonly NotifyTopic[];
  readonly afterMs: number;
  readonly clock: Clock;
  /** How it is at this very moment; null: it seems to be over, though its incident is still open. */
  readonly standing: (incident: Incident) => Words | null;
  /** Must it be told soon? */
  readonly isUrgent: (incident: Incident) => boolean;
  /** Takes what belongs into one message. */
  readonly tell: (items: readonly Item[]) => void;
  /** What was told in an earlier life and is not over, by the number of its incident; kept up from now on. */
  readonly told: Map<number, Item>;
}

export type Words = Pick<Incident, 'what' | 'evidence' | 'doThis'>;

interface Pending {
  readonly incident: Incident;
  readonly began: Moment;
  /** Monotonic milliseconds. */
  readonly openedAtMs: number;
  readonly times: number;
}

interface Called {
  /** How often it was told in short order. */
  readonly times: number;
  /** When it was last told, or last over. */
  lastAtMs: number;
}

export class Debounce {
  readonly #parts: DebounceParts;
  readonly #pending = new Map<number, Pending>();
  readonly #over: Item[] = [];
  /** What was told lately, by kind and subject. */
  readonly #called = new Map<string, Called>();
  #timer: Timer | null = null;
  #gathering: Timer | null = null;

  constructor(parts: DebounceParts) {
    this.#parts = parts;
  }

  /** The incidents that are open now: each is told, unless it was. What was told and is none of them was of a lost history. */
  begin(open: readonly Incident[]): void {
    const { told } = this.#parts;
    for (const [id, item] of told) if (!open.some((one) => isOf(item, one))) told.delete(id);
    for (const incident of open) this.hear({ type: 'opened', incident });
  }

  hear({ type, incident }: IncidentEvent): void {
    const topic = topicOf(incident.kind);
    if (topic === null) return;
    if (type === 'ended')
      this.#end(incident); // also of what is not told any more since a reload
    else if (!this.#parts.about.includes(topic)) return;
    else if (type === 'opened') this.#open(incident);
    else this.#parts.tell([itemOf(incident, this.#beganAt(incident), { isUrgent: false, times: 1 })]);
  }

  close(): void {
    this.#timer?.cancel();
    this.#gathering?.cancel();
  }

  #open(incident: Incident): void {
    const { told, clock } = this.#parts;
    if (told.has(incident.id) || this.#pending.has(incident.id)) return;
    const began = this.#beganAt(incident);
    const openedAtMs = began.atMs ?? clock.monotonic();
    this.#pending.set(incident.id, { incident, began, openedAtMs, times: this.#timesOf(incident) + 1 });
    while (this.#pending.size > ITEMS_MAX) this.#pending.delete(this.#pending.keys().next().value!);
    this.#arm();
  }

  #end(incident: Incident): void {
    const { told } = this.#parts;
    if (this.#pending.delete(incident.id)) this.#arm();
    const called = this.#called.get(keyOf(incident));
    if (called !== undefined) called.lastAtMs = this.#parts.clock.monotonic(); // told or not, it comes and goes
    const before = told.get(incident.id);
    if (before === undefined || !isOf(before, incident)) return;
    told.delete(incident.id);
    this.#over.push({ ...before, ...endOf(before, incident), wasTold: true });
    this.#gathering ??= this.#parts.clock.after(OVER_GATHER_MS, () => {
      this.#gathering = null;
      this.#parts.tell(this.#over.splice(0));
    });
  }

  /** The moment at which it began, by the monotonic clock where that is known. */
  #beganAt({ lastedMs, startedAt }: Incident): Moment {
    return { atMs: lastedMs === null ? null : this.#parts.clock.monotonic() - lastedMs, date: startedAt };
  }

  #arm(): void {
    const { clock } = this.#parts;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#pending.size === 0) return;
    const dueMs = Math.min(...[...this.#pending.values()].map((one) => this.#dueMs(one)));
    this.#timer = clock.after(Math.max(0, dueMs - clock.monotonic()), () => this.#look());
  }

  #dueMs({ incident, openedAtMs, times }: Pending): number {
    const { afterMs, isUrgent } = this.#parts;
    const plainMs = isUrgent(incident) ? Math.min(afterMs, URGENT_AFTER_MS) : afterMs;
    return openedAtMs + plainMs * 2 ** Math.min(times - 1, DOUBLINGS_MAX);
  }

  #look(): void {
    const { clock, standing } = this.#parts;
    this.#timer = null;
    const nowMs = clock.monotonic();
    const all = [...this.#pending.values()];
    const due = all.filter((one) => this.#dueMs(one) <= nowMs);
    const lasting = all.filter(({ incident }) => standing(incident) !== null);
    if (!due.some((one) => lasting.includes(one))) {
      if (due.length === 0) this.#arm();
      else this.#timer = clock.after(LOOK_AGAIN_MS, () => this.#look());
      return;
    }
    // What has just begun belongs to it, unless it is known to come and go.
    this.#tell(lasting.filter((one) => due.includes(one) || one.times === 1));
    this.#arm();
  }

  #tell(group: readonly Pending[]): void {
    const { told, isUrgent, standing, tell } = this.#parts;
    const items = group.map(({ incident, began, times }) => {
      this.#pending.delete(incident.id);
      this.#call(incident, times);
      const { what, evidence, doThis } = standing(incident) ?? incident;
      const item = itemOf({ ...incident, what, evidence, doThis }, began, {
        isUrgent: isUrgent(incident),
        times,
      });
      told.set(incident.id, item);
      return item;
    });
    while (told.size > ITEMS_MAX) told.delete(told.keys().next().value!);
    tell(items);
  }

  #timesOf(incident: Incident): number {
    const called = this.#called.get(keyOf(incident));
    if (called === undefined) return 0;
    return this.#parts.clock.monotonic() - called.lastAtMs < SHORT_ORDER_MS ? called.times : 0;
  }

  #call(incident: Incident, times: number): void {
    const key = keyOf(incident);
    this.#called.delete(key); // the one of longest ago stands first
    this.#called.set(key, { times, lastAtMs: this.#parts.clock.monotonic() });
    while (this.#called.size > ITEMS_MAX) this.#called.delete(this.#called.keys().next().value!);
  }
}

/** Numbers begin anew when the history is lost. */
function isOf(item: Item, { id, kind, subject }: Incident): boolean {
  return item.incident === id && item.kind === kind && item.subject === subject;
}

function keyOf({ kind, subject }: Incident): string {
  return `${kind} ${subject}`;
}

function endOf({ began }: Item, { endedAt, lastedMs }: Incident): Pick<Item, 'ended' | 'lastedMs'> {
  const atMs = began.atMs === null || lastedMs === null ? null : began.atMs + lastedMs;
  return { ended: { atMs, date: endedAt }, lastedMs };
}

function itemOf(
  { id, kind, subject, what, evidence, doThis, isOver }: Incident,
  began: Moment,
  { isUrgent, times }: Pick<Item, 'isUrgent' | 'times'>,
): Item {
  return {
    ...{ incident: id, kind, subject },
    ...{ what: bounded(what), evidence: bounded(evidence), doThis: bounded(doThis) },
    ...{ began, ended: isOver ? began : null, lastedMs: null, isMoment: isOver },
    ...{ isUrgent, wasTold: false, times },
  };
}

function bounded(text: string): string {
  return text.length <= WORDS_CHARACTERS_MAX ? text : `${text.slice(0, WORDS_CHARACTERS_MAX - 1)}…`;
}
