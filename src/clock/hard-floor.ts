// The instants that no clock, file or peer can talk us out of.
// The hard floor is a constant of the release: nothing below it is ever believed. It is never a file's date
// and never the clock at install, because both come from the clock that is under suspicion.

const DAY_MS = 86_400_000;

/** The date of this release, moved forward at each one (milliseconds since 1970). */
export const HARD_FLOOR_MS = Date.UTC(2026, 10, 22);

/** A system clock may be this much below the floor: a fake hardware clock restores the hour before the power cut. */
export const FLOOR_SLACK_MS = DAY_MS;

/** Nothing above floor + 20 years is believed either. */
export const CEILING_MS = HARD_FLOOR_MS + 20 * 365.25 * DAY_MS;
