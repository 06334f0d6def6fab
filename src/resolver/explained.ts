// One question asked of the real chain for somebody who wants to know how it is answered: which links it passed, what
// each had to say, and what came out. The answer is looked up, cached and coalesced as for any client.

import type { Clock } from '../clock/clock.ts';
import { type Answer, DROP } from '../dns/answer.ts';
import { recordsOf } from '../dns/answer-records.ts';
import { rcodeName, typeName } from '../dns/codes.ts';
import { formatName } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import { formatRdata } from '../dns/rdata-text.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { questionFor } from './own-lookup.ts';
import { inFull, keeping, type LinkName, type Resolver, type TraceFacts } from './resolver.ts';

/** A person waits; as long as `noonmark query` waits for an answer (milliseconds). */
const EXPLAIN_WITHIN_MS = 5000;
/** No chain has more to say about one question; a loop of CNAMEs has 8. */
const MAX_STEPS = 64;

export interface ExplainQuestion {
  /** In wire form. */
  readonly name: string;
  readonly type: number;
  /** The address of the client for whom it is asked: groups and the access list go by it. */
  readonly client: string;
}

/** With what the link's words are about, where that is known. */
export interface ExplainStep extends TraceFacts {
  readonly link: LinkName;
  readonly detail: string;
}

export interface ExplainRecord {
  readonly owner: string;
  readonly ttlSeconds: number;
  readonly type: string;
  readonly data: string;
}

export interface Explained {
  readonly name: string;
  readonly type: string;
  readonly client: string;
  /** The last link that spoke; null when none did. */
  readonly answeredBy: LinkName | null;
  readonly steps: readonly ExplainStep[];
  /** What the answering link has said, as values; null what does not apply to it. */
  readonly zone: string | null;
  readonly list: string | null;
  readonly rule: string | null;
  readonly group: string | null;
  readonly ttlLeftSeconds: number | null;
  readonly pastSeconds: number | null;
  readonly upstream: string | null;
  /** Mnemonic of the response code; "dropped" where a client gets no response at all. */
  readonly rcode: string;
  readonly answer: readonly string[];
  /** The same records, taken apart. */
  readonly records: readonly ExplainRecord[];
  readonly errors: readonly { readonly code: number; readonly text: string }[];
}

/** @param resolver the chain from its failure link on, so that every failure is an answer */
export async function explainName(
  resolver: Resolver,
  { name, type, client }: ExplainQuestion,
  clock: Clock,
): Promise<Explained> {
  const steps: ExplainStep[] = [];
  const say = (link: LinkName, detail: string, facts: TraceFacts = {}) => {
    if (steps.length < MAX_STEPS) steps.push({ link, detail: inFull(detail, facts), ...facts });
  };
  const nowMs = clock.monotonic();
  const query = questionFor(name, type);
  const answered = resolver.resolve(query, {
    client,
    clientPort: 0,
    localAddress: client.includes(':') ? '::1' : '127.0.0.1',
    transport: 'udp',
    receivedAtMs: nowMs,
    deadlineMs: nowMs + EXPLAIN_WITHIN_MS,
    trace: { say },
  });
  const answer = await keeping(answered);
  return {
    name: formatName(name),
    type: typeName(type),
    client,
    answeredBy: steps.at(-1)?.link ?? null,
    steps: [...steps], // a look-up that came too late for this answer may still have something to say
    ...factsOf(steps.at(-1)),
    ...outcomeOf(answer, query),
  };
}

function factsOf(step: TraceFacts = {}): Pick<Explained, keyof TraceFacts> {
  return {
    zone: step.zone ?? null,
    list: step.list ?? null,
    rule: step.rule ?? null,
    group: step.group ?? null,
    ttlLeftSeconds: step.ttlLeftSeconds ?? null,
    pastSeconds: step.pastSeconds ?? null,
    upstream: step.upstream ?? null,
  };
}

function outcomeOf(answer: Answer, query: Query): Pick<Explained, 'rcode' | 'answer' | 'records' | 'errors'> {
  if (answer === DROP) return { rcode: 'dropped', answer: [], records: [], errors: [] };
  const records = recordsOf(answer, query).answers.map(inWords);
  return {
    rcode: rcodeName(answer.rcode),
    answer: records.map(({ owner, ttlSeconds, type, data }) => `${owner} ${ttlSeconds} ${type} ${data}`),
    records,
    errors: answer.errors.map(({ code, text }) => ({ code, text })),
  };
}

function inWords({ owner, ttlSeconds, type, rdata }: ResourceRecord): ExplainRecord {
  return { owner: formatName(owner), ttlSeconds, type: typeName(type), data: formatRdata(type, rdata) };
}
