// Lists, rewrites and groups from what is written: each list from one place, no name twice, no group with a list that is
// not there. A file that cannot be read is a warning, since the server keeps watching for it.

import type { z } from 'zod';
import { formatWithoutDot, isAtOrBelow, type NameKey, NameSyntaxError, nameKey, ROOT } from '../dns/names.ts';
import type {
  FilterConfig,
  FilterGroupConfig,
  FilterListConfig,
  ForwardConfig,
  RewriteConfig,
  ZoneConfig,
} from './config.ts';
import { type filter, LIST_EVERY } from './filter-schema.ts';
import { ENTRIES_MAX } from './limits.ts';
import type { NamedFiles } from './named-files.ts';
import type { Path, Report } from './problems.ts';
import { isAddressText } from './socket-address.ts';
import { suggest } from './suggest.ts';
import { quote } from './value-error.ts';

type Written = NonNullable<z.output<typeof filter>>;
type WrittenList = NonNullable<Written['lists']>[number];

export interface FilterContext {
  /** Makes a written path absolute. */
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
  /** Zones that are answered here, which come before the filter, and those that other servers answer, which come after it. */
  readonly zones: readonly Pick<ZoneConfig, 'name'>[];
  readonly forward: readonly Pick<ForwardConfig, 'name'>[];
}

const WILDCARD_ALONE = `\x01*${ROOT}`;

export function readFilter(
  written: z.output<typeof filter>,
  context: FilterContext,
  report: Report,
): FilterConfig {
  const { answer = { kind: 'nxdomain' }, lists = [], rewrites = {}, groups = [] } = written ?? {};
  const read = readLists(lists, context, report);
  return {
    blocked: answer,
    lists: read,
    rewrites: readRewrites(rewrites, context, report),
    groups: readGroups(groups, lists, report),
  };
}

function readLists(
  entries: readonly WrittenList[],
  context: FilterContext,
  report: Report,
): FilterListConfig[] {
  const names = new Map<string, number>();
  const places = new Map<string, number>();
  return entries.flatMap((entry, position) => {
    const path: Path = ['filter', 'lists', position];
    const source = sourceOf(entry, path, context, report);
    if (source === null) return [];
    const place = source.kind === 'file' ? source.file : source.url;
    checkOnce(entry.name, [...path, 'name'], names, position, report);
    checkOnce(place, [...path, source.kind], places, position, report);
    const { name, allow: allows = false, every: everyMs = LIST_EVERY.default } = entry;
    return [{ name, allows, source, everyMs }];
  });
}

function checkOnce(
  text: string,
  path: Path,
  firstAt: Map<string, number>,
  position: number,
  report: Report,
): void {
  const before = firstAt.get(text);
  if (before === undefined) firstAt.set(text, position);
  else report.error(path, `${quote(text)} is taken already by filter.lists[${before}]; keep one of them`);
}

function sourceOf(
  { name, url, file, every, ca_file: caFile }: WrittenList,
  path: Path,
  { absolute, files }: FilterContext,
  report: Report,
): FilterListConfig['source'] | null {
  if (url !== undefined && file !== undefined) {
    report.error(path, `the list ${quote(name)} has a \`url\` and a \`file\`; keep the one that you want`);
    return null;
  }
  if (url !== undefined) {
    const problem = caFile === undefined ? null : files.caProblem(absolute(caFile));
    if (problem !== null) report.error([...path, 'ca_file'], problem);
    return { kind: 'url', url, caFile: caFile === undefined ? null : absolute(caFile) };
  }
  if (file === undefined) {
    report.error(path, `the list ${quote(name)} has neither \`url\` nor \`file\`; write where it is`);
    return null;
  }
  for (const [key, value] of [
    ['every', every],
    ['ca_file', caFile],
  ] as const) {
    if (value === undefined) continue;
    report.error(
      [...path, key],
      `a list in a file is read when it changes; delete \`${key}\`, which is for a \`url\``,
    );
  }
  const problem = files.nameFileProblem(absolute(file));
  if (problem !== null) {
    report.warning(
      [...path, 'file'],
      `${quote(file)}: ${problem}; nothing is on this list until that is mended`,
    );
  }
  return { kind: 'file', file: absolute(file) };
}

function readRewrites(
  written: NonNullable<Written['rewrites']>,
  context: FilterContext,
  report: Report,
): RewriteConfig[] {
  const entries = Object.entries(written);
  if (entries.length > ENTRIES_MAX.rewrites) {
    const message = `there are more than ${ENTRIES_MAX.rewrites} rewrites; write a zone file for as many names`;
    report.error(['filter', 'rewrites'], message);
  }
  const seen = new Set<string>();
  return entries.flatMap(([text, to]) => {
    const path: Path = ['filter', 'rewrites', text];
    const name = rewrittenName(text, path, report);
    if (name === null) return [];
    if (seen.has(name)) report.error(path, `${quote(text)} is rewritten already; keep one of them`);
    seen.add(name);
    if (to.kind === 'name' && to.name === name) {
      report.error(path, `${quote(text)} leads to itself; write another name or an address`);
    }
    const zone = zoneOver(name, context);
    if (zone !== null) {
      const message = `${quote(text)} lies in ${formatWithoutDot(zone)} under \`zones\`, which comes first, so it would never be rewritten; write it as a record there`;
      report.error(path, message);
    }
    return [{ name, to }];
  });
}

/** The zone of ours that all names of a rewrite lie in: none where a forwarded zone lies further in. */
function zoneOver(name: NameKey, { zones, forward }: FilterContext): NameKey | null {
  const over = [...zones, ...forward].filter((zone) => isAtOrBelow(name, zone.name));
  const innermost = over.sort((a, b) => b.name.length - a.name.length)[0];
  return innermost !== undefined && zones.includes(innermost) ? innermost.name : null;
}

function rewrittenName(text: string, path: Path, report: Report): string | null {
  if (isAddressText(text)) {
    report.error(
      path,
      `${quote(text)} is an address, and names are rewritten; write the name that devices ask for`,
    );
    return null;
  }
  try {
    const name = nameKey(text);
    if (name !== ROOT && name !== WILDCARD_ALONE) return name;
    report.error(path, `${quote(text)} is every name; write one, such as video.example or "*.ads.example"`);
  } catch (error) {
    if (!(error instanceof NameSyntaxError)) throw error;
    report.error(path, error.message);
  }
  return null;
}

function readGroups(
  written: NonNullable<Written['groups']>,
  lists: readonly Pick<FilterListConfig, 'name'>[],
  report: Report,
): FilterGroupConfig[] {
  const known = lists.map(({ name }) => name);
  const firstAt = new Map<string, number>();
  return written.map(({ name, clients, lists: wanted = [] }, position) => {
    const path: Path = ['filter', 'groups', position];
    const before = firstAt.get(name);
    if (before !== undefined) {
      report.error(
        [...path, 'name'],
        `${quote(name)} is the name of filter.groups[${before}] already; write another`,
      );
    }
    firstAt.set(name, before ?? position);
    for (const [at, list] of wanted.entries()) {
      if (known.includes(list)) continue;
      const near = suggest(list, known);
      const advice = near === undefined ? 'write the name of one under `lists`' : `did you mean ${near}?`;
      report.error([...path, 'lists', at], `${quote(list)} is no list; ${advice}`);
    }
    return { name, clients, lists: wanted };
  });
}
