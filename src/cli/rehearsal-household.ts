// The household of a rehearsal: clients that ask the server over UDP all the time, for a name of the house and for names
// of the world, and remember what they were told. Questions about the world are about top-level domains, which every
// resolver knows and which say nothing about anybody; each is a new one, so that no cache answers it.

import { randomInt } from 'node:crypto';
import type { Clock, Timer } from '../clock/clock.ts';
import type { Config, SocketAddress } from '../config/config.ts';
import { TYPE } from '../dns/codes.ts';
import { nameKey, ROOT } from '../dns/names.ts';
import { NoAnswer, newTrace } from './query-exchange.ts';
import { type ReplyFacts, readReply } from './query-facts.ts';
import { buildQuery, type QueryQuestion } from './query-question.ts';
import type { QueryServer } from './query-server.ts';
import { exchange } from './query-transports.ts';

/** How often each of the two is asked. */
const ASK_EVERY_MS = 100;
/** CONTRACT: an internal name is answered within a second. */
const INTERNAL_PATIENCE_MS = 1000;
/** As resolv.conf(5) has it. */
const WORLD_PATIENCE_MS = 5000;
const MAX_ID = 0xffff;

const DOMAINS =
  'com net org edu gov int mil arpa info biz de fr nl uk se ch at be dk fi no pl it es pt ie is cz eu us ca jp kr cn in au nz br mx za';

/** First what every resolver knows best; more of them than are asked in one scenario. */
const WORLD_QUESTIONS: readonly QueryQuestion[] = [
  { name: ROOT, type: TYPE.NS },
  ...[TYPE.NS, TYPE.SOA, TYPE.DS, TYPE.DNSKEY].flatMap((type) =>
    DOMAINS.split(' ').map((domain) => ({ name: nameKey(domain), type })),
  ),
];

/** One question and what came of it; milliseconds of the monotonic clock. */
export interface Asked {
  readonly askedAtMs: number;
  readonly endedAtMs: number;
  readonly isAnswered: boolean;
  /** What a client is told instead of an answer; "": nothing. */
  readonly told: string;
}

export interface HouseholdParts {
  readonly address: SocketAddress;
  readonly config: Pick<Config, 'zones' | 'certificate' | 'upstreams'>;
  readonly clock: Clock;
}

export class Household {
  /** What has come to its end, in that order. */
  readonly internal: Asked[] = [];
  readonly world: Asked[] = [];
  readonly #parts: HouseholdParts;
  readonly #server: QueryServer;
  readonly #internalQuestion: QueryQuestion;
  readonly #asking: Timer;
  #worldAsked = 0;
  #isAskingWorld: boolean;

  /** Begins to ask at once. */
  constructor(parts: HouseholdParts) {
    const { address, config, clock } = parts;
    this.#parts = parts;
    this.#server = { transport: 'udp', address, retriesOverTcp: false, name: null, path: '' };
    this.#internalQuestion = internalQuestion(config);
    this.#isAskingWorld = config.upstreams.length > 0;
    this.#ask();
    this.#asking = clock.every(ASK_EVERY_MS, () => this.#ask());
  }

  /** Whether names of the world are asked from now on; an upstream is not asked for more than is needed. */
  askWorld(isAsking: boolean): void {
    this.#isAskingWorld = isAsking && this.#parts.config.upstreams.length > 0;
  }

  /** What is still in flight is forgotten. */
  stop(): void {
    this.#asking.cancel();
  }

  #ask(): void {
    void this.#askOne(this.#internalQuestion, INTERNAL_PATIENCE_MS, isHouseAnswer, this.internal);
    if (!this.#isAskingWorld) return;
    const question = WORLD_QUESTIONS[this.#worldAsked % WORLD_QUESTIONS.length]!;
    this.#worldAsked += 1;
    void this.#askOne(question, WORLD_PATIENCE_MS, isWorldAnswer, this.world);
  }

  async #askOne(
    question: QueryQuestion,
    timeoutMs: number,
    isAnswer: (reply: ReplyFacts) => boolean,
    into: Asked[],
  ): Promise<void> {
    const { clock } = this.#parts;
    const query = buildQuery(question, {
      id: randomInt(1, MAX_ID),
      ...{ dnssecOk: false, checkingDisabled: false, pads: false },
    });
    const askedAtMs = clock.monotonic();
    const parts = { clock, tls: null, timeoutMs };
    const reply = await exchange(this.#server, query, parts, newTrace(this.#server)).catch((error) => {
      if (!(error instanceof NoAnswer)) throw error;
      return null;
    });
    const facts = reply === null ? null : readReply(reply);
    const isAnswered = facts !== null && isAnswer(facts);
    const told = facts === null || isAnswered ? '' : describeRefusal(facts);
    into.push({ askedAtMs, endedAtMs: clock.monotonic(), isAnswered, told });
  }
}

/** A name of a zone, else the certificate's, else one that everybody has. */
export function internalQuestion({
  zones,
  certificate,
}: Pick<Config, 'zones' | 'certificate'>): QueryQuestion {
  const record = zones
    .flatMap(({ records }) => records)
    .find(({ owner, type }) => type !== TYPE.CNAME && type !== TYPE.DNAME && !owner.startsWith('\x01*'));
  if (record !== undefined) return { name: record.owner, type: record.type };
  return {
    name: nameKey(certificate.names.find((name) => !name.startsWith('*.')) ?? 'localhost'),
    type: TYPE.A,
  };
}

function isHouseAnswer({ status }: ReplyFacts): boolean {
  return status === 'NOERROR';
}

/** AA would mean that it comes from a zone of the house. */
function isWorldAnswer({ status, flags }: ReplyFacts): boolean {
  return (status === 'NOERROR' || status === 'NXDOMAIN') && !flags.includes('aa');
}

function describeRefusal({ status, extendedErrors }: ReplyFacts): string {
  const errors = extendedErrors.map(
    ({ code, name, text }) => `extended error ${code} (${name})${text === '' ? '' : `: ${text}`}`,
  );
  return [status, ...errors].join(', ');
}

/** From `sinceMs` to the first answer, in whole milliseconds; null where there is none. */
export function firstAfterMs(asked: readonly Asked[], sinceMs: number): number | null {
  const first = asked.find(({ isAnswered }) => isAnswered);
  return first === undefined ? null : Math.round(first.endedAtMs - sinceMs);
}

/** From `sinceMs` until questions are answered for good; 0: they never stopped being; null: they are not. */
export function backAfterMs(asked: readonly Asked[], sinceMs: number): number | null {
  const since = asked.filter(({ askedAtMs }) => askedAtMs >= sinceMs);
  const failed = since.filter(({ isAnswered }) => !isAnswered);
  if (since.length > 0 && failed.length === 0) return 0;
  const lastFailedMs = Math.max(...failed.map(({ askedAtMs }) => askedAtMs));
  const back = since.filter(({ isAnswered, askedAtMs }) => isAnswered && askedAtMs > lastFailedMs);
  return back.length === 0 ? null : Math.round(Math.min(...back.map(({ endedAtMs }) => endedAtMs)) - sinceMs);
}
