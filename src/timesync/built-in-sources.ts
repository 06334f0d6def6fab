// Who is asked for the time when the configuration names nobody: the upstreams' own addresses over HTTPS, which know
// of us already, and a few NTP servers whose operators let everybody ask. Addresses, because a name would have to be
// looked up first. docs/time.md gives the reasons; never pool.ntp.org, which asks vendors for a zone of their own.

import type { TimeSourceConfig, UpstreamConfig } from '../config/config.ts';

const NTP_PORT = 123;
const HTTPS_PORT = 443;

/** None of them smears leap seconds, so that they can be compared. */
const PUBLIC_NTP: readonly { readonly operator: string; readonly addresses: readonly string[] }[] = [
  // "Free so you can use our global anycast network": developers.cloudflare.com/time-services/ntp
  { operator: 'cloudflare', addresses: ['162.159.200.1', '2606:4700:f1::1'] },
  // "Free for use for anyone anywhere": ntp.se, the anycast address of the Swedish time nodes
  { operator: 'netnod', addresses: ['194.58.200.20', '2a01:3f7::1'] },
  // Open to all who ask no more than once in four seconds: tf.nist.gov/tf-cgi/servers.cgi (time-a-g, time-a-wwv)
  { operator: 'nist', addresses: ['129.6.15.28', '132.163.97.1'] },
];

export function builtInSources(upstreams: readonly UpstreamConfig[]): TimeSourceConfig[] {
  return [...upstreams.map(dateOf), ...PUBLIC_NTP.flatMap(ntpOf)];
}

/** DoH upstreams are asked beside whatever sources are listed: their Date comes with what they do anyway. */
export function dateSourcesOf(upstreams: readonly UpstreamConfig[]): TimeSourceConfig[] {
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

function ntpOf({ operator, addresses }: (typeof PUBLIC_NTP)[number]): TimeSourceConfig[] {
  return addresses.map((address) => ({
    ...PLAIN,
    url: `ntp://${address.includes(':') ? `[${address}]` : address}`,
    protocol: 'ntp',
    host: address,
    isAddress: true,
    port: NTP_PORT,
    path: '',
    addresses: [address],
    operator,
  }));
}

const PLAIN = { key: null, caFile: null, operator: null, prefer: false, trusted: false, pins: [] } as const;
