// The state of the whole server as plain values: what /api/status answers, and what the dashboard, `noonmark status`,
// `explain` and `time` are made of. Vocabulary only; gather.ts makes it.
// Times are RFC 3339 texts or null, durations numbers of milliseconds (docs/api.md).

import type { ClockBasis, ClockState } from '../clock/clock.ts';
import type { ListReport } from '../lists/list.ts';
import type { ProcessFigures } from '../observe/process-figures.ts';
import type { AnswerTotals, LiveFigures } from '../observe/query-figures.ts';
import type { CacheCounts } from '../resolver/cache.ts';
import type { ForwardState } from '../resolver/forward-zones.ts';
import type { NameFileReport } from '../resolver/local/name-file.ts';
import type { UpstreamState } from '../upstream/pool.ts';

export interface Status {
  readonly version: string;
  readonly uptimeMs: number;
  /** Where queries are taken, by transport: "127.0.0.1:53". */
  readonly listening: Readonly<Record<string, readonly string[]>>;
  /** Addresses that wait for something. */
  readonly waiting: readonly WaitingReport[];
  readonly clock: ClockReport;
  /** What is shown to who asks for no other by its name. */
  readonly certificate: CertificateReport | null;
  /** What is served, that one first; the others for who asks for a name of theirs (SNI). */
  readonly certificates: readonly CertificateReport[];
  /** How certificates of CAs stand, one row each that is wanted. */
  readonly issuances: readonly IssuanceStatus[];
  /** What devices are told that look for encrypted DNS by themselves (RFC 9462), one row an address that they ask. */
  readonly designated: readonly DesignatedReport[];
  readonly upstreams: readonly UpstreamState[];
  /** Zones that resolvers on the LAN answer; those with the same servers in one row. */
  readonly forwards: readonly ForwardState[];
  readonly cache: CacheReport;
  /** Block and allow lists. */
  readonly lists: readonly ListStatus[];
  /** Hosts files and lease files. */
  readonly nameFiles: readonly NameFileReport[];
  /** Queries taken, by transport. */
  readonly queries: Readonly<Record<string, number>>;
  /** What became of them. */
  readonly answers: AnswersReport;
  /** What this process takes of its machine. */
  readonly process: ProcessReport;
  /** How often each limit was reached, by its key in the configuration, or its name where nobody can move it; those never reached are left out. */
  readonly limitsReached: Readonly<Record<string, number>>;
  /** Can names of the world be resolved? The reasons why not; empty: they can. */
  readonly notReady: readonly string[];
  readonly degraded: readonly Degraded[];
}

export interface WaitingReport {
  /** The transport, or "admin". */
  readonly listen: string;
  readonly address: string;
  readonly reason: string;
  readonly waitingForMs: number;
}

export interface ClockReport {
  readonly state: ClockState;
  readonly basis: ClockBasis;
  /** One sentence. */
  readonly reason: string;
  /** When the state was entered, by what our clock says now; null while untrusted. */
  readonly since: string | null;
  readonly sinceMs: number;
  /** Null while untrusted. */
  readonly now: string | null;
  /** Null where nothing is known. */
  readonly uncertaintyMs: number | null;
  /** What the system clock says. */
  readonly systemClock: string | null;
  /** The system clock less our own time: negative when it is behind; null while untrusted. */
  readonly systemClockOffsetMs: number | null;
  readonly floor: string;
  /** What put the floor where it is, in words. */
  readonly floorReason: string;
  readonly ceiling: string;
  /** What was last agreed on, as offsets from our own time; null before that. */
  readonly interval: { readonly fromMs: number; readonly toMs: number } | null;
  /** Verdict of the last round in words. */
  readonly lastRound: string | null;
  readonly lastRoundAgoMs: number | null;
  readonly nextRoundInMs: number | null;
  readonly sources: readonly SourceReport[];
  readonly witnesses: readonly WitnessReport[];
  readonly stamp: StampReport;
  /** Latest first. */
  readonly incidents: readonly { readonly agoMs: number; readonly what: string }[];
}

export interface SourceReport {
  readonly url: string;
  /** Whom it asked: "192.0.2.1:123". */
  readonly peer: string;
  /** Whose vote this is. */
  readonly operator: string;
  readonly authenticated: boolean;
  readonly preferred: boolean;
  readonly trusted: boolean;
  /** What it said less our own time (or less the system clock, while ours is untrusted); null when it never answered. */
  readonly offsetMs: number | null;
  readonly boundMs: number | null;
  readonly delayMs: number | null;
  /** In the last round. */
  readonly kept: boolean;
  /** Why it was kept or not, in words. */
  readonly reason: string;
  /** When it last answered. */
  readonly lastAt: string | null;
  readonly lastAgoMs: number | null;
}

export interface WitnessReport {
  /** The upstream or host whose certificate was seen. */
  readonly who: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whether it holds at our own time; null while that is unknown. */
  readonly agrees: boolean | null;
  readonly lastAgoMs: number;
}

export interface StampReport {
  /** What was last written down; null: nothing usable. */
  readonly at: string | null;
  /** Why there is none, or why it cannot be written; null when all is well. */
  readonly problem: string | null;
  /** How long that has been so. */
  readonly problemForMs: number | null;
}

export interface CertificateReport {
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly issuer: string;
  readonly source: string;
  /** In words: when and how it is renewed. */
  readonly renewal: string;
  /** What is wrong with its dates by our own time; null when nothing is. */
  readonly problem: string | null;
  /** Why the files that the owner named are not what is served; null: they are, or none are named. */
  readonly filesProblem: string | null;
}

/** A certificate that is ordered from a CA, and renewed by itself. */
export interface IssuanceStatus {
  readonly names: readonly string[];
  /** URL of the CA's directory. */
  readonly directory: string;
  readonly challenge: string;
  /** `waiting`: a new one is due, and something keeps it from being ordered. */
  readonly phase: 'idle' | 'ordering' | 'waiting';
  /** What that is, the rest of a sentence; null: nothing. */
  readonly waitsFor: string | null;
  /** Whether what is served for these names was issued by a CA. */
  readonly isServed: boolean;
  /** How long it has been wanted, in this life. */
  readonly wantedForMs: number;
  /** When a new one is due; null before the first look. */
  readonly renewAt: string | null;
  /** Why then, the rest of a sentence about the certificate. */
  readonly reason: string | null;
  /** What the CA recommends (RFC 9773). */
  readonly window: {
    readonly start: string;
    readonly end: string;
    readonly explanation: string | null;
  } | null;
  /** Of this life; null: there was none since the last success. */
  readonly lastFailure: { readonly at: string; readonly reason: string } | null;
  /** Of this life. */
  readonly lastSuccess: string | null;
  /** False: what is served could not be stored yet; `waitsFor` says why. */
  readonly isStored: boolean;
  /** Until it is looked again. */
  readonly nextLookMs: number | null;
}

/** What is kept now, and since start what of the world was answered from it. */
export interface CacheReport extends Readonly<CacheCounts> {
  readonly entries: number;
  readonly octets: number;
  readonly maxOctets: number;
}

/** Since the start, and at this moment. */
export interface AnswersReport extends AnswerTotals {
  readonly live: LiveFigures;
}

export interface ProcessReport extends Omit<ProcessFigures, 'startedAtEpochMs'> {
  /** Null while no date can be believed. */
  readonly startedAt: string | null;
}

export interface ListStatus extends Omit<ListReport, 'updatedAtMs'> {
  /** When it was last read, or found unchanged; null where that is not known. */
  readonly updatedAt: string | null;
}

export interface DesignatedReport {
  /** The address of ours that is asked in plain DNS. */
  readonly asked: string;
  /** Whom they are told to use instead; null: nobody, and `silence` says why. */
  readonly name: string | null;
  readonly doors: readonly { readonly transport: 'dot' | 'doh'; readonly port: number }[];
  readonly silence: string | null;
  /** The certificate names `asked`: who trusts its issuer can verify it (section 4.2). */
  readonly verifiable: boolean;
  /** `asked` is private: a device may use it unverified (section 4.3). */
  readonly opportunistic: boolean;
}

/** Something that does not work as it should, for a tired person. */
export interface Degraded {
  /** What it is about, the same for as long as it lasts, whatever the words: "upstream tls://dns.example"; no two have the same. */
  readonly id: string;
  readonly what: string;
  /** RFC 3339, or null where no date can be believed. */
  readonly since: string | null;
  readonly sinceMs: number;
  readonly evidence: string;
  readonly doThis: string;
}
