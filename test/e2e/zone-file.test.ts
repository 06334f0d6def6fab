// A zone file of 10,000 records in every way of writing them, as this server reads it and as BIND's named-checkzone does:
// the same owners, TTLs, types and octets. BIND's reading is taken from its raw form, so that no reader of ours is
// on both sides.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { TYPE, typeName } from '../../src/dns/codes.ts';
import { formatName, lowerName } from '../../src/dns/names.ts';
import { havePeers } from '../support/peers/packages.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ZONE = 'home.arpa';
const RECORDS = 10_000;

/** What a record says, one line: its order in the file means nothing. */
const line = (owner: string, ttlSeconds: number, type: number, rdata: Uint8Array) =>
  `${formatName(lowerName(owner))} ${ttlSeconds} ${typeName(type)} ${Buffer.from(rdata).toString('hex')}`;

/** Texts after the owner, from the number of the record; what makes each one its own is in there. */
const KINDS: readonly ((n: number) => string)[] = [
  (n) => `A 10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
  (n) => `300 IN AAAA fd00::${n.toString(16)}`,
  (n) => `IN 1h30m MX ${n % 65536} Mail${n}`,
  (n) => `TXT "number ${n}; not a comment" plain\\032word "a \\"quoted\\" one" "\\000\\255"`,
  (n) => `1d SRV ( 0 ; the priority\n      5 631\n      Printer${n}.office )`,
  (n) => `CNAME target-${n}`,
  (n) => `in caa 0 issue "ca${n}.example"`,
  (n) =>
    `SSHFP 4 2 ( ${'0C72AC70B745AC19'}\n 998811B131D662C9 AC69DBDBE7CB23E5 ; half\n B514B566${(n + 2 ** 31).toString(16)} )`,
  (n) => `TLSA 3 1 1 ${n.toString(16).padStart(64, '0')}`,
  (n) => `NAPTR 100 ${n % 65536} "S" "SIP+D2U" "!^.*$!sip:${n}@example.com!" .`,
  (n) => `HTTPS 1 . alpn="h2,h3" port=${n % 65536} ipv4hint=10.0.0.1,10.0.0.2 ipv6hint=fd00::1`,
  (n) => `SVCB ${1 + (n % 65535)} svc.example. mandatory=port port=53 key65333="a\\001b"`,
  (n) => `LOC 52 22 ${n % 60}.123 N 4 53 32.000 E -2.00m 1m 10000m 10m`,
  (n) => `TYPE${65280 + (n % 200)} \\# 6 ( ABCD ${n.toString(16).padStart(8, '0')} )`,
  (n) => `TYPE1 \\# 4 0A${n.toString(16).padStart(6, '0')}`,
  (n) => `HINFO "CPU ${n}" unquoted`,
  (n) => `RP admin${n} .`,
  (n) => `URI 10 ${n % 65536} "https://example.com/${n}"`,
  (n) => `EUI48 00-00-5e-00-53-${(n & 255).toString(16).padStart(2, '0')}`,
  (n) => `PTR Host-${n}.example.org.`,
  (n) => `CERT PKIX ${n % 65536} 8 AQIDBA==`,
  (n) => `AFSDB 1 afs${n}`,
  (n) => `OPENPGPKEY ${Buffer.from(String(n)).toString('base64')}`,
];

const OWNERS: readonly ((n: number) => string)[] = [
  (n) => `host${n}`,
  (n) => `Deep.Down.h${n}`,
  (n) => `h${n}.${ZONE}.`,
  (n) => `esc\\.aped\\032${n}`,
  (n) => `_x${n}._tcp`,
  (n) => `*.w${n}`,
];

/** Main file, a file that it includes twice under other origins, and how many records they come to. */
function writeZone(directory: string): void {
  const lines = [
    '; a zone of many kinds',
    `$ORIGIN ${ZONE}.`,
    '@ IN SOA ns1 hostmaster.example. ( 2026112201 ; serial',
    '        1h 10m 1w ; times with units',
    '        5m )',
    '        NS ns1',
    'ns1 A 10.9.9.1',
    '$TTL 2h',
  ];
  let count = 3;
  for (let n = 0; count < RECORDS - 40; n += 1) {
    if (n % 997 === 10) lines.push(`$ORIGIN part${n}.${ZONE}. ; another place`);
    if (n % 997 === 500) lines.push(`$ORIGIN ${ZONE}.`, `$TTL ${n}`);
    const owner = OWNERS[n % OWNERS.length]!(n);
    const kind = KINDS[n % KINDS.length]!(n);
    lines.push(`${owner}\t${kind}${n % 3 === 0 ? ' ; said at the end' : ''}`);
    count += 1;
    if (n % 5 === 0 && !/^(CNAME|TXT)/.test(kind)) {
      lines.push(`   TXT "the same owner" ${n}`, '');
      count += 1;
    }
  }
  lines.push(
    `$ORIGIN ${ZONE}.`,
    '$INCLUDE parts/more.inc one',
    `$INCLUDE "parts/more.inc" two.${ZONE}.`,
    'last A 10.9.9.9',
  );
  writeFileSync(join(directory, 'home.zone'), `${lines.join('\r\n').replaceAll('\r\n\n', '\n')}`);
  const room = (RECORDS - count - 1) / 2;
  const included = Array.from({ length: Math.floor(room) }, (_, n) => `inc${n} TXT "included ${n}"`);
  writeFileSync(join(directory, 'parts/more.inc'), `${included.join('\n')}\n`);
}

/** The records of BIND's raw zone format: a header of 24 octets, then one RRset after the other. */
function readRaw(octets: Buffer): string[] {
  const records: string[] = [];
  for (let at = 24; at < octets.length; ) {
    const end = at + octets.readUInt32BE(at);
    const type = octets.readUInt16BE(at + 6);
    const ttlSeconds = octets.readUInt32BE(at + 10);
    const count = octets.readUInt32BE(at + 14);
    const nameOctets = octets.readUInt16BE(at + 18);
    const owner = octets.toString('latin1', at + 20, at + 20 + nameOctets);
    let place = at + 20 + nameOctets;
    for (let n = 0; n < count; n += 1) {
      const length = octets.readUInt16BE(place);
      records.push(line(owner, ttlSeconds, type, octets.subarray(place + 2, place + 2 + length)));
      place += 2 + length;
    }
    expect(place).toBe(end);
    at = end;
  }
  return records;
}

describe.skipIf(!havePeers('named-checkzone'))('A zone file', () => {
  test(`of ${RECORDS} records is read as named-checkzone reads it`, () => {
    const directory = temporaryDirectory('zone');
    execFileSync('mkdir', [join(directory, 'parts')]);
    writeZone(directory);
    writeFileSync(
      join(directory, 'noonmark.yaml'),
      `time: {sources: []}\nzones: {${ZONE}: {file: home.zone}}\n`,
    );
    const { config, files } = loadConfig(join(directory, 'noonmark.yaml'));
    expect(files.map((file) => file.slice(directory.length + 1))).toEqual([
      'noonmark.yaml',
      'home.zone',
      'parts/more.inc',
    ]);
    // Its judgement of what records mean together is not asked for (-i none and the rest): only its reading.
    const lenient = [
      '-i',
      'none',
      '-k',
      'ignore',
      '-M',
      'ignore',
      '-S',
      'ignore',
      '-m',
      'ignore',
      '-n',
      'ignore',
    ];
    execFileSync('named-checkzone', [...lenient, '-D', '-F', 'raw', '-o', 'zone.raw', ZONE, 'home.zone'], {
      cwd: directory,
    });
    const ours = config.zones[0]!.records.map(({ owner, ttlSeconds, type, rdata }) =>
      line(owner, ttlSeconds, type, rdata),
    );
    const theirs = readRaw(readFileSync(join(directory, 'zone.raw')));
    expect(ours.length).toBeGreaterThan(RECORDS - 3);
    expect(new Set(config.zones[0]!.records.map(({ type }) => type)).size).toBeGreaterThan(200);
    expect(ours.sort()).toEqual(theirs.sort());
    expect(ours.filter((record) => record.includes(` ${typeName(TYPE.SOA)} `))).toHaveLength(1);
  });
});
