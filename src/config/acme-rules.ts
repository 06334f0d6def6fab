// One `acme` from what is written, there and where it takes keys over from, and what a CA will certainly refuse. Whether a
// name leads here and a zone can be written is found out by an order, or a dry run of one.

import { isIPv6 } from 'node:net';
import type { z } from 'zod';
import { type acme, HTTP_PORT, LETS_ENCRYPT, LETS_ENCRYPT_STAGING, PROPAGATION } from './acme-schema.ts';
import type { AcmeConfig, SocketAddress } from './config.ts';
import { overlaps } from './listen-rules.ts';
import { isOwnSocket } from './own-sockets.ts';
import type { Path, Report } from './problems.ts';
import { formatSocketAddress } from './socket-address.ts';
import { type AcmeContext, caFileAt, readProvider, type Tell } from './txt-provider-rules.ts';
import { httpsHost } from './url-parts.ts';
import { quote } from './value-error.ts';

export type WrittenAcme = z.output<typeof acme>;

/** The directory for dry runs, where the owner names none. */
const STAGING_OF: ReadonlyMap<string, string> = new Map([
  [LETS_ENCRYPT, LETS_ENCRYPT_STAGING],
  [LETS_ENCRYPT_STAGING, LETS_ENCRYPT_STAGING],
]);

/** They belong to one CA: whoever writes another directory has another of each, or none, and nothing can be unwritten. */
const OF_DIRECTORY = ['staging', 'addresses', 'ca_file', 'agree_tos', 'profile'] as const;

/** Where that is written which the entries of certificate.more take over. */
const SHARED_PATH: Path = ['certificate', 'acme'];

export interface AcmeSubject {
  readonly names: readonly string[];
  /** Where it is written. */
  readonly path: Path;
  /** Whose keys count where none are written; undefined: nobody's. */
  readonly from: WrittenAcme | undefined;
}

/** What is wrong with a key that is taken over is said once, where it is written. */
export function readAcme(
  written: WrittenAcme,
  { names, path, from }: AcmeSubject,
  context: AcmeContext,
  report: Report,
): AcmeConfig {
  const own = withoutGaps(written);
  const unshared = unsharedKeys(own, from);
  const shared = Object.entries(withoutGaps(from ?? {})).filter(([key]) => !unshared.has(key));
  const whole: WrittenAcme = { ...Object.fromEntries(shared), ...own };
  const isShared = (key: string) => from !== undefined && !Object.hasOwn(own, key) && !unshared.has(key);
  const isToldOf = (at: Path) =>
    report.hasErrorIn([...path, ...at]) ||
    (isShared(String(at[0])) && report.hasErrorIn([...SHARED_PATH, ...at]));
  const tell: Tell = (severity, at, message) => {
    const isWorthTelling = severity === 'error' ? !isToldOf(at) : !isShared(String(at[0]));
    if (isWorthTelling) report[severity]([...path, ...at], message);
  };
  const challenge = whole.challenge ?? (whole.dns || isToldOf(['dns']) ? 'dns-01' : undefined);
  checkConsent(whole, tell);
  const config: AcmeConfig = {
    ...readDirectory(whole, context, tell),
    email: whole.email ?? null,
    profile: whole.profile ?? null,
    keyType: whole.key ?? 'P-256',
    challenge: challenge ?? 'http-01',
    httpPort: whole.http_port ?? HTTP_PORT,
    dns: readProvider(whole.dns, context, tell),
    propagationMs: whole.dns?.propagation ?? PROPAGATION.default,
    takeOver: whole.take_over === undefined ? null : context.absolute(whole.take_over),
  };
  if (challenge === undefined)
    tell(
      'error',
      ['challenge'],
      'how are the names proven? write http-01 (port 80 leads here), tls-alpn-01 (port 443 does) or dns-01 (a zone that can be written, and nothing leads here)',
    );
  else checkChallenge(config, { own, names }, context, tell);
  return config;
}

/**
 * A name that a wildcard of the same certificate covers, which is one label and no more (RFC 6125 section 6.4.3). Let's
 * Encrypt refuses every order for both (`wildcardOverlap` of Boulder's policy).
 */
export function checkRedundantNames(
  names: readonly string[],
  { directory }: Pick<AcmeConfig, 'directory'>,
  path: Path,
  report: Report,
): void {
  const isRefused = directory === LETS_ENCRYPT || directory === LETS_ENCRYPT_STAGING;
  names.forEach((name, position) => {
    const wildcard = name.replace(/^[^.]*/, '*');
    if (wildcard === name || !names.includes(wildcard)) return;
    const why = isRefused
      ? "Let's Encrypt refuses every order with both"
      : 'a CA may refuse an order with both';
    const message = `${why}: delete ${quote(name)}, which ${quote(wildcard)} covers; where clients ask this server for that name, write it into \`zones\``;
    report[isRefused ? 'error' : 'warning']([...path, 'names', position], message);
  });
}

/** Without the keys that nothing stands behind. */
function withoutGaps(written: WrittenAcme): WrittenAcme {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

/** Keys that are not taken over by somebody who writes `own`. */
function unsharedKeys(own: WrittenAcme, from: WrittenAcme | undefined): ReadonlySet<string> {
  const isOtherCa = own.directory !== undefined && own.directory !== from?.directory;
  return new Set([
    ...(isOtherCa ? OF_DIRECTORY : []),
    ...(own.dns === undefined ? [] : ['challenge']), // whoever writes it proves by dns-01
    ...(own.challenge === undefined || own.challenge === 'dns-01' ? [] : ['dns']),
  ]);
}

function checkConsent({ agree_tos: isAgreed }: WrittenAcme, tell: Tell): void {
  if (isAgreed === true) return;
  const message =
    'a CA gives certificates to who agrees to its terms of service; read them, and write agree_tos: on';
  tell('error', ['agree_tos'], message);
}

function readDirectory(
  written: WrittenAcme,
  context: AcmeContext,
  tell: Tell,
): Pick<AcmeConfig, 'directory' | 'staging' | 'addresses' | 'caFile'> {
  const { directory = '', staging = STAGING_OF.get(directory) ?? null } = written;
  const addresses = [...new Set(written.addresses)];
  const caFile = caFileAt(written.ca_file, ['ca_file'], context, tell);
  if (directory === '') {
    const message = 'ACME needs the `directory` of a CA; write letsencrypt, or the URL of another';
    tell('error', ['directory'], message);
    return { directory, staging, addresses, caFile };
  }
  const { host, isAddress, port } = httpsHost(directory);
  if (isAddress && addresses.length > 0)
    tell('error', ['addresses'], 'the directory has an address already; delete `addresses`');
  const own = (isAddress ? [host] : addresses).find((at) => isOwnSocket(context.listen.doh, at, port));
  if (own !== undefined) {
    const socket = formatSocketAddress({ address: own, port, family: isIPv6(own) ? 6 : 4 });
    const message = `${socket} is where this server itself listens (listen.doh), so it would ask itself for a certificate; write another`;
    tell('error', [isAddress ? 'directory' : 'addresses'], message);
  }
  if (directory === LETS_ENCRYPT_STAGING) {
    const message =
      'this CA is for trials, and no device trusts its certificates; write letsencrypt once a trial was a success';
    tell('warning', ['directory'], message);
  }
  return { directory, staging, addresses, caFile };
}

function checkChallenge(
  { challenge, dns, httpPort }: AcmeConfig,
  { own, names }: { readonly own: WrittenAcme; readonly names: readonly string[] },
  { listen }: AcmeContext,
  tell: Tell,
): void {
  const wildcard = names.find((name) => name.startsWith('*.'));
  if (challenge === 'dns-01') {
    const message = 'dns-01 needs somebody who writes the records; add rfc2136, cloudflare or exec';
    if (dns === null) tell('error', ['dns'], message);
  } else if (wildcard !== undefined)
    tell(
      'error',
      ['challenge'],
      `${quote(wildcard)} is a wildcard, which a CA has proven by dns-01 alone; write challenge: dns-01 and \`dns\``,
    );
  const isUnused = `this is not used, since the challenge is ${challenge}; delete it, or change the challenge`;
  if (challenge !== 'dns-01' && dns !== null) tell('warning', ['dns'], isUnused);
  if (challenge !== 'http-01' && own.http_port !== undefined) tell('warning', ['http_port'], isUnused);
  if (challenge === 'http-01') checkHttpPort(httpPort, listen, tell);
  // Where nothing is listened on at all, that has been said, or `listen` cannot be read.
  const isListenKnown = listen.dns.length + listen.dot.length > 0;
  if (challenge === 'tls-alpn-01' && listen.doh.length === 0 && isListenKnown)
    tell(
      'error',
      ['challenge'],
      'tls-alpn-01 is answered by DNS over HTTPS; add listen.doh, and let port 443 of the names lead there',
    );
}

/** At the addresses that clients use for DNS (acme/issuer.ts). */
function checkHttpPort(port: number, listen: AcmeContext['listen'], tell: Tell): void {
  const wanted = [...listen.doh, ...listen.dot, ...listen.dns].map((socket) => ({ ...socket, port }));
  for (const key of ['dns', 'dot', 'doh', 'admin'] as const) {
    const isTaken = (one: SocketAddress) => wanted.some((other) => overlaps(one, other));
    const rival = listen[key].find(isTaken);
    if (rival === undefined) continue;
    tell(
      'error',
      ['http_port'],
      `http-01 would be answered at port ${port}, and ${formatSocketAddress(rival)} is where this server listens already (listen.${key}); write another port for one of them, and let port 80 of the names lead to this one`,
    );
    return;
  }
}
