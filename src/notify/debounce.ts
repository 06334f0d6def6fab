// Decides for one channel which incidents are told, and when: something has to stand for a while first, what begins
// together is told together, and what is over is told only to who was told that it had begun. What comes back again and
// again has to stand longer each time. It holds no message and sends none.

import type { Clock, Timer } from '../clock/clock.ts';
import type { NotifyTopic } from '../config/config.ts';
import type { Incident, IncidentEvent } from '../history/incident.ts';
import type { Log } from '../observe/log.ts';
import { ITEMS_MAX, type Item, type Moment, surplusOf } from './notice.ts';
import type { Look } from './standing.ts';
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
/** So many are named in a line of the log. */
const NAMED_MAX = 8;

export interface DebounceParts {
  readonly about: readonly NotifyTopic[];
  readonly afterMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the channel, for the log. */
  readonly name: string;
  /** How everything is at this very moment. */
  readonly look: () => Look;
  /** Takes what belongs into one message. */
  readonly tell: (items: readonly Item[]) => void;
  /** What was told in an earlier life and is not over, by the number of its incident; kept up from now on. */
  readonly told: Map<number, Item>;
}

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
    for (const incident of open) if (this.#isWanted(incident)) this.#wait(incident);
    this.#arm();
  }

  hear({ type, incident }: IncidentEvent): void {
    if (type === 'ended') {
      this.#end(incident); // also of what is not told any more since a reload
      return;
    }
    if (!this.#isWanted(incident)) return;
    if (type === 'opened') {
      this.#wait(incident);
      this.#arm();
    } else this.#parts.tell([itemOf(incident, this.#beganAt(incident), { isUrgent: false, times: 1 })]);
  }

  /** What is over is told yet: nobody after this one would know that it was not. */
  close(): void {
    this.#timer?.cancel();
    this.#gathering?.cancel();
    this.#tellOver();
  }

  #isWanted({ kind }: Incident): boolean {
    const topic = topicOf(kind);
    return topic !== null && this.#parts.about.includes(topic);
  }

  #wait(incident: Incident): void {
    const { told, clock } = this.#parts;
    if (told.has(incident.id) || this.#pending.has(incident.id)) return;
    const began = this.#beganAt(incident);
    const openedAtMs = began.atMs ?? clock.monotonic();
    this.#pending.set(incident.id, { incident, began, openedAtMs, times: this.#timesOf(incident) + 1 });
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
    this.#gathering ??= this.#parts.clock.after(OVER_GATHER_MS, () => this.#tellOver());
  }

  #tellOver(): void {
    this.#gathering = null;
    if (this.#over.length > 0) this.#parts.tell(this.#over.splice(0));
  }

  /** The moment at which it began, by the monotonic clock where that is known. */
  #beganAt({ lastedMs, startedAt, isStartSure }: Incident): Moment {
    const atMs = lastedMs === null ? null : this.#parts.clock.monotonic() - lastedMs;
    return { atMs, date: startedAt, isSure: isStartSure };
  }

  #arm(known?: Look): void {
    const { clock } = this.#parts;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#pending.size === 0) return;
    const look = known ?? this.#parts.look();
    this.#leaveOut(surplusOf([...this.#pending.values()], ({ incident }) => look.isUrgent(incident)));
    const dueMs = Math.min(...[...this.#pending.values()].map((one) => this.#dueMs(one, look)));
    this.#timer = clock.after(Math.max(0, dueMs - clock.monotonic()), () => this.#look());
  }

  #leaveOut(surplus: readonly Pending[]): void {
    if (surplus.length === 0) return;
    const { log, name } = this.#parts;
    for (const { incident } of surplus) this.#pending.delete(incident.id);
    const about = surplus.slice(0, NAMED_MAX).map(({ incident }) => incident.what);
    log.warn('more is wrong than is told at once, and the oldest is left out', {
      ...{ by: name, things: surplus.length, about },
    });
  }

  #dueMs({ incident, openedAtMs, times }: Pending, look: Look): number {
    const { afterMs } = this.#parts;
    const plainMs = look.isUrgent(incident) ? Math.min(afterMs, URGENT_AFTER_MS) : afterMs;
    return openedAtMs + plainMs * 2 ** Math.min(times - 1, DOUBLINGS_MAX);
  }

  #look(): void {
    const { clock } = this.#parts;
    const look = this.#parts.look();
    this.#timer = null;
    const nowMs = clock.monotonic();
    const all = [...this.#pending.values()];
    const due = all.filter((one) => this.#dueMs(one, look) <= nowMs);
    const lasting = all.filter(({ incident }) => look.wordsOf(incident) !== null);
    if (!due.some((one) => lasting.includes(one))) {
      if (due.length === 0) this.#arm(look);
      else this.#timer = clock.after(LOOK_AGAIN_MS, () => this.#look());
      return;
    }
    // What has just begun belongs to it, unless it is known to come and go.
    const group = lasting.filter((one) => due.includes(one) || one.times === 1);
    this.#tell(group, look);
    this.#arm(look);
  }

  #tell(group: readonly Pending[], look: Look): void {
    const { told, tell } = this.#parts;
    const items = group.map(({ incident, began, times }) => {
      this.#pending.delete(incident.id);
      this.#call(incident, times);
      const { what, evidence, doThis } = look.wordsOf(incident) ?? incident;
      const item = itemOf({ ...incident, what, evidence, doThis }, began, {
        isUrgent: look.isUrgent(incident),
        times,
      });
      told.set(incident.id, item);
      return item;
    });
    for (const { incident } of surplusOf([...told.values()], (one) => one.isUrgent)) told.delete(incident);
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

function endOf(
  { began }: Item,
  { endedAt, isEndSure, lastedMs }: Incident,
): Pick<Item, 'ended' | 'lastedMs'> {
  const atMs = began.atMs === null || lastedMs === null ? null : began.atMs + lastedMs;
  return { ended: { atMs, date: endedAt, isSure: isEndSure }, lastedMs };
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
