// What an incident is: something that was not as it should be, from its beginning to its end, or one moment worth keeping.
// Vocabulary of the history, of /api/incidents (docs/api.md) and of whoever is told about incidents as they come.
// Dates are our own clock's; what happened while nobody knew the date is dated later, or never.

/** Something that lasts; the first word of the id of a trouble (Degraded in src/status/status.ts). */
export type TroubleKind =
  | 'clock'
  | 'upstreams'
  | 'upstream'
  | 'forward'
  | 'renewal'
  | 'certificate'
  | 'list'
  | 'names'
  | 'address'
  | 'configuration'
  | 'stamp'
  | 'notify'
  | 'admin'
  | 'other';

/** One moment. `start`, `stop`: this server; `time`: the time became known; `step`: a clock was set; `sleep`: the machine slept. */
export type MomentKind = 'start' | 'stop' | 'time' | 'step' | 'sleep' | 'withdrawn' | 'renewed';

export type IncidentKind = TroubleKind | MomentKind;

export interface Incident {
  /** Rising in the order in which they came to be known, over restarts too. */
  readonly id: number;
  readonly kind: IncidentKind;
  /** Which one of its kind: "untrusted", "tls://dns.example", "ads"; empty where there is but one. */
  readonly subject: string;
  /** Words without a capital letter and without a full stop, as in Degraded. */
  readonly what: string;
  readonly evidence: string;
  /** Empty where nobody needs to do anything. */
  readonly doThis: string;
  /** RFC 3339 by our own clock; null: the date was not known, or is not known yet. */
  readonly startedAt: string | null;
  /**
   * False: nobody knows `startedAt`, or it was worked out from the stamp or from a clock that no sources had confirmed, and
   * may be off by weeks. It is put right when they agree during that run of the server.
   */
  readonly isStartSure: boolean;
  /** Null as well while it lasts. */
  readonly endedAt: string | null;
  /** As `isStartSure`; false as well while it lasts. */
  readonly isEndSure: boolean;
  /** So far, while it lasts; 0 for a moment; null: it went on over a restart, and not both dates are sure. */
  readonly lastedMs: number | null;
  /** How often it came back after it had seemed to be over. */
  readonly returns: number;
  /** A moment is over at once. */
  readonly isOver: boolean;
  /** The run of the server in which it began, counted from 1. */
  readonly life: number;
}

/** `opened`: a trouble has stood for a moment; `ended`: it has been gone for a while; `instant`: one moment. */
export interface IncidentEvent {
  readonly type: 'opened' | 'ended' | 'instant';
  readonly incident: Incident;
}

export type IncidentListener = (event: IncidentEvent) => void;
