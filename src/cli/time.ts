// `noonmark time`: the vote on the time, as chronyc shows sources. `--forget-stamp` withdraws what was written down for
// the next start, in the running server where there is one, else in its state directory.

import { forgetStamp, stampFile } from '../timesync/stamp.ts';
import { type Command, complain, EXIT, print, readArgs } from './command.ts';
import { askServer, askServerOf, CONTROL_OPTIONS, NoServer, printLines, report } from './control.ts';
import { timeLines } from './time-lines.ts';

const OPTIONS = { ...CONTROL_OPTIONS, 'forget-stamp': { type: 'boolean' } } as const;

export const time: Command = {
  help: `Usage: noonmark time [--config FILE] [--json]
       noonmark time --forget-stamp [--config FILE]

Asks the running server what time it is, who says so, and whom it believes. Offsets are what a source says less our own
time (less the system clock, while ours is not known); bounds say how far from that the truth may be.

  *  used: kept, and preferred      -  rejected: it answered, and is not believed
  +  kept: it agrees                ?  silent: no answer in the last round

  --config FILE    the configuration of the server that is asked (default: the quick start's)
  --json           the clock as one JSON object (docs/api.md)
  --forget-stamp   forget the time that was written down for the next start: only when it is known to be wrong,
                   from before a repair of the clock, say

Exit codes: 0 with an answer, 69 when no server runs, 78 for a bad configuration where none runs.`,

  async run(args) {
    const { values } = readArgs(args, OPTIONS);
    if (!values['forget-stamp'])
      return report(args, { lines: ({ clock }) => timeLines(clock), json: ({ clock }) => clock });
    return askServerOf(values.config, forget);
  },
};

/**
 * Asks the running server to do it; a file deleted under it would be written again. Where no server answers, the file is
 * deleted; not so where the configuration is broken, for it may lie elsewhere.
 */
async function forget(stateDir: string, isFileGood: boolean): Promise<number> {
  try {
    printLines([(await askServer(stateDir, 'POST', '/control/forget-stamp')).trimEnd()]);
    return EXIT.OK;
  } catch (error) {
    if (!(error instanceof NoServer && error.isAbsent && isFileGood)) throw error;
    return forgetAlone(stateDir);
  }
}

async function forgetAlone(stateDir: string): Promise<number> {
  const file = stampFile(stateDir);
  try {
    const existed = await forgetStamp(stateDir);
    const meaning =
      'The next start has no time to stand on but the system clock and what time sources say; a stamp is written again once they agree.';
    print(
      existed
        ? `No server runs; ${file} is deleted. ${meaning}`
        : `No server runs, and there is no stamp at ${file}.`,
    );
    return EXIT.OK;
  } catch (error) {
    complain(
      `${file} cannot be deleted (${(error as NodeJS.ErrnoException).code}); be the user that the server runs as, or root`,
    );
    return EXIT.FAILED;
  }
}
