// The owner's program: what it is given, and what is made of each way in which it may end, or not.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { Delivery } from '../../../src/notify/channel.ts';
import { Command } from '../../../src/notify/command.ts';
import type { Message } from '../../../src/notify/message.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const RUN_WITHIN_MS = 30_000;
const never = new AbortController().signal;

const MESSAGE: Message = {
  ...{ id: 'an-id', event: 'ended', title: 'dns: over: "$(touch x)"', text: 'It is over:\n- ü' },
  priority: 'normal',
  troubles: [
    {
      ...{ kind: 'upstream', subject: 'a', what: "the upstream a does not work'; rm -rf /" },
      ...{ since: '2027-01-01T00:00:00.000Z', sinceMs: 5_000, until: null, isOver: true },
      ...{ isSinceSure: true, isUntilSure: false },
      ...{ evidence: 'two\nlines\u0000', doThis: 'mend it', lasted: '5 s', lastedMs: 5_000 },
    },
  ],
  works: { works: [], waits: [] },
  ...{ server: 'dns', version: '0.3.0' },
};

let clock: SimulatedClock;
let directory: string;
beforeEach(() => {
  clock = new SimulatedClock();
  directory = temporaryDirectory('notify-command');
});

/** A program with these lines of shell; $D is a directory of its own. */
function script(lines: string, mode = 0o755): Command {
  const program = join(directory, 'tell me; rm -rf $HOME.sh');
  writeFileSync(program, `#!/bin/sh\nD='${directory}'\n${lines}\n`, { mode });
  return new Command({ program, clock });
}

const written = (name: string) => readFileSync(join(directory, name), 'utf8');

async function outcomeOf(command: Command): Promise<Delivery> {
  const delivery = await command.send(MESSAGE, never);
  expect(clock.pendingTimers).toBe(0);
  return delivery;
}

it('has the text on its input, the rest in its environment, and nothing else', async () => {
  expect(await outcomeOf(script('cat > "$D/text"; env -0 > "$D/env"; echo "$#" > "$D/arguments"'))).toEqual({
    kind: 'delivered',
  });
  expect(written('text')).toBe('It is over:\n- ü\n');
  expect(written('arguments')).toBe('0\n');
  const environment = Object.fromEntries(
    written('env')
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const { PWD, _, SHLVL, ...given } = environment; // of the shell's own making
  expect(given).toEqual({
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    NOONMARK_ID: 'an-id',
    NOONMARK_EVENT: 'ended',
    NOONMARK_TITLE: 'dns: over: "$(touch x)"',
    NOONMARK_PRIORITY: 'normal',
    NOONMARK_SERVER: 'dns',
    NOONMARK_VERSION: '0.3.0',
    NOONMARK_WHAT: "the upstream a does not work'; rm -rf /",
    NOONMARK_SINCE: '2027-01-01T00:00:00.000Z',
    NOONMARK_EVIDENCE: 'two\\u000alines\\u0000',
    NOONMARK_DO_THIS: 'mend it',
    NOONMARK_LASTED: '5 s',
  });
});

it('need not read its input', async () => {
  const command = script('exec 0<&-');
  const long = { ...MESSAGE, text: 'x'.repeat(200_000) };
  expect(await command.send(long, never)).toEqual({ kind: 'delivered' });
});

it('that fails is tried again, with its last words', async () => {
  expect(await outcomeOf(script('echo first >&2; printf "no route\\033[31m\\n" >&2; exit 75'))).toEqual({
    kind: 'failed',
    reason: 'it failed with the exit code 75: no route\\u001b[31m',
  });
});

it('that is not there, or not executable, is told', async () => {
  expect(await outcomeOf(new Command({ program: join(directory, 'none'), clock }))).toEqual({
    kind: 'failed',
    reason: 'it cannot be started: there is no such program, or no such interpreter as its first line names',
  });
  expect(await outcomeOf(script('true', 0o600))).toEqual({
    kind: 'failed',
    reason: 'it cannot be started: it may not be run by this user; make it executable with chmod +x',
  });
});

it('that does not end is killed with all that it started', async () => {
  const command = script('sleep 1000 & echo $! > "$D/pid.new"; mv "$D/pid.new" "$D/pid"; wait');
  const sending = command.send(MESSAGE, never);
  await eventually(() => existsSync(join(directory, 'pid')), { what: 'a child' });
  clock.advance(RUN_WITHIN_MS);
  expect(await sending).toEqual({ kind: 'failed', reason: 'it did not end within 30 s and was killed' });
  const isGone = () => {
    try {
      return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${written('pid').trim()}/stat`, 'utf8'));
    } catch {
      return true;
    }
  };
  await eventually(isGone, { what: 'an end of the child' });
});
