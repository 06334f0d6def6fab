// Where a configuration puts its state, whatever else is wrong with it: so that those who ask the running server find it
// just when somebody has broken the file. It loads little, for a health check does so twice a minute.

import { dirname, resolve } from 'node:path';
import { readAtMost } from '../files/read-file.ts';
import { readYaml } from './yaml-tree.ts';

/** In the working directory, unless written. */
export const DEFAULT_STATE_DIR = 'state';
/** As the configuration itself may have (load.ts). */
const FILE_OCTETS_MAX = 2 ** 20;
/** Of a file that is no YAML at this moment, the one line that matters. */
const STATE_DIR_LINE = /^state_dir[ \t]*:.*$/m;

/** Absolute path. @throws the system's error where the file cannot be read */
export function stateDirOf(file: string): string {
  const text = Buffer.from(readAtMost(file, FILE_OCTETS_MAX)).toString();
  const whole = readYaml(text);
  const { value } = whole.broken ? readYaml(STATE_DIR_LINE.exec(text)?.[0] ?? '') : whole;
  const written = (value as { state_dir?: unknown } | undefined)?.state_dir;
  return typeof written === 'string' ? resolve(dirname(file), written) : resolve(DEFAULT_STATE_DIR);
}
