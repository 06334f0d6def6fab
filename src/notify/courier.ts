// Brings notices to one channel: one message at a time, again and again until it is there, with pauses that grow, at once
// when something has changed that may help. What waits longer becomes one notice. What is refused, too old or too much
// is dropped, and the log says so. In which words a notice is put is message.ts, and what is told at all debounce.ts.

import type { Clock, Timer } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import type { NotifyTrouble } from '../status/notify-degradation.ts';
import type { Channel, Delivery } from './channel.ts';
import type { Message } from './message.ts';
import { agoMs, type Item, mergedNotice, type Notice } from './notice.ts';
import type { Box } from './outbox-file.ts';
import type { Look } from './standing.ts';

/** After a failure, doubled with each more. */
const AGAIN_AFTER_MS = 5_000;
const AGAIN_AFTER_MAX_MS = 600_000;
/** Whatever seems to have changed: an upstream that comes and goes must not make us knock each time. */
const AT_MOST_EVERY_MS = 5_000;
/**
 * What has waited, and is not there at this moment: so long it takes the history to know that it is over, now and after a
 * start (trouble-watch.ts). Then it is one message and not two.
 */
const SETTLES_WITHIN_MS = 15_000;
const SETTLES_AFTER_START_MS = 65_000;
const LOOK_AGAIN_MS = 1_000;
/**
 * What may be refused in passing is given up after so many tries, over so long: a reverse proxy says 404 while what stands
 * behind it starts, and a big application takes two or three minutes for that (milliseconds).
 */
const REFUSED_TRIES = 4;
const REFUSED_FOR_MS = 300_000;
/** Nobody wants to hear of it any more. */
const AGE_MAX_MS = 7 * 86_400_000;

export interface CourierParts {
  readonly channel: Channel;
  /** What is known of the channel, over restarts; changed here and followed by `save`. */
  readonly box: Box;
  readonly save: () => void;
  /** How everything is at this moment. */
  readonly look: () => Pick<Look, 'wordsOf'>;
  /** A notice in words, as they are right at this moment. */
  readonly word: (notice: Notice) => Message;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds to the next attempt (pure); `failures` in a row, at least one. */
export function pauseMs(failures: number): number {
  return Math.min(AGAIN_AFTER_MS * 2 ** (failures - 1), AGAIN_AFTER_MAX_MS);
}

export class Courier {
  readonly #parts: CourierParts;
  readonly #closing = new AbortController();
  /** Of the next attempt. */
  #timer: Timer | null = null;
  /** What is under way; `box.waiting` has it too, until it is there. */
  #sending: Notice | null = null;
  /** What came meanwhile. */
  #next: Notice | null = null;
  #failures = 0;
  /** How often a notice, by its id, was refused in what may be passing, and since when. */
  #refused: { readonly id: string; readonly tries: number; readonly sinceMs: number } | null = null;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;
  #leaveAloneUntilMs = Number.NEGATIVE_INFINITY;
  /** It is not waited any longer for what seems to be over; null: nothing does. */
  #settlesByMs: number | null = null;
  #trouble: Omit<NotifyTrouble, 'forMs' | 'waiting'> | null = null;
  #troubleSinceMs = 0;

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  /** Sends what an earlier life could not. */
  start(): void {
    const { box, clock } = this.#parts;
    if (box.waiting === null) return;
    this.#settlesByMs = clock.monotonic() + SETTLES_AFTER_START_MS;
    this.#attemptIn(0);
  }

  take(notice: Notice): void {
    if (this.#sending !== null) this.#next = this.#joined(this.#next, notice);
    else this.#wait(this.#joined(this.#parts.box.waiting, notice));
    if (this.#sending === null && (this.#timer === null || this.#failures === 0)) this.#attemptIn(0);
  }

  /** Something has changed, and what waits may get through now. */
  wake(): void {
    if (this.#parts.box.waiting === null || this.#sending !== null) return;
    const nowMs = this.#parts.clock.monotonic();
    const mayAtMs = Math.max(this.#attemptedAtMs + AT_MOST_EVERY_MS, this.#leaveAloneUntilMs);
    this.#attemptIn(Math.max(0, mayAtMs - nowMs));
  }

  /** Why messages do not get there; null: they do, as far as is known. */
  get trouble(): NotifyTrouble | null {
    const { box, clock } = this.#parts;
    if (this.#trouble === null) return null;
    const waiting = (box.waiting?.items.length ?? 0) + (this.#next?.items.length ?? 0);
    return { ...this.#trouble, waiting, forMs: clock.monotonic() - this.#troubleSinceMs };
  }

  /** Somebody has tried it out, and that says how it is as well. */
  note(delivery: Delivery): void {
    if (delivery.kind === 'delivered') {
      this.#trouble = null;
      this.#failures = 0;
      this.wake();
    } else this.#complain(delivery);
  }

  /** What is under way may still arrive, and is sent again by the next life. */
  close(): void {
    this.#closing.abort(new Error('the server stops'));
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#next === null) return;
    this.#wait(this.#joined(this.#parts.box.waiting, this.#next));
    this.#next = null;
  }

  #attemptIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#closing.signal.aborted) return;
    this.#timer = this.#parts.clock.after(delayMs, () => void this.#attempt());
  }

  async #attempt(): Promise<void> {
    const { channel, box, clock, word } = this.#parts;
    this.#timer = null;
    if (box.waiting !== null && (agoMs(box.waiting.madeAt, clock) ?? 0) > AGE_MAX_MS)
      this.#drop(box.waiting, 'it could not be sent for 7 days');
    if (box.waiting === null) return;
    if (channel.needsTime && clock.status.state === 'untrusted') return; // it is woken when that changes
    if (this.#isUnsettled(box.waiting)) {
      this.#attemptIn(LOOK_AGAIN_MS);
      return;
    }
    const notice = box.waiting;
    this.#sending = notice;
    this.#attemptedAtMs = clock.monotonic();
    try {
      const delivery = await channel.send(word(notice), this.#closing.signal);
      this.#sending = null;
      this.#judge(notice, delivery);
    } catch (error) {
      this.#sending = null;
      if (this.#closing.signal.aborted) return;
      this.#judge(notice, { kind: 'failed', reason: (error as Error).message });
    }
  }

  /** Does something in it seem to be over, without anything that cannot wait for that? */
  #isUnsettled({ items }: Notice): boolean {
    const { clock, look } = this.#parts;
    const lasting = items.filter(({ ended }) => ended === null);
    const { wordsOf } = lasting.length === 0 ? { wordsOf: () => null } : look();
    const standing = lasting.filter((item) => wordsOf(item) !== null);
    if (standing.length === lasting.length) this.#settlesByMs = null;
    else this.#settlesByMs ??= clock.monotonic() + SETTLES_WITHIN_MS;
    if (this.#settlesByMs === null || standing.some(({ isUrgent }) => isUrgent)) return false;
    return clock.monotonic() < this.#settlesByMs;
  }

  #judge(notice: Notice, delivery: Delivery): void {
    const { channel, log } = this.#parts;
    const isAgain =
      delivery.kind === 'failed' || (delivery.kind === 'refused' && this.#mayPass(notice, delivery));
    if (isAgain) this.#fail(delivery);
    else if (delivery.kind === 'refused') {
      this.#complain(delivery);
      this.#drop(notice, delivery.reason);
    } else {
      log.info('somebody was told', { by: channel.name, about: notice.items.map(({ what }) => what) });
      this.#trouble = null;
      this.#failures = 0;
      this.#wait(null);
    }
    const next = this.#next;
    this.#next = null;
    if (next !== null) this.#wait(this.#joined(this.#parts.box.waiting, next));
    if (!isAgain && next !== null) this.#attemptIn(0);
  }

  #mayPass({ id }: Notice, { isPerhapsPassing = false }: Extract<Delivery, { kind: 'refused' }>): boolean {
    if (!isPerhapsPassing) return false;
    const nowMs = this.#parts.clock.monotonic();
    const { tries, sinceMs } = this.#refused?.id === id ? this.#refused : { tries: 0, sinceMs: nowMs };
    this.#refused = { id, tries: tries + 1, sinceMs };
    return tries + 1 < REFUSED_TRIES || nowMs - sinceMs < REFUSED_FOR_MS;
  }

  #fail(delivery: Exclude<Delivery, { kind: 'delivered' }>): void {
    const { clock } = this.#parts;
    const retryAfterMs = delivery.kind === 'failed' ? (delivery.retryAfterMs ?? 0) : 0;
    this.#failures += 1;
    this.#complain(delivery);
    this.#leaveAloneUntilMs = clock.monotonic() + retryAfterMs;
    this.#attemptIn(Math.max(pauseMs(this.#failures), retryAfterMs));
  }

  #complain(delivery: Exclude<Delivery, { kind: 'delivered' }>): void {
    const { channel, clock, log } = this.#parts;
    const { reason } = delivery;
    const doThis = delivery.kind === 'refused' ? delivery.doThis : null;
    if (this.#trouble === null) this.#troubleSinceMs = clock.monotonic();
    if (this.#trouble?.reason !== reason)
      log.warn('nobody could be told', { by: channel.name, reason, ...(doThis === null ? {} : { doThis }) });
    this.#trouble = { reason, doThis };
  }

  #drop({ items }: Notice, reason: string): void {
    const { channel, box, log } = this.#parts;
    log.warn('a message is dropped', { by: channel.name, reason, about: items.map(({ what }) => what) });
    for (const { incident } of items) box.told.delete(incident); // who was not told is not told of its end
    this.#wait(null);
  }

  #joined(first: Notice | null, second: Notice): Notice {
    if (first === null) return second;
    const { notice, dropped } = mergedNotice(first, second);
    if (dropped.length > 0) this.#tellOfDropped(dropped);
    return notice;
  }

  #tellOfDropped(dropped: readonly Item[]): void {
    const { channel, box, log } = this.#parts;
    for (const { incident } of dropped) box.told.delete(incident);
    const about = dropped.map(({ what }) => what);
    log.warn('too much waits to be told, and the oldest is dropped', { by: channel.name, about });
  }

  #wait(notice: Notice | null): void {
    this.#parts.box.waiting = notice;
    this.#parts.save();
  }
}
