// Commands that ask the running server, run in this process with their output caught, and a server to ask: the control
// socket alone, with a Status from the shelf.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import { ControlSocket } from '../../../src/admin/control-socket.ts';
import type { AdminSubject } from '../../../src/admin/routes.ts';
import type { Command } from '../../../src/cli/command.ts';
import type { Status } from '../../../src/status/status.ts';
import { adminDoor } from '../../support/admin-subjects.ts';
import { catchOutput, type Ran } from '../../support/caught-output.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

export interface Place {
  readonly stateDir: string;
  /** Names `stateDir`. */
  readonly configFile: string;
}

export function newPlace(): Place {
  const directory = temporaryDirectory('control-runs');
  const stateDir = join(directory, 'state');
  const configFile = join(directory, 'noonmark.yaml');
  writeFileSync(
    configFile,
    stringify({ listen: { dns: ['127.0.0.1:5300'] }, state_dir: stateDir, time: { sources: [] } }),
  );
  return { stateDir, configFile };
}

/** A server of that state, until the end of the test. */
export async function serveStatus(
  place: Place,
  status: () => Status,
  forgetStamp: () => Promise<string> = async () => 'forgotten',
): Promise<void> {
  await serveSubject(place, { status, forgetStamp });
}

/** A server that does so, until the end of the test. */
export async function serveSubject({ stateDir }: Place, subject: Partial<AdminSubject>): Promise<void> {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const clock = new SimulatedClock();
  const socket = new ControlSocket({
    ...adminDoor(clock, subject),
    stateDir,
    allowedHosts: () => [],
    log,
  });
  onTestFinished(() => socket.stop(0));
  await socket.start();
}

export function run(command: Command, args: readonly string[]): Promise<Ran> {
  return catchOutput(() => command.run(args));
}
