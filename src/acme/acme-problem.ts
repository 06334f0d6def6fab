// What a CA says is wrong: problem documents (RFC 7807, RFC 8555 section 6.7), read with care, and what the owner can
// check for each of them. The text is the CA's, so it is bounded and without control characters.
// When something is tried again is decided elsewhere; here is only whether that is worth anything before somebody acts.

import type { ChallengeType } from './challenge.ts';
import { isObject } from './json-object.ts';

const PREFIX = 'urn:ietf:params:acme:error:';

/** Of a body; a problem with a hundred names takes about 30 KiB. */
export const PROBLEM_OCTETS_MAX = 65_536;
const DETAIL_CHARACTERS_MAX = 500;
const TYPE_CHARACTERS_MAX = 100;
const LINK_CHARACTERS_MAX = 200;
const RETRY_AFTER_CHARACTERS_MAX = 64;
/** RFC 1035 section 2.3.4. */
const NAME_CHARACTERS_MAX = 253;
/** As many as a certificate of Let's Encrypt has names. */
const SUBPROBLEMS_MAX = 100;
const SUBPROBLEMS_SHOWN_MAX = 3;

const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;

export interface Subproblem {
  /** Of the identifier; "" where none is named. */
  readonly name: string;
  /** Short, as that of the whole. */
  readonly type: string;
  readonly detail: string;
}

export interface ProblemFields {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly subproblems: readonly Subproblem[];
  readonly retryAfter: string | undefined;
}

/** The CA has answered, and the answer is no. */
export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem';
  readonly code = 'acme-problem';
  /** Without its prefix: "rateLimited"; "unknown" where nothing is named. */
  readonly type: string;
  /** Of the HTTP response. */
  readonly status: number;
  /** Printable, at most 500 characters, never empty. */
  readonly detail: string;
  readonly subproblems: readonly Subproblem[];
  /** As the field came: seconds or a date of HTTP; undefined: there was none. */
  readonly retryAfter: string | undefined;

  constructor({ type, status, detail, subproblems, retryAfter }: ProblemFields) {
    super(`the CA says: ${detail} (${type})`);
    this.type = type;
    this.status = status;
    this.detail = detail;
    this.subproblems = subproblems;
    this.retryAfter = retryAfter;
  }
}

export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Reads an answer that is an error, whatever its body is. `headers` have names in lower case. Never throws. */
export function readProblem(status: number, headers: HeaderFields, body: Uint8Array): AcmeProblem {
  const field = headers['retry-after'];
  const retryAfter = typeof field === 'string' ? field : field?.[0];
  return problemOf(parseJson(body), status, retryAfter);
}

/**
 * The same for a problem document inside of another object, such as a challenge's or an order's `error`.
 * @param document anything; what is no problem document makes a problem of type "unknown"
 */
export function problemOf(document: unknown, status: number, retryAfter?: string): AcmeProblem {
  const problem = isObject(document) ? document : {};
  const type = shortType(problem.type) ?? typeOfStatus(status);
  const said = plain(problem.detail, DETAIL_CHARACTERS_MAX) || plain(problem.title, DETAIL_CHARACTERS_MAX);
  const detail = said || `it answered with the HTTP status ${status} and did not say why`;
  const list = Array.isArray(problem.subproblems) ? problem.subproblems.slice(0, SUBPROBLEMS_MAX) : [];
  return new AcmeProblem({
    type,
    status,
    detail: type === 'userActionRequired' ? withLink(detail, problem.instance) : detail,
    subproblems: list.filter(isObject).map(subproblemOf),
    retryAfter: plain(retryAfter, RETRY_AFTER_CHARACTERS_MAX) || undefined,
  });
}

/** One sentence: what the CA said, what to check, and whether nothing will help before a hand does. */
export function describeProblem(problem: AcmeProblem, challenge: ChallengeType | null): string {
  const { type, detail, subproblems } = problem;
  const shown = subproblems
    .slice(0, SUBPROBLEMS_SHOWN_MAX)
    .map((one) => `${one.name || 'unnamed'}: ${one.detail} (${one.type})`);
  const more = subproblems.length - shown.length;
  const all = more > 0 ? [...shown, `and ${more} more`] : shown;
  const said = `${detail} (${type})${all.length === 0 ? '' : `: ${all.join('; ')}`}`;
  const types = type === 'compound' && shown.length > 0 ? subproblems.map((one) => one.type) : [type];
  const checks = [...new Set(types.map((one) => whatToCheck(one, challenge)))];
  const check = checks.slice(0, SUBPROBLEMS_SHOWN_MAX).join('; ');
  const hand = isFinal(problem) ? '; trying again alone will not help' : '';
  return `the CA says: ${said}; what to check: ${check}${hand}`;
}

/** Types that stay until the owner does something, however often they are met. */
const FINAL: ReadonlySet<string> = new Set([
  'badCSR',
  'badPublicKey',
  'badSignatureAlgorithm',
  'caa',
  'externalAccountRequired',
  'invalidContact',
  'invalidProfile',
  'onionCAARequired',
  'rejectedIdentifier',
  'unsupportedContact',
  'unsupportedIdentifier',
  'userActionRequired',
]);

/** Whether it is worth no further try before somebody acts, for the whole order or for one of its names. */
export function isFinal({ type, subproblems }: Pick<AcmeProblem, 'type' | 'subproblems'>): boolean {
  return FINAL.has(type) || subproblems.some((one) => FINAL.has(one.type));
}

/** What to check for a type of error (RFC 8555 section 6.7 and later), as a clause without a capital or a full stop. */
export function whatToCheck(type: string, challenge: ChallengeType | null): string {
  const byChallenge = Object.hasOwn(BY_CHALLENGE, type) ? BY_CHALLENGE[type]! : null;
  if (byChallenge !== null) return byChallenge[challenge ?? 'none'];
  return Object.hasOwn(CHECKS, type) ? CHECKS[type]! : "the CA's own explanation above, and its status page";
}

type ByChallenge = Readonly<Record<ChallengeType | 'none', string>>;

const ADDRESSES = 'each A and AAAA record of the name leads to this house (an AAAA record is tried first)';

const BY_CHALLENGE: Readonly<Record<string, ByChallenge>> = {
  connection: {
    'http-01': `that ${ADDRESSES}, that the router forwards port 80 to this server, and that no firewall or provider blocks it`,
    'tls-alpn-01': `that ${ADDRESSES}, that the router forwards port 443 to this server, and that no firewall or provider blocks it`,
    'dns-01': "that the name servers to which the name's zone is delegated answer from the internet",
    none: 'that the CA can reach this server, or the name servers of the zone, from the internet',
  },
  dns: {
    'http-01':
      'that the name has an A or AAAA record for the whole world, not only at home, and that its DNSSEC is intact',
    'tls-alpn-01':
      'that the name has an A or AAAA record for the whole world, not only at home, and that its DNSSEC is intact',
    'dns-01':
      'that the TXT record at _acme-challenge reached all name servers of its zone, that the delegation (NS) and a CNAME there lead to it, and that CAA lookups and DNSSEC do not fail',
    none: 'that the name is in public DNS, and that its delegation and its DNSSEC are intact',
  },
  unauthorized: {
    'http-01': `that ${ADDRESSES}, that the router forwards port 80 to this server, and that nothing else (a proxy, the router itself) answers /.well-known/acme-challenge/`,
    'tls-alpn-01': `that ${ADDRESSES}, that the router forwards port 443 to this very server, and that no proxy on the way ends TLS itself`,
    'dns-01':
      'that the TXT record at _acme-challenge is written into the zone that the world asks (delegation, CNAME), that no old one is left beside it, and that DNSSEC is intact',
    none: 'that the account was not deactivated at the CA, and that the CA may prove the name',
  },
  incorrectResponse: {
    'http-01':
      'that nothing else answers /.well-known/acme-challenge/ on port 80, and that no other ACME client works for the same name',
    'tls-alpn-01':
      'that port 443 leads to this very server, and that no other ACME client works for the same name',
    'dns-01':
      'that the TXT record at _acme-challenge is the one that was written now, and that no other ACME client writes there too',
    none: 'that no other ACME client works for the same name',
  },
  tls: {
    'http-01': 'that port 80 is not redirected to an HTTPS server that the CA cannot talk to',
    'tls-alpn-01': 'that port 443 leads to this very server, and that no proxy on the way ends TLS itself',
    'dns-01': "the CA's own explanation above: no TLS is needed for a DNS record",
    none: 'what answers TLS under this name',
  },
};

const OURS =
  'whether there is a newer release of Noonmark, and report it: the request was not what the CA expects';

const CHECKS: Readonly<Record<string, string>> = {
  accountDoesNotExist: 'nothing: the CA no longer knows the account, and a new one is made',
  alreadyReplaced:
    'whether another server renews the same certificate; it is ordered anew, without naming the one that it replaces',
  alreadyRevoked: 'who revoked the certificate, and why',
  autoRenewalCanceled: OURS,
  autoRenewalCancellationInvalid: OURS,
  autoRenewalExpired: OURS,
  autoRenewalRevocationNotSupported: OURS,
  badAttestationStatement: 'whether the CA issues to devices with an attestation only',
  badCSR: 'the names and the key type of this certificate against what the CA allows',
  badNonce: 'nothing, unless it happens often: then whether a proxy stands between this server and the CA',
  badPublicKey: 'the key type: the CA does not take this kind of key, or knows that it has leaked',
  badRevocationReason: OURS,
  badSignatureAlgorithm: 'whether the CA takes account keys of ECDSA P-256',
  caa: "the CAA records of the name and of its parents: they must allow this CA, with a wildcard's issuewild, and an accounturi or validationmethods there must fit",
  compound: 'what it says about each of the names',
  conflict: 'whether another server works with the same account or certificate',
  externalAccountRequired:
    'the documentation of the CA: it issues only to accounts that are bound to a customer',
  invalidContact: 'the e-mail address in the configuration',
  invalidProfile: 'the profile in the configuration against those in the directory of the CA',
  malformed: `the names first: one that is no public host name, or that a wildcard beside it covers already (a.example.com beside *.example.com: delete it); then ${OURS}`,
  onionCAARequired: 'whether the name should be a .onion name at all',
  orderNotReady:
    'nothing: it is tried again; if it happens often, whether another server uses the same account',
  rateLimited:
    'nothing but the time: wait as the CA says; if it happens again, what else orders certificates for this domain or under this account',
  rejectedIdentifier:
    'the names: the CA does not issue for one of them (forbidden, internal, or not a public domain)',
  serverInternal: "the status page of the CA; it is the CA's own trouble",
  unknownDelegation: OURS,
  unsupportedContact: 'the contact in the configuration: the CA takes e-mail addresses only',
  unsupportedIdentifier:
    'the names: the CA does not issue for addresses or for this kind of name, or does so in another profile',
  userActionRequired: 'the page that the CA names, most likely new terms of service, and agree there',
};

function parseJson(body: Uint8Array): unknown {
  if (body.length > PROBLEM_OCTETS_MAX) return null;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}

function subproblemOf(one: Record<string, unknown>): Subproblem {
  const name = isObject(one.identifier) ? one.identifier.value : undefined;
  return {
    name: plain(name, NAME_CHARACTERS_MAX),
    type: shortType(one.type) ?? 'unknown',
    detail: plain(one.detail, DETAIL_CHARACTERS_MAX) || 'no explanation',
  };
}

/** Null where none is named (RFC 7807 section 4.2: "about:blank" says no more than the status). */
function shortType(value: unknown): string | null {
  const type = plain(value, PREFIX.length + TYPE_CHARACTERS_MAX);
  if (type === '' || type === 'about:blank') return null;
  return (type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type) || null;
}

/** A CA's front end refuses without a problem document. */
function typeOfStatus(status: number): string {
  if (status === TOO_MANY_REQUESTS) return 'rateLimited';
  return status >= SERVER_ERROR ? 'serverInternal' : 'unknown';
}

/** RFC 8555 section 7.3.3: where the owner agrees to new terms. */
function withLink(detail: string, instance: unknown): string {
  const link = plain(instance, LINK_CHARACTERS_MAX);
  const isLink = link === instance && /^https:\/\/[!-~]+$/.test(link) && URL.canParse(link);
  return isLink ? `${plain(detail, DETAIL_CHARACTERS_MAX - link.length - 3)} (${link})` : detail;
}

/** One line of what can be seen, at most `charactersMax` UTF-16 units; "" for what is no text. */
function plain(value: unknown, charactersMax: number): string {
  if (typeof value !== 'string') return '';
  const line = value.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  if (line.length <= charactersMax) return line;
  return `${line.slice(0, charactersMax - 1).replace(/\p{Cs}$/u, '')}…`;
}
