// What is told to a tired person, and what is not: each sentence appears with its cause and goes with it.

import { describe, expect, it } from 'vitest';
import type { ClockBasis, ClockState } from '../../../src/clock/clock.ts';
import { clockReport } from '../../../src/status/clock-report.ts';
import { degradationsOf, type Facts, notReadyReasons } from '../../../src/status/degradation.ts';
import type { CertificateReport } from '../../../src/status/status.ts';
import type { TimeReport } from '../../../src/timesync/time-report.ts';
import { report, sourceNamed, TRUTH_MS } from './time-reports.ts';

const HOUR_MS = 3_600_000;
const upstream = {
  url: 'tls://one.example',
  rttMs: 9,
  answered: 5,
  failed: 0,
  isUsable: true,
  problem: null,
  failingForMs: null,
};
const away = {
  ...upstream,
  ...{ url: 'tls://two.example', isUsable: false, problem: 'nobody is there', failingForMs: 3000 },
};
const certificate: CertificateReport = {
  ...{ names: ['dns.home.example'], notBefore: '', notAfter: '', issuer: 'x', source: 'files' },
  ...{ renewal: 'by you', problem: null, filesProblem: null },
};

function facts(more: Partial<Facts> = {}, time: Partial<TimeReport> = {}): Facts {
  return {
    clock: clockReport(report(time)),
    upstreams: [upstream],
    forwards: [],
    lists: [],
    nameFiles: [],
    certificates: [certificate],
    issuances: [],
    filesProblem: null,
    furtherProblems: [],
    waiting: [],
    reloadFailure: null,
    accessProblems: [],
    ...{ notify: [], outboxProblem: null },
    verificationProblem: null,
    haveUpstreamsExpired: false,
    uptimeMs: 5000,
    ...more,
  };
}

const inState = (state: ClockState, basis: ClockBasis = null): Partial<TimeReport> => ({
  status: { state, basis, reason: 'for a reason', sinceMs: 100_000 },
  ...(state === 'untrusted' ? { now: null } : {}),
});

describe('nothing is degraded', () => {
  it.each<[string, Partial<Facts>, Partial<TimeReport>]>([
    ['while all is well', {}, {}],
    ['without a certificate of our own', { certificates: [] }, {}],
    [
      'on the system clock alone, for nothing says that it is wrong',
      {},
      inState('provisional', 'system-clock'),
    ],
    ['by a system clock that is off by less than a second', {}, { systemClockMs: TRUTH_MS + 999 }],
  ])('%s', (_, more, time) => {
    expect(degradationsOf(facts(more, time))).toEqual([]);
  });
});

describe('one thing alone', () => {
  const certificateProblem = { certificates: [{ ...certificate, problem: 'it ended on 2026-12-24' }] };
  const waiting = [
    { listen: 'dot', address: '192.0.2.1:853', reason: 'no such address here yet', waitingForMs: 5 },
  ];
  const filesProblem = { problem: '/etc/key.pem: there is no such file', forMs: 5 };
  const nameFile = {
    file: '/etc/dhcp.leases',
    format: 'dnsmasq',
    names: 0,
    unread: 0,
    problemForMs: 5,
  } as const;

  it.each<[string, Partial<Facts>, Partial<TimeReport>, { what: RegExp; evidence: RegExp; doThis: RegExp }]>([
    [
      'an unknown time',
      {},
      inState('untrusted'),
      {
        what: /^the time is not known/,
        evidence: /^for a reason; last round: three agree$/,
        doThis: /date -u -s/,
      },
    ],
    [
      'a holdover',
      {},
      inState('holdover'),
      { what: /carried on/, evidence: /^for a reason/, doThis: /nothing for seven days/ },
    ],
    ...(['last-quorum', 'one-source', 'stamp'] as const).map(
      (basis) =>
        [
          `a provisional time by ${basis}`,
          {},
          inState('provisional', basis),
          { what: /^the time is provisional/, evidence: /^for a reason/, doThis: /noonmark time/ },
        ] as [
          string,
          Partial<Facts>,
          Partial<TimeReport>,
          { what: RegExp; evidence: RegExp; doThis: RegExp },
        ],
    ),
    [
      'a system clock that is behind',
      {},
      { systemClockMs: TRUTH_MS - 3 * HOUR_MS },
      {
        what: /system clock is 3 h behind; this server does not mind/,
        evidence: /it says 20/,
        doThis: /chrony/,
      },
    ],
    [
      'a system clock that is ahead',
      {},
      { systemClockMs: TRUTH_MS + 1000 },
      { what: /system clock is 1 s ahead/, evidence: /it says 20/, doThis: /chrony/ },
    ],
    [
      'an upstream that is away',
      { upstreams: [upstream, away] },
      {},
      {
        what: /tls:\/\/two\.example does not work/,
        evidence: /^nobody is there$/,
        doThis: /^look at the way to it.*tried every second by itself$/,
      },
    ],
    [
      'a forwarded zone whose servers are all away, whatever the clock says',
      {
        forwards: [
          { zones: ['a.example', 'b.example', 'c.example', 'd.example'], servers: [away, away] },
          { zones: ['lan'], servers: [upstream, away] },
        ],
      },
      {},
      {
        what: /^names of a\.example, b\.example, c\.example, … are not answered/,
        evidence: /^nobody is there; nobody is there$/,
        doThis: /look at that resolver/,
      },
    ],
    [
      'a stamp that cannot be kept',
      {},
      { stamp: { epochMs: null, problem: 'EROFS', problemAtMs: 900_000 } },
      { what: /not kept for the next power cut/, evidence: /^EROFS$/, doThis: /state_dir/ },
    ],
    [
      'a certificate of ours that is over',
      certificateProblem,
      {},
      { what: /certificate that DoT and DoH show/, evidence: /it ended on 2026-12-24/, doThis: /\(by you\)/ },
    ],
    [
      'a certificate of the owner that cannot be served',
      { certificates: [{ ...certificate, source: 'local-ca' }], filesProblem },
      {},
      {
        what: /^the certificate that you named is not served; the local CA's is/,
        evidence: /^\/etc\/key\.pem: there is no such file$/,
        doThis: /read again at once/,
      },
    ],
    [
      'a certificate of the owner that has turned bad on the disk',
      { filesProblem },
      {},
      { what: /those read before are served/, evidence: /no such file$/, doThis: /`certificate\.files`/ },
    ],
    [
      'a configuration that could not be taken over',
      { reloadFailure: { problem: 'home.yaml:7: listne: unknown', more: 0, forMs: 5 } },
      {},
      {
        what: /^the configuration on disk is not the one that is served, and the next start would fail$/,
        evidence: /^home\.yaml:7: listne: unknown$/,
        doThis: /`noonmark check`.*taken over by itself/,
      },
    ],
    [
      'one with several mistakes',
      { reloadFailure: { problem: 'home.yaml:7: listne: unknown', more: 2, forMs: 5 } },
      {},
      { what: /on disk/, evidence: /unknown \(and 2 more\)$/, doThis: /mend it/ },
    ],
    [
      'a file of the password to the pages that cannot be used',
      { accessProblems: [{ key: 'password_file', problem: '/etc/p: is empty', problemForMs: 5 }] },
      {},
      {
        what: /^nobody can sign in to the pages$/,
        evidence: /^\/etc\/p: is empty$/,
        doThis: /noonmark password/,
      },
    ],
    [
      'a file of the token to the pages that cannot be used',
      { accessProblems: [{ key: 'token_file', problem: '/etc/t: is empty', problemForMs: 5 }] },
      {},
      { what: /^no token is taken/, evidence: /^\/etc\/t/, doThis: /openssl rand/ },
    ],
    [
      'a lease file that cannot be read',
      { nameFiles: [{ ...nameFile, problem: 'there is no such file' }] },
      {},
      {
        what: /^the names of \/etc\/dhcp\.leases \(leases\) are not answered$/,
        evidence: /^there is no such file$/,
        doThis: /under `leases`/,
      },
    ],
    [
      'a hosts file that is gone, whose earlier names still count',
      { nameFiles: [{ ...nameFile, format: 'hosts', names: 3, unread: 9, problem: 'gone' }] },
      {},
      {
        what: /\(hosts\) are those of an earlier reading$/,
        evidence: /^gone$/,
        doThis: /under `hosts`/,
      },
    ],
    [
      'a lease file in another format',
      { nameFiles: [{ ...nameFile, unread: 9, problem: 'nothing in it' }] },
      {},
      {
        what: /\(leases\) are not answered$/,
        evidence: /^nothing in it; 9 entries not understood$/,
        doThis: /its path and format/,
      },
    ],
    [
      'an address that is not there',
      { waiting },
      {},
      {
        what: /nothing answers on 192\.0\.2\.1:853 \(dot\)/,
        evidence: /no such address/,
        doThis: /^give this host that address.*every second/,
      },
    ],
    [
      'what waits to be told, and cannot be written down',
      { outboxProblem: { reason: 'ENOSPC: no space left', isTriedAgain: true, forMs: 0 } },
      {},
      {
        what: /^messages that wait would not outlive a restart: /,
        evidence: /^ENOSPC: no space left$/,
        doThis: /every minute; make room/,
      },
    ],
    [
      'what waits to be told, and could not be read at the start',
      { outboxProblem: { reason: 'EIO', isTriedAgain: false, forMs: 0 } },
      {},
      { what: /^messages that wait/, evidence: /^EIO$/, doThis: /^let this server read the file/ },
    ],
    [
      'a Node that judges by itself',
      { verificationProblem: 'no symbols' },
      {},
      { what: /judged at the system clock/, evidence: /^no symbols$/, doThis: /Node that this project pins/ },
    ],
  ])('%s is told once, with its evidence and what to do', (_, more, time, words) => {
    expect(degradationsOf(facts(more, time))).toEqual([
      expect.objectContaining({
        what: expect.stringMatching(words.what),
        evidence: expect.stringMatching(words.evidence),
        doThis: expect.stringMatching(words.doThis),
      }),
    ]);
  });
});

describe('since when', () => {
  const list = { name: 'ads', allows: false, source: 'ads.txt', unread: 0, entries: 0, updatedAtMs: null };
  const file = { file: '/etc/hosts.lan', format: 'hosts', names: 0, unread: 0 } as const;
  const wait = { listen: 'dot', address: '192.0.2.1:853', reason: 'not yet' };
  const forMs = 3000;

  it.each<[string, Partial<Facts>, Partial<TimeReport>]>([
    ['an upstream', { upstreams: [upstream, away] }, {}],
    [
      'a forwarded zone, all of whose servers have failed since the last did,',
      { forwards: [{ zones: ['lan'], servers: [{ ...away, failingForMs: 90_000 }, away] }] },
      {},
    ],
    ['a list', { lists: [{ ...list, problem: 'gone', problemForMs: forMs }] }, {}],
    ['a hosts file', { nameFiles: [{ ...file, problem: 'gone', problemForMs: forMs }] }, {}],
    [
      'the password to the pages',
      { accessProblems: [{ key: 'password_file', problem: 'gone', problemForMs: forMs }] },
      {},
    ],
    ['what waits to be told', { outboxProblem: { reason: 'ENOSPC', isTriedAgain: true, forMs } }, {}],
    ['certificate files', { filesProblem: { problem: 'gone', forMs } }, {}],
    ['a configuration', { reloadFailure: { problem: 'bad', more: 0, forMs } }, {}],
    ['an address', { waiting: [{ ...wait, waitingForMs: forMs }] }, {}],
    ['a stamp', {}, { stamp: { epochMs: null, problem: 'EROFS', problemAtMs: report({}).nowMs - forMs } }],
    [
      'a certificate that is over',
      {
        certificates: [
          {
            ...certificate,
            notBefore: new Date(0).toISOString(),
            notAfter: new Date(TRUTH_MS - forMs).toISOString(),
            problem: 'it ended',
          },
        ],
      },
      {},
    ],
  ])('%s is in disorder is its own age, and not that of the server', (_, more, time) => {
    const told = degradationsOf(facts({ uptimeMs: 1e9, ...more }, time));
    expect(told).toMatchObject([
      { sinceMs: forMs, since: new Date(report({}).now!.epochMs - forMs).toISOString() },
    ]);
  });

  it('has no date while none can be believed', () => {
    const told = degradationsOf(facts({ waiting: [{ ...wait, waitingForMs: forMs }] }, inState('untrusted')));
    expect(told[1]).toMatchObject({ since: null, sinceMs: forMs });
  });
});

describe('the advice while the time is not known', () => {
  const advice = (time: Partial<TimeReport>) =>
    degradationsOf(facts({}, { ...inState('untrusted'), ...time }))[0]!.doThis;

  it('is to configure sources where there are none, and to bring one back where there are', () => {
    expect(advice({})).toMatch(/^configure time sources by address/);
    const source = sourceNamed('192.0.2.1:123');
    expect(advice({ sources: [{ source, sample: null, lastSample: null, failure: 'silent' }] })).toMatch(
      /^bring a time source back/,
    );
    expect(advice({ unresolved: [{ url: 'ntp://x', reason: 'y' }] })).toMatch(/^bring a time source back/);
  });
});

it('upstreams are not complained of while the time is not known: that is why they do not work', () => {
  const told = degradationsOf(facts({ upstreams: [away] }, inState('untrusted')));
  expect(told.map(({ what }) => what)).toEqual([expect.stringMatching(/^the time is not known/)]);
});

it('a provisional time that the system clock does not share tells who should set that', () => {
  const time = { ...inState('provisional', 'stamp'), systemClockMs: 58_000 };
  const [clock, system] = degradationsOf(facts({}, time));
  expect(clock!.doThis).toMatch(/let chrony or systemd-timesyncd set the system clock$/);
  expect(system!.what).toMatch(/years behind, as far as is known/);
});

it('the system clock alone is told of where there are sources that were asked and did not help', () => {
  const source = sourceNamed('192.0.2.1:123');
  const silent = { sources: [{ source, sample: null, lastSample: null, failure: 'no answer' }] };
  const onSystemClock = inState('provisional', 'system-clock');
  const told = degradationsOf(facts({}, { ...onSystemClock, ...silent, lastRoundAtMs: 99_000 }));
  expect(told.map(({ what }) => what)).toEqual([expect.stringMatching(/^the time is provisional/)]);
  expect(degradationsOf(facts({}, { ...onSystemClock, ...silent, lastRoundAtMs: null }))).toEqual([]);
});

it('a system clock that was set is wrong since then, and not since the start', () => {
  const systemClockMs = TRUTH_MS + HOUR_MS;
  const what = 'the system clock was set forwards by 1 h';
  const { nowMs } = report({});
  const incidents = [{ kind: 'step', atMs: nowMs - 1234, what } as const];
  const [told] = degradationsOf(facts({ uptimeMs: 1e9 }, { systemClockMs, incidents }));
  expect(told).toMatchObject({ what: expect.stringMatching(/system clock is 1 h ahead/), sinceMs: 1234 });
});

it('certificates that have really expired are told apart from a wrong clock, by name', () => {
  const witness = (who: string, toMs: number) => ({
    ...{ who, notBeforeMs: TRUTH_MS - 9 * 86_400_000, notAfterMs: toMs, heardAtMs: 999_000 },
    isValidAt: (epochMs: number) => epochMs < toMs,
  });
  const witnesses = [witness('one.example', TRUTH_MS - 1), witness('two.example', TRUTH_MS + 1)];
  const told = degradationsOf(facts({ haveUpstreamsExpired: true }, { witnesses }));
  expect(told).toMatchObject([{ what: expect.stringContaining('it is not the clock') }]);
  expect(told[0]!.evidence).toMatch(/^one\.example: \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/);
});

describe('names of the world cannot be resolved', () => {
  it.each<[string, Partial<Facts>, Partial<TimeReport>, string[]]>([
    ['not at all so, while one upstream works', { upstreams: [away, upstream] }, {}, []],
    ['without an upstream', { upstreams: [] }, inState('untrusted'), ['no upstream is configured']],
    ['without the time', {}, inState('untrusted'), ['the clock is untrusted: for a reason']],
    ['while every upstream is away', { upstreams: [away] }, {}, ['nobody is there']],
    [
      'while an upstream does not say why',
      { upstreams: [{ ...away, problem: null }] },
      {},
      ['tls://two.example cannot be used'],
    ],
  ])('%s', (_, more, time, reasons) => {
    expect(notReadyReasons(facts(more, time))).toEqual(reasons);
  });
});

it('tells a list that was never read from one that could not be read again', () => {
  const list = {
    ...{ name: 'ads', allows: false, source: 'ads.txt', unread: 0 },
    ...{ updatedAtMs: null, problemForMs: null },
  };
  const problem = 'there is no such file';
  const told = (entries: number, unread = 0) =>
    degradationsOf(facts({ lists: [{ ...list, entries, unread, problem }] }));
  expect(told(0)).toMatchObject([{ what: 'the list "ads" is not in use', evidence: `ads.txt: ${problem}` }]);
  expect(told(7)).toMatchObject([{ what: 'the list "ads" is an old one' }]);
  expect(told(0, 1)).toMatchObject([{ evidence: `ads.txt: ${problem}; 1 line not understood` }]);
  expect(told(7, 1)).toMatchObject([{ evidence: `ads.txt: ${problem}` }]);
  expect(degradationsOf(facts({ lists: [{ ...list, entries: 7, problem: null }] }))).toEqual([]);
});

it.each<[string, Facts['upstreams'], RegExp]>([
  ['the only one', [away], /add a second upstream/],
  ['one of two', [upstream, away], /the others answer meanwhile/],
  ['all of two', [away, { ...away, url: 'tls://three.example' }], /network of this host/],
])('what to do about an upstream that is away depends on the others: %s', (_, upstreams, doThis) => {
  for (const told of degradationsOf(facts({ upstreams }))) expect(told.doThis).toMatch(doThis);
});

describe('that no upstream works', () => {
  const gone = {
    ...away,
    url: 'tls://three.example',
    problem: 'nobody is there either',
    failingForMs: 90_000,
  };

  it('is told first where there are several, by a name of its own, since the last of them failed', () => {
    const time = inState('provisional', 'stamp');
    const [outage, ...others] = degradationsOf(facts({ upstreams: [away, gone], uptimeMs: 1e9 }, time));
    expect(outage).toMatchObject({
      ...{ id: 'upstreams', what: 'names of the world are not answered: no upstream works', sinceMs: 3000 },
      ...{
        evidence: 'nobody is there; nobody is there either',
        doThis: expect.stringMatching(/^look at the network/),
      },
    });
    expect(others.map(({ id }) => id)).toEqual([
      'clock provisional',
      'upstream tls://two.example',
      'upstream tls://three.example',
    ]);
  });

  it.each<[string, Partial<Facts>, Partial<TimeReport>]>([
    ['one works', { upstreams: [upstream, away] }, {}],
    ['there is but one', { upstreams: [away] }, {}],
    ['there is none', { upstreams: [] }, {}],
    ['the time is not known', { upstreams: [away, gone] }, inState('untrusted')],
  ])('is not told where %s', (_, more, time) => {
    expect(degradationsOf(facts(more, time)).map(({ id }) => id)).not.toContain('upstreams');
  });
});

it('what to do begins with something to do', () => {
  const list = { name: 'ads', allows: false, source: 'x', unread: 0, entries: 0, updatedAtMs: null };
  const file = { file: '/etc/hosts.lan', format: 'hosts', names: 0, unread: 0 } as const;
  const all = degradationsOf(
    facts({
      upstreams: [away, { ...away, url: 'tls://three.example' }],
      forwards: [{ zones: ['lan'], servers: [away] }],
      lists: [{ ...list, problem: 'gone', problemForMs: 1 }],
      nameFiles: [{ ...file, problem: 'gone', problemForMs: 1 }],
      waiting: [
        {
          listen: 'dot',
          address: '192.0.2.1:853',
          reason: 'no interface has this address yet',
          waitingForMs: 5,
        },
      ],
    }),
  );
  expect(all).toHaveLength(7);
  for (const { doThis } of all) expect(doThis).not.toMatch(/^(it|they) (is|are) /);
});

describe('what it is about', () => {
  const idsOf = (more: Partial<Facts>, time: Partial<TimeReport> = {}) =>
    degradationsOf(facts(more, time)).map(({ id }) => id);
  const list = { name: 'ads', allows: false, source: 'x', unread: 0, entries: 0, updatedAtMs: null };
  const wait = { listen: 'udp', address: '127.0.0.1:53', waitingForMs: 1 };

  it.each<[string, readonly [Partial<Facts>, Partial<TimeReport>?][]]>([
    ['clock untrusted', [[{}, inState('untrusted')]]],
    ['clock holdover', [[{}, inState('holdover')]]],
    [
      'clock provisional',
      [
        [{}, inState('provisional', 'stamp')],
        [{}, inState('provisional', 'one-source')],
      ],
    ],
    [
      'clock system',
      [
        [{}, { systemClockMs: TRUTH_MS - 5000 }],
        [{}, { systemClockMs: TRUTH_MS + 7000 }],
      ],
    ],
    [
      'upstream tls://two.example',
      [
        [{ upstreams: [away] }],
        [{ upstreams: [{ ...away, problem: 'refused', failingForMs: 9 }, upstream] }],
      ],
    ],
    [
      'list ads',
      [
        [{ lists: [{ ...list, problem: 'gone', problemForMs: 1 }] }],
        [{ lists: [{ ...list, entries: 5, problem: 'HTTP 404', problemForMs: 70 }] }],
      ],
    ],
    [
      'address 127.0.0.1:53 udp',
      [[{ waiting: [{ ...wait, reason: 'in use' }] }], [{ waiting: [{ ...wait, reason: 'not there' }] }]],
    ],
    ['stamp', [[{}, { stamp: { epochMs: null, problem: 'EROFS', problemAtMs: 9 } }]]],
  ])('%s stays, whatever the words', (id, stories) => {
    for (const [more, time] of stories) expect(idsOf(more, time)).toEqual([id]);
  });

  it('two upstreams with one URL are told apart', () => {
    expect(idsOf({ upstreams: [away, away, upstream] })).toEqual([
      'upstream tls://two.example',
      'upstream tls://two.example #2',
    ]);
  });
});
