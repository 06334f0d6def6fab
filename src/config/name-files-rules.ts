// Hosts files and lease files from the written entries. A file that is not there is no error, since its program may come
// later; a file that is named twice is one.

import type { z } from 'zod';
import { isAtOrBelow, nameKey } from '../dns/names.ts';
import type { Config } from './config.ts';
import type { hosts, leases } from './name-files-schema.ts';
import type { NamedFiles } from './named-files.ts';
import type { Path, Report } from './problems.ts';
import { quote } from './value-error.ts';

const LOCAL = nameKey('local.');

export interface NameFilesContext {
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
}

export function readNameFiles(
  written: { readonly hosts?: z.output<typeof hosts>; readonly leases?: z.output<typeof leases> },
  { absolute, files }: NameFilesContext,
  report: Report,
): Pick<Config, 'hosts' | 'leases'> {
  const seen = new Set<string>();
  const look = (path: string, at: Path) => {
    const file = absolute(path);
    if (seen.has(file)) report.error(at, `${quote(path)} is written twice; delete one`);
    seen.add(file);
    const problem = files.nameFileProblem(file);
    if (problem !== null)
      report.warning(at, `${quote(path)}: ${problem}; its names are not answered until that is mended`);
    return file;
  };
  return {
    hosts: (written.hosts ?? []).map((path, position) => look(path, ['hosts', position])),
    leases: (written.leases ?? []).map((entry, position) => {
      if (isAtOrBelow(entry.domain, LOCAL)) {
        const message =
          'names below local belong to multicast DNS (RFC 6762), and many devices never ask a server for them; home.arpa works everywhere';
        report.warning(['leases', position, 'domain'], message);
      }
      return { ...entry, file: look(entry.file, ['leases', position, 'file']) };
    }),
  };
}
