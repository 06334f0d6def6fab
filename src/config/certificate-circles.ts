// What an order of a certificate hangs on, and cannot have: a CA, or whoever writes its records, that nobody here can look
// up, or that is this server itself; and records that nobody can be asked for. A part of circles.ts, and like it pure: each
// finding says what, what comes of it, and what to write. Whether the CA can be reached is found out by a dry run.

import { isIP } from 'node:net';
import { formatWithoutDot, isAtOrBelow, nameKey } from '../dns/names.ts';
import type { AcmeConfig, Config, SocketAddress } from './config.ts';
import type { HostFacts } from './host-facts.ts';
import { houseSuffixOf } from './house-labels.ts';
import { standingOf } from './name-standing.ts';
import { isOwnSocket } from './own-sockets.ts';
import type { ConfigProblem } from './problems.ts';
import { formatSocketAddress } from './socket-address.ts';
import { httpsHost } from './url-parts.ts';

type Finding = Pick<ConfigProblem, 'path' | 'message'>;

/** A certificate that is wanted of a CA. */
interface Wanted {
  /** "certificate.acme" */
  readonly path: string;
  readonly names: readonly string[];
  readonly acme: AcmeConfig;
}

/** Somebody whom an order needs. */
interface Party {
  readonly path: string;
  /** A name, or an address. */
  readonly host: string;
  readonly port: number;
  /** Which are written for a name. */
  readonly addresses: readonly string[];
  /** The listeners of our own that could be taken for it. */
  readonly key: 'doh' | 'dot' | 'dns';
  readonly isCa: boolean;
  /** How to do without a look-up. */
  readonly advice: string;
}

/** In the order of the file; what several certificates have in common is found once. */
export function circlesOfCertificates(config: Config, facts: HostFacts): Finding[] {
  const wanted = wantedOf(config);
  const found = wanted.flatMap((one) => [
    ...partiesOf(one).flatMap((party) => circleOf(party, config, facts)),
    ...unseenRecords(one, config),
  ]);
  const first = new Map<string, Finding>();
  for (const finding of [...found, ...ownUpstreams(wanted, config, facts)])
    if (!first.has(finding.message)) first.set(finding.message, finding);
  return [...first.values()];
}

function wantedOf({ certificate }: Pick<Config, 'certificate'>): Wanted[] {
  const places = certificate.more.map(
    (one, position) => [`certificate.more[${position}].acme`, one] as const,
  );
  return [['certificate.acme', certificate] as const, ...places].flatMap(([path, { names, acme }]) =>
    acme === null ? [] : [{ path, names, acme }],
  );
}

function partiesOf({ path, acme }: Wanted): Party[] {
  const { directory, addresses, dns, challenge } = acme;
  const ca: Party = {
    ...{ path: `${path}.directory`, addresses, key: 'doh', isCa: true },
    ...httpsHost(directory),
    advice: 'write its addresses beside it, such as addresses: ["192.0.2.1"]',
  };
  if (challenge !== 'dns-01') return [ca];
  const common = { addresses: [], isCa: false };
  if (dns?.kind === 'cloudflare') {
    const advice = 'write an upstream';
    return [
      ca,
      { ...common, ...{ path: `${path}.dns.cloudflare`, key: 'doh', advice }, ...httpsHost(dns.api) },
    ];
  }
  if (dns?.kind !== 'rfc2136') return [ca];
  const { host, port, protocol } = dns;
  const advice = 'write the server by an address of your own network';
  return [
    ca,
    {
      ...common,
      ...{ path: `${path}.dns.rfc2136.server`, host, port, advice },
      key: protocol === 'tls' ? 'dot' : 'dns',
    },
  ];
}

const DOORS = { doh: 'DNS over HTTPS', dot: 'DNS over TLS', dns: 'plain DNS' } as const;

function circleOf(party: Party, config: Config, facts: HostFacts): Finding[] {
  const { path, host, port, key, isCa } = party;
  const listening = config.listen[key];
  const addresses = isIP(host.split('%', 1)[0]!) === 0 ? party.addresses : [host];
  const end = isCa ? 'no certificate is ever ordered' : 'no record for dns-01 is ever written';
  const own = addresses.find((address) => isOwnSocket(listening, address, port, facts.addresses));
  if (own !== undefined) {
    const socket = formatSocketAddress({ address: own, port, family: isIP(own) === 6 ? 6 : 4 });
    const message = `${socket} is this host itself, which listens on all its addresses (listen.${key}), so ${end}; write another address`;
    return [{ path, message }];
  }
  if (addresses.length > 0) return [];
  const message = lookupCircle(party, end, config, facts);
  return message === null ? [] : [{ path, message }];
}

/** Why a name that has to be looked up leads nowhere; null: it may well lead somewhere. */
function lookupCircle(
  { host, port, key, advice }: Party,
  end: string,
  config: Config,
  { addresses }: HostFacts,
): string | null {
  const standing = standingOf(host, config);
  switch (standing.kind) {
    case 'here':
      return null;
    case 'world':
      if (config.upstreams.length > 0) return null;
      return `${host} is a name, and there is no upstream to look it up with, so ${end}; ${advice}`;
    case 'this-server':
      if (!config.listen[key].some((socket) => socket.port === port)) return null; // another program on this host
      return `${host} is a name of this server itself, which answers at port ${port} with ${DOORS[key]} (listen.${key}), so it would ask itself and ${end}; write another name or port`;
    case 'forwarded': {
      const { name, servers } = standing.forward;
      const isUs = ({ address, port: at }: SocketAddress) =>
        isOwnSocket(config.listen.dns, address, at, addresses);
      if (!servers.every(isUs)) return null;
      return `${host} lies in ${formatWithoutDot(name)} under \`forward\`, whose server is this host itself, so ${end}; write another resolver there`;
    }
    case 'nobody':
      return standing.zone === null
        ? `${host} is a name that the world has not, and nothing here has it either, so ${end}; write a record for it under \`zones\``
        : `${host} lies in ${formatWithoutDot(standing.zone)} under \`zones\`, which has no address for it, so ${end}; write a record for it there`;
  }
}

/** Neither a CNAME of a record for dns-01 nor the record itself can be asked for; names of houses are asked for in the house. */
function unseenRecords({ path, names, acme }: Wanted, { upstreams, forward }: Config): Finding[] {
  if (acme.challenge !== 'dns-01' || upstreams.length > 0) return [];
  const isForwarded = (name: string) => forward.some((zone) => isAtOrBelow(nameKey(name), zone.name));
  const name = names
    .map((one) => one.replace(/^\*\./, ''))
    .find((one) => houseSuffixOf(one) === null && !isForwarded(one));
  if (name === undefined) return [];
  const message = `_acme-challenge.${name} is looked up before an order, and there is no upstream to do that with, so no certificate is ever ordered; write an upstream, or another challenge`;
  return [{ path: `${path}.challenge`, message }];
}

/** An upstream under a name that is on a certificate of ours, and that leads to us. */
function ownUpstreams(wanted: readonly Wanted[], config: Config, facts: HostFacts): Finding[] {
  const { upstreams, listen, certificate } = config;
  return upstreams.flatMap(({ serverName, protocol, port, addresses }, position) => {
    if (!wanted.some(({ names }) => names.some((name) => isCoveredBy(serverName, name)))) return [];
    const key = protocol === 'tls' ? 'dot' : 'doh';
    const isOurPort = listen[key].some((socket) => socket.port === port); // others may have other programs
    const isOwn = (address: string) =>
      certificate.addresses.includes(address) || isOwnSocket(listen[key], address, port, facts.addresses);
    const leadsHere =
      addresses.length === 0 ? standingOf(serverName, config).kind === 'this-server' : addresses.some(isOwn);
    if (!isOurPort || !leadsHere) return [];
    const message = `${serverName} is a name of this server itself, which would verify itself by the certificate that it orders through its upstreams: each waits for the other; write another resolver`;
    return [{ path: `upstreams[${position}].url`, message }];
  });
}

function isCoveredBy(host: string, name: string): boolean {
  return name === host || (name.startsWith('*.') && name.slice(1) === host.replace(/^[^.]*/, ''));
}
