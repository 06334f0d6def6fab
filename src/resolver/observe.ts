// Link: sees every query and what became of it, and changes nothing. Counts for status and metrics, and the query log where
// the owner has switched it on (off by default; config key log.queries): a line in the log, and an entry in memory for the
// page. A hit with the log off allocates nothing here.

import type { Clock } from '../clock/clock.ts';
import { Answer, type AnswerView, DROP } from '../dns/answer.ts';
import { EDE, RCODE, rcodeName, typeName } from '../dns/codes.ts';
import { DnsFailure } from '../dns/failures.ts';
import { formatName } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import { networkOf, networkPrefix } from '../observe/client-network.ts';
import type { Log } from '../observe/log.ts';
import type { AnsweredBy, QueryFigures } from '../observe/query-figures.ts';
import type { QueryLog, QueryLogSession } from '../observe/query-log.ts';
import { LateAnswer, type Step } from './late-answer.ts';
import {
  type Context,
  inFull,
  type Link,
  type LinkName,
  type Trace,
  type TraceFacts,
  type Transport,
} from './resolver.ts';

/** Queries since start, by transport; dropped ones included. */
export type QueryCounts = Record<Transport, number>;

export interface ObserveParts {
  readonly counts: QueryCounts;
  readonly figures: QueryFigures;
  readonly clock: Clock;
  readonly log: Log;
  readonly queryLog: QueryLog;
}

export function observe({ counts, figures, clock, log, queryLog }: ObserveParts): Link {
  const seen = <View extends AnswerView>(query: Query, context: Context, answer: View, reason = ''): View => {
    // `guard` comes first, and is the one that writes nothing down.
    const { answeredBy = 'guard', trace, receivedAtMs } = context;
    figures.count(answeredBy, rcodeOf(answer), isBlocked(answeredBy, answer), receivedAtMs);
    if (!(trace instanceof LastWords) || trace.session !== queryLog.session) return answer;
    const ms = Math.round((clock.monotonic() - receivedAtMs) * 10) / 10;
    const line = { ...describe(query, context, answer), ms };
    const detail = trace.of(answeredBy) || reason || (answer.errors.at(-1)?.text ?? '');
    tell(line, { answeredBy, detail }, context.client, trace.session, log);
    return answer;
  };
  /** What is thrown becomes an answer in the link above; here it is only noted. */
  const failed = (query: Query, context: Context, error: unknown): never => {
    const isExpected = error instanceof DnsFailure;
    context.answeredBy = 'failure';
    const answer = Answer.ofRcode(isExpected ? error.rcode : RCODE.SERVFAIL);
    seen(query, context, answer, isExpected ? error.message : 'a bug in Noonmark; its log has the details');
    throw error;
  };
  const late: Step = {
    answered: (answer, query, context) => seen(query, context, answer),
    failed: (error, query, context) => failed(query, context, error),
  };
  return (next) => ({
    resolve(query, asked) {
      counts[asked.transport] += 1;
      const { session } = queryLog;
      const context = session === null ? asked : { ...asked, trace: new LastWords(session, asked.trace) };
      let answer: AnswerView | LateAnswer;
      try {
        answer = next.resolve(query, context);
      } catch (error) {
        return failed(query, context, error);
      }
      if (answer instanceof LateAnswer) return answer.through(late, query, context);
      return seen(query, context, answer);
    },
  });
}

/** Keeps the last thing that a link has said of one query, for the session of the log in which it began. */
class LastWords implements Trace {
  readonly session: QueryLogSession;
  readonly #outer: Trace | undefined;
  #last = '';
  #filter = '';

  constructor(session: QueryLogSession, outer: Trace | undefined) {
    this.session = session;
    this.#outer = outer;
  }

  say(link: LinkName, detail: string, facts?: TraceFacts): void {
    // Of an anonymised session the group stays out: where it is one device, it says who asked.
    const kept = this.session.mode === 'full' ? inFull(detail, facts) : detail;
    this.#last = kept;
    if (link === 'filter') this.#filter = kept;
    this.#outer?.say(link, detail, facts);
  }

  /** Where a name stands in for one that is blocked, whoever knows its addresses speaks last; why it does is what counts. */
  of(answeredBy: AnsweredBy): string {
    return answeredBy === 'filter' ? this.#filter : this.#last;
  }
}

/** For the figures; null: there is no response. */
export function rcodeOf(answer: AnswerView): number | null {
  return isDropped(answer) ? null : answer.rcode;
}

function isBlocked(answeredBy: AnsweredBy, answer: AnswerView): boolean {
  return answeredBy === 'filter' && answer.errors.at(-1)?.code === EDE.BLOCKED;
}

function isDropped(answer: AnswerView): boolean {
  return answer === DROP;
}

type Line = ReturnType<typeof describe> & { readonly ms: number };

function describe(query: Query, context: Context, answer: AnswerView) {
  const hasQuestion = query.questionEnd > 0;
  return {
    transport: context.transport,
    name: hasQuestion ? formatName(query.nameKey) : '',
    type: hasQuestion ? typeName(query.type) : '',
    rcode: isDropped(answer) ? 'dropped' : rcodeName(answer.rcode),
  };
}

/** A line in the log, and an entry in memory. */
function tell(
  line: Line,
  more: { readonly answeredBy: AnsweredBy; readonly detail: string },
  client: string,
  session: QueryLogSession,
  log: Log,
): void {
  const inFull = session.mode === 'full';
  log.info('query', { client: inFull ? client : networkOf(client), ...line });
  session.note({ client: inFull ? client : networkPrefix(client), ...line, ...more });
}
