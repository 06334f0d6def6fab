// Reads the configuration file, with an eye on the files that it names (named-files.ts).
// Everything it means is decided in parse.ts, which touches no disk.

import { readAtMost, reasonOf } from '../files/read-file.ts';
import { filesOnDisk } from './named-files.ts';
import { type ParsedConfig, parseConfig } from './parse.ts';
import { ConfigProblems } from './problems.ts';

/** A thousand zones fit; a disk image named by mistake does not. */
const FILE_OCTETS_MAX = 2 ** 20;

/**
 * The configuration in the file at `path`.
 * @throws ConfigProblems, also where the file cannot be read
 */
export function loadConfig(path: string): ParsedConfig {
  const refuse = (message: string) => new ConfigProblems(path, [{ path: '', line: 0, message }]);
  let octets: Uint8Array;
  try {
    octets = readAtMost(path, FILE_OCTETS_MAX + 1);
  } catch (error) {
    throw refuse(`${reasonOf(error)}; name a file that can be read with --config FILE`);
  }
  if (octets.length > FILE_OCTETS_MAX) throw refuse('the file is over 1 MiB, which no configuration needs');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw refuse('the file is not UTF-8 text; save it as UTF-8');
  }
  return parseConfig(text, { file: path, files: filesOnDisk });
}
