// Who is asked for the time when the configuration names nobody: the upstreams' own addresses over HTTPS, which know
// of us already, and a few NTP servers whose operators let everybody ask; by address where they name one, because a name
// has to be looked up first. Never pool.ntp.org, which asks vendors for a zone of their own. Reasons: docs/time.md.

import { isIP } from 'node:net';
import type { TimeSourceConfig, UpstreamConfig } from '../config/config.ts';

const NTP_PORT = 123;
const HTTPS_PORT = 443;

/** None of them smears leap seconds, so that they can be compared. */
const PUBLIC_NTP: readonly { readonly operator: string; readonly hosts: readonly string[] }[] = [
  // "Free so you can use our global anycast network": developers.cloudflare.com/time-services/ntp
  { operator: 'cloudflare', hosts: ['162.159.200.1', '2606:4700:f1::1'] },
  // "Free for use for anyone anywhere": ntp.se, the anycast addresses of the Swedish time nodes
  { operator: 'netnod', hosts: ['194.58.200.20', '2a01:3f7::1'] },
  // "At the disposal of the public, free": gov.br/observatorio, Observatório Nacional, Rio de Janeiro
  { operator: 'observatorio-nacional', hosts: ['200.20.186.75', '200.20.224.100'] },
  // "Free of charge for anyone to use": time.nl, which names no addresses; so it is looked up through ourselves
  { operator: 'timenl', hosts: ['ntp.time.nl'] },
];

/**
 * Whom to ask, by what is configured. Upstreams over HTTPS are asked beside whatever is listed: their Date comes with
 * what they do anyway. An empty list asks nobody at all.
 */
export function sourcesOf(
  listed: readonly TimeSourceConfig[] | null,
  upstreams: readonly UpstreamConfig[],
): readonly TimeSourceConfig[] {
  if (listed === null) return builtInSources(upstreams);
  if (listed.length === 0) return [];
  const isListed = ({ host }: TimeSourceConfig) =>
    listed.some((one) => one.protocol === 'https' && one.host === host);
  return [...listed, ...dateSourcesOf(upstreams).filter((date) => !isListed(date))];
}

export function builtInSources(upstreams: readonly UpstreamConfig[]): TimeSourceConfig[] {
  return [...upstreams.map(dateOf), ...PUBLIC_NTP.flatMap(ntpOf)];
}

function dateSourcesOf(upstreams: readonly UpstreamConfig[]): TimeSourceConfig[] {
  return upstreams.filter(({ protocol }) => protocol === 'https').map(dateOf);
}

/** The Date of an upstream: at its own port where it speaks HTTPS, else at the port where most DoT servers do too. */
function dateOf({
  protocol,
  serverName,
  port,
  path,
  addresses,
  caFile,
  pins,
}: UpstreamConfig): TimeSourceConfig {
  const isHttps = protocol === 'https';
  const ownPort = isHttps ? port : HTTPS_PORT;
  const isIpv6 = serverName.includes(':');
  const host = isIpv6 ? `[${serverName}]` : serverName;
  return {
    ...PLAIN,
    url: `https://${host}${ownPort === HTTPS_PORT ? '' : `:${ownPort}`}${isHttps ? path : '/'}`,
    protocol: 'https',
    host: serverName,
    isAddress: addresses.includes(serverName),
    port: ownPort,
    path: isHttps ? path : '/',
    addresses,
    caFile,
    pins: isHttps ? pins : [], // another port may well show another key
  };
}

function ntpOf({ operator, hosts }: (typeof PUBLIC_NTP)[number]): TimeSourceConfig[] {
  return hosts.map((host) => ({
    ...PLAIN,
    url: `ntp://${host.includes(':') ? `[${host}]` : host}`,
    protocol: 'ntp',
    host,
    isAddress: isIP(host) !== 0,
    port: NTP_PORT,
    path: '',
    addresses: [],
    operator,
  }));
}

const PLAIN = { key: null, caFile: null, operator: null, prefer: false, trusted: false, pins: [] } as const;
