// The status as one value: what every part of the house says of itself is in it, in its place.

import { describe, expect, it, vi } from 'vitest';
import type { SocketAddress } from '../../../src/config/config.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { gatherStatus, type StatusInputs, type WantedReport } from '../../../src/status/gather.ts';
import type { ServedCertificate } from '../../../src/tls/certificate-store.ts';
import { synchronized } from '../../support/statuses.ts';
import { report, TRUTH_MS } from './time-reports.ts';

const DAY_MS = 86_400_000;
const udp: SocketAddress = { address: '127.0.0.1', port: 53, family: 4 };
const dot: SocketAddress = { address: '::1', port: 853, family: 6 };
const admin: SocketAddress = { address: '127.0.0.1', port: 8053, family: 4 };

const CACHE = { entries: 1, octets: 2, maxOctets: 3, hits: 4, misses: 5, stale: 6, prefetched: 7 };

function inputs(more: Partial<StatusInputs> = {}): StatusInputs {
  return {
    uptimeMs: 5000,
    listeners: [
      { transport: 'udp', addresses: [udp], waiting: [] },
      { transport: 'dot', addresses: [dot], waiting: [] },
    ],
    admin: { addresses: [admin], waiting: [], problems: [] },
    time: report(),
    certificates: [],
    issuances: [],
    filesProblem: null,
    furtherProblems: [],
    designate: () => ({ silence: 'no name is configured' }),
    hostAddresses: () => [],
    upstreams: [],
    forwards: [],
    cache: CACHE,
    lists: [],
    nameFiles: [],
    reloadFailure: null,
    ...{ notify: [], outboxProblem: null },
    queries: { udp: 4, tcp: 0, dot: 0, doh: 0 },
    answers: () => synchronized.answers,
    process: () => ({ startedAtEpochMs: TRUTH_MS, cpuMs: 1200, residentOctets: 5e7, openFiles: 40 }),
    limitsReached: new Map([['limits.connections', 2]]),
    tls: { verification: 'openssl', reason: 'OpenSSL judges' },
    ...more,
  };
}

const served = (fromMs: number, toMs: number): ServedCertificate =>
  ({
    ...{ names: ['dns.home.example'], issuer: 'CN=x', source: 'files' },
    ...{ notBeforeMs: fromMs, notAfterMs: toMs },
  }) as unknown as ServedCertificate;

it('says where queries are taken, the admin page among them', () => {
  expect(gatherStatus(inputs())).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    uptimeMs: 5000,
    listening: { udp: ['127.0.0.1:53'], dot: ['[::1]:853'], admin: ['127.0.0.1:8053'] },
    waiting: [],
    clock: { state: 'synchronized' },
    cache: CACHE,
    queries: { udp: 4 },
    limitsReached: { 'limits.connections': 2 },
  });
});

it('says what devices learn of us at each address that they may ask in plain DNS, those of a wildcard included', () => {
  const everywhere = [
    { ...udp, address: '0.0.0.0' },
    { ...dot, address: '::', port: 53 },
  ];
  const { designated } = gatherStatus(
    inputs({
      listeners: [
        { transport: 'udp', addresses: everywhere, waiting: [] },
        { transport: 'tcp', addresses: [udp, ...everywhere], waiting: [] },
        { transport: 'dot', addresses: [{ ...dot, address: '10.9.9.9' }], waiting: [] },
      ],
      hostAddresses: () => ['127.0.0.1', '203.0.113.7', 'fd00::2', 'fe80::2%eth0'],
      designate: (asked) =>
        asked === '203.0.113.7'
          ? {
              name: nameKey('dns.home.example.'),
              doors: [{ kind: 'doh', port: 443, addresses: [] }],
              isVerifiable: true,
            }
          : { silence: `not at ${asked}` },
    }),
  );
  const silent = { name: null, doors: [], verifiable: false, opportunistic: true };
  expect(designated).toEqual([
    { asked: '127.0.0.1', ...silent, silence: 'not at 127.0.0.1' },
    {
      asked: '203.0.113.7',
      name: 'dns.home.example',
      doors: [{ transport: 'doh', port: 443 }],
      silence: null,
      verifiable: true,
      opportunistic: false,
    },
    { asked: 'fd00::2', ...silent, silence: 'not at fd00::2' },
  ]);
});

it('says which addresses wait, with the transport, and that this is degraded', () => {
  const waiting = [{ address: dot, reason: 'no such address yet', isHopeless: false, waitingForMs: 7 }];
  const status = gatherStatus(
    inputs({
      listeners: [{ transport: 'dot', addresses: [], waiting }],
      admin: { addresses: [], waiting, problems: [] },
    }),
  );
  expect(status.waiting).toEqual([
    { listen: 'dot', address: '[::1]:853', reason: 'no such address yet', waitingForMs: 7 },
    { listen: 'admin', address: '[::1]:853', reason: 'no such address yet', waitingForMs: 7 },
  ]);
  expect(status.degraded.map(({ what }) => what)).toEqual([
    'nothing answers on [::1]:853 (dot)',
    'nothing answers on [::1]:853 (admin)',
  ]);
});

it('looks at the process when somebody reads of it, and not for all who ask how it is every second', () => {
  let looks = 0;
  const process = () => {
    looks += 1;
    return { startedAtEpochMs: TRUTH_MS, cpuMs: 1200, residentOctets: 5e7, openFiles: 40 };
  };
  const status = gatherStatus(inputs({ process }));
  expect([status.degraded, looks]).toEqual([[], 0]);
  expect(JSON.parse(JSON.stringify(status)).process).toEqual({
    ...{ startedAt: new Date(TRUTH_MS).toISOString(), cpuMs: 1200, residentOctets: 5e7, openFiles: 40 },
  });
  expect(looks).toBe(1);
});

it('is ready or says why not', () => {
  const upstream = {
    url: 'tls://one.example',
    rttMs: null,
    answered: 0,
    failed: 0,
    isUsable: true,
    problem: null,
    failingForMs: null,
  };
  expect(gatherStatus(inputs({ upstreams: [upstream] })).notReady).toEqual([]);
  expect(gatherStatus(inputs()).notReady).toEqual(['no upstream is configured']);
});

it('tells a Node that judges certificates by itself, and certificates that are outweighed', () => {
  const tls = { verification: 'native', reason: 'no symbols' } as const;
  const time = report({ outweighsWitnesses: true });
  expect(gatherStatus(inputs({ tls, time })).degraded.map(({ what }) => what)).toEqual([
    expect.stringContaining('it is not the clock'),
    expect.stringContaining('judged at the system clock'),
  ]);
});

describe('our own certificate', () => {
  const problemOf = (fromMs: number, toMs: number, time = report()) =>
    gatherStatus(inputs({ certificates: [served(TRUTH_MS + fromMs, TRUTH_MS + toMs)], time })).certificate
      ?.problem;

  it('is not there, or is there with who renews it', () => {
    expect(gatherStatus(inputs()).certificate).toBeNull();
    expect(gatherStatus(inputs({ certificates: [served(0, DAY_MS)] })).certificate).toMatchObject({
      names: ['dns.home.example'],
      notBefore: '1970-01-01T00:00:00.000Z',
      notAfter: '1970-01-02T00:00:00.000Z',
      renewal: expect.stringContaining('by you'),
    });
  });

  it.each([
    ['in its time', -DAY_MS, DAY_MS, null],
    ['over', -9 * DAY_MS, -DAY_MS, 'it ended on 2027-03-01, and it is 2027-03-02'],
    ['early', DAY_MS, 9 * DAY_MS, 'it begins on 2027-03-03, and it is 2027-03-02'],
  ])('is %s by our own time', (_, fromMs, toMs, problem) => {
    expect(problemOf(fromMs, toMs)).toBe(problem);
  });

  it('has no problem that anybody could know of while the time is unknown', () => {
    expect(problemOf(-9 * DAY_MS, -DAY_MS, report({ now: null }))).toBeNull();
  });
});

it('says of each list what it holds, since when, and what is wrong with it', () => {
  const list = { name: 'ads', allows: false, source: '/etc/ads.txt', entries: 9, unread: 1 };
  const { lists, degraded } = gatherStatus(
    inputs({
      lists: [
        { ...list, updatedAtMs: TRUTH_MS, problem: null, problemForMs: null },
        { ...list, name: 'more', updatedAtMs: null, problem: 'there is no such file', problemForMs: 7 },
      ],
    }),
  );
  const updatedAt = new Date(TRUTH_MS).toISOString();
  expect(lists).toEqual([
    { ...list, updatedAt, problem: null, problemForMs: null },
    { ...list, name: 'more', updatedAt: null, problem: 'there is no such file', problemForMs: 7 },
  ]);
  expect(degraded).toMatchObject([
    { what: 'the list "more" is an old one', evidence: '/etc/ads.txt: there is no such file' },
  ]);
});

it('has hosts files, lease files and forwarded zones as they are, and whatever is wrong with them', () => {
  const file = { file: '/etc/hosts.lan', format: 'hosts', names: 2, unread: 1, problem: null } as const;
  const server = { url: '192.168.1.1:53', isUsable: false, rttMs: null, answered: 0, failed: 3 };
  const forwards = [{ zones: ['lan'], servers: [{ ...server, problem: 'silent', failingForMs: 9 }] }];
  const nameFiles = [{ ...file, problemForMs: null }];
  const status = gatherStatus(inputs({ nameFiles, forwards }));
  expect(status).toMatchObject({ nameFiles, forwards });
  expect(status.degraded).toMatchObject([{ what: expect.stringMatching(/^names of lan/), sinceMs: 9 }]);
});

it('says that the certificate files are not what is served, and that the configuration is not', () => {
  const filesProblem = { problem: 'key.pem: there is no such file', forMs: 9 };
  const reloadFailure = { problem: 'home.yaml:7: bad', more: 0, forMs: 8 };
  const certificate = { ...served(0, TRUTH_MS + DAY_MS), source: 'local-ca' } as ServedCertificate;
  const status = gatherStatus(inputs({ certificates: [certificate], filesProblem, reloadFailure }));
  expect(status.certificate).toMatchObject({ source: 'local-ca', filesProblem: filesProblem.problem });
  expect(status.degraded).toMatchObject([
    { what: expect.stringContaining('the configuration on disk'), sinceMs: 8 },
    { what: expect.stringContaining('the certificate that you named is not served'), sinceMs: 9 },
  ]);
});

describe('certificates of CAs', () => {
  const wanted: WantedReport = {
    names: ['dns.home.example'],
    directory: 'https://ca.example/directory',
    challenge: 'dns-01',
    phase: 'idle',
    waitsFor: null,
    decision: { due: false, atMs: TRUTH_MS + DAY_MS, reason: 'for a reason' },
    window: { startMs: TRUTH_MS, endMs: TRUTH_MS + DAY_MS, explanationUrl: 'https://ca.example/why' },
    lastFailure: { atMs: TRUTH_MS - 5, reason: 'refused' },
    isStored: true,
    lastSuccessMs: TRUTH_MS - 9,
    nextLookInMs: 7,
    wantedForMs: 8,
  };
  const text = (ms: number) => new Date(TRUTH_MS + ms).toISOString();
  const certificate = (source: ServedCertificate['source'], ...names: string[]) =>
    ({ ...served(TRUTH_MS - DAY_MS, TRUTH_MS + 9 * DAY_MS), source, names }) as ServedCertificate;
  const dns = 'dns.home.example';

  it('are told with dates as texts, and whether they are served', () => {
    const { issuances } = gatherStatus(
      inputs({ issuances: [wanted], certificates: [certificate('acme', dns)] }),
    );
    expect(issuances).toEqual([
      {
        ...{ names: [dns], directory: 'https://ca.example/directory', challenge: 'dns-01' },
        ...{ phase: 'idle', waitsFor: null, isServed: true, wantedForMs: 8, nextLookMs: 7 },
        ...{ renewAt: text(DAY_MS), reason: 'for a reason' },
        window: { start: text(0), end: text(DAY_MS), explanation: 'https://ca.example/why' },
        lastFailure: { at: text(-5), reason: 'refused' },
        lastSuccess: text(-9),
        isStored: true,
      },
    ]);
  });

  it('are told before anything is known', () => {
    const unknown = {
      decision: null,
      window: null,
      lastFailure: null,
      lastSuccessMs: null,
      nextLookInMs: null,
    };
    const { issuances } = gatherStatus(inputs({ issuances: [{ ...wanted, ...unknown }] }));
    expect(issuances).toMatchObject([
      { isServed: false, renewAt: null, reason: null, window: null, lastFailure: null, lastSuccess: null },
    ]);
  });

  it('are all there, the first one first, with the problem of the files in its place', () => {
    const all = [
      certificate('files', dns),
      certificate('acme', 'a.example'),
      certificate('acme', 'b.example'),
    ];
    const filesProblem = { problem: 'key.pem: gone', forMs: 5 };
    const status = gatherStatus(inputs({ certificates: all, filesProblem }));
    expect(status.certificates.map(({ names }) => names[0])).toEqual([dns, 'a.example', 'b.example']);
    expect(status.certificates.map((one) => one.filesProblem)).toEqual(['key.pem: gone', null, null]);
    expect(status.certificate).toEqual(status.certificates[0]);
    expect(gatherStatus(inputs()).certificates).toEqual([]);
  });

  it.each<[string, Partial<WantedReport>, ServedCertificate, string]>([
    ['of a CA', {}, certificate('acme', dns), 'by itself from ca.example on 2027-03-03: for a reason'],
    [
      'of a CA before the first look',
      { decision: null },
      certificate('acme', dns),
      'by itself, when it is due',
    ],
    [
      'while it is ordered',
      { phase: 'ordering' },
      certificate('acme', dns),
      'a new one is being ordered from ca.example',
    ],
    [
      'while it waits',
      { phase: 'waiting', waitsFor: 'for the time' },
      certificate('acme', dns),
      'a new one from ca.example waits: for the time',
    ],
    [
      'of the local CA that stands in',
      { decision: null },
      certificate('local-ca', dns, 'localhost'),
      'one from ca.example will take its place',
    ],
    [
      'of the local CA that nobody else is asked for',
      { names: ['elsewhere.example'] },
      certificate('local-ca', dns),
      'by itself, 30 days before its end',
    ],
    [
      'of your own, whatever a CA is asked for',
      {},
      certificate('files', dns),
      'by you: the files are read again when they change',
    ],
  ])('the renewal %s is said', (_what, more, one, sentence) => {
    const { certificates } = gatherStatus(
      inputs({ issuances: [{ ...wanted, ...more }], certificates: [one] }),
    );
    expect(certificates[0]!.renewal).toBe(sentence);
  });

  it('that fail are degraded', () => {
    const { degraded } = gatherStatus(
      inputs({ issuances: [wanted], certificates: [certificate('local-ca', dns)] }),
    );
    expect(degraded).toMatchObject([
      { what: expect.stringMatching(/^no certificate of ca\.example yet/), sinceMs: 8 },
    ]);
  });
});

it('has nothing worked out that takes long, unless somebody reads it', () => {
  const isValidAt = vi.fn(() => true);
  const answers = vi.fn(() => synchronized.answers);
  const witness = { who: 'dns.example', notBeforeMs: 0, notAfterMs: 2 * TRUTH_MS, heardAtMs: 0, isValidAt };
  const status = gatherStatus(inputs({ time: report({ witnesses: [witness] }), answers }));
  expect([isValidAt.mock.calls.length, answers.mock.calls.length]).toEqual([0, 0]);
  expect(JSON.parse(JSON.stringify(status))).toMatchObject({
    clock: { witnesses: [{ who: 'dns.example', agrees: true }] },
    answers: synchronized.answers,
  });
});
