// The Date field of HTTP (RFC 9110 section 6.6.1) as our own clock has it. A server without a clock must not send one,
// and others may take the time from it: so it is sent only while ours is agreed on, and never the system clock's.

import type { Clock } from '../clock/clock.ts';

export function dateField(clock: Clock): { date?: string } {
  const { state } = clock.status;
  if (state !== 'synchronized' && state !== 'holdover') return {};
  return { date: new Date(clock.now().epochMs).toUTCString() };
}
