// One trial at one door of one kind of server, in a process of its own, so that a trial that hangs or throws at a peer leaves
// nothing behind: `compare-one.ts SUBJECT ROW TRIAL TRANSPORT`. Sends the Outcome.

import type { Transport } from '../support/noonmark.ts';
import { SUBJECTS } from './subjects/subjects.ts';
import { startWorld } from './target.ts';
import { runTrial } from './trial.ts';
import { TRIALS } from './trials.ts';

const [subjectName, row, trialName, transport] = process.argv.slice(2) as [string, string, string, Transport];
const trial = TRIALS.find((one) => one.row === Number(row) && one.name === trialName)!;
const subject = SUBJECTS.find((one) => one.name === subjectName)!;
const world = await startWorld(trial.upstream);
const target = await subject.start(world, trial.config);
const outcome = await runTrial({ target, world }, trial, transport);
process.send!(outcome, () => process.exit()); // ends the servers as well (at-exit.ts)
