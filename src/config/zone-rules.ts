// Zones from the written ones: names normalised, records read, and the rules between records of one zone
// (RFC 1034 section 3.6.2: nothing beside a CNAME; one SOA, at the zone's own name; no record twice).

import { TYPE, typeName } from '../dns/codes.ts';
import {
  formatName,
  isAtOrBelow,
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
import { quote } from './value-error.ts';

/** What may stand beside a CNAME: its own signatures (RFC 4034 section 3, RFC 4035 section 2.5). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC, TYPE.KEY]);

/** `zones` is the value in the file as it stands; whatever has a wrong form in it is skipped, and was reported. */
export function readZones(zones: unknown, report: Report): ZoneConfig[] {
  const firstWritten = new Map<NameKey, string>();
  const read: ZoneConfig[] = [];
  if (typeof zones !== 'object' || zones === null || Array.isArray(zones)) return read;
  for (const [written, zone] of Object.entries(zones)) {
    const path: Path = ['zones', written];
    const name = zoneName(written, path, report);
    if (name === undefined) continue;
    const before = firstWritten.get(name);
    if (before !== undefined)
      report.error(path, `this is the zone ${quote(before)} again; write its records there`);
    firstWritten.set(name, before ?? written);
    const records: unknown = zone?.records;
    read.push({ name, records: Array.isArray(records) ? readRecords(records, name, path, report) : [] });
  }
  return read;
}

function zoneName(written: string, path: Path, report: Report): NameKey | undefined {
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

interface PlacedRecord extends ResourceRecord {
  readonly key: NameKey;
  readonly path: Path;
}

function readRecords(
  texts: readonly unknown[],
  zone: NameKey,
  zonePath: Path,
  report: Report,
): ResourceRecord[] {
  const records: PlacedRecord[] = [];
  for (const [position, text] of texts.entries()) {
    if (typeof text !== 'string') continue;
    const path: Path = [...zonePath, 'records', position];
    try {
      const record = parseRecordText(text, zone);
      records.push({ ...record, key: lowerName(record.owner), path });
    } catch (error) {
      if (!(error instanceof RecordSyntaxError)) throw error;
      report.error(path, error.message);
    }
  }
  checkRecords(records, zone, report);
  return records.map(({ owner, type, ttlSeconds, rdata }) => ({ owner, type, ttlSeconds, rdata }));
}

function checkRecords(records: readonly PlacedRecord[], zone: NameKey, report: Report): void {
  const byOwner = Map.groupBy(records, ({ key }) => key);
  for (const [key, atOwner] of byOwner) {
    checkCname(atOwner, report);
    checkTwice(atOwner, report);
    const doubled = isAtOrBelow(key, zone) && endsInZoneTwice(key, zone);
    if (doubled) {
      const message = `this is the name ${formatName(key)}, with the zone in it twice; write it without the zone, or with a dot at its end`;
      report.warning(atOwner[0]!.path, message);
    }
  }
  const soas = records.filter(({ type }) => type === TYPE.SOA);
  for (const soa of soas) {
    if (soa.key !== zone)
      report.error(soa.path, 'an SOA stands at the name of its zone only; write @ as its name');
    else if (soa !== soas.find(({ key }) => key === zone)) {
      report.error(soa.path, 'this is a second SOA; keep one, or none, and one is made up');
    }
  }
}

function checkCname(atOwner: readonly PlacedRecord[], report: Report): void {
  const cnames = atOwner.filter(({ type }) => type === TYPE.CNAME);
  const name = formatName(atOwner[0]!.owner);
  if (cnames[1])
    report.error(cnames[1].path, `${name} has a CNAME already, and may have one; delete the other`);
  const beside = cnames.length > 0 ? atOwner.find(({ type }) => !BESIDE_CNAME.has(type)) : undefined;
  if (beside) {
    const message = `${name} has a CNAME and ${typeName(beside.type)} too, and nothing may stand beside a CNAME; delete one of them`;
    report.error(cnames[0]!.path, message);
  }
}

function checkTwice(atOwner: readonly PlacedRecord[], report: Report): void {
  const seen = new Set<string>();
  for (const { type, rdata, path } of atOwner) {
    if (type === TYPE.CNAME || type === TYPE.SOA) continue; // one of a kind in any case
    const content = `${type} ${Buffer.from(rdata).toString('latin1')}`;
    if (seen.has(content)) report.error(path, 'this record stands here twice; delete one');
    seen.add(content);
  }
}

/** "nas.home.arpa" written without its dot in home.arpa becomes nas.home.arpa.home.arpa. */
function endsInZoneTwice(key: NameKey, zone: NameKey): boolean {
  const relative = key.slice(0, key.length - zone.length) + ROOT;
  for (let name = relative; name !== ROOT; name = parentOf(name)) if (name === zone) return true;
  return false;
}
