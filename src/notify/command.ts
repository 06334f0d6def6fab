// A message through a program of the owner's, for mail and whatever has no URL: the text on its standard input, the rest
// in its environment, which holds nothing else but a PATH. Without arguments, without a shell, and with an end.

import type { Clock } from '../clock/clock.ts';
import { printable } from '../config/value-error.ts';
import { runProgram } from '../files/program.ts';
import { type Channel, channelName, type Delivery } from './channel.ts';
import type { Message } from './message.ts';

/** A mail server that is slow with its greeting takes half of that. */
const RUN_WITHIN_MS = 30_000;
/** As systemd and Debian's login have it; who keeps programs elsewhere writes their paths. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface CommandParts {
  /** Absolute path. */
  readonly program: string;
  readonly clock: Clock;
}

export class Command implements Channel {
  readonly name: string;
  readonly needsTime = false;
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
    this.name = channelName({ kind: 'command', program: parts.program });
  }

  async send(message: Message, signal: AbortSignal): Promise<Delivery> {
    const { program, clock } = this.#parts;
    const environment = commandEnvironment(message);
    const call = { program, environment, input: `${message.text}\n`, withinMs: RUN_WITHIN_MS, clock };
    const { problem, words } = await runProgram(call, signal);
    if (problem === null) return { kind: 'delivered' };
    return { kind: 'failed', reason: `it ${problem}${words === '' ? '' : `: ${printable(words)}`}` };
  }
}

export function commandEnvironment(message: Message): Readonly<Record<string, string>> {
  const { id, event, title, priority, troubles, server, version } = message;
  const [first] = troubles;
  const values = {
    ...{ ID: id, EVENT: event, TITLE: title, PRIORITY: priority, SERVER: server, VERSION: version },
    WHAT: troubles.map(({ what }) => what).join('; '),
    SINCE: first?.since ?? '',
    EVIDENCE: first?.evidence ?? '',
    DO_THIS: first?.doThis ?? '',
    LASTED: first?.lasted ?? '',
  };
  // No NUL can stand there, and a line break in one would end a header of a mail.
  const entries = Object.entries(values).map(([name, value]) => [`NOONMARK_${name}`, printable(value)]);
  return { PATH, ...Object.fromEntries(entries) };
}
