// A small DNSSEC-signed zone, made afresh with ldns for each run, and its trust anchor in the two forms that
// unbound and delv want. NSEC, ECDSA P-256, valid from yesterday for a month.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

export const SIGNED_ZONE = 'signed.example.org';
export const SIGNED_NAME = `www.${SIGNED_ZONE}`;
export const SIGNED_ADDRESS = '192.0.2.80';

const DAY_MS = 86_400_000;
const VALID_DAYS = 30;

export interface SignedZone {
  readonly zoneFile: string;
  /** The zone's DNSKEY record, as unbound's trust-anchor-file wants it. */
  readonly anchorFile: string;
  /** The same in BIND's syntax, for `delv -a`. */
  readonly delvAnchorFile: string;
}

const ZONE = `$ORIGIN ${SIGNED_ZONE}.
$TTL 300
@     IN SOA ns host 1 3600 600 86400 300
@     IN NS  ns
ns    IN A   127.0.0.1
www   IN A   ${SIGNED_ADDRESS}
*.any IN A   ${SIGNED_ADDRESS}
`;

export async function makeSignedZone(): Promise<SignedZone> {
  const directory = temporaryDirectory('zone');
  writeFileSync(join(directory, 'zone'), ZONE);
  const key = (
    await inDirectory(directory, 'ldns-keygen', '-k', '-a', 'ECDSAP256SHA256', SIGNED_ZONE)
  ).trim();
  const now = Date.now();
  const dates = ['-i', day(now - DAY_MS), '-e', day(now + VALID_DAYS * DAY_MS)];
  await inDirectory(directory, 'ldns-signzone', ...dates, '-f', 'signed', 'zone', key);
  const anchorFile = join(directory, `${key}.key`);
  const [, flags, protocol, algorithm, publicKey] =
    /DNSKEY\s+(\d+) (\d+) (\d+) (\S+)/.exec(readFileSync(anchorFile, 'utf8')) ?? [];
  const delvAnchorFile = join(directory, 'anchors');
  writeFileSync(
    delvAnchorFile,
    `trust-anchors { "${SIGNED_ZONE}." static-key ${flags} ${protocol} ${algorithm} "${publicKey}"; };\n`,
  );
  return { zoneFile: join(directory, 'signed'), anchorFile, delvAnchorFile };
}

async function inDirectory(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd });
  if (code !== 0) throw new Error(`${command} failed: ${stderr}${stdout}`);
  return stdout;
}

/** YYYYMMDD, as ldns reads a date. */
function day(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10).replaceAll('-', '');
}
