// Circular dependencies, and what comes near to one: the time that hangs on names which hang on the time, on one host or
// on too few votes; a host that looks names up here while its time daemon has only names. Those of certificates are in
// certificate-circles.ts. Pure: host-facts.ts reads the host. Each finding says what, why that matters after a power cut,
// and what to write. An upstream that is a name without address is no finding but an error (upstream-rules.ts).

import { isIP } from 'node:net';
import { formatWithoutDot } from '../dns/names.ts';
import { circlesOfCertificates } from './certificate-circles.ts';
import type { Config, SocketAddress } from './config.ts';
import type { HostFacts } from './host-facts.ts';
import { isLoopback, isOwnSocket } from './own-sockets.ts';
import type { ConfigProblem } from './problems.ts';
import { formatSocketAddress } from './socket-address.ts';
import { canBeEnough, isOwnName, type StandingSource, standingSources } from './time-standing.ts';

const DNS_PORT = 53;
const NTP_PORT = 123;
/** Names are listed in a sentence; so many, and then "…". */
const NAMED_MAX = 3;

type Finding = Pick<ConfigProblem, 'path' | 'message'>;

/** Warnings about a configuration that can be served, in the order of their weight; line 0, since no file is at hand here. */
export function findCircles(config: Config, facts: HostFacts): readonly ConfigProblem[] {
  // The built-in sources are of several operators and have addresses: they cannot be a circle.
  const ofSources = config.time.sources === null ? [] : circlesOfSources(config, facts);
  const ofHost = circleOfHost(config, facts);
  return [
    ...ofSources,
    ...(isCorrected(facts) && ofHost.length === 0 ? [] : ordersWithoutTime(config)),
    ...ofHost,
    ...circleOfForwards(config, facts),
    ...circlesOfCertificates(config, facts),
  ].map((finding) => ({ ...finding, line: 0 }));
}

function circlesOfSources(config: Config, facts: HostFacts): Finding[] {
  const sources = standingSources(config);
  if (sources.length === 0) {
    const message =
      'there is no time source, so after a power cut the date is whatever this host wakes up with, 1970 perhaps, or what was last written down; delete the key for the built-in sources, or write one by its address, such as ntp://192.168.1.13';
    return [{ path: 'time.sources', message }];
  }
  return [
    ...unreachable(config, sources),
    ...onlyNames(config, sources),
    ...oneOperator(sources),
    ...tooFewVotes(sources),
    ...thisHost(config, sources, facts),
  ];
}

/** A name and nobody to look it up with. */
function unreachable({ upstreams }: Config, sources: readonly StandingSource[]): Finding[] {
  if (upstreams.length > 0) return [];
  return sources
    .filter(({ needsLookup }) => needsLookup)
    .map(({ path, host }) => ({
      path: `${path}.url`,
      message: `${host} is a name, and there is no upstream to look it up with, so this source is never asked; write its addresses beside it, such as addresses: ["192.0.2.1"]`,
    }));
}

function onlyNames({ upstreams }: Config, sources: readonly StandingSource[]): Finding[] {
  const names = sources.filter(({ needsLookup }) => needsLookup);
  const others = new Set(sources.filter(({ needsLookup }) => !needsLookup).map(({ host }) => host));
  if (upstreams.length === 0 || names.length === 0 || others.size > 1) return [];
  const [other] = others;
  const listed = listOf(names.map(({ host }) => host));
  const lookup =
    'after a power cut this server looks such names up over its upstreams, whose certificates it can judge only loosely then, and where none of them answers the time stays unknown';
  const advice = 'add a source by its address, or `addresses` beside the url';
  const message =
    other === undefined
      ? `every time source is a name (${listed}): ${lookup}; ${advice}`
      : `${other} is the only time source that needs no look-up; where it stays dead, what is left is names (${listed}): ${lookup}; ${advice}`;
  return [{ path: 'time.sources', message }];
}

function oneOperator(sources: readonly StandingSource[]): Finding[] {
  const [operator, ...others] = new Set(sources.map((source) => source.operator));
  if (operator === undefined || operator === null || others.length > 0) return [];
  const hosts = new Set(sources.map(({ host }) => host));
  const message =
    hosts.size === 1
      ? `${sources[0]!.host} is the only time source; where it does not answer after a power cut, nothing confirms the date until somebody repairs it; add one that somebody else runs, by its address`
      : `all time sources (${listOf([...hosts])}) seem to be run by one operator (${operator}), so that after a power cut one fault takes them all; add one that somebody else runs, by its address`;
  return [{ path: 'time.sources', message }];
}

function tooFewVotes(sources: readonly StandingSource[]): Finding[] {
  if (canBeEnough(sources)) return [];
  const votes = new Set(sources.flatMap((source) => source.votes)).size;
  const isAuthenticated = sources.some((source) => source.isAuthenticated);
  const worth = `${votes === 1 ? 'one vote' : `${votes} votes`}${isAuthenticated ? '' : ', not authenticated'}`;
  const advice = votes > 1 ? 'add one, or give one of them a `key`' : 'add sources of other operators';
  const message = `the time sources come to ${worth}, and it takes three, or two with one of them authenticated, or one that is \`trusted\`: the clock will stay provisional and never be synchronized, since after a power cut nothing can tell a wrong server from a right one; ${advice}`;
  return [{ path: 'time.sources', message }];
}

/** NTP from this very host: its time daemon, which woke up with the same wrong clock. */
function thisHost(config: Config, sources: readonly StandingSource[], facts: HostFacts): Finding[] {
  const isThisHost = (address: string) => isLoopback(address) || facts.addresses.includes(address);
  return (config.time.sources ?? []).flatMap(({ protocol, port }, position) => {
    const { path, host, addresses } = sources[position]!;
    if (protocol !== 'ntp' || port !== NTP_PORT || !addresses.some(isThisHost)) return [];
    const message = `${host} is this host itself: after a power cut its time daemon knows no more than its own sources do, and vouches for a wrong clock where its file says \`local\`; write those sources here`;
    return [{ path: `${path}.url`, message }];
  });
}

/** The host asks us for the names of its time servers, while our own clock may be the one that it should set. */
function circleOfHost(config: Config, { addresses, nameservers, timeDaemon }: HostFacts): Finding[] {
  if (timeDaemon === null || timeDaemon.hasReceiver || timeDaemon.servers.length === 0) return [];
  const isUs = (address: string) => isOwnSocket(config.listen.dns, address, DNS_PORT, addresses);
  if (nameservers.length === 0 || !nameservers.every(isUs)) return [];
  if (timeDaemon.servers.some((server) => isIP(server) !== 0 || isOwnName(server, config))) return [];
  const { name, file, servers } = timeDaemon;
  const isBothWays = config.time.sources !== null && standingSources(config).length === 0;
  const circle = isBothWays
    ? 'this server has no time source and waits for that clock, and each depends on the other'
    : 'that clock stays wrong until this server knows the time and can look them up';
  const message = `this host looks names up here (/etc/resolv.conf) and its ${name} has nothing but names (${listOf(servers)}, ${file}): after a power cut ${circle}; write a server by its address there as well`;
  return [{ path: '', message }];
}

/** Does anything set the clock of this host, as far as that is known here? */
function isCorrected({ timeDaemon }: HostFacts): boolean {
  return timeDaemon !== null && (timeDaemon.hasReceiver || timeDaemon.servers.length > 0);
}

/** For a host that nothing corrects: while its date is wrong, the CA's own Date contradicts it (acme/clock-gate.ts). */
function ordersWithoutTime({ time, certificate }: Config): Finding[] {
  const isOrdering = [certificate, ...certificate.more].some(({ acme }) => acme !== null);
  if (time.sources?.length !== 0 || !isOrdering) return [];
  const message =
    'certificates come from a CA, and without a time source none is ordered while the date of this host is wrong, which nothing that was found here would correct: after a power cut the present ones run out; delete the key for the built-in sources';
  return [{ path: 'time.sources', message }];
}

/** A server of a forwarded zone at an address of this host, where we listen on all of them. */
function circleOfForwards({ forward, listen }: Config, { addresses }: HostFacts): Finding[] {
  const isUs = ({ address, port }: SocketAddress) => isOwnSocket(listen.dns, address, port, addresses);
  return forward.flatMap(({ name, servers }) => {
    const own = servers.find(isUs);
    if (own === undefined) return [];
    const message = `${formatSocketAddress(own)} is this host itself, which listens on all its addresses (listen.dns), so it would ask itself; write another resolver`;
    return [{ path: `forward.${formatWithoutDot(name)}`, message }];
  });
}

function listOf(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  return distinct.slice(0, NAMED_MAX).join(', ') + (distinct.length > NAMED_MAX ? ', …' : '');
}
