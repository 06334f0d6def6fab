// `noonmark notify test`: the running server sends a test message to everybody who is told of troubles, and says what came
// of each. It is the server that sends, as it would in earnest, so that a command that works proves the configuration.

import { NOTIFY_TEST_WITHIN_MS } from '../admin/notify-routes.ts';
import type { TestOutcome } from '../notify/notifier.ts';
import { capital } from '../status/words.ts';
import { type Command, complain, EXIT, print, readArgs, UsageError } from './command.ts';
import { askServer, askServerOf, CONTROL_OPTIONS, printLines } from './control.ts';

/** The server has the last word on how long it takes; its answer comes a moment later. */
const SILENCE_MS = NOTIFY_TEST_WITHIN_MS + 5_000;

export const notify: Command = {
  help: `Usage: noonmark notify test [--config FILE] [--json]

Makes the running server send a test message over every channel under \`notify\`, and says what came of each. Nothing is
tried again; what waits to be told goes out with a channel that turns out to work. docs/notifications.md says more.

  --config FILE   the configuration of the server that is asked (default: the quick start's)
  --json          {channels: [{place, name, isDelivered, sentence}]}

Exit codes: 0 when all were delivered, 1 when one was not, or when there is no channel, 64 for a wrong command line,
69 when no server runs, 78 for a bad configuration where none runs.`,

  async run(args) {
    const { values, positionals } = readArgs(args, CONTROL_OPTIONS, 1);
    if (positionals[0] !== 'test') throw new UsageError('what can be done with notifications is `test`');
    return askServerOf(values.config, async (stateDir) => {
      if (process.stderr.isTTY) complain('The server sends; that may take half a minute.');
      const answer = await askServer(stateDir, 'POST', '/control/notify-test', SILENCE_MS);
      const { channels } = JSON.parse(answer) as { channels: readonly TestOutcome[] };
      if (values.json) print(JSON.stringify({ channels }, null, 2));
      else printLines(channels.length === 0 ? [NOBODY] : channels.map(line));
      return channels.length > 0 && channels.every(({ isDelivered }) => isDelivered) ? EXIT.OK : EXIT.FAILED;
    });
  },
};

const NOBODY =
  'Nobody is told of anything: there is no `notify` in the configuration of that server (docs/notifications.md).';

function line({ place, name, sentence }: TestOutcome): string {
  return `${place}: ${capital(name)}: ${sentence}.`;
}
