// What an NTP reply is worth: a sample, or a refusal in words (RFC 5905 sections 7.3, 7.4, 8 and 11). Pure.
// It takes for granted that the reply answers our own question. Whether its time is right is selection.ts.

import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { NtpReply } from './ntp-packet.ts';
import {
  MAX_BOUND_MS,
  MAX_DELAY_MS,
  MAX_ROOT_DISTANCE_MS,
  type Sample,
  TimeSourceFailure,
} from './source.ts';

export interface NtpExchange {
  readonly reply: NtpReply;
  /** Monotonic milliseconds, just before the question left and just after the reply came. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

/** 16 is "not synchronised" (RFC 5905 section 7.3); 15 could hand its time to nobody, so nobody should lean on it. */
const STRATUM_TOO_HIGH = 15;
const LEAP_UNSYNCHRONISED = 3;
const REFID_OCTETS = 4;
/**
 * Added to every bound. Our own part of the dispersion in RFC 5905 section 8 is at most 0.3 ms (DRIFT_PPM over
 * MAX_DELAY_MS); ntpd takes no distance below 1 ms either (MINDISPERSE in its ntp.h).
 */
const ALLOWANCE_MS = 1;

/** The kiss codes that are for us (RFC 5905 section 7.4), in words. */
const KISS_WORDS: Readonly<Record<string, string>> = {
  RATE: 'it asks to be asked less often',
  DENY: 'it does not serve this host',
  RSTR: 'it does not serve this host',
  INIT: 'it has only just started',
  STEP: 'its clock was just set',
};

/**
 * The sample in an exchange. `ownAddresses`: whoever takes their time from one of these takes it from us.
 * @throws TimeSourceFailure
 */
export function sampleOf(
  { reply, sentAtMs, receivedAtMs }: NtpExchange,
  ownAddresses: readonly string[],
): Sample {
  refuseUnfitServer(reply, ownAddresses);
  const { receiveMs, transmitMs, precisionMs, rootDelayMs, rootDispersionMs } = reply;
  if (receiveMs === null || transmitMs === null) throw refused('one of its timestamps is empty');
  if (transmitMs < receiveMs) throw refused('it says that its answer left before the question came');
  const measuredMs = receivedAtMs - sentAtMs - (transmitMs - receiveMs);
  if (measuredMs < -(precisionMs + ALLOWANCE_MS)) {
    throw refused('it says that it kept the question for longer than the answer took');
  }
  const delayMs = Math.max(0, measuredMs);
  if (delayMs > MAX_DELAY_MS) throw refused(tooMuch('its answer took', delayMs, MAX_DELAY_MS));
  const boundMs = delayMs / 2 + rootDelayMs / 2 + rootDispersionMs + precisionMs + ALLOWANCE_MS;
  if (boundMs > MAX_BOUND_MS) throw refused(tooMuch('its time may be wrong by', boundMs, MAX_BOUND_MS));
  return {
    utcMs: (receiveMs + transmitMs) / 2,
    atMs: (sentAtMs + receivedAtMs) / 2,
    boundMs,
    delayMs,
    isProvenAt: null,
  };
}

function refuseUnfitServer(reply: NtpReply, ownAddresses: readonly string[]): void {
  const { leap, stratum, refid, rootDelayMs, rootDispersionMs } = reply;
  const kiss = stratum === 0 ? kissCode(refid) : null;
  if (kiss !== null) {
    throw new TimeSourceFailure('kiss', `${KISS_WORDS[kiss] ?? 'it refuses'} (kiss code ${kiss})`, kiss);
  }
  // Stratum 0 without a kiss code is what chronyd says before it has a time.
  if (stratum === 0 || leap === LEAP_UNSYNCHRONISED) throw refused('it says that it is not synchronised');
  if (stratum >= STRATUM_TOO_HIGH) {
    throw refused(`its stratum is ${stratum}: too far from any reference clock`);
  }
  // Stratum 1 names its reference clock there.
  const own = stratum > 1 ? ownAddresses.find((address) => refidOf(address).equals(refid)) : undefined;
  if (own !== undefined) throw refused(`it takes its time from this very host (${own})`);
  const rootDistanceMs = rootDelayMs / 2 + rootDispersionMs;
  if (rootDistanceMs > MAX_ROOT_DISTANCE_MS) {
    throw refused(tooMuch('its own time may be wrong by', rootDistanceMs, MAX_ROOT_DISTANCE_MS));
  }
}

/** RFC 5905 section 7.4: up to four letters, filled with zeros; null for anything else. */
function kissCode(refid: Uint8Array): string | null {
  return /^([!-~]+)\0*$/.exec(Buffer.from(refid).toString('latin1'))?.[1] ?? null;
}

/** How a server names the address it takes its time from: itself, or the head of its MD5 (RFC 5905 section 7.3). */
function refidOf(address: string): Buffer {
  const octets = Buffer.from(ipaddr.parse(address).toByteArray());
  if (octets.length === REFID_OCTETS) return octets;
  return createHash('md5').update(octets).digest().subarray(0, REFID_OCTETS);
}

function tooMuch(what: string, ms: number, mostMs: number): string {
  return `${what} ${Math.round(ms)} ms, more than ${mostMs} ms`;
}

function refused(reason: string): TimeSourceFailure {
  return new TimeSourceFailure('refused', reason);
}
