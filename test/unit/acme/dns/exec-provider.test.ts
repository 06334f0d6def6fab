// The owner's program: how it is called, and what is made of each way in which it may end, or not.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChallengeProblem } from '../../../../src/acme/challenge.ts';
import { ExecProvider } from '../../../../src/acme/dns/exec-provider.ts';
import { RecordedLog } from '../../../support/answer-path.ts';
import { eventually } from '../../../support/eventually.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const NAME = '_acme-challenge.home.example';
const VALUE = 'LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
const RECORD = { name: NAME, value: VALUE };
const RUN_WITHIN_MS = 120_000;
const LAST_WORDS_WITHIN_MS = 1_000;

const never = new AbortController().signal;
let clock: SimulatedClock;
let log: RecordedLog;
let directory: string;
beforeEach(() => {
  clock = new SimulatedClock();
  log = new RecordedLog();
  directory = temporaryDirectory('exec-provider');
});

/** A program with these lines of shell; $D is a directory of its own. */
function script(lines: string, mode = 0o755): ExecProvider {
  const program = join(directory, 'update dns; rm -rf $HOME.sh');
  writeFileSync(program, `#!/bin/sh\nD='${directory}'\n${lines}\n`, { mode });
  return new ExecProvider({ program, clock, log });
}

const written = (name: string) => readFileSync(join(directory, name), 'utf8');
const isWritten = (name: string) => eventually(() => existsSync(join(directory, name)), { what: name });
const isRunning = (pid: string) => {
  try {
    // A zombie whose new parent has not looked yet runs no more.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid.trim()}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

async function problemOf(provider: ExecProvider): Promise<string> {
  const error = await provider.add(RECORD, never).catch((one) => one);
  expect(error).toBeInstanceOf(ChallengeProblem);
  expect(error.message).toContain(`the TXT record at ${NAME} cannot be put up: ${provider.name} `);
  expect(clock.pendingTimers).toBe(0);
  return error.message;
}

it('is called as lego calls it, word for word and without a shell', async () => {
  const provider = script('printf "%s\\n" "$#" "$@" >> "$D/called"; readlink /proc/self/fd/0 >> "$D/called"');
  await provider.add({ name: NAME, value: '$(touch x) "\'' }, never);
  await provider.remove(RECORD, never);
  expect(written('called')).toBe(
    `3\npresent\n${NAME}.\n$(touch x) "'\n/dev/null\n3\ncleanup\n${NAME}.\n${VALUE}\n/dev/null\n`,
  );
  expect(clock.pendingTimers).toBe(0);
});

it('says what it has to say to the log', async () => {
  await script('echo first; echo "all is well"').add(RECORD, never);
  expect(log.lines.map(({ line }) => line)).toEqual([
    expect.stringMatching(/^debug .* present _acme-challenge\.home\.example\. is done: all is well$/),
  ]);
});

describe('it is a problem in words', () => {
  it.each([
    [
      'fails',
      'echo no >&2; echo "the API\tis down" >&2; echo hidden; exit 3',
      'failed with the exit code 3: the API\\u0009is down; try it by hand: ',
    ],
    ['fails without a word', 'exit 1', 'failed with the exit code 1; try it by hand: '],
    ['is killed', 'echo "last words" >&2; kill -9 $$', 'was ended by SIGKILL: last words; '],
    ['ends its words with empty lines', 'printf "why\\r\\n\\n\\n" >&2; exit 1', 'exit code 1: why; '],
  ])('when it %s', async (_what, lines, words) => {
    const problem = await problemOf(script(lines));
    expect(problem).toContain(words);
    expect(problem.endsWith(` present ${NAME}. ${VALUE}`)).toBe(true);
  });

  it('when it is not there', async () => {
    const provider = new ExecProvider({ program: join(directory, 'missing'), clock, log });
    expect(await problemOf(provider)).toContain('cannot be started: there is no such program');
  });

  it('when its interpreter is not there', async () => {
    const program = join(directory, 'odd');
    writeFileSync(program, '#!/nowhere/python\n', { mode: 0o755 });
    expect(await problemOf(new ExecProvider({ program, clock, log }))).toContain('no such interpreter');
  });

  it('when it is not executable', async () => {
    expect(await problemOf(script('exit 0', 0o644))).toContain('make it executable with chmod +x');
  });

  it('when it is a directory', async () => {
    const provider = new ExecProvider({ program: directory, clock, log });
    expect(await problemOf(provider)).toContain('may not be run by this user');
  });

  it('when a record cannot be taken down', async () => {
    await expect(script('exit 1').remove(RECORD, never)).rejects.toThrow(
      /^the TXT record at \S+ cannot be taken down: .* cleanup /,
    );
  });
});

it('has two minutes, and is killed then with what it has started', async () => {
  const provider = script(
    'trap "" TERM; sleep 1000 & echo $! > "$D/child"; echo hm >&2; echo $$ > "$D/self"; wait',
  );
  const outcome = problemOf(provider);
  await isWritten('self');
  await eventually(() => written('self') !== '');
  clock.advance(RUN_WITHIN_MS - 1);
  expect(isRunning(written('self'))).toBe(true);
  clock.advance(1);
  expect(await outcome).toContain('did not end within 120 s and was killed');
  for (const name of ['self', 'child']) await eventually(() => !isRunning(written(name)));
});

it('is killed when nobody wants the record any more', async () => {
  const provider = script('sleep 1000 & echo $! > "$D/child"; wait');
  const end = new AbortController();
  const reason = new Error('the order was given up');
  const outcome = expect(provider.add(RECORD, end.signal)).rejects.toBe(reason);
  await isWritten('child');
  await eventually(() => written('child') !== '');
  end.abort(reason);
  await outcome;
  await eventually(() => !isRunning(written('child')));
  expect(clock.pendingTimers).toBe(0);
  await expect(provider.remove(RECORD, end.signal)).rejects.toBe(reason);
});

it('may write as much as it wants; the end of it is kept', async () => {
  const flood = 'head -c 20000000 /dev/zero | tr "\\0" "a"';
  const provider = script(`${flood}; ${flood} >&2; echo >&2; echo "disk is full" >&2; exit 1`);
  expect(await problemOf(provider)).toContain('exit code 1: disk is full; ');
});

it('a line without an end is cut', async () => {
  const problem = await problemOf(script('head -c 100000 /dev/zero | tr "\\0" "a" >&2; exit 1'));
  expect(problem).toContain(`exit code 1: ${'a'.repeat(200)}; `);
});

it('may leave something running that holds on to its output', async () => {
  const provider = script('sleep 1000 & echo $! > "$D/child"; echo "left one" >&2; exit 0');
  const done = provider.add(RECORD, never);
  await isWritten('child');
  const child = await eventually(() => written('child').trim());
  // One timer for the whole run, one for the last words.
  await eventually(() => clock.pendingTimers === 2);
  clock.advance(LAST_WORDS_WITHIN_MS);
  await done;
  expect(isRunning(child)).toBe(true);
  process.kill(Number(child), 'SIGKILL');
  expect(clock.pendingTimers).toBe(0);
});

it('runs once at a time', async () => {
  const provider = script('mkdir "$D/lock" || exit 1; echo "$1" >> "$D/order"; sleep 0.2; rmdir "$D/lock"');
  await Promise.all([
    provider.add(RECORD, never),
    provider.remove(RECORD, never),
    provider.add(RECORD, never),
  ]);
  expect(written('order')).toBe('present\ncleanup\npresent\n');
});

it('that fails does not keep the next one from running', async () => {
  const provider = script('[ "$1" = cleanup ]');
  const outcomes = await Promise.allSettled([provider.add(RECORD, never), provider.remove(RECORD, never)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});
