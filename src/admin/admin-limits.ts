// How many connections the admin listener and the control socket take, and how patient they are with them.
// A file of its own, because those who count descriptors (src/app/descriptors.ts) need no server for that.

export interface AdminLimits {
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** A connection without a request is closed after this; also the patience with a slow request. */
  readonly connectionIdleMs: number;
}

/** A page, a few probes and a scraper; a browser opens six at a time (limits of our own). */
export const ADMIN_LIMITS: AdminLimits = {
  connections: 64,
  connectionsPerClient: 16,
  connectionIdleMs: 15_000,
};
