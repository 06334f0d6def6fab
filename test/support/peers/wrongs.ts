// Every wrong thing that an upstream does with one query, chosen by the name asked: one table for DoT and DoH. An upstream
// that behaves 'by the name' answers all other names rightly, a moment late, so that some query of somebody else is always
// in flight on the same connection.

import { questionName } from '../dns-message.ts';
import { WRONG_FORMS } from './wrong-forms.ts';
import { ENDED_HTTP, WRONG_HTTP } from './wrong-http.ts';
import { WRONG_REPLIES } from './wrong-replies.ts';
import { WRONG_STREAMS } from './wrong-streams.ts';
import {
  type HttpWrong,
  labelOf,
  type MessageWrong,
  type StreamWrong,
  type Wrong,
} from './wrongs-vocabulary.ts';

/** How late other names are answered. */
export const OTHERS_DELAY_MS = 30;

export const WRONG_MESSAGES: readonly MessageWrong[] = [...WRONG_REPLIES, ...WRONG_FORMS];
export { ENDED_HTTP, WRONG_HTTP, WRONG_STREAMS };

export type DotWrong = MessageWrong | StreamWrong;
export type DohWrong = MessageWrong | HttpWrong;

export const WRONGS: readonly Wrong[] = [...WRONG_MESSAGES, ...WRONG_STREAMS, ...WRONG_HTTP, ...ENDED_HTTP];

const DOT = byLabel<DotWrong>([...WRONG_MESSAGES, ...WRONG_STREAMS]);
const DOH = byLabel<DohWrong>([...WRONG_MESSAGES, ...WRONG_HTTP, ...ENDED_HTTP]);

/** What is to be done with `query` over DoT; undefined: it is answered rightly. */
export const dotWrongFor = (query: Buffer): DotWrong | undefined => DOT.get(labelIn(query));
export const dohWrongFor = (query: Buffer): DohWrong | undefined => DOH.get(labelIn(query));

const labelIn = (query: Buffer) => labelOf(questionName(query)) ?? '';

function byLabel<One extends Wrong>(wrongs: readonly One[]): ReadonlyMap<string, One> {
  return new Map(wrongs.map((wrong) => [wrong.label, wrong]));
}
