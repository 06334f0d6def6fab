// Which release of a peer is installed, in its own words: they all print it somewhere in a line of text.
// Nothing is asked of the package database, because a peer may have been built by hand.

import { run } from '../../test/support/running.ts';

/** The first number with two dots or one that it prints about itself. */
export async function versionOf(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(command, args);
  const text = stdout + stderr;
  return (/\d+\.\d+\.\d+/.exec(text) ?? /\d+\.\d+/.exec(text))?.[0] ?? 'unknown';
}
