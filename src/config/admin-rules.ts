// Who may see the pages, from what is written: whether the files can be used, and whether anybody is let in at all.
// Files that cannot be used are no error, since names must be answered all the same: nobody is let in by them until they are
// mended.

import type { z } from 'zod';
import type { admin } from './admin-schema.ts';
import type { Config } from './config.ts';
import type { NamedFiles } from './named-files.ts';
import { isLoopback } from './own-sockets.ts';
import type { Report } from './problems.ts';
import { formatSocketAddress } from './socket-address.ts';

export interface AdminContext {
  /** Makes a written path absolute. */
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
  readonly listen: Config['listen'];
}

export function readAdmin(
  written: z.output<typeof admin>,
  { absolute, files, listen }: AdminContext,
  report: Report,
): Config['admin'] {
  const { password_file: password, token_file: token, loopback = 'open' } = written ?? {};
  const passwordFile = password === undefined ? null : absolute(password);
  const tokenFile = token === undefined ? null : absolute(token);
  const passwordProblem = passwordFile === null ? null : files.passwordProblem(passwordFile);
  const tokenProblem = tokenFile === null ? null : files.tokenProblem(tokenFile);
  if (passwordProblem !== null)
    report.warning(
      ['admin', 'password_file'],
      `${passwordProblem}; until that is mended, nobody can sign in`,
    );
  if (tokenProblem !== null)
    report.warning(['admin', 'token_file'], `${tokenProblem}; until that is mended, no token is taken`);
  const config = { passwordFile, tokenFile, loopback };
  if (!report.hasErrorIn(['admin'])) warnOfClosedDoors(config, listen, report);
  return config;
}

const FIRST = 'make one with `noonmark password --write FILE` and name it as `admin.password_file`';

/** Where nobody can get in, it is said, and why: a page that refuses everybody looks broken. */
function warnOfClosedDoors(
  { passwordFile, tokenFile, loopback }: Config['admin'],
  { admin }: Config['listen'],
  report: Report,
): void {
  if (passwordFile !== null || tokenFile !== null) return;
  admin.forEach((socket, position) => {
    const isHere = isLoopback(socket.address);
    if (isHere && loopback === 'open') return;
    const place = isHere
      ? 'this host itself needs to sign in (`admin.loopback`)'
      : 'others can connect to it';
    report.warning(
      ['listen', 'admin', position],
      `the pages will be refused at ${formatSocketAddress(socket)}: ${place}, and there is no password; ${FIRST}`,
    );
  });
}
