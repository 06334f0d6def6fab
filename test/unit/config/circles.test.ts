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
