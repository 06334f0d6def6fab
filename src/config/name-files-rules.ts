// Hosts files and lease files from the written entries. A file that is not there is no error, since its program may come
// later; a file that is named twice is one, and so is a domain of leases whose names another server knows.

import type { z } from 'zod';
import { formatWithoutDot, isAtOrBelow, type NameKey, nameKey } from '../dns/names.ts';
import type { Config, ForwardConfig, ZoneConfig } from './config.ts';
import { HOUSE_LABEL_LIST, isTopLevelOfWorld } from './house-labels.ts';
import type { hosts, leases } from './name-files-schema.ts';
import type { NamedFiles } from './named-files.ts';
import type { Path, Report } from './problems.ts';
import { quote } from './value-error.ts';

const LOCAL = nameKey('local.');

export interface NameFilesContext {
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
  /** Zones that other servers answer, and those that are answered here. */
  readonly forward: readonly Pick<ForwardConfig, 'name'>[];
  readonly zones: readonly Pick<ZoneConfig, 'name'>[];
}

export function readNameFiles(
  written: { readonly hosts?: z.output<typeof hosts>; readonly leases?: z.output<typeof leases> },
  context: NameFilesContext,
  report: Report,
): Pick<Config, 'hosts' | 'leases'> {
  const { absolute, files } = context;
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
      if (isTopLevelOfWorld(entry.domain)) {
        const domain = formatWithoutDot(entry.domain);
        const message = `${quote(domain)} is a top-level domain of the world, or may become one, and devices would choose names in it; write a zone of your own, such as home.arpa, or one of ${HOUSE_LABEL_LIST}`;
        report.error(['leases', position, 'domain'], message);
      }
      const forwarded = forwardedZoneOf(entry.domain, context);
      if (forwarded !== undefined) {
        const [domain, zone] = [entry.domain, forwarded].map((name) => formatWithoutDot(name));
        const message = `${domain} lies in ${zone} under \`forward\`, whose server knows its names, and devices would choose others there; write another domain, such as home.arpa, or delete that zone`;
        report.error(['leases', position, 'domain'], message);
      }
      return { ...entry, file: look(entry.file, ['leases', position, 'file']) };
    }),
  };
}

/** The forwarded zone whose server is asked for names in `domain`: none where a zone of our own lies further in. */
function forwardedZoneOf(domain: NameKey, { forward, zones }: NameFilesContext): NameKey | undefined {
  const innermost = (all: readonly { readonly name: NameKey }[]) =>
    all
      .map(({ name }) => name)
      .filter((name) => isAtOrBelow(domain, name))
      .sort((a, b) => b.length - a.length)[0];
  const forwarded = innermost(forward);
  return (innermost(zones)?.length ?? 0) > (forwarded?.length ?? 0) ? undefined : forwarded;
}
