// All trials, in the order in which they are played.

import { STRAY_REPLIES } from './rows/01-stray-replies.ts';
import { EQUAL_QUESTIONS } from './rows/02-equal-questions.ts';
import { PROVOKING_REPLIES } from './rows/03-provoking-replies.ts';
import { OPEN_RESOLVER } from './rows/04-open-resolver.ts';
import { AMPLIFICATION } from './rows/05-amplification.ts';
import { NEVER_ANSWERED } from './rows/06-pending-queries.ts';
import { LYING_QUERIES } from './rows/07-lying-queries.ts';
import { LYING_REPLIES } from './rows/07-lying-replies.ts';
import { COSTLY_QUERIES } from './rows/08-costly-queries.ts';
import { COSTLY_REPLIES } from './rows/08-costly-replies.ts';
import { SLOW_CLIENT_TRIALS } from './rows/09-slow-clients.ts';
import { CONNECTION_FLOODS } from './rows/10-connection-floods.ts';
import { HTTP2 } from './rows/11-http2.ts';
import { DOH_ABUSE } from './rows/12-doh-abuse.ts';
import { RANDOM_NAMES } from './rows/13-random-names.ts';
import { DEAD_UPSTREAM } from './rows/14-dead-upstream.ts';
import { IMPOSTORS } from './rows/15-impostors.ts';
import { HTTP_UPSTREAM } from './rows/20-http-upstream.ts';
import { NAMES_OF_THE_LANGUAGE } from './rows/22-names-of-the-language.ts';
import { FAIR_LATENCY, FAIRNESS } from './rows/25-fairness.ts';
import type { Trial } from './trial.ts';

export const TRIALS: readonly Trial[] = [
  ...STRAY_REPLIES,
  EQUAL_QUESTIONS,
  PROVOKING_REPLIES,
  OPEN_RESOLVER,
  AMPLIFICATION,
  NEVER_ANSWERED,
  LYING_QUERIES,
  COSTLY_QUERIES,
  ...LYING_REPLIES,
  COSTLY_REPLIES,
  ...SLOW_CLIENT_TRIALS,
  ...CONNECTION_FLOODS,
  ...HTTP2,
  ...DOH_ABUSE,
  RANDOM_NAMES,
  ...NAMES_OF_THE_LANGUAGE,
  ...DEAD_UPSTREAM,
  ...IMPOSTORS,
  HTTP_UPSTREAM,
  FAIRNESS,
  FAIR_LATENCY,
];
