// Link: whatever is thrown below becomes a response here, and nowhere else (docs/design.md, Names and errors).
// Expected failures carry their own response code and extended error. Anything else is a bug of ours:
// SERVFAIL, its stack in the log, and the process lives.

import { Answer } from '../dns/answer.ts';
import { EDE, RCODE } from '../dns/codes.ts';
import { DnsFailure } from '../dns/failures.ts';
import { formatName } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import type { Log } from '../observe/log.ts';
import { LateAnswer, type Step } from './late-answer.ts';
import type { Link } from './resolver.ts';

export function failure(log: Log): Link {
  const late: Step = {
    answered: (answer) => answer,
    failed: (error, query) => toAnswer(error, query, log),
  };
  return (next) => ({
    resolve(query, context) {
      try {
        const answer = next.resolve(query, context);
        return answer instanceof LateAnswer ? answer.through(late, query, context) : answer;
      } catch (error) {
        return toAnswer(error, query, log);
      }
    },
  });
}

function toAnswer(error: unknown, query: Query, log: Log): Answer {
  if (error instanceof DnsFailure) return Answer.ofRcode(error.rcode, ...error.errors);
  const name = query.questionEnd > 0 ? formatName(query.nameKey) : '(no question)';
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error('a bug in Noonmark: please report this line', { name, stack });
  return Answer.ofRcode(RCODE.SERVFAIL, { code: EDE.OTHER, text: 'internal error' });
}
