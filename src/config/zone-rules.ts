// Zones from the written ones: names normalised, records read, those of a zone file too, and the rules between records
// of one zone (RFC 1034 section 3.6.2: nothing beside a CNAME, so none where an SOA is; one SOA, at the zone's own name;
// no record twice).

import { TYPE, typeName } from '../dns/codes.ts';
import {
  formatName,
  lowerName,
  type NameKey,
  NameSyntaxError,
  nameKey,
  parentOf,
  ROOT,
} from '../dns/names.ts';
import { parseRecordText, RecordSyntaxError } from '../dns/record-text.ts';
import type { ResourceRecord } from '../dns/records.ts';
import type { ZoneConfig } from './config.ts';
import type { Path, Report } from './problems.ts';
import { isAddressText } from './socket-address.ts';
import { quote } from './value-error.ts';
import type { ZoneFiles } from './zone-files.ts';

/** What may stand beside a CNAME: its own signatures (RFC 4034 section 3, RFC 4035 section 2.5). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC, TYPE.KEY]);

export interface ZoneContext {
  readonly absolute: (path: string) => string;
  readonly zoneFiles: ZoneFiles;
}

/** `zones` is the value in the file as it stands; whatever has a wrong form in it is skipped, and was reported. */
export function readZones(zones: unknown, context: ZoneContext, report: Report): ZoneConfig[] {
  const firstWritten = new Map<NameKey, string>();
  const read: { readonly name: NameKey; readonly placed: readonly PlacedRecord[] }[] = [];
  if (typeof zones !== 'object' || zones === null || Array.isArray(zones)) return [];
  for (const [written, zone] of Object.entries(zones)) {
    const path: Path = ['zones', written];
    const name = zoneName(written, path, report);
    if (name === undefined) continue;
    const before = firstWritten.get(name);
    if (before !== undefined)
      report.error(path, `this is the zone ${quote(before)} again; write its records there`);
    firstWritten.set(name, before ?? written);
    const placed = [
      ...readRecords(zone?.records, name, path, report),
      ...readFile(zone?.file, name, path, context, report),
    ];
    read.push({ name, placed });
  }
  const apexes = new Set(read.map(({ name }) => name));
  for (const { name, placed } of read) checkRecords(placed, name, apexes, report);
  return read.map(({ name, placed }) => ({ name, records: placed.map(({ record }) => record) }));
}

function zoneName(written: string, path: Path, report: Report): NameKey | undefined {
  if (isAddressText(written)) {
    const advice = 'write a zone such as home.arpa, or such as 1.168.192.in-addr.arpa';
    report.error(path, `${quote(written)} is an address, and a zone is a name; ${advice}`);
    return undefined;
  }
  try {
    const name = written === '@' ? ROOT : nameKey(written);
    if (name !== ROOT) return name;
    report.error(path, 'the root would take over every name; write a zone of your own, such as home.arpa');
  } catch (error) {
    if (!(error instanceof NameSyntaxError)) throw error;
    const advice = error.message.includes('; write') ? '' : '; write a zone such as home.arpa';
    report.error(path, error.message + advice);
  }
  return undefined;
}

/** A record, its key, and where it stands in the configuration, or beyond that in a zone file. */
interface PlacedRecord {
  readonly record: ResourceRecord;
  readonly key: NameKey;
  readonly path: Path;
  /** The zone file, and the line in it; empty and 0 for a record of the configuration itself. */
  readonly file: string;
  readonly line: number;
}

function readRecords(texts: unknown, zone: NameKey, zonePath: Path, report: Report): PlacedRecord[] {
  const records: PlacedRecord[] = [];
  for (const [position, text] of (Array.isArray(texts) ? texts : []).entries()) {
    if (typeof text !== 'string') continue;
    const path: Path = [...zonePath, 'records', position];
    try {
      const record = parseRecordText(text, zone);
      records.push({ record, key: lowerName(record.owner), path, file: '', line: 0 });
    } catch (error) {
      if (!(error instanceof RecordSyntaxError)) throw error;
      report.error(path, error.message);
    }
  }
  return records;
}

function readFile(
  written: unknown,
  zone: NameKey,
  zonePath: Path,
  { absolute, zoneFiles }: ZoneContext,
  report: Report,
): PlacedRecord[] {
  if (typeof written !== 'string' || written === '') return [];
  const path: Path = [...zonePath, 'file'];
  const { records, problems } = zoneFiles.read(absolute(written), zone);
  for (const problem of problems) report.error(path, `${whereOf(problem)}${problem.message}`);
  return records.map(({ record, file, line }) => ({
    record,
    key: lowerName(record.owner),
    path,
    file,
    line,
  }));
}

/** "home.zone:12: ", the beginning of a sentence. */
function whereOf({ file, line }: { readonly file: string; readonly line: number }): string {
  return file === '' ? '' : `${line > 0 ? `${file}:${line}` : file}: `;
}

/** Mistakes between records that are told for one zone; a file with more has one cause for most of them. */
const TOLD_MAX = 100;

function checkRecords(
  records: readonly PlacedRecord[],
  zone: NameKey,
  apexes: ReadonlySet<NameKey>,
  report: Report,
): void {
  let told = 0;
  const tell: Tell = (severity, placed, message) => {
    told += 1;
    if (told <= TOLD_MAX) report[severity](placed.path, whereOf(placed) + message);
  };
  for (const [key, atOwner] of Map.groupBy(records, (placed) => placed.key)) {
    checkCname(atOwner, apexes.has(key), tell);
    checkTwice(atOwner, tell);
    if (endsInZoneTwice(key, zone)) {
      const message = `this is the name ${formatName(key)}, with the zone in it twice; write it without the zone, or with a dot at its end`;
      tell('warning', atOwner[0]!, message);
    }
  }
  const [, ...second] = records.filter(({ record, key }) => record.type === TYPE.SOA && key === zone);
  for (const soa of second) tell('error', soa, 'this is a second SOA; keep one, or none, and one is made up');
  for (const soa of records.filter(({ record, key }) => record.type === TYPE.SOA && key !== zone))
    tell('error', soa, 'an SOA stands at the name of its zone only; write @ as its name');
}

type Tell = (severity: 'error' | 'warning', placed: PlacedRecord, message: string) => void;

function checkCname(atOwner: readonly PlacedRecord[], isApex: boolean, tell: Tell): void {
  const cnames = atOwner.filter(({ record }) => record.type === TYPE.CNAME);
  if (cnames.length === 0) return;
  const name = formatName(atOwner[0]!.record.owner);
  if (cnames[1]) tell('error', cnames[1], `${name} has a CNAME already, and may have one; delete the other`);
  if (isApex) {
    const message = `${name} is a zone, whose own name has an SOA in any case, and nothing may stand beside a CNAME; write addresses in its place, or delete the zone and write the name under \`filter.rewrites\``;
    tell('error', cnames[0]!, message);
    return;
  }
  const beside = atOwner.find(({ record }) => !BESIDE_CNAME.has(record.type));
  if (beside) {
    const message = `${name} has a CNAME and ${typeName(beside.record.type)} too, and nothing may stand beside a CNAME; delete one of them`;
    tell('error', cnames[0]!, message);
  }
}

function checkTwice(atOwner: readonly PlacedRecord[], tell: Tell): void {
  if (atOwner.length === 1) return;
  const seen = new Set<string>();
  for (const placed of atOwner) {
    const { type, rdata } = placed.record;
    if (type === TYPE.CNAME || type === TYPE.SOA) continue; // one of a kind in any case
    const content = `${type} ${Buffer.from(rdata).toString('latin1')}`;
    if (seen.has(content)) tell('error', placed, 'this record stands here twice; delete one');
    seen.add(content);
  }
}

/** "nas.home.arpa" written without its dot in home.arpa becomes nas.home.arpa.home.arpa. */
function endsInZoneTwice(key: NameKey, zone: NameKey): boolean {
  if (key.indexOf(zone.slice(0, -1)) === key.length - zone.length) return false; // cheap, and so for nearly all
  const relative = key.slice(0, key.length - zone.length) + ROOT;
  for (let name = relative; name !== ROOT; name = parentOf(name)) if (name === zone) return true;
  return false;
}
