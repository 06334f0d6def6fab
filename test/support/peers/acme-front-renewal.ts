// Renewal information (RFC 9773) for a CA that has none: knows each certificate that went through the front by its
// CertID (section 4.1), says when to renew it (4.2), and which have been replaced by another order (section 5).

import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { AuthorityKeyIdentifierExtension, X509Certificate as Parsed } from '@peculiar/x509';
import {
  type Asked,
  idOf,
  jsonReply,
  type Problem,
  problemReply,
  RENEWAL_INFO_PATH,
  type Reply,
} from './acme-exchange.ts';

/** The example of RFC 9773 section 4.2. */
const RETRY_AFTER_SECONDS = 21_600;
/** As Let's Encrypt: a third of the lifetime before its end, and a window around that. */
const RENEW_AT_REMAINING = 1 / 3;
const WINDOW_OF_LIFETIME = 1 / 50;

export interface Recommendation {
  /** A string goes out as it stands. */
  readonly start: Date | string;
  readonly end: Date | string;
  readonly explanationURL?: string;
  /** The header, as it stands; null: none. Default six hours. */
  readonly retryAfter?: string | null;
}

interface Issued {
  readonly names: readonly string[];
  recommendation: Recommendation;
  /** The order that replaces it; forgotten where that one turns invalid. */
  replacedBy?: Replacement;
}

interface Replacement {
  readonly orderId: string;
  readonly authorizationIds: readonly string[];
}

export interface RenewalInformation {
  answer(asked: Asked): Reply;
  recommend(recommendation: Recommendation): void;
  /** CertIDs of the certificates that went through, oldest first. */
  certIds(): string[];
  /** Takes note of a chain that a client downloads. */
  sees(chain: string): void;
  /** What speaks against an order that says it replaces a certificate. */
  objectionTo(certId: string, names: readonly string[]): Problem | undefined;
  replace(certId: string, replacement: Replacement): void;
  /** An order, or an authorization of one, has turned invalid. */
  invalid(id: string): void;
}

export function createRenewalInformation(): RenewalInformation {
  const issued = new Map<string, Issued>();
  let forTheFirst: Recommendation | undefined;
  return {
    answer: ({ path }) => {
      const found = path.startsWith(`${RENEWAL_INFO_PATH}/`) ? issued.get(idOf(path)) : undefined;
      if (found === undefined) {
        return problemReply({ type: 'malformed', status: 404, detail: `no such certificate: ${path}` });
      }
      const { start, end, explanationURL, retryAfter = String(RETRY_AFTER_SECONDS) } = found.recommendation;
      const reply = jsonReply({ suggestedWindow: { start, end }, explanationURL });
      if (retryAfter !== null) reply.headers['retry-after'] = retryAfter;
      return reply;
    },
    recommend: (recommendation) => {
      for (const one of issued.values()) one.recommendation = recommendation;
      if (issued.size === 0) forTheFirst = recommendation;
    },
    certIds: () => [...issued.keys()],
    sees: (chain) => {
      const certId = certIdOf(chain);
      if (issued.has(certId)) return;
      const leaf = new X509Certificate(chain);
      const names = [...(leaf.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,]+)/g)];
      const recommendation = forTheFirst ?? usual(leaf);
      issued.set(certId, { names: names.map(([, name]) => name!), recommendation });
      forTheFirst = undefined;
    },
    objectionTo: (certId, names) => {
      const found = issued.get(certId);
      if (found === undefined) {
        return { type: 'malformed', status: 404, detail: `"replaces" names no certificate: ${certId}` };
      }
      if (!names.some((name) => found.names.includes(name))) {
        return { type: 'malformed', detail: 'order and replaced certificate have no identifier in common' };
      }
      if (found.replacedBy === undefined) return undefined;
      return { type: 'alreadyReplaced', detail: `replaced by order ${found.replacedBy.orderId}` };
    },
    replace: (certId, replacement) => {
      issued.get(certId)!.replacedBy = replacement;
    },
    invalid: (id) => {
      for (const one of issued.values()) {
        const { orderId, authorizationIds = [] } = one.replacedBy ?? {};
        if (orderId === id || authorizationIds.includes(id)) one.replacedBy = undefined;
      }
    },
  };
}

/** RFC 9773 section 4.1, of the first certificate of a PEM chain. Deliberately not by src: it judges that. */
export function certIdOf(chain: string): string {
  const leaf = new X509Certificate(chain);
  const keyId = new Parsed(leaf.raw).getExtension(AuthorityKeyIdentifierExtension)?.keyId ?? '';
  const hex = leaf.serialNumber.padStart(2 * Math.ceil(leaf.serialNumber.length / 2), '0');
  const serial = Buffer.from(hex, 'hex');
  // A first bit of 1 would make the DER integer negative.
  const content = serial[0]! < 0x80 ? serial : Buffer.concat([Buffer.of(0), serial]);
  return `${Buffer.from(keyId, 'hex').toString('base64url')}.${content.toString('base64url')}`;
}

function usual({ validFrom, validTo }: X509Certificate): Recommendation {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  const start = to - (to - from) * RENEW_AT_REMAINING;
  return { start: new Date(start), end: new Date(start + (to - from) * WINDOW_OF_LIFETIME) };
}
