// Where messages go: the URL of a webhook or of an ntfy topic (RFC 3986), over https, or over http to an address of the own
// network. Whoever knows such a URL can send there, and often read: its path is a secret, so no sentence here repeats
// more of it than scheme and host.

import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isPrivateAddress } from './private-address.ts';
import { type Host, hostForm, parseHost, splitUrl, type UrlParts } from './url-parts.ts';
import { quote, ValueError } from './value-error.ts';

const PORTS = { https: 443, http: 80 } as const; // RFC 9110 section 4.2
const URL_CHARACTERS_MAX = 2048;
/** https://docs.ntfy.sh/publish/#picking-a-topic */
const TOPIC = /^[-\w]{1,64}$/;

export interface NotifyUrl extends Host {
  readonly protocol: keyof typeof PORTS;
  /** Path and query, as they are sent. */
  readonly target: string;
}

/** @throws ValueError */
export function parseWebhookUrl(text: string): NotifyUrl {
  return parseNotifyUrl(text, 'PATH');
}

/** @throws ValueError */
export function parseNtfyUrl(text: string): NotifyUrl {
  const url = parseNotifyUrl(text, 'TOPIC');
  const topic = /([^/]*)$/.exec(url.target.split('?', 1)[0]!)![1]!;
  if (TOPIC.test(topic)) return url;
  throw new ValueError(
    `${shown(splitUrl(text)!)} needs a topic at the end of its path: 1 to 64 letters, digits, hyphens and underscores, hard to guess, since it is all the password there is`,
  );
}

/** "https://hooks.example:8443": all that anybody is told of it. */
export function formatOrigin({
  protocol,
  host,
  port,
}: Pick<NotifyUrl, 'protocol' | 'host' | 'port'>): string {
  const authority = isIPv6(host.split('%', 1)[0]!) ? `[${host}]` : host;
  return `${protocol}://${authority}${port === PORTS[protocol] ? '' : `:${port}`}`;
}

function parseNotifyUrl(text: string, path: string): NotifyUrl {
  const parts = splitUrl(text);
  if (parts === undefined)
    throw new ValueError(
      `this is no URL (it is not repeated here, since it may be a secret); write https://HOST/${path}`,
    );
  const { scheme, authority, tail } = parts;
  if (scheme !== 'https' && scheme !== 'http')
    throw new ValueError(
      `${shown(parts)} has the scheme ${scheme}://, by which nothing is sent; write ${hostForm('https', authority)}/${path}`,
    );
  const host = parseHost({ ...parts, written: written(parts) }, PORTS[scheme]);
  if (scheme === 'http') demandPrivate(host, parts, path);
  if (!/^[!-~]*$/.test(tail) || tail.includes('#') || text.length > URL_CHARACTERS_MAX)
    throw new ValueError(
      `${shown(parts)} has a fragment or a character that no URL has, or is too long; write it percent-encoded, at most ${URL_CHARACTERS_MAX} characters`,
    );
  return { protocol: scheme, ...host, target: tail.startsWith('/') ? tail : `/${tail}` };
}

/** As for `forward`: nothing goes into the world in plaintext, and a name may lead there. */
function demandPrivate({ host, isAddress }: Host, parts: UrlParts, path: string): void {
  const secure = `${hostForm('https', parts.authority)}/${path}`;
  if (!isAddress)
    throw new ValueError(
      `${shown(parts)} would send it in plaintext to whoever that name leads to; write the address of a host on your own network in its place, such as http://192.168.1.5:8123/${path}, or ${secure}`,
    );
  if (!isPrivateAddress(ipaddr.parse(host.split('%', 1)[0]!)))
    throw new ValueError(
      `${shown(parts)} is not on a private network, and nothing is sent into the world in plaintext; write ${secure}`,
    );
}

function shown(parts: UrlParts): string {
  return quote(written(parts));
}

function written({ scheme, authority }: UrlParts): string {
  return `${scheme}://${authority}/…`;
}
