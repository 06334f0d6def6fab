// A fixed sample of the corpus of malformed messages, in every run. The whole of it is in full/corpus.test.ts.
// Where ../shared/corpus is absent this is skipped, and says so.

import { describe, test } from 'vitest';
import { hasCorpus, sampleOfCorpus } from '../support/corpus.ts';
import { corpusSuite } from '../support/corpus-suite.ts';

if (hasCorpus) describe('Malformed messages', () => corpusSuite(sampleOfCorpus()));
else test.skip('Malformed messages: not run, ../shared/corpus is not on this machine');
