// What may be written under `acme`: the CA, how the names are proven, and who puts records into the zone for dns-01.
// A part of certificate-schema.ts, twice; rules between the keys are in acme-rules.ts and txt-provider-rules.ts.

import { z } from 'zod';
import { formatWithoutDot, NameSyntaxError, nameKey, ROOT } from '../dns/names.ts';
import { ENTRIES_MAX } from './limits.ts';
import { address, choice, duration, filePath, missing, onOrOff, text, wholeNumber } from './schema-forms.ts';
import { isAddressText, parseSocketAddress } from './socket-address.ts';
import { suggest } from './suggest.ts';
import { type Host, hostForm, parseHost, parseHostName, parsePath, splitUrl } from './url-parts.ts';
import { quote, ValueError } from './value-error.ts';

/** Most providers show a record within seconds, some within minutes. */
export const PROPAGATION = {
  default: 120_000,
  min: 0,
  max: 3_600_000,
  what: 'How long the records of dns-01 are looked for before the CA is told; 0s: they are not',
} as const;

const DNS_PORT = 53;
const DOT_PORT = 853; // RFC 7858 section 3.1
const HTTPS_PORT = 443;
export const HTTP_PORT = 80; // RFC 8555 section 8.3: the CA asks no other
export const CLOUDFLARE_API = 'https://api.cloudflare.com/client/v4';

/** https://letsencrypt.org/docs/acme-protocol-updates/ and https://letsencrypt.org/docs/staging-environment/ */
export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
export const LETS_ENCRYPT_STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory';
const KNOWN_DIRECTORIES: ReadonlyMap<string, string> = new Map([
  ['letsencrypt', LETS_ENCRYPT],
  ['letsencrypt-staging', LETS_ENCRYPT_STAGING],
]);

/** @throws ValueError */
function parseDirectory(written: string): string {
  const known = KNOWN_DIRECTORIES.get(written);
  if (known !== undefined) return known;
  if (splitUrl(written) !== undefined) return parseHttpsUrl(written);
  const words = [...KNOWN_DIRECTORIES.keys()];
  const near = suggest(written, words);
  const advice = near ? `did you mean ${near}?` : `write ${words.join(', ')}, or the https:// URL of another`;
  throw new ValueError(`${quote(written)} is no CA that is known here; ${advice}`);
}

/** With the host in its one form, and the path as it is written: to many servers a slash at its end is another path. @throws ValueError */
function parseHttpsUrl(written: string): string {
  const parts = splitUrl(written);
  if (parts === undefined) throw new ValueError(`${quote(written)} is not a URL; write https://HOST/PATH`);
  const { scheme, authority, tail } = parts;
  const advice = `write ${hostForm('https', authority)}${tail}`;
  if (scheme === 'http')
    throw new ValueError(`${quote(written)} would believe whoever stands on the way to it; ${advice}`);
  if (scheme !== 'https')
    throw new ValueError(`${quote(written)} has the unknown scheme ${scheme}://; ${advice}`);
  const { host, port } = parseHost(parts, HTTPS_PORT);
  const path = parsePath(parts, '');
  const url = `https://${host.includes(':') ? `[${host}]` : host}${port === HTTPS_PORT ? '' : `:${port}`}${path}`;
  if (URL.canParse(url)) return url;
  throw new ValueError(
    `${quote(written)} has a host that no URL can have; write a name, or an address without an interface`,
  );
}

/** @throws ValueError */
function parseApiBase(written: string): string {
  return parseHttpsUrl(written).replace(/\/$/, '');
}

/** What may stand in a mailto: URL by itself: neither a field nor a second address (RFC 8555 section 7.3, RFC 6068). */
const LOCAL_PART = /^[A-Za-z0-9.!$&'*+/=^_`{|}~-]{1,64}$/;

/** @throws ValueError */
function parseEmail(written: string): string {
  const at = written.lastIndexOf('@');
  if (!LOCAL_PART.test(written.slice(0, Math.max(at, 0))))
    throw new ValueError(`${quote(written)} is no mail address; write one such as you@example.com`);
  parseHostName(written.slice(at + 1));
  return written;
}

/** draft-ietf-acme-profiles: names of a CA's own choice. */
const PROFILE = /^[A-Za-z0-9._-]{1,64}$/;

/** @throws ValueError */
function parseProfile(written: string): string {
  if (PROFILE.test(written)) return written;
  throw new ValueError(
    `${quote(written)} is no name of a profile; write one of your CA's, such as shortlived`,
  );
}

export interface UpdateServer extends Host {
  readonly written: string;
  readonly protocol: 'tcp' | 'tls';
}

/** @throws ValueError */
function parseUpdateServer(written: string): UpdateServer {
  const parts = splitUrl(written);
  if (parts !== undefined) {
    const { scheme, authority, tail } = parts;
    if (scheme === 'tls' && tail === '') return { written, protocol: 'tls', ...parseHost(parts, DOT_PORT) };
    throw new ValueError(
      `${quote(written)} is no server for updates; write ${hostForm('tls', authority)}, or an address of your own network such as 192.168.1.1:53`,
    );
  }
  if (!isAddressText(written))
    throw new ValueError(
      `${quote(written)} is no address, and updates for a name go over TLS only; write ${hostForm('tls', written)}, or an address of your own network such as 192.168.1.1:53`,
    );
  const { address: host, port } = parseSocketAddress(written, DNS_PORT);
  return { written, protocol: 'tcp', host, isAddress: true, port };
}

/** Unlike a host name it may have an underscore: _acme-challenge.NAME can be a zone of its own. @throws ValueError */
function parseZone(written: string): string {
  const advice = 'write a zone such as home.example';
  if (isAddressText(written)) throw new ValueError(`${quote(written)} is an address; ${advice}`);
  try {
    const zone = nameKey(written);
    if (zone !== ROOT && written !== '@') return formatWithoutDot(zone);
  } catch (error) {
    if (!(error instanceof NameSyntaxError)) throw error;
    throw new ValueError(error.message.includes('; write') ? error.message : `${error.message}; ${advice}`);
  }
  throw new ValueError(`${quote(written)} is the root; ${advice}`);
}

const rfc2136 = z
  .strictObject({
    server: text(
      parseUpdateServer,
      {
        description:
          'The primary server of the zone: an address of your own network, or tls://HOST[:PORT] for DNS over TLS',
        examples: ['192.168.1.1:53', 'tls://ns1.home.example'],
      },
      missing('updates need the `server` that the zone is on; write its address, such as 192.168.1.1:53'),
    ),
    key_file: filePath('A TSIG key as `tsig-keygen` writes it; without one, updates are unsigned').optional(),
    zone: text(parseZone, { description: 'The zone; the server is asked unless written' }).optional(),
    ca_file: filePath('PEM file of the CA to trust for tls://, in place of the public roots').optional(),
  })
  .optional()
  .describe('Updates of the zone at its own server (RFC 2136), signed with TSIG (RFC 8945)');

const cloudflare = z
  .strictObject({
    token_file: filePath(
      'A file that holds an API token with Zone:Read and DNS:Edit, and nothing else',
      missing('Cloudflare needs an API token; write its file as `token_file`'),
    ),
    api: text(parseApiBase, { description: 'Base of the API', default: CLOUDFLARE_API }).optional(),
    ca_file: filePath('PEM file of the CA to trust for the API, in place of the public roots').optional(),
  })
  .optional()
  .describe("Cloudflare's API");

const exec = z
  .strictObject({
    program: filePath(
      'A program that is called as lego calls it: PROGRAM present|cleanup NAME VALUE',
      missing('write the path of your `program`'),
    ),
  })
  .optional()
  .describe('A program of your own, for every other provider');

export const acme = z.strictObject({
  directory: text(parseDirectory, {
    description: "The CA: letsencrypt, letsencrypt-staging, or the URL of another CA's directory",
    examples: ['letsencrypt', 'https://ca.home.example/acme/directory'],
  }).optional(),
  staging: text(parseDirectory, {
    description: "The CA's directory for dry runs; known for Let's Encrypt",
  }).optional(),
  addresses: z
    .array(address())
    .max(ENTRIES_MAX.addresses)
    .optional()
    .describe("Addresses of the directory's host; looked up by ourselves unless written"),
  ca_file: filePath(
    "PEM file of the CA to trust for the CA's own API, in place of the public roots",
  ).optional(),
  email: text(parseEmail, { description: 'Where the CA may write to' }).optional(),
  agree_tos: onOrOff("Agreement to the CA's terms of service"),
  profile: text(parseProfile, {
    description: "A profile of the CA's; Let's Encrypt has classic, tlsserver and shortlived",
  }).optional(),
  key: choice(['P-256', 'P-384'], { description: 'Curve of the key', default: 'P-256' }),
  challenge: choice(['http-01', 'dns-01', 'tls-alpn-01'], {
    description: 'How the names are proven; dns-01 works behind NAT, and alone gives wildcards',
  }),
  http_port: wholeNumber(1, 65_535, {
    description: 'Where http-01 challenges are answered; the CA always asks port 80',
    default: HTTP_PORT,
  }).optional(),
  dns: z
    .strictObject({ rfc2136, cloudflare, exec, propagation: duration(PROPAGATION).optional() })
    .optional()
    .describe('Who puts the TXT records of dns-01 into your zone; one of rfc2136, cloudflare and exec'),
  take_over: filePath(
    "A directory of certbot's, lego's or Caddy's: its certificate is used until a new one is due",
  ).optional(),
});
