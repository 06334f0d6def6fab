// What devices learn that look for encrypted DNS by themselves (DDR, RFC 9462), for each address that they may ask:
// as plain values for the status, and in sentences that say who can verify it and who may use it unverified.
// Pure. Which devices look at all is in docs/api.md, with the sources.

import ipaddr from 'ipaddr.js';
import { isWildcard } from '../config/own-sockets.ts';
import { formatWithoutDot } from '../dns/names.ts';
import type { Designation } from '../resolver/local/designated-resolvers.ts';
import type { DesignatedReport, Status } from './status.ts';
import { certificateSource, unstopped } from './words.ts';

/** RFC 9462 section 4.3: RFC 1918, unique local, link-local; and this host to itself. */
const PRIVATE_RANGES: ReadonlySet<string> = new Set(['private', 'uniqueLocal', 'linkLocal', 'loopback']);

/**
 * One report for each address that devices can ask in plain DNS.
 * `listening`: where that is taken; a wildcard means those of `hostAddresses` that are of its family.
 */
export function designatedReports(
  listening: readonly string[],
  hostAddresses: readonly string[],
  designate: (address: string) => Designation,
): DesignatedReport[] {
  const asked = listening.flatMap((address) =>
    isWildcard(address) ? hostAddresses.filter((own) => isIpv6(own) === isIpv6(address)) : [address],
  );
  const useful = [...new Set(asked)].filter((address) => rangeOf(address) !== 'linkLocal');
  return useful.map((address) => {
    const found = designate(address);
    const opportunistic = PRIVATE_RANGES.has(rangeOf(address));
    if ('silence' in found)
      return {
        asked: address,
        name: null,
        doors: [],
        silence: found.silence,
        verifiable: false,
        opportunistic,
      };
    const doors = found.doors.map(({ kind, port }) => ({ transport: kind, port }));
    const name = formatWithoutDot(found.name);
    return {
      asked: address,
      name,
      doors,
      silence: null,
      verifiable: found.isVerifiable,
      opportunistic,
    };
  });
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}

function rangeOf(address: string): string {
  return ipaddr.parse(address.split('%', 1)[0]!).range();
}

/** One sentence or a few for each group of addresses with the same story; none where nothing encrypted is served. */
export function designationSentences({ designated, listening, certificate }: Status): string[] {
  if ((listening.dot ?? []).length + (listening.doh ?? []).length === 0) return [];
  const isOnlyHere = designated.every(({ asked }) => rangeOf(asked) === 'loopback');
  const groups = new Map<string, DesignatedReport[]>();
  for (const report of designated) {
    if (!isOnlyHere && rangeOf(report.asked) === 'loopback') continue;
    const story = JSON.stringify({ ...report, asked: '' });
    groups.set(story, [...(groups.get(story) ?? []), report]);
  }
  return [...groups.values()].map((group) => {
    const [{ name, doors, silence, ...report }] = group as [DesignatedReport];
    const asking = `devices that ask ${group.map(({ asked }) => asked).join(', ')} and look for encrypted DNS by themselves (DDR)`;
    if (name === null) return `${asking} are told of none: ${silence}`;
    const where = doors.map(({ transport, port }) => `${NAMES[transport]} on port ${port}`).join(' and ');
    return `${asking} are told of ${name}, ${where}; ${verification(report, certificate)}; ${opportunism(report)}`;
  });
}

const NAMES = { dot: 'DoT', doh: 'DoH' } as const;

function verification(
  { verifiable }: Pick<DesignatedReport, 'verifiable'>,
  certificate: Status['certificate'],
): string {
  if (!verifiable || certificate === null)
    return 'none can verify it, for the certificate does not name that address, and so DoT is kept from them';
  const { source, issuer } = certificate;
  return source === 'local-ca'
    ? `the certificate names that address, so they verify it where ${certificateSource(source)} is installed on them`
    : `the certificate names that address, so they verify it where they trust its issuer, ${unstopped(issuer)}`;
}

function opportunism({ opportunistic }: Pick<DesignatedReport, 'opportunistic'>): string {
  return opportunistic
    ? 'unverified, some may use it all the same, because the address is private (RFC 9462 section 4.3)'
    : 'unverified, none should use it, because the address is public';
}
