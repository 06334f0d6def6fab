// Exemplary Status values, one a story, for the page and for the texts of `status`, `time` and `explain`.

import { LATENCY_BOUNDS_MS } from '../../src/observe/latency-histogram.ts';
import type {
  CertificateReport,
  ClockReport,
  IssuanceStatus,
  SourceReport,
  Status,
} from '../../src/status/status.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365.2425 * 24 * HOUR_MS;

const gps: SourceReport = {
  url: 'ntp://192.168.1.13',
  peer: '192.168.1.13:123',
  operator: '192.168.1.13',
  authenticated: true,
  preferred: true,
  trusted: false,
  offsetMs: 0.041,
  boundMs: 0.92,
  delayMs: 0.31,
  kept: true,
  reason: 'agrees',
  lastAt: '2026-11-03T08:06:20.117Z',
  lastAgoMs: 385_000,
};

const quad9: SourceReport = {
  url: 'https://dns.quad9.net/dns-query',
  peer: 'dns.quad9.net at 9.9.9.9',
  operator: 'dns.quad9.net',
  authenticated: true,
  preferred: false,
  trusted: false,
  offsetMs: 212,
  boundMs: 514,
  delayMs: 27.4,
  kept: true,
  reason: 'agrees',
  lastAt: '2026-11-03T08:06:20.131Z',
  lastAgoMs: 385_000,
};

const pool: SourceReport = {
  url: 'ntp://ntp.example.net',
  peer: '203.0.113.5:123',
  operator: '203.0.113.5',
  authenticated: false,
  preferred: false,
  trusted: false,
  offsetMs: -1.84,
  boundMs: 14.2,
  delayMs: 18.1,
  kept: true,
  reason: 'agrees',
  lastAt: '2026-11-03T08:06:20.124Z',
  lastAgoMs: 385_000,
};

const clock: ClockReport = {
  state: 'synchronized',
  basis: null,
  reason: '3 sources of 3 agree, 2 of them authenticated',
  since: '2026-10-31T17:40:02.310Z',
  sinceMs: 225_163_000,
  now: '2026-11-03T08:12:45.402Z',
  uncertaintyMs: 1.04,
  systemClock: '2026-11-03T08:12:45.401Z',
  systemClockOffsetMs: -0.62,
  floor: '2026-11-03T07:40:02.000Z',
  floorReason: 'the stamp of the last agreement',
  ceiling: '2046-10-01T00:00:00.000Z',
  interval: { fromMs: -0.88, toMs: 0.96 },
  lastRound: '3 of 3 sources answered and agree',
  lastRoundAgoMs: 385_000,
  nextRoundInMs: 639_000,
  sources: [gps, quad9, pool],
  witnesses: [
    {
      who: 'dns.quad9.net',
      notBefore: '2026-09-14T00:00:00.000Z',
      notAfter: '2026-12-21T23:59:59.000Z',
      agrees: true,
      lastAgoMs: 12_000,
    },
    {
      who: 'one.one.one.one',
      notBefore: '2026-08-02T00:00:00.000Z',
      notAfter: '2027-01-02T23:59:59.000Z',
      agrees: true,
      lastAgoMs: 95_000,
    },
  ],
  stamp: { at: '2026-11-03T07:40:02.000Z', problem: null, problemForMs: null },
  incidents: [],
};

const localCa: CertificateReport = {
  names: ['dns.home.example', '192.168.1.2'],
  notBefore: '2026-10-20T09:00:00.000Z',
  notAfter: '2026-12-04T09:00:00.000Z',
  issuer: 'CN=Noonmark local CA',
  source: 'local-ca',
  renewal: 'by itself, 30 days before its end',
  problem: null,
  filesProblem: null,
};

/** Of so many queries, seven in ten from the cache, and the last minute of them. */
function answersOf(queries: number): Status['answers'] {
  const tenth = Math.floor(queries / 10);
  const rest = queries - 9 * tenth;
  const others = LATENCY_BOUNDS_MS.map(() => 0);
  return {
    answeredBy: {
      guard: 0,
      local: tenth,
      filter: tenth,
      cache: 5 * tenth,
      stale: 0,
      upstream: rest,
      failure: tenth,
    },
    byRcode: { NOERROR: 7 * tenth + rest, SERVFAIL: tenth, NXDOMAIN: tenth, other: 0 },
    blocked: tenth,
    dropped: 0,
    latencies: {
      boundsMs: LATENCY_BOUNDS_MS,
      counts: [9 * tenth, ...others.slice(1), rest],
      sumMs: queries / 10,
    },
    live: {
      ...{ perSecond: 3.9, hitShare: 5 / 7, p50Ms: 0.05, p90Ms: 21.5, p99Ms: 118 },
      lastMinute: Array.from({ length: 60 }, (_, second) => second % 9),
    },
  };
}

/** Everything works. */
export const synchronized: Status = {
  version: '0.3.0',
  uptimeMs: 225_164_000,
  listening: {
    udp: ['192.168.1.2:53', '[fd00::2]:53'],
    tcp: ['192.168.1.2:53', '[fd00::2]:53'],
    dot: ['192.168.1.2:853'],
    doh: ['192.168.1.2:443'],
  },
  waiting: [],
  clock,
  certificate: localCa,
  certificates: [localCa],
  issuances: [],
  designated: [
    {
      asked: '192.168.1.2',
      name: 'dns.home.example',
      doors: [
        { transport: 'dot', port: 853 },
        { transport: 'doh', port: 443 },
      ],
      silence: null,
      verifiable: true,
      opportunistic: true,
    },
  ],
  upstreams: [
    {
      url: 'https://dns.quad9.net/dns-query',
      isUsable: true,
      rttMs: 14.2,
      answered: 48_120,
      failed: 3,
      problem: null,
      failingForMs: null,
    },
    {
      url: 'tls://one.one.one.one',
      isUsable: true,
      rttMs: 9.7,
      answered: 61_904,
      failed: 0,
      problem: null,
      failingForMs: null,
    },
  ],
  forwards: [],
  cache: {
    ...{ entries: 18_204, octets: 6_912_004, maxOctets: 67_108_864 },
    ...{ hits: 71_000, misses: 29_000, stale: 12, prefetched: 3_400 },
  },
  lists: [],
  nameFiles: [],
  queries: { udp: 812_004, tcp: 912, dot: 41_230, doh: 20_117 },
  answers: answersOf(874_263),
  process: {
    startedAt: '2026-10-31T17:40:00.238Z',
    cpuMs: 61_204,
    residentOctets: 104_857_600,
    openFiles: 61,
  },
  limitsReached: { 'limits.udp_queries_per_client': 7 },
  notReady: [],
  degraded: [],
};

const silent = (source: SourceReport): SourceReport => ({
  ...source,
  offsetMs: null,
  boundMs: null,
  delayMs: null,
  kept: false,
  reason: 'no answer within 1.5 s',
  lastAt: null,
  lastAgoMs: null,
});

/** Power came back, the system clock says 1970, no source answers yet, and the stamp is four hours old. */
export const provisionalByStamp: Status = {
  ...synchronized,
  uptimeMs: 41_000,
  clock: {
    ...clock,
    state: 'provisional',
    basis: 'stamp',
    reason: 'the system clock is before this release was made; the stamp of 4 h ago is not contradicted',
    since: '2026-11-03T07:40:02.000Z',
    sinceMs: 40_000,
    now: '2026-11-03T07:40:42.000Z',
    uncertaintyMs: null,
    systemClock: '1970-01-01T00:00:58.000Z',
    systemClockOffsetMs: -1_793_691_584_000,
    interval: null,
    lastRound: 'no source of 3 answered',
    lastRoundAgoMs: 9000,
    nextRoundInMs: 6000,
    sources: [gps, quad9, pool].map(silent),
    witnesses: [{ ...clock.witnesses[0]!, lastAgoMs: 8000 }],
  },
  queries: { udp: 204, tcp: 0, dot: 12, doh: 3 },
  degraded: [
    {
      id: 'clock provisional',
      what: 'the time is provisional: no time source answers',
      since: '2026-11-03T07:40:02.000Z',
      sinceMs: 40_000,
      evidence: 'no source of 3 answered in the last round; the system clock says 1970-01-01',
      doThis:
        'Nothing at once: names are answered. See why 192.168.1.13 and 203.0.113.5 do not answer on UDP port 123.',
    },
  ],
};

/** The worst: 1970, no stamp, no source. */
export const untrusted: Status = {
  ...provisionalByStamp,
  clock: {
    ...provisionalByStamp.clock,
    state: 'untrusted',
    basis: null,
    reason:
      'the system clock says 1970-01-01, before this release was made, and nothing else says what time it is',
    since: null,
    now: null,
    systemClockOffsetMs: null,
    floor: '2026-10-01T00:00:00.000Z',
    floorReason: 'the date of this release',
    witnesses: [{ ...clock.witnesses[0]!, agrees: null, lastAgoMs: 8000 }],
    stamp: { at: null, problem: 'there is no stamp in the state directory', problemForMs: 40_000 },
  },
  designated: [
    {
      ...synchronized.designated[0]!,
      ...{ name: null, doors: [], verifiable: false },
      silence: 'the time is not known, and devices may refuse our certificate',
    },
  ],
  upstreams: synchronized.upstreams.map((upstream) => ({
    ...upstream,
    isUsable: false,
    rttMs: null,
    answered: 0,
    problem: 'the time is not known, so its certificate cannot be judged',
  })),
  notReady: ['the time is not known'],
  degraded: [
    {
      id: 'clock untrusted',
      what: 'names of the world are not answered: the time is not known',
      since: null,
      sinceMs: 40_000,
      evidence: 'the system clock says 1970-01-01; no source of 3 answered; there is no stamp',
      doThis:
        'Set the clock (date -s), or bring one time source back: 192.168.1.13, dns.quad9.net or 203.0.113.5. Nothing needs a restart.',
    },
  ],
};

/** Fine, but for a source that tells a time of next year and an upstream that is gone. */
export const oneLiar: Status = {
  ...synchronized,
  clock: {
    ...clock,
    systemClock: '2026-11-03T05:12:40.401Z',
    systemClockOffsetMs: -3 * HOUR_MS - 5000,
    reason: '3 sources of 4 agree, 2 of them authenticated',
    sources: [
      ...clock.sources,
      {
        ...pool,
        url: 'ntp://198.51.100.7',
        peer: '198.51.100.7:123',
        operator: '198.51.100.7',
        offsetMs: YEAR_MS,
        kept: false,
        reason: 'says a time that 3 others contradict',
      },
    ],
    incidents: [{ agoMs: 2 * HOUR_MS, what: 'the system clock was moved by 3 h; our own time was not' }],
  },
  upstreams: [
    synchronized.upstreams[0]!,
    {
      ...synchronized.upstreams[1]!,
      isUsable: false,
      failed: 12,
      problem: 'no connection: refused at 1.1.1.1',
      failingForMs: 645_000,
    },
  ],
  degraded: [
    {
      id: 'clock system',
      what: 'the system clock is 3 h behind',
      since: '2026-11-03T06:12:45.000Z',
      sinceMs: 2 * HOUR_MS,
      evidence: '3 sources agree on another time; our own time does not follow the system clock',
      doThis:
        'Repair the time daemon of this host (chronyc sources, timedatectl); other programs believe its clock.',
    },
    {
      id: 'upstream tls://one.one.one.one',
      what: 'upstream tls://one.one.one.one does not answer',
      since: '2026-11-03T08:02:00.000Z',
      sinceMs: 645_000,
      evidence: 'no connection: refused at 1.1.1.1',
      doThis: 'Nothing at once: the other upstream answers. See whether TCP port 853 to 1.1.1.1 is open.',
    },
  ],
};

/** The sources agreed yesterday and are silent since. */
export const holdover: Status = {
  ...synchronized,
  clock: {
    ...clock,
    state: 'holdover',
    reason: 'three rounds without enough sources; the time runs on from the last agreement',
    uncertaintyMs: 14_400,
    interval: null,
    lastRound: 'no source of 3 answered',
    sources: [gps, quad9, pool].map((source) => ({
      ...source,
      kept: false,
      reason: 'no answer within 1.5 s',
      lastAgoMs: 13 * HOUR_MS,
    })),
  },
};

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

const house: IssuanceStatus = {
  names: ['dns.home.example', 'home.example'],
  directory: LETS_ENCRYPT,
  challenge: 'dns-01',
  phase: 'idle',
  waitsFor: null,
  isServed: true,
  wantedForMs: 225_160_000,
  renewAt: '2026-12-19T08:12:00.000Z',
  reason:
    'the CA wants it renewed in its window from 2026-12-18T06:00:00Z to 2026-12-20T06:00:00Z, of which 2026-12-19T08:12:00Z was drawn',
  window: { start: '2026-12-18T06:00:00.000Z', end: '2026-12-20T06:00:00.000Z', explanation: null },
  lastFailure: null,
  lastSuccess: null,
  isStored: true,
  nextLookMs: 2_215_000,
};

const issuedForHouse: CertificateReport = {
  ...localCa,
  names: ['dns.home.example', 'home.example'],
  notBefore: '2026-10-20T09:00:00.000Z',
  notAfter: '2027-01-18T08:59:59.000Z',
  issuer: "C=US, O=Let's Encrypt, CN=E7",
  source: 'acme',
  renewal: `by itself from acme-v02.api.letsencrypt.org on 2026-12-19: ${house.reason}`,
};

const ownFiles: CertificateReport = {
  ...localCa,
  names: ['dns.lab.example'],
  notBefore: '2026-06-01T00:00:00.000Z',
  notAfter: '2027-06-01T00:00:00.000Z',
  issuer: 'CN=Lab CA',
  source: 'files',
  renewal: 'by you: the files are read again when they change',
};

/** Let's Encrypt has issued the first certificate; the second is from files. */
export const issued: Status = {
  ...synchronized,
  certificate: issuedForHouse,
  certificates: [issuedForHouse, ownFiles],
  issuances: [house],
};

const NOT_PROVEN =
  'dns.home.example was not proven: the CA says: 203.0.113.7: Timeout during connect (likely firewall problem) (connection); what to check: that each A and AAAA record of the name leads to this house (an AAAA record is tried first), that the router forwards port 80 to this server, and that no firewall or provider blocks it';

const notThere: IssuanceStatus = {
  ...house,
  names: ['dns.home.example'],
  challenge: 'http-01',
  phase: 'waiting',
  waitsFor: NOT_PROVEN,
  isServed: false,
  wantedForMs: 412_000,
  renewAt: '2026-11-03T08:06:00.000Z',
  reason: 'there is none yet',
  window: null,
  lastFailure: { at: '2026-11-03T08:11:02.000Z', reason: NOT_PROVEN },
  nextLookMs: 197_000,
};

/** The CA could not prove the name: the local CA's certificate is still served. */
export const notIssued: Status = {
  ...synchronized,
  issuances: [notThere],
  degraded: [
    {
      id: 'renewal dns.home.example',
      what: 'no certificate of acme-v02.api.letsencrypt.org yet: devices that do not have ca.pem refuse DoT and DoH',
      since: '2026-11-03T08:05:53.402Z',
      sinceMs: 412_000,
      evidence:
        'dns.home.example was not proven: the CA says: 203.0.113.7: Timeout during connect (likely firewall problem) (connection)',
      doThis:
        'check that each A and AAAA record of the name leads to this house (an AAAA record is tried first), that the router forwards port 80 to this server, and that no firewall or provider blocks it; then `noonmark certificate renew --now`, or wait: it is tried again by itself (next look at 2026-11-03 08:16:02 UTC); docs/certificates.md says more',
    },
  ],
};

const lateNames = { ...house, names: ['dns.home.example'] };
const renewedTooLate: CertificateReport = {
  ...issuedForHouse,
  names: ['dns.home.example'],
  notBefore: '2026-08-10T09:00:00.000Z',
  notAfter: '2026-11-08T08:59:59.000Z',
};

/** A certificate of a CA runs out: nothing new is issued, for the zone cannot be written; a second is being ordered. */
export const notRenewed: Status = {
  ...issued,
  certificate: renewedTooLate,
  certificates: [renewedTooLate, ownFiles],
  issuances: [
    {
      ...lateNames,
      phase: 'waiting',
      waitsFor: 'the last 9 attempts failed; the next is at 2026-11-03T14:02:11Z',
      renewAt: '2026-10-09T11:20:00.000Z',
      reason:
        'it ends on 2026-11-08T08:59:59Z, and about two thirds of its life are over on 2026-10-09T11:20:00Z',
      window: null,
      lastFailure: {
        at: '2026-11-03T02:02:11.000Z',
        reason: 'the server 192.168.1.1 refuses the update (NOTAUTH)',
      },
      lastSuccess: null,
      isStored: true,
    },
    {
      ...notThere,
      names: ['*.lab.example'],
      challenge: 'dns-01',
      phase: 'ordering',
      waitsFor: null,
      lastFailure: null,
    },
  ],
  degraded: [
    {
      id: 'renewal dns.home.example',
      what: 'the certificate is not renewed: 5 d 1 h of its life left',
      since: '2026-10-09T11:20:00.000Z',
      sinceMs: 2_148_765_402,
      evidence:
        'the server 192.168.1.1 refuses the update (NOTAUTH); the last 9 attempts failed; the next is at 2026-11-03T14:02:11Z',
      doThis:
        'it is tried again by itself (next look at 2026-11-03 08:49:40 UTC); `noonmark certificate renew --now` does it at once, and docs/certificates.md says what can be wrong',
    },
  ],
};
