// `noonmark notify test`: what is said of each channel, and the exit code.

import { expect, it, test } from 'vitest';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import { notify } from '../../../src/cli/notify.ts';
import type { TestOutcome } from '../../../src/notify/notifier.ts';
import { newPlace, run, serveSubject } from './control-runs.ts';

const GOOD: TestOutcome = {
  ...{ place: 'notify[0]', name: 'the ntfy topic at https://ntfy.example' },
  ...{ isDelivered: true, sentence: 'delivered' },
};
const BAD: TestOutcome = {
  ...{ place: 'notify[1]', name: 'the program /bin/tell', isDelivered: false },
  sentence: 'not delivered: it failed with the exit code 1: \u001b[31mno',
};

async function tried(channels: readonly TestOutcome[], ...args: readonly string[]) {
  const place = newPlace();
  await serveSubject(place, { testNotify: async () => channels });
  return run(notify, ['test', '--config', place.configFile, ...args]);
}

it('says what came of each channel', async () => {
  expect(await tried([GOOD])).toEqual({
    ...{ code: EXIT.OK, err: '', out: 'notify[0]: The ntfy topic at https://ntfy.example: delivered.\n' },
  });
  const { code, out } = await tried([GOOD, BAD]);
  expect(code).toBe(EXIT.FAILED);
  expect(out.split('\n')[1]).toBe(
    'notify[1]: The program /bin/tell: not delivered: it failed with the exit code 1: \\u001b[31mno.',
  );
});

it('fails where nobody would be told', async () => {
  const { code, out } = await tried([]);
  expect([code, out]).toEqual([EXIT.FAILED, expect.stringMatching(/^Nobody is told of anything: /)]);
});

it('--json says it as one object', async () => {
  const { code, out } = await tried([GOOD, BAD], '--json');
  expect([code, JSON.parse(out)]).toEqual([EXIT.FAILED, { channels: [GOOD, BAD] }]);
});

it('exits with 69 when no server runs', async () => {
  const { code, err } = await run(notify, ['test', '--config', newPlace().configFile]);
  expect([code, err]).toEqual([EXIT.UNAVAILABLE, expect.stringContaining('no server answers')]);
});

test.each([[[]], [['tset']], [['test', 'me']], [['test', '--now']]])('%j means nothing', async (args) => {
  await expect(notify.run(args)).rejects.toThrow(UsageError);
});
