// What one core carries, out of the findings: the figures of docs/scale.md. The habits of clients are assumptions, said on
// that page; everything else was measured. Pure.

import { type Findings, figureOf } from './findings.ts';
import { grouped, megabytes, short, table } from './markdown.ts';
import { ofKind } from './report.ts';

/** Of one device: phones and laptops ask some thousands of queries a day. */
const QUERIES_A_DAY = 5_000;
/** The busiest moment to the mean of the day. */
const PEAK_FACTOR = 6;
const SECONDS_A_DAY = 86_400;
/** Above this share of a core, queues grow and the 99th percentile with them. */
const BUSY_SHARE = 0.6;
/** After so long without a query we close a connection (limits.connection_idle). */
const IDLE_SECONDS = 10;
/**
 * Connections a second of one client that asks at random moments, at worst: rate × e^(-rate × idle) is the rate of queries that
 * come after a longer pause, and largest where the rate is 1 / idle. Real queries come in bursts, which is fewer.
 */
export const worstConnectionsPerClient = 1 / (IDLE_SECONDS * Math.E);
const CONNECTING = 'dot-connect';
const OURS = 'noonmark';
const MILLION = 1_000_000;

export const peakQueriesPerClient = (QUERIES_A_DAY * PEAK_FACTOR) / SECONDS_A_DAY;

/** By the name of the mark in the page. */
export function capacitySections(findings: Findings): Record<string, string> {
  const rows = ofKind(findings, 'load').flatMap((row) => {
    const figure = figureOf(row.peers[OURS]);
    if (figure === null) return [];
    const perSecond = (BUSY_SHARE * MILLION) / figure.cpuUs;
    const ofAClient = row.id === CONNECTING ? worstConnectionsPerClient : peakQueriesPerClient;
    const clients = perSecond / ofAClient;
    return [[row.title, short(figure.cpuUs), rounded(perSecond), rounded(clients)]];
  });
  const head = ['path', 'µs a query', 'queries a second', 'clients'];
  return {
    ...(rows.length === 0
      ? {}
      : { capacity: `${table(head, rows)}\n\n(At the commit of ${findings.commit}.)` }),
    ...memorySection(findings),
    ...connectionsSection(findings),
  };
}

function memorySection(findings: Findings): Record<string, string> {
  const start = figureOf(ofKind(findings, 'memory')[0]?.peers[OURS]);
  const growth = ofKind(findings, 'growth')[0];
  const many = figureOf(growth?.peers[OURS]);
  if (start === null || growth === undefined || many === null) return {};
  const octets = ((many.withManyOctets - start.afterStartOctets) / growth.manyNames) * MILLION;
  return {
    'memory of a million': `${megabytes(start.afterStartOctets)} MB after the start, and ${megabytes(octets)} MB for each million names.`,
  };
}

function connectionsSection(findings: Findings): Record<string, string> {
  const figure = figureOf(ofKind(findings, 'connections')[0]?.peers[OURS]);
  if (figure === null) return {};
  const rows = [100, 1_000, 10_000].map((count) => [
    grouped(count),
    megabytes(figure.dotOctets * count),
    megabytes(figure.dohOctets * count),
  ]);
  return { connections: table(['connections', 'MB over DoT', 'MB over DoH'], rows) };
}

/** To two figures: more would pretend to know. */
function rounded(value: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return grouped(Math.round(value / unit) * unit);
}
