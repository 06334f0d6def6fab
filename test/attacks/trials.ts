// All trials, in the order of the rows.

import { EQUAL_QUESTIONS } from './rows/02-equal-questions.ts';
import type { Trial } from './trial.ts';

export const TRIALS: readonly Trial[] = [EQUAL_QUESTIONS];
