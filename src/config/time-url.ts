// The url of a time source: ntp://HOST:PORT (RFC 5905), or https://HOST:PORT/PATH for the Date of its answers (RFC 9110
// section 6.6.1). HOST is an address or a name. Lines of chrony.conf are recognised and told their form here.

import { type Host, hostForm, parseHost, parsePath, splitUrl } from './url-parts.ts';
import { quote, ValueError } from './value-error.ts';

const NTP_PORT = 123; // RFC 5905 section 7.2
const HTTPS_PORT = 443;

export interface TimeSourceUrl extends Host {
  readonly written: string;
  readonly protocol: 'ntp' | 'https';
  /** "/" for an https source without one, "" for ntp. */
  readonly path: string;
}

/** Kinds of authenticated time that have a place in the design and none in this release. */
const NOT_BUILT = new Map([
  ['nts', 'NTS'],
  ['roughtime', 'Roughtime'],
]);

/** @throws ValueError */
export function parseTimeSourceUrl(text: string): TimeSourceUrl {
  const parts = splitUrl(text);
  if (!parts) throw new ValueError(`${quote(text)} does not say how to ask; write ${timeSourceForm(text)}`);
  const { scheme, authority, tail } = parts;
  const ntpForm = hostForm('ntp', authority);
  if (scheme === 'http') {
    const advice = hostForm('https', authority) + tail;
    throw new ValueError(
      `${quote(text)} would believe whoever stands on the way to it; write ${advice}, or ${ntpForm}`,
    );
  }
  const kind = NOT_BUILT.get(scheme);
  if (kind !== undefined) {
    throw new ValueError(`${quote(text)}: ${kind} is not built in this release; write ${ntpForm}`);
  }
  if (scheme !== 'ntp' && scheme !== 'https') {
    throw new ValueError(`${quote(text)} has the unknown scheme ${scheme}://; write ${ntpForm}`);
  }
  if (scheme === 'https') {
    const path = parsePath(parts, '/');
    return { written: text, protocol: scheme, ...parseHost(parts, HTTPS_PORT), path };
  }
  if (tail !== '') {
    throw new ValueError(`${quote(text)} carries a path or a query, which NTP has not; write ${ntpForm}`);
  }
  return { written: text, protocol: scheme, ...parseHost(parts, NTP_PORT), path: '' };
}

/** The url that a bare host, or a line such as "server 192.168.1.13 iburst", was probably meant to be. */
export function timeSourceForm(text: string): string {
  if (splitUrl(text)) return text;
  return hostForm(
    'ntp',
    text
      .trim()
      .replace(/^(?:server|pool|peer)\s+/i, '')
      .replace(/\s.*/s, ''),
  );
}
