// `noonmark password`: makes the line that `admin.password_file` wants. Asked for twice at a terminal, where nobody sees it; of
// standard input otherwise the first line. The password itself is written nowhere, and never an argument, which every user
// of the machine could read.

import { existsSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hashPassword, PASSWORD, passwordProblem } from '../admin/access/password.ts';
import { formatPasswordHash } from '../config/admin-secrets.ts';
import { Replacement } from '../files/replacement.ts';
import { type Command, complain, EXIT, print, readArgs } from './command.ts';
import { loadOrComplain } from './read-config.ts';
import { askHidden, firstLine } from './terminal-secret.ts';

export const password: Command = {
  help: `Usage: noonmark password [--write FILE] [--config FILE]

Makes the password to the pages of \`listen.admin\`. Asks for it twice, or takes the first line of standard input where that
is no terminal, and prints one line, its hash, for the file that \`admin.password_file\` names. ${PASSWORD.charactersMin} characters at least.
A running server takes up the new file by itself, and whoever had signed in is signed out.

  --write FILE    write the line into FILE, which only its owner may read, instead of printing it
  --config FILE   the same into the file that this configuration names; from root it goes to the owner of state_dir

Exit codes: 0, 1 when nothing was made, 78 for a bad configuration.`,

  async run(args) {
    const { values } = readArgs(args, { write: { type: 'string' }, config: { type: 'string' } });
    const target = targetOf(values);
    if (target === 'none') return EXIT.CONFIG;
    if (target !== 'output' && isHomeless(target)) return EXIT.FAILED;
    const typed = await readPassword();
    if (typed === null) return EXIT.FAILED;
    const problem = passwordProblem(typed);
    if (problem !== null) {
      complain(`noonmark password: ${problem}`);
      return EXIT.FAILED;
    }
    const line = formatPasswordHash(await hashPassword(typed));
    if (target === 'output') {
      print(line);
      return EXIT.OK;
    }
    return write(target, line);
  },
};

/** A file, and whose it is to be. */
interface Target {
  readonly path: string;
  /** A directory of the server's own; null: not known. */
  readonly stateDir: string | null;
}

/** Where the line goes; none: it has been said why. */
function targetOf(values: { readonly write?: string; readonly config?: string }): Target | 'output' | 'none' {
  const { write: path, config: file } = values;
  const loaded = file === undefined ? undefined : loadOrComplain(file);
  if (loaded === null) return 'none';
  const stateDir = loaded?.config.stateDir ?? null;
  if (path !== undefined) return { path: resolve(path), stateDir };
  if (loaded === undefined) return 'output';
  const { passwordFile } = loaded.config.admin;
  if (passwordFile !== null) return { path: passwordFile, stateDir };
  complain(
    `noonmark password: ${file} names no \`admin.password_file\`; write one into it, or say where with --write FILE`,
  );
  return 'none';
}

/** Made by root here, a directory would be closed to the server; said where there is none. */
function isHomeless({ path }: Target): boolean {
  const directory = dirname(path);
  if (existsSync(directory)) return false;
  complain(
    `noonmark password: there is no directory ${directory}; make it first, for the user that the server runs as`,
  );
  return true;
}

/** Null after it has been said why there is none. */
async function readPassword(): Promise<string | null> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return firstLine(stdin, PASSWORD.octetsMax);
  const once = await askHidden('New password: ', stdin, stderr);
  const again = once === null ? null : await askHidden('Once more: ', stdin, stderr);
  if (again === null) return null;
  if (once === again) return once;
  complain('noonmark password: the two are not the same; nothing was made');
  return null;
}

/** Owner and group are those of the file that was there, else the server's, as far as they are known: it has to read it. */
async function write({ path, stateDir }: Target, line: string): Promise<number> {
  try {
    const like = (await owned(path)) ?? (stateDir === null ? null : await owned(stateDir));
    const replacement = await Replacement.begin(path);
    await replacement.write(`${line}\n`);
    if (like !== null) await replacement.giveTo(like);
    await replacement.commit();
    complain(`${path} has the new password, and only its owner may read it.`);
    if ((await stat(path)).uid === 0)
      complain(`That is root. A server that runs as another user needs it: chown USER ${path}`);
    return EXIT.OK;
  } catch (error) {
    complain(`noonmark password: ${path} cannot be written: ${(error as Error).message}`);
    return EXIT.FAILED;
  }
}

function owned(path: string): Promise<Pick<Stats, 'uid' | 'gid'> | null> {
  return stat(path).catch(() => null);
}
