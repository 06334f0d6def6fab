// TXT records by DNS UPDATE (RFC 2136) to the zone's own primary server, signed with TSIG (RFC 8945) where there is a key.
// Which zone a name is in, the configuration says or the server itself; each message is one exchange on a connection of
// its own. Files are read anew each time, so a key that was replaced needs no restart. It does not follow CNAMEs.

import { randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { TxtProviderConfig } from '../../config/config.ts';
import { RCODE } from '../../dns/codes.ts';
import {
  formatWithoutDot,
  isAtOrBelow,
  type NameKey,
  NameSyntaxError,
  nameKey,
  parentOf,
  ROOT,
} from '../../dns/names.ts';
import { judgeTsig, signTsig, type TsigKey } from '../../dns/tsig.ts';
import { rcodeText, readRcode, soaQuestion, txtUpdate, zoneOf } from '../../dns/update.ts';
import { CaFileUnusable, TrustAnchors } from '../../tls/trust-anchors.ts';
import { ChallengeProblem } from '../challenge.ts';
import {
  ExchangeFailure,
  type FramedExchangeParts,
  type FramedServer,
  framedExchange,
} from './framed-exchange.ts';
import { loadTsigKey, TsigKeyFileError } from './tsig-key-file.ts';
import type { TxtProvider, TxtRecord } from './txt-provider.ts';

/** IDs have 16 bits. */
const ID_COUNT = 65_536;
/** The server is asked about so many names until it knows the zone of one; nobody's zone is as far up. */
const ZONE_QUESTIONS_MAX = 8;

type Rfc2136Config = Extract<TxtProviderConfig, { readonly kind: 'rfc2136' }>;

export interface Rfc2136Parts extends FramedExchangeParts {
  readonly config: Rfc2136Config;
}

/** What the files say now. */
interface Session {
  readonly server: FramedServer;
  /** Null: nothing is signed. */
  readonly key: TsigKey | null;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  readonly rcode: number;
}

export class Rfc2136Provider implements TxtProvider {
  readonly name: string;
  readonly #parts: Rfc2136Parts;

  constructor(parts: Rfc2136Parts) {
    const { host, port } = parts.config;
    this.#parts = parts;
    this.name = `the DNS server ${isIPv6(host) ? `[${host}]` : host}:${port}`;
  }

  add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#change('add', record, signal);
  }

  remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#change('delete', record, signal);
  }

  async #change(action: 'add' | 'delete', record: TxtRecord, signal: AbortSignal): Promise<void> {
    try {
      const name = nameKey(record.name);
      const session = await this.#open(signal);
      const zone = await this.#zoneOf(name, session);
      const change = { action, zone, name, value: record.value };
      const { rcode } = await this.#ask(txtUpdate(randomInt(ID_COUNT), change), session);
      if (rcode !== RCODE.NOERROR) {
        throw new ExchangeFailure(`answers for the zone ${formatWithoutDot(zone)} with ${rcodeText(rcode)}`);
      }
    } catch (error) {
      signal.throwIfAborted();
      const reason = this.#reasonOf(error);
      if (reason === null) throw error;
      const verb = action === 'add' ? 'put up' : 'taken down';
      throw new ChallengeProblem(`the TXT record at ${record.name} cannot be ${verb}: ${reason}`);
    }
  }

  async #open(signal: AbortSignal): Promise<Session> {
    const { host, port, protocol, caFile, keyFile } = this.#parts.config;
    const anchorsOf = () => (caFile === null ? TrustAnchors.public() : TrustAnchors.fromFile(caFile));
    const server = { host, port, anchors: protocol === 'tls' ? anchorsOf() : null };
    return { server, key: keyFile === null ? null : await loadTsigKey(keyFile), signal };
  }

  /** Of the configuration, or what the server says for the name or the nearest of its parents. */
  async #zoneOf(name: NameKey, session: Session): Promise<NameKey> {
    const { zone: written } = this.#parts.config;
    if (written !== null) {
      const zone = nameKey(written);
      if (isAtOrBelow(name, zone)) return zone;
      throw new ExchangeFailure(
        `would be told of the zone ${written}, as the configuration has it, and the name is not in that; name its zone`,
      );
    }
    let asked = name;
    let lastRcode: number = RCODE.NOERROR;
    for (let questions = 0; asked !== ROOT && questions < ZONE_QUESTIONS_MAX; questions += 1) {
      const { request, response, rcode } = await this.#ask(soaQuestion(randomInt(ID_COUNT), asked), session);
      const zone = zoneOf(response, request);
      if (zone !== null) return zone;
      lastRcode = rcode;
      asked = parentOf(asked);
    }
    const lastly = lastRcode === RCODE.NOERROR ? '' : ` (its last answer was ${rcodeText(lastRcode)})`;
    throw new ExchangeFailure(
      `has no zone that holds this name${lastly}; name the zone in the configuration, or another server`,
    );
  }

  /** Signed, where there is a key, in both directions. */
  async #ask(request: Uint8Array, { server, key, signal }: Session): Promise<Answer> {
    const { clock } = this.#parts;
    const nowSeconds = () => clock.now().epochMs / 1000;
    const signed = key === null ? { message: request, mac: null } : signTsig(request, key, nowSeconds());
    const response = await framedExchange(server, signed.message, this.#parts, signal);
    const rcode = readRcode(response, request);
    if (rcode === null) throw new ExchangeFailure('sends something that is no answer to what was asked');
    if (key === null || signed.mac === null) return { request, response, rcode };
    const verdict = judgeTsig(response, { key, requestMac: signed.mac, nowSeconds: nowSeconds() });
    if (verdict.kind === 'bad') throw new ExchangeFailure(verdict.reason);
    if (verdict.kind === 'genuine') return { request, response, rcode };
    const what = rcode === RCODE.NOERROR ? '' : ` (${rcodeText(rcode)})`;
    throw new ExchangeFailure(
      `does not sign its answer${what}, so it is not believed; give it the key, or take the key out here`,
    );
  }

  /** Null for a mistake of ours. */
  #reasonOf(error: unknown): string | null {
    if (error instanceof ExchangeFailure) return `${this.name} ${error.message}`;
    const isFile = error instanceof TsigKeyFileError || error instanceof CaFileUnusable;
    return isFile || error instanceof NameSyntaxError ? error.message : null;
  }
}
