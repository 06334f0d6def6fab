// The configuration as commands read it: what is wrong with it goes to stderr, and the circular dependencies that it has
// on this host are found. Which file it is, and what a bad one means for the exit code, is each command's own.

import { findCircles } from '../config/circles.ts';
import type { Config } from '../config/config.ts';
import { readHostFacts } from '../config/host-facts.ts';
import { loadConfig } from '../config/load.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { type ConfigProblem, ConfigProblems } from '../config/problems.ts';
import { stateDirOf } from '../config/state-dir.ts';
import { interfaceAddresses } from '../listener/interfaces.ts';
import { complain, QUICKSTART } from './command.ts';

/** What the file says; null after everything that is wrong with it has been said. */
export function loadOrComplain(file: string = QUICKSTART): ParsedConfig | null {
  try {
    return loadConfig(file);
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    complain(error.message);
    return null;
  }
}

export interface StatePlace {
  readonly stateDir: string;
  /** What is wrong with the file; null: nothing. A server that was started before that goes on serving. */
  readonly mistakes: ConfigProblems | null;
}

/** Where the server of `file` keeps its state; null after it has been said that the file cannot be read. */
export function statePlaceOrComplain(file: string = QUICKSTART): StatePlace | null {
  try {
    return { stateDir: loadConfig(file).config.stateDir, mistakes: null };
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    const stateDir = stateDirOrNull(file);
    if (stateDir !== null) return { stateDir, mistakes: error };
    complain(error.message);
    return null;
  }
}

function stateDirOrNull(file: string): string | null {
  try {
    return stateDirOf(file);
  } catch {
    return null;
  }
}

/** Circular dependencies of `config` on this host as it is now; reads some small files. */
export function circlesHere(config: Config): readonly ConfigProblem[] {
  return findCircles(config, readHostFacts(interfaceAddresses().map(({ address }) => address)));
}
