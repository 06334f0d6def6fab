// Our certificates from what is written: where each comes from, by which names it is asked for, and no two for the same ones.
// Files that cannot be served are no error, since a renewal may just be writing them; the local CA stands in meanwhile.

import type { z } from 'zod';
import { checkRedundantNames, readAcme, type WrittenAcme } from './acme-rules.ts';
import type { certificate } from './certificate-schema.ts';
import type { AcmeConfig, CertificateFilesConfig, Config, MoreCertificateConfig } from './config.ts';
import { houseSuffixOf } from './house-labels.ts';
import { formatPath, type Path, type Report } from './problems.ts';
import type { AcmeContext } from './txt-provider-rules.ts';
import { quote } from './value-error.ts';

type Written = NonNullable<z.output<typeof certificate>>;
type WrittenEntry = NonNullable<Written['more']>[number];

const BASE: Path = ['certificate'];

export function readCertificate(
  written: Written = {},
  context: AcmeContext,
  report: Report,
): Config['certificate'] {
  const { names = [], files, acme, addresses, more = [] } = written;
  checkSources(written, BASE, report);
  if (files === undefined && acme === undefined) refuseWildcards(names, BASE, report);
  if (
    acme !== undefined &&
    files === undefined &&
    names.length === 0 &&
    !report.hasErrorIn([...BASE, 'names'])
  )
    report.error(
      [...BASE, 'acme'],
      'a CA certifies names, and there are none; write them as `names` beside `acme`',
    );
  const first = readEntry(written, BASE, undefined, context, report);
  const further: { readonly path: Path; readonly config: MoreCertificateConfig }[] = [];
  more.forEach((entry, position) => {
    const path: Path = [...BASE, 'more', position];
    checkSources(entry, path, report);
    checkFurther(entry, path, acme !== undefined, report);
    further.push({ path, config: readEntry(entry, path, acme, context, report) });
  });
  refuseEqualSets([{ path: BASE, config: first }, ...further], report);
  return {
    ...first,
    addresses: [...new Set(addresses)],
    more: further.map(({ config }) => config),
  };
}

function checkSources({ files, acme }: WrittenEntry, path: Path, report: Report): void {
  if (files === undefined || acme === undefined) return;
  report.error([...path, 'acme'], '`files` and `acme` exclude each other; keep the one that you want');
}

function checkFurther(
  { names, files, acme }: WrittenEntry,
  path: Path,
  isAcmeAbove: boolean,
  report: Report,
): void {
  const isWrong = (key: string) => report.hasErrorIn([...path, key]);
  if (files === undefined && acme === undefined && !isWrong('files') && !isWrong('acme'))
    report.error(
      path,
      `a further certificate needs \`files\` or \`acme\`; write one of them${isAcmeAbove ? ', and acme: {} for all that certificate.acme has' : ''}`,
    );
  if ((names ?? []).length === 0 && !isWrong('names'))
    report.error(path, 'a further certificate needs `names`, by which clients ask for it; write them');
}

function readEntry(
  { names = [], files, acme }: WrittenEntry,
  path: Path,
  from: WrittenAcme | undefined,
  context: AcmeContext,
  report: Report,
): MoreCertificateConfig {
  const distinct = [...new Set(names)];
  const ownFiles = readOwnFiles(files, path, context, report);
  if (acme === undefined || files !== undefined) return { names: distinct, files: ownFiles, acme: null };
  const config = readAcme(acme, { names: distinct, path: [...path, 'acme'], from }, context, report);
  warnOfHouseNames(names, config, path, report);
  checkRedundantNames(names, config, path, report);
  return { names: distinct, files: null, acme: config };
}

/** A wildcard of the local CA would be trusted for every name below it, by devices that know nothing of that. */
function refuseWildcards(names: readonly string[], path: Path, report: Report): void {
  if (report.hasErrorIn([...path, 'acme']) || report.hasErrorIn([...path, 'files'])) return; // one of them is meant
  names.forEach((name, position) => {
    if (!name.startsWith('*.')) return;
    const message = `${quote(name)} is a wildcard, which the local CA does not make; write each host name in full, or add \`acme\``;
    report.error([...path, 'names', position], message);
  });
}

function readOwnFiles(
  written: Written['files'],
  path: Path,
  { absolute, files }: AcmeContext,
  report: Report,
): CertificateFilesConfig | null {
  if (written === undefined) return null;
  const paths = { certificate: absolute(written.certificate), key: absolute(written.key) };
  const found = files.pairProblem(paths);
  if (found === null) return paths;
  const standIn =
    path === BASE
      ? 'until that is mended, a start serves the certificate of the local CA in its place'
      : 'until that is mended, a start serves the first certificate in its place';
  report.warning(
    [...path, 'files', found.half],
    `${quote(written[found.half])}: ${found.problem}; ${standIn}`,
  );
  return paths;
}

/** Who names a CA file has a CA of his own, which may certify them. */
function warnOfHouseNames(
  names: readonly string[],
  { caFile }: AcmeConfig,
  path: Path,
  report: Report,
): void {
  if (caFile !== null) return;
  names.forEach((name, position) => {
    const suffix = houseSuffixOf(name);
    if (suffix === null) return;
    const message = `${quote(name)} is a name of houses (${suffix}), which no public CA certifies, so no certificate is issued; write a name below a domain that you own, or a CA of your own with its \`ca_file\``;
    report.warning([...path, 'names', position], message);
  });
}

/** What a CA has issued is stored by the set of its names. */
function refuseEqualSets(
  all: readonly { readonly path: Path; readonly config: MoreCertificateConfig }[],
  report: Report,
): void {
  const firstAt = new Map<string, Path>();
  for (const { path, config } of all) {
    const key = [...config.names].sort().join();
    const before = key === '' ? undefined : firstAt.get(key);
    firstAt.set(key, before ?? path);
    if (before === undefined) continue;
    const place = formatPath([...before, 'names']);
    report.error([...path, 'names'], `${place} has the same names already; write each set once`);
  }
}
