// What hangs on what: a table of configurations and hosts, and every word that is said about each. Among them are the two
// chrony configurations of the incident in DESIGN, as time sources of Noonmark's and as the host's own.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findCircles } from '../../../src/config/circles.ts';
import type { HostFacts } from '../../../src/config/host-facts.ts';
import { parseConfig } from '../../../src/config/parse.ts';

interface Row {
  readonly name: string;
  readonly yaml: string;
  readonly host?: Partial<HostFacts>;
  readonly found: readonly string[];
}

const DOT = 'upstreams: [{url: tls://9.9.9.9}]\n';
const DOH = 'upstreams: [{url: https://dns.quad9.net, addresses: [9.9.9.9]}]\n';
const GPS = '{url: ntp://192.168.1.13, key: {id: 1, type: SHA1, file: chrony.keys}, prefer: on}';
const POOL_BY_NAME = '{url: ntp://ntp.torix.ca}';
const sources = (...list: readonly string[]) => `time: {sources: [${list.join(', ')}]}\n`;
const at = (...addresses: readonly string[]) =>
  sources(...addresses.map((address) => `{url: "ntp://${address}"}`));

const LOOKUP =
  'after a power cut this server looks such names up over its upstreams, whose certificates it can judge only loosely then, and where none of them answers the time stays unknown; add a source by its address, or `addresses` beside the url';
const onlySource = (host: string) =>
  `time.sources: ${host} is the only time source; where it does not answer after a power cut, nothing confirms the date until somebody repairs it; add one that somebody else runs, by its address`;
const fewVotes = (worth: string, advice: string) =>
  `time.sources: the time sources come to ${worth}, and it takes three, or two with one of them authenticated, or one that is \`trusted\`: the clock will stay provisional and never be synchronized, since after a power cut nothing can tell a wrong server from a right one; ${advice}`;
const ADD_KEY = 'add one, or give one of them a `key`';
const ADD_OTHERS = 'add sources of other operators';
const oneOperator = (hosts: string, operator: string) =>
  `time.sources: all time sources (${hosts}) seem to be run by one operator (${operator}), so that after a power cut one fault takes them all; add one that somebody else runs, by its address`;

const OF_SOURCES: readonly Row[] = [
  { name: 'the built-in sources', yaml: DOT, found: [] },
  {
    name: 'no source at all',
    yaml: DOT + sources(),
    found: [
      'time.sources: there is no time source, so after a power cut the date is whatever this host wakes up with, 1970 perhaps, or what was last written down; delete the key for the built-in sources, or write one by its address, such as ntp://192.168.1.13',
    ],
  },
  {
    name: 'no source at all, for an empty list leaves out the Date of https upstreams too',
    yaml: DOH + sources(),
    found: [expect.stringMatching(/^time\.sources: there is no time source/)],
  },
  {
    name: 'the Date of an https upstream that has to be looked up itself',
    yaml: `upstreams: [{url: https://dns.quad9.net}, {url: tls://9.9.9.9}]\n${sources(GPS)}`,
    found: [
      `time.sources: 192.168.1.13 is the only time source that needs no look-up; where it stays dead, what is left is names (dns.quad9.net): ${LOOKUP}`,
    ],
  },
  {
    name: 'the incident: its GPS server, and the pool of one operator by name',
    yaml: DOT + sources(GPS, POOL_BY_NAME),
    found: [
      `time.sources: 192.168.1.13 is the only time source that needs no look-up; where it stays dead, what is left is names (ntp.torix.ca): ${LOOKUP}`,
    ],
  },
  {
    name: 'the incident: its GPS server, and three addresses of that operator',
    yaml:
      DOT + sources(GPS, ...[131, 132, 133].map((last) => `{url: ntp://206.108.0.${last}, operator: torix}`)),
    found: [],
  },
  {
    name: 'the GPS server alone, keyed',
    yaml: DOT + sources(GPS),
    found: [onlySource('192.168.1.13'), fewVotes('one vote', ADD_OTHERS)],
  },
  {
    name: 'the GPS server alone, keyed and trusted',
    yaml: DOT + sources(GPS.replace('}, prefer', '}, trusted: on, prefer')),
    found: [onlySource('192.168.1.13')],
  },
  {
    name: 'the pool of that operator alone',
    yaml: DOT + sources(POOL_BY_NAME),
    found: [
      `time.sources: every time source is a name (ntp.torix.ca): ${LOOKUP}`,
      onlySource('ntp.torix.ca'),
    ],
  },
  {
    name: 'its three addresses alone, the operator written',
    yaml: DOT + sources(...[131, 132, 133].map((last) => `{url: ntp://206.108.0.${last}, operator: torix}`)),
    found: [
      oneOperator('206.108.0.131, 206.108.0.132, 206.108.0.133', 'torix'),
      fewVotes('one vote, not authenticated', ADD_OTHERS),
    ],
  },
  {
    name: 'its three addresses alone, the operator guessed from their network',
    yaml: DOT + at('206.108.0.131', '206.108.0.132', '206.108.0.133'),
    found: [oneOperator('206.108.0.131, 206.108.0.132, 206.108.0.133', '206.108.0.0/24')],
  },
  {
    name: 'the same guessed from an IPv6 network',
    yaml: DOT + at('[2001:db8:7::1]', '[2001:db8:7:1::1]', '[2001:db8:7:2::1]'),
    found: [oneOperator('2001:db8:7::1, 2001:db8:7:1::1, 2001:db8:7:2::1', '2001:db8:7::/48')],
  },
  {
    name: 'four names of one operator',
    yaml: DOT + at('ntp1.torix.ca', 'ntp2.torix.ca', 'ntp3.torix.ca', 'ntp4.torix.ca'),
    found: [
      `time.sources: every time source is a name (ntp1.torix.ca, ntp2.torix.ca, ntp3.torix.ca, …): ${LOOKUP}`,
      oneOperator('ntp1.torix.ca, ntp2.torix.ca, ntp3.torix.ca, …', 'torix.ca'),
    ],
  },
  {
    name: 'two operators whose names end alike below a country',
    yaml:
      DOT +
      sources(
        '{url: ntp://ntp.one.co.uk, addresses: [192.0.2.1, 192.0.2.2]}',
        '{url: ntp://ntp.two.co.uk, addresses: [192.0.2.3]}',
      ),
    found: [],
  },
  {
    name: 'names of pool.ntp.org, whose servers are many people’s',
    yaml: DOT + at('0.pool.ntp.org', '1.pool.ntp.org'),
    found: [`time.sources: every time source is a name (0.pool.ntp.org, 1.pool.ntp.org): ${LOOKUP}`],
  },
  {
    name: 'a name with its address beside it',
    yaml:
      DOT +
      sources(
        '{url: ntp://ntp.torix.ca, addresses: [206.108.0.131]}',
        '{url: https://time.example, addresses: [192.0.2.1]}',
      ),
    found: [],
  },
  {
    name: 'a name, and the Date of an https upstream and another host',
    yaml: DOH + sources(POOL_BY_NAME, '{url: https://192.0.2.1}'),
    found: [],
  },
  {
    name: 'a name in a zone of our own, and the certificate’s name',
    yaml: `${DOT}zones: {home.arpa: {records: [gps A 192.168.1.13]}}\ncertificate: {names: [dns.house.example]}\n${sources(
      '{url: ntp://GPS.home.arpa, trusted: on}',
      '{url: ntp://dns.house.example}',
    )}`,
    found: [],
  },
  {
    name: 'a name that merely ends like a zone of our own',
    yaml: `${DOT}zones: {home.arpa: {}}\n${sources('{url: ntp://othome.arpa, trusted: on}', '{url: ntp://192.0.2.1}')}`,
    found: [
      `time.sources: 192.0.2.1 is the only time source that needs no look-up; where it stays dead, what is left is names (othome.arpa): ${LOOKUP}`,
    ],
  },
  {
    name: 'a name and no upstream',
    yaml: sources(GPS, POOL_BY_NAME),
    found: [
      'time.sources[1].url: ntp.torix.ca is a name, and there is no upstream to look it up with, so this source is never asked; write its addresses beside it, such as addresses: ["192.0.2.1"]',
    ],
  },
  {
    name: 'two plain votes',
    yaml: DOT + at('192.168.1.13', '192.168.1.14'),
    found: [fewVotes('2 votes, not authenticated', ADD_KEY)],
  },
  { name: 'three plain votes', yaml: DOT + at('192.168.1.13', '192.168.1.14', '198.51.100.1'), found: [] },
  { name: 'two votes of which one has a key', yaml: DOT + sources(GPS, '{url: ntp://192.0.2.1}'), found: [] },
  {
    name: 'two votes of which one is an https host',
    yaml: DOT + sources('{url: https://192.0.2.1}', '{url: ntp://198.51.100.1}'),
    found: [],
  },
  {
    name: 'two votes that an operator makes one',
    yaml:
      DOT +
      sources(GPS.replace('}, prefer', '}, operator: me, prefer'), '{url: ntp://192.0.2.1, operator: Me}'),
    found: [oneOperator('192.168.1.13, 192.0.2.1', 'me'), fewVotes('one vote', ADD_OTHERS)],
  },
  {
    name: 'an https source that is the https upstream again, which has one vote',
    yaml: DOH + sources('{url: https://dns.quad9.net/date, addresses: [9.9.9.9]}'),
    found: [onlySource('dns.quad9.net'), fewVotes('one vote', ADD_OTHERS)],
  },
  {
    name: 'this host by loopback, and by an address of its own',
    yaml: DOT + at('127.0.0.1', '192.168.1.2', '192.0.2.1'),
    host: { addresses: ['192.168.1.2'] },
    found: [0, 1].map(
      (position) =>
        `time.sources[${position}].url: ${['127.0.0.1', '192.168.1.2'][position]} is this host itself: after a power cut its time daemon knows no more than its own sources do, and vouches for a wrong clock where its file says \`local\`; write those sources here`,
    ),
  },
  {
    name: 'servers behind tunnels on loopback, which are several',
    yaml: DOT + at('127.0.0.1:1231', '127.0.0.1:1232', '127.0.0.1:1233'),
    found: [],
  },
];

const RESOLVER = `listen: {dns: [127.0.0.1, 192.168.1.2]}\n${DOT}`;
const chrony = (servers: readonly string[], hasReceiver = false): Partial<HostFacts> => ({
  addresses: ['127.0.0.1', '192.168.1.2'],
  nameservers: ['192.168.1.2'],
  timeDaemon: { name: 'chrony', file: '/etc/chrony/chrony.conf', servers, hasReceiver },
});
const hostCircle = (names: string, circle: string) =>
  `this host looks names up here (/etc/resolv.conf) and its chrony has nothing but names (${names}, /etc/chrony/chrony.conf): after a power cut ${circle}; write a server by its address there as well`;
const WAITS = 'that clock stays wrong until this server knows the time and can look them up';
const EACH = 'this server has no time source and waits for that clock, and each depends on the other';

const OF_HOSTS: readonly Row[] = [
  {
    name: 'a chrony with names only',
    yaml: RESOLVER,
    host: chrony(['2.debian.pool.ntp.org']),
    found: [hostCircle('2.debian.pool.ntp.org', WAITS)],
  },
  {
    name: 'the incident’s pool by name, without its GPS server',
    yaml: RESOLVER,
    host: chrony(['ntp.torix.ca']),
    found: [hostCircle('ntp.torix.ca', WAITS)],
  },
  {
    name: 'the incident’s two chrony configurations, whose GPS server has an address',
    yaml: RESOLVER,
    host: chrony(['192.168.1.13', 'ntp.torix.ca']),
    found: [],
  },
  {
    name: 'a listener on all addresses, asked by loopback',
    yaml: `listen: {dns: [0.0.0.0, "[::]"]}\n${DOT}`,
    host: { ...chrony(['ntp.torix.ca']), nameservers: ['127.0.0.1', '::1', '192.168.1.2'] },
    found: [hostCircle('ntp.torix.ca', WAITS)],
  },
  {
    name: 'a resolv.conf with a second resolver that is not us',
    yaml: RESOLVER,
    host: { ...chrony(['ntp.torix.ca']), nameservers: ['192.168.1.2', '192.168.1.1'] },
    found: [],
  },
  {
    name: 'a listener on another port than resolv.conf asks',
    yaml: `listen: {dns: ["192.168.1.2:5300"]}\n${DOT}`,
    host: chrony(['ntp.torix.ca']),
    found: [],
  },
  {
    name: 'a resolv.conf that cannot be read',
    yaml: RESOLVER,
    host: { ...chrony(['ntp.torix.ca']), nameservers: [] },
    found: [],
  },
  { name: 'names beside a receiver', yaml: RESOLVER, host: chrony(['ntp.torix.ca'], true), found: [] },
  { name: 'a chrony without any server', yaml: RESOLVER, host: chrony([]), found: [] },
  {
    name: 'a name that we answer ourselves',
    yaml: `${RESOLVER}zones: {home.arpa: {}}\n`,
    host: chrony(['gps.home.arpa', 'ntp.torix.ca']),
    found: [],
  },
  {
    name: 'a name of a forwarded zone, which needs no upstream',
    yaml: `${RESOLVER}forward: {lab.example: [192.168.1.1]}\n`,
    host: chrony(['gps.lab.example', 'ntp.torix.ca']),
    found: [],
  },
  {
    name: 'a forwarded zone whose server is this very host',
    yaml: `listen: {dns: [0.0.0.0]}\n${DOT}forward: {lab.example: [192.168.1.1, 192.168.1.2], lan: ["192.168.1.2:5353"]}\n`,
    host: { addresses: ['192.168.1.2'] },
    found: [
      'forward.lab.example: 192.168.1.2:53 is this host itself, which listens on all its addresses (listen.dns), so it would ask itself; write another resolver',
    ],
  },
  {
    name: 'both without a source: each waits for the other',
    yaml: RESOLVER + sources(),
    host: chrony(['ntp.torix.ca']),
    found: [
      expect.stringMatching(/^time\.sources: there is no time source/),
      hostCircle('ntp.torix.ca', EACH),
    ],
  },
];

const ca = (keys = '', names = 'dns.house.example') =>
  `certificate: {names: ["${names}"], acme: {directory: "https://ca.example", agree_tos: on, challenge: http-01${keys}}}\n`;
const caAt = (directory: string, keys = '') =>
  ca(keys).replace('https://ca.example', directory.startsWith('https') ? directory : `https://${directory}`);
const dns01 = (provider: string, names?: string) =>
  ca(`, dns: {${provider}}`, names).replace('http-01', 'dns-01');
const EXEC = 'exec: {program: a}';
const CLOUDFLARE = 'cloudflare: {token_file: t, api: "https://api.lab.example"}';
const LISTEN = 'listen: {dns: [0.0.0.0], dot: [0.0.0.0], doh: [0.0.0.0]}\n';
const US: Partial<HostFacts> = { addresses: ['192.168.1.2'] };
const DIRECTORY = 'certificate.acme.directory: ';
const NEVER = 'so no certificate is ever ordered';
const NEVER_WRITTEN = 'so no record for dns-01 is ever written';
const BESIDE = 'write its addresses beside it, such as addresses: ["192.0.2.1"]';
const noUpstream = (host: string, end: string, advice: string) =>
  `${host} is a name, and there is no upstream to look it up with, ${end}; ${advice}`;
const notInZone = (host: string, zone: string, end: string) =>
  `${host} lies in ${zone} under \`zones\`, which has no address for it, ${end}; write a record for it there`;
const nowhere = (host: string) =>
  `${host} is a name that the world has not, and nothing here has it either, ${NEVER}; write a record for it under \`zones\``;
const ZONE = (...records: readonly string[]) =>
  `zones: {lab.example: {records: [${records.map((one) => `"${one}"`).join(', ')}]}}\n`;
const UNSEEN = (name: string) =>
  `_acme-challenge.${name} is looked up before an order, and there is no upstream to do that with, ${NEVER}; write an upstream, or another challenge`;
const OWN_UPSTREAM = (host: string) =>
  `upstreams[0].url: ${host} is a name of this server itself, which would verify itself by the certificate that it orders through its upstreams: each waits for the other; write another resolver`;
const NO_TIME = expect.stringMatching(/^time\.sources: there is no time source/);
const RUNS_OUT =
  'time.sources: certificates come from a CA, and without a time source none is ordered while the date of this host is wrong, which nothing that was found here would correct: after a power cut the present ones run out; delete the key for the built-in sources';

const OF_CERTIFICATES: readonly Row[] = [
  { name: 'a CA of the world and an upstream', yaml: DOT + ca(), found: [] },
  { name: 'no upstream', yaml: ca(), found: [DIRECTORY + noUpstream('ca.example', NEVER, BESIDE)] },
  { name: 'no upstream, and the addresses of the CA', yaml: ca(', addresses: [192.0.2.1]'), found: [] },
  { name: 'no upstream, and a CA at an address', yaml: caAt('192.0.2.1:14000/dir'), found: [] },
  { name: 'no upstream, and a CA on this host', yaml: caAt('localhost:14000/dir'), found: [] },
  {
    name: 'no upstream, and a CA in a forwarded zone',
    yaml: `forward: {lab.example: [192.168.1.1]}\n${caAt('ca.lab.example')}`,
    found: [],
  },
  {
    name: 'a CA in a zone of ours where it has no record',
    yaml: DOT + ZONE('nas A 192.168.1.3', 'ca TXT x') + caAt('ca.lab.example'),
    found: [DIRECTORY + notInZone('ca.lab.example', 'lab.example', NEVER)],
  },
  ...[
    ['an address', 'CA A 192.168.1.3'],
    ['another name', 'ca CNAME nas'],
    ['a wildcard', '*.ca A 192.168.1.3', 'acme.ca.lab.example'],
    ['a DNAME above', 'ca DNAME world.example.', 'acme.ca.lab.example'],
  ].map(([what, record, host = 'ca.lab.example']) => ({
    name: `a CA in a zone of ours where it has ${what}`,
    yaml: ZONE(record!) + caAt(host),
    found: [],
  })),
  {
    name: 'a CA in a forwarded zone within a zone of ours',
    yaml: `${DOT}${ZONE()}forward: {ca.lab.example: [192.168.1.1]}\n${caAt('acme.ca.lab.example')}`,
    found: [],
  },
  {
    name: 'a CA in a zone of ours within a forwarded zone',
    yaml: `${DOT}zones: {ca.lab.example: {}}\nforward: {lab.example: [192.168.1.1]}\n${caAt('acme.ca.lab.example')}`,
    found: [DIRECTORY + notInZone('acme.ca.lab.example', 'ca.lab.example', NEVER)],
  },
  {
    name: 'a CA in a zone of ours, and hosts files that may have it',
    yaml: `${DOT}${ZONE()}hosts: [h]\n${caAt('ca.lab.example')}`,
    found: [],
  },
  {
    name: 'a CA in the domain of leases',
    yaml: `${DOT}leases: [{file: l, format: kea, domain: home.arpa}]\n${caAt('ca.home.arpa')}`,
    found: [],
  },
  {
    name: 'a CA of the house',
    yaml: DOT + caAt('ca.home.arpa'),
    found: [DIRECTORY + nowhere('ca.home.arpa')],
  },
  {
    name: 'a CA without a domain',
    yaml: DOT + caAt('pebble:14000/dir'),
    found: [DIRECTORY + nowhere('pebble')],
  },
  { name: 'a CA in a zone of tests', yaml: DOT + caAt('ca.test'), found: [DIRECTORY + nowhere('ca.test')] },
  {
    name: 'a CA in a forwarded zone whose server is this host',
    yaml: `${DOT}${LISTEN}forward: {lab.example: [192.168.1.2]}\n${caAt('ca.lab.example')}`,
    host: US,
    found: [
      expect.stringMatching(/^forward\.lab\.example: 192\.168\.1\.2:53 is this host itself/),
      `${DIRECTORY}ca.lab.example lies in lab.example under \`forward\`, whose server is this host itself, ${NEVER}; write another resolver there`,
    ],
  },
  {
    name: 'a CA in a forwarded zone that has a server besides this host',
    yaml: `${DOT}${LISTEN}forward: {lab.example: [192.168.1.2, 192.168.1.1]}\n${caAt('ca.lab.example')}`,
    host: US,
    found: [expect.stringMatching(/^forward\.lab\.example: 192\.168\.1\.2:53 is this host itself/)],
  },
  {
    name: 'a CA under a name of ours, at the port of DoH',
    yaml: DOT + LISTEN + caAt('dns.house.example/acme/directory'),
    found: [
      `${DIRECTORY}dns.house.example is a name of this server itself, which answers at port 443 with DNS over HTTPS (listen.doh), so it would ask itself and no certificate is ever ordered; write another name or port`,
    ],
  },
  {
    name: 'a CA under a name of ours, at a port of its own',
    yaml: DOT + LISTEN + caAt('dns.house.example:9000/acme/directory'),
    found: [],
  },
  {
    name: 'a CA under a name of ours that a zone says is elsewhere',
    yaml: `${DOT}${LISTEN}zones: {house.example: {records: [dns A 192.168.1.3]}}\n${caAt('dns.house.example')}`,
    found: [],
  },
  {
    name: 'a CA below a name of ours, which is nobody’s',
    yaml: DOT + LISTEN + caAt('ca.dns.house.example'),
    found: [],
  },
  ...['https://192.168.1.2', 'https://ca.example'].map((directory) => ({
    name: `a CA that is this host’s DoH: ${directory}`,
    yaml: DOT + LISTEN + caAt(directory, directory.endsWith('2') ? '' : ', addresses: [192.168.1.2]'),
    host: US,
    found: [
      `${DIRECTORY}192.168.1.2:443 is this host itself, which listens on all its addresses (listen.doh), ${NEVER}; write another address`,
    ],
  })),
  {
    name: 'a CA on this host at a port of its own',
    yaml: DOT + LISTEN + caAt('192.168.1.2:9000'),
    host: US,
    found: [],
  },
  {
    name: 'records at a server that is this host',
    yaml: DOT + LISTEN + dns01('rfc2136: {server: 192.168.1.2}'),
    host: US,
    found: [
      `certificate.acme.dns.rfc2136.server: 192.168.1.2:53 is this host itself, which listens on all its addresses (listen.dns), ${NEVER_WRITTEN}; write another address`,
    ],
  },
  {
    name: 'records at a server under a name of ours, over TLS',
    yaml: DOT + LISTEN + dns01('rfc2136: {server: tls://dns.house.example}'),
    found: [
      'certificate.acme.dns.rfc2136.server: dns.house.example is a name of this server itself, which answers at port 853 with DNS over TLS (listen.dot), so it would ask itself and no record for dns-01 is ever written; write another name or port',
    ],
  },
  {
    name: 'records over an API in a zone of ours where it has no address',
    yaml: DOT + ZONE() + dns01(CLOUDFLARE),
    found: [`certificate.acme.dns.cloudflare: ${notInZone('api.lab.example', 'lab.example', NEVER_WRITTEN)}`],
  },
  {
    name: 'records over an API, and no upstream for anything',
    yaml: dns01('cloudflare: {token_file: t}'),
    found: [
      DIRECTORY + noUpstream('ca.example', NEVER, BESIDE),
      `certificate.acme.dns.cloudflare: ${noUpstream('api.cloudflare.com', NEVER_WRITTEN, 'write an upstream')}`,
      `certificate.acme.challenge: ${UNSEEN('dns.house.example')}`,
    ],
  },
  {
    name: 'records at a server by name, and no upstream',
    yaml: dns01('rfc2136: {server: tls://ns.example}').replace('agree', 'addresses: [192.0.2.1], agree'),
    found: [
      `certificate.acme.dns.rfc2136.server: ${noUpstream('ns.example', NEVER_WRITTEN, 'write the server by an address of your own network')}`,
      `certificate.acme.challenge: ${UNSEEN('dns.house.example')}`,
    ],
  },
  {
    name: 'records by a program for a wildcard, and no upstream',
    yaml: dns01(EXEC, '*.house.example').replace('agree', 'addresses: [192.0.2.1], agree'),
    found: [`certificate.acme.challenge: ${UNSEEN('house.example')}`],
  },
  {
    name: 'records for names that are forwarded or of the house, and no upstream',
    yaml: `forward: {house.example: [192.168.1.1]}\n${dns01(EXEC, 'a.house.example", "b.home.arpa').replace('agree', 'addresses: [192.0.2.1], agree')}`,
    found: [],
  },
  {
    name: 'a provider that is not used',
    yaml: DOT + ZONE() + ca(`, dns: {${CLOUDFLARE}}`),
    found: [],
  },
  {
    name: 'what two certificates have in common, once, and what one has alone',
    yaml: ca().replace(
      /\}\n$/,
      ', more: [{names: [a.example], acme: {}}, {names: [b.example], acme: {directory: "https://other.example", agree_tos: on}}]}\n',
    ),
    found: [
      DIRECTORY + noUpstream('ca.example', NEVER, BESIDE),
      `certificate.more[1].acme.directory: ${noUpstream('other.example', NEVER, BESIDE)}`,
    ],
  },
  {
    name: 'an upstream under a name of ours, which leads here',
    yaml: `upstreams: [{url: tls://dns.house.example}, {url: tls://9.9.9.9}]\n${LISTEN}${ca()}`,
    found: [OWN_UPSTREAM('dns.house.example')],
  },
  {
    name: 'an upstream under a name of our wildcard, at an address of this host',
    yaml: `upstreams: [{url: https://dns.house.example, addresses: [192.168.1.2]}]\n${LISTEN}${dns01(EXEC, '*.house.example')}`,
    host: US,
    found: [OWN_UPSTREAM('dns.house.example')],
  },
  {
    name: 'an upstream under a name of ours, at the address that is answered for it',
    yaml: `upstreams: [{url: tls://dns.house.example, addresses: [203.0.113.1]}]\n${LISTEN}${ca().replace('acme', 'addresses: [203.0.113.1], acme')}`,
    found: [OWN_UPSTREAM('dns.house.example')],
  },
  ...[
    ['another host', 'tls://dns.house.example, addresses: [192.168.1.3]', ca()],
    ['another program here', '"tls://dns.house.example:8853", addresses: [192.168.1.2]', ca()],
    ['another program here, by its name', '"tls://dns.house.example:8853"}, {url: tls://9.9.9.9', ca()],
    [
      'a name deeper than the wildcard',
      'tls://a.b.house.example, addresses: [192.168.1.2]',
      dns01(EXEC, '*.house.example'),
    ],
    [
      'no CA',
      'tls://dns.house.example, addresses: [192.168.1.2]',
      'certificate: {names: [dns.house.example]}\n',
    ],
  ].map(([what, upstream, certificate]) => ({
    name: `an upstream under a name of ours that is ${what}`,
    yaml: `upstreams: [{url: ${upstream}}]\n${LISTEN}${certificate}`,
    host: US,
    found: [],
  })),
  {
    name: 'a CA, no time source, and nothing that sets the clock',
    yaml: DOT + sources() + ca(),
    found: [NO_TIME, RUNS_OUT],
  },
  {
    name: 'the same for a further certificate, with a chrony that asks nobody',
    yaml: DOT + sources() + ca().replace('{names', '{more: [{names').replace(/\}\n$/, '}]}\n'),
    host: chrony([]),
    found: [NO_TIME, RUNS_OUT],
  },
  {
    name: 'a CA, no time source, and a chrony that has nothing but names',
    yaml: RESOLVER + sources() + ca(),
    host: chrony(['ntp.torix.ca']),
    found: [NO_TIME, RUNS_OUT, hostCircle('ntp.torix.ca', EACH)],
  },
  {
    name: 'a CA, no time source, and a chrony that has an address',
    yaml: RESOLVER + sources() + ca(),
    host: chrony(['192.168.1.13']),
    found: [NO_TIME],
  },
];

describe('an order of a certificate is found to hang on', () => {
  test.for(OF_CERTIFICATES)('$name', ({ yaml, host, found }) => {
    expect(sentences(yaml, host)).toEqual(found);
  });
});

describe('the time sources are found to hang on', () => {
  test.for(OF_SOURCES)('$name', ({ yaml, host, found }) => {
    expect(sentences(yaml, host)).toEqual(found);
  });
});

describe('the host is found to hang on', () => {
  test.for(OF_HOSTS)('$name', ({ yaml, host, found }) => {
    expect(sentences(yaml, host)).toEqual(found);
  });
});

test('the sources that config/home.yaml suggests have neither problems nor circles', () => {
  const home = readFileSync(new URL('../../../config/home.yaml', import.meta.url), 'utf8');
  const suggested = home.slice(home.indexOf('# time:\n')).split('\n\n')[0]!.replace(/^# /gm, '');
  const uncommented = `${DOT}${suggested}`;
  expect(parseConfig(uncommented, { file: 'home.yaml' }).config.time.sources).toHaveLength(4);
  expect(parseConfig(uncommented, { file: 'home.yaml' }).warnings).toEqual([]);
  expect(sentences(uncommented)).toEqual([]);
});

function sentences(yaml: string, host: Partial<HostFacts> = {}): string[] {
  const { config } = parseConfig(yaml, { file: 'home.yaml' });
  const facts: HostFacts = { addresses: [], nameservers: [], timeDaemon: null, ...host };
  return findCircles(config, facts).map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  );
}
