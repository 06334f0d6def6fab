// TXT records by a program of the owner's, with the contract of lego's "exec" provider in its default mode
// (https://go-acme.github.io/lego/dns/exec/): PROGRAM present|cleanup FQDN. VALUE, and an exit code.
// One at a time, without a shell, with an end: whoever does not come back in time is killed with all that it started.
// What it does, and whether the record can be seen anywhere, is not looked at.

import type { Clock } from '../../clock/clock.ts';
import { printable } from '../../config/value-error.ts';
import { runProgram } from '../../files/program.ts';
import type { Log } from '../../observe/log.ts';
import { ChallengeProblem } from '../challenge.ts';
import { Turns } from '../turns.ts';
import type { TxtProvider, TxtRecord } from './txt-provider.ts';

/** An update at a slow registrar's API takes half a minute. */
const RUN_WITHIN_MS = 120_000;

type Action = 'present' | 'cleanup';

export interface ExecParts {
  /** Absolute path. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class ExecProvider implements TxtProvider {
  readonly name: string;
  readonly #parts: ExecParts;
  /** Such programs rewrite files; two at the same time would undo each other's work. */
  readonly #turns = new Turns();

  constructor(parts: ExecParts) {
    this.#parts = parts;
    this.name = `the program ${parts.program}`;
  }

  add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#run('present', record, signal));
  }

  remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#run('cleanup', record, signal));
  }

  async #run(action: Action, { name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    const { program, clock, log } = this.#parts;
    const fqdn = `${name}.`;
    const call = { program, arguments: [action, fqdn, value], withinMs: RUN_WITHIN_MS, clock };
    const { problem, words } = await runProgram(call, signal);
    const said = words === '' ? '' : `: ${printable(words)}`;
    if (problem === null) {
      log.debug(`${program} ${action} ${fqdn} is done${said}`);
      return;
    }
    const verb = action === 'present' ? 'put up' : 'taken down';
    throw new ChallengeProblem(
      `the TXT record at ${name} cannot be ${verb}: ${this.name} ${problem}${said}; try it by hand: ${program} ${action} ${fqdn} ${value}`,
    );
  }
}
