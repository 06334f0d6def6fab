// Every message of the corpus of malformed messages, for `npm run test:full`.
// Where ../shared/corpus is absent this is skipped, and says so.

import { describe, test } from 'vitest';
import { hasCorpus, wholeCorpus } from '../support/corpus.ts';
import { corpusSuite } from '../support/corpus-suite.ts';

if (hasCorpus) describe('Malformed messages, all of them', () => corpusSuite(wholeCorpus()));
else test.skip('Malformed messages: not run, ../shared/corpus is not on this machine');
