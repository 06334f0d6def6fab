// The url of an upstream: tls://HOST:PORT, or https://HOST:PORT/PATH (RFC 8484), HOST being an address or a name.
// There is no form for plaintext, so that no slip of the pen can open one.

import { type Host, hostForm, parseHost, parsePath, splitUrl } from './url-parts.ts';
import { quote, ValueError } from './value-error.ts';

const DOT_PORT = 853; // RFC 7858 section 3.1
const HTTPS_PORT = 443;
/** RFC 8484 names no path; this is what its examples have, and nearly every server. */
const DOH_PATH = '/dns-query';

export interface UpstreamUrl extends Host {
  readonly written: string;
  readonly protocol: 'tls' | 'https';
  /** "" for tls. */
  readonly path: string;
}

/** Schemes that people know from other resolvers, all of them in the clear. */
const PLAINTEXT = new Set(['udp', 'tcp', 'dns', 'plain', 'http']);
/** Schemes whose URLs have a path, so that https:// is what was probably meant. */
const LIKE_HTTPS = new Set(['http', 'doh', 'h2', 'h3']);

/** @throws ValueError */
export function parseUpstreamUrl(text: string): UpstreamUrl {
  const parts = splitUrl(text);
  if (!parts) throw new ValueError(`${quote(text)} does not say how to ask; write ${hostForm('tls', text)}`);
  const { scheme, authority, tail } = parts;
  const tlsForm = hostForm('tls', authority);
  const advice = LIKE_HTTPS.has(scheme) ? hostForm('https', authority) + tail : tlsForm;
  if (PLAINTEXT.has(scheme)) {
    throw new ValueError(
      `${quote(text)} would ask in plaintext, which is never done for names of the world; write ${advice}`,
    );
  }
  if (scheme !== 'tls' && scheme !== 'https') {
    throw new ValueError(`${quote(text)} has the unknown scheme ${scheme}://; write ${advice}`);
  }
  if (scheme === 'https') {
    const path = parsePath(parts, DOH_PATH);
    return { written: text, protocol: scheme, ...parseHost(parts, HTTPS_PORT), path };
  }
  if (tail !== '') {
    throw new ValueError(
      `${quote(text)} carries a path or a query, which DNS over TLS has not; write ${tlsForm}`,
    );
  }
  return { written: text, protocol: scheme, ...parseHost(parts, DOT_PORT), path: '' };
}
