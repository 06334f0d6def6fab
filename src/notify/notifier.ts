// Tells people what goes wrong and when it is over: hears the incidents, and has for each entry of `notify` a Debounce that
// decides and a Courier that brings. Here they are put together, asked how they stand, tried out, and replaced by a reload.
// Nothing that fails here touches an answer.

import manifest from '../../package.json' with { type: 'json' };
import type { Clock } from '../clock/clock.ts';
import type { NotifyConfig } from '../config/config.ts';
import type { Incident, IncidentEvent } from '../history/incident.ts';
import type { Log } from '../observe/log.ts';
import type { NotifyReport, OutboxProblem } from '../status/notify-degradation.ts';
import type { Status } from '../status/status.ts';
import { whatWorks } from '../status/words.ts';
import { type Channel, channelDigest, channelSubject, type Delivery } from './channel.ts';
import { Command } from './command.ts';
import { Courier } from './courier.ts';
import { Debounce } from './debounce.ts';
import type { PostParts } from './http-post.ts';
import { type Circumstances, noticeMessage, testMessage } from './message.ts';
import { noticeOf } from './notice.ts';
import { Ntfy } from './ntfy.ts';
import { Outbox } from './outbox.ts';
import { lookAt } from './standing.ts';
import { Webhook } from './webhook.ts';

export interface NotifierParts extends PostParts {
  /** False: nobody is told, as in a rehearsal. */
  readonly isTelling: boolean;
  /** Where what waits is kept; null: nowhere. */
  readonly stateDir: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly status: () => Status;
  /** A name of this server, for people with several. */
  readonly serverName: () => string;
  /** The incidents that are open now. */
  readonly openIncidents: () => readonly Incident[];
}

/** What came of a test message. */
export interface TestOutcome {
  /** "notify[0]". */
  readonly place: string;
  /** "the webhook at https://hooks.example". */
  readonly name: string;
  readonly isDelivered: boolean;
  readonly sentence: string;
}

/** One entry of `notify`. */
interface Lane {
  readonly config: NotifyConfig;
  readonly channel: Channel;
  readonly courier: Courier;
  readonly debounce: Debounce;
}

export class Notifier {
  readonly #parts: NotifierParts;
  readonly #outbox: Outbox;
  readonly #closing = new AbortController();
  readonly #forgetClock: () => void;
  #lanes: readonly Lane[] = [];
  #testing: Promise<TestOutcome[]> | null = null;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts);
    this.#forgetClock = parts.clock.onStateChange(() => {
      if (this.#lanes.length > 0) this.#outbox.save(); // with dates that are known by now
      this.wake();
    });
  }

  /** From now on these and no others are told; of what stands already too, unless they were. */
  become(configs: readonly NotifyConfig[]): void {
    if (!this.#parts.isTelling || this.#closing.signal.aborted) return;
    const old = this.#lanes;
    const open = this.#parts.openIncidents();
    const kept = (config: NotifyConfig) =>
      old.find((lane) => JSON.stringify(lane.config) === JSON.stringify(config));
    const lanes = configs.map((config) => kept(config) ?? this.#laneOf(config)); // if one fails, the old ones go on
    for (const lane of old) if (!lanes.includes(lane)) closeLane(lane);
    this.#lanes = lanes;
    this.#outbox.keepOnly(configs.map(({ channel }) => channelDigest(channel)));
    for (const lane of lanes) if (!old.includes(lane)) lane.courier.start(); // with what an old one has left in its box
    for (const { debounce } of lanes) debounce.begin(open);
  }

  hear(event: IncidentEvent): void {
    for (const { debounce } of this.#lanes) debounce.hear(event);
  }

  /** What waits may get through now: the time is known, an upstream answers again. */
  wake(): void {
    for (const { courier } of this.#lanes) courier.wake();
  }

  /** Those that take no messages, and why. */
  get reports(): readonly NotifyReport[] {
    return this.#lanes.flatMap(({ config: { channel: to, place }, channel: { name }, courier }) => {
      const { trouble } = courier;
      return trouble === null ? [] : [{ ...trouble, name, place, subject: channelSubject(to) }];
    });
  }

  /** Why what waits would not outlive a restart; null: it would, as far as is known. */
  get outboxProblem(): OutboxProblem | null {
    return this.#outbox.problem;
  }

  /** Sends a test message everywhere, at once; a second wish joins the first. */
  test(): Promise<TestOutcome[]> {
    this.#testing ??= Promise.all(this.#lanes.map((lane) => this.#testOf(lane))).finally(() => {
      this.#testing = null;
    });
    return this.#testing;
  }

  /** What waits is for the next life; resolves when it is written down. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the server stops'));
    this.#forgetClock();
    for (const lane of this.#lanes) closeLane(lane);
    await this.#outbox.close();
  }

  #laneOf(config: NotifyConfig): Lane {
    const { clock, log } = this.#parts;
    const channel = this.#channelOf(config);
    const box = this.#outbox.boxOf(channelDigest(config.channel));
    const save = () => this.#outbox.save();
    const courier = new Courier({
      ...{ channel, box, save, clock, log },
      look: () => lookAt(this.#parts.status()),
      word: (notice) => noticeMessage(notice, this.#circumstances()),
    });
    const debounce = new Debounce({
      ...{ about: config.about, afterMs: config.afterMs, told: box.told, clock, log, name: channel.name },
      look: () => lookAt(this.#parts.status()),
      tell: (items) => courier.take(noticeOf(items, clock)),
    });
    return { config, channel, courier, debounce };
  }

  #channelOf({ channel, place }: NotifyConfig): Channel {
    const { clock, tls, lookup } = this.#parts;
    if (channel.kind === 'command') return new Command({ program: channel.program, clock });
    const parts = { to: channel, place, tls, lookup, clock };
    return channel.kind === 'ntfy' ? new Ntfy(parts) : new Webhook(parts);
  }

  #circumstances(): Circumstances {
    const { status, serverName, clock } = this.#parts;
    const now = status();
    const look = lookAt(now);
    return {
      ...{ server: serverName(), version: manifest.version, clock },
      works: whatWorks(now),
      degraded: now.degraded.filter(({ id }) => !id.startsWith('notify')).map(({ what }) => what),
      isStanding: (item) => look.wordsOf(item) !== null,
    };
  }

  async #testOf({ config: { place }, channel, courier }: Lane): Promise<TestOutcome> {
    const { name } = channel;
    if (channel.needsTime && this.#parts.clock.status.state === 'untrusted') {
      const sentence = 'not sent: the time is not known, so no certificate can be judged';
      return { place, name, isDelivered: false, sentence };
    }
    const delivery = await this.#tried(channel);
    courier.note(delivery);
    return { place, name, isDelivered: delivery.kind === 'delivered', sentence: sentenceOf(delivery) };
  }

  async #tried(channel: Channel): Promise<Delivery> {
    try {
      return await channel.send(testMessage(this.#circumstances()), this.#closing.signal);
    } catch (error) {
      return { kind: 'failed', reason: (error as Error).message };
    }
  }
}

function closeLane({ courier, debounce }: Lane): void {
  debounce.close();
  courier.close();
}

function sentenceOf(delivery: Delivery): string {
  if (delivery.kind === 'delivered') return 'delivered';
  return `not delivered: ${delivery.reason}${delivery.kind === 'refused' ? `; ${delivery.doThis}` : ''}`;
}
