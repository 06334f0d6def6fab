// "Does this very device ask us?": a page makes its browser look up a fresh name below home.arpa, and whoever's query for it
// arrives here is written down, with the way it came. The names are signed, so that only those that a page was given count.
// Nothing is at such a name: it is answered with NODATA, so a browser looks it up and connects nowhere.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../clock/clock.ts';
import { type NameKey, nameKey } from '../../dns/names.ts';
import type { Context, Transport } from '../resolver.ts';

/** Below the zone of houses (RFC 8375), at a name that nobody gives to a host. */
const SUFFIX = 'probe.noonmark.home.arpa';
const SUFFIX_KEY = nameKey(SUFFIX);
const NONCE_OCTETS = 12;
const TAG_OCTETS = 8;
const SECRET_OCTETS = 32;
const LABEL_LENGTH = 2 * (NONCE_OCTETS + TAG_OCTETS);
const KEY_LENGTH = 1 + LABEL_LENGTH + SUFFIX_KEY.length;

/** Tests that are remembered; a house makes a few at a time. The oldest makes room. */
const TESTS_MAX = 256;
/** A browser asks for A, AAAA and HTTPS, perhaps by two ways; more is not one device. */
const WAYS_MAX = 4;

/** One way by which a look-up came. */
export interface Sighting {
  readonly transport: Transport;
  /** The address that asked us. */
  readonly client: string;
  readonly agoMs: number;
}

type Asking = Pick<Context, 'client' | 'clientPort' | 'transport'>;
/** Of questions that this server asks itself, to explain a name for instance: nobody comes from there. */
const OWN_PORT = 0;

type Seen = Omit<Sighting, 'agoMs'> & { readonly atMs: number };

export interface IssuedProbe {
  /** What the page asks about. */
  readonly nonce: string;
  /** What its browser looks up. */
  readonly name: string;
}

export class DeviceProbe {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #secret = randomBytes(SECRET_OCTETS);
  readonly #seen = new LRUCache<string, readonly Seen[]>({ max: TESTS_MAX });

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** A fresh name; nothing is remembered until it is looked up. */
  issue(): IssuedProbe {
    const fresh = randomBytes(NONCE_OCTETS);
    const nonce = Buffer.concat([fresh, this.#tag(fresh)]).toString('hex');
    return { nonce, name: nameOf(nonce) };
  }

  /** The name again; null for what was not issued in this life of the server. */
  nameOf(nonce: string): string | null {
    return this.#isOurs(nonce) ? nameOf(nonce) : null;
  }

  /** Whether this is such a name; then it is written down that somebody has looked it up. */
  notes(key: NameKey, { client, clientPort, transport }: Asking): boolean {
    if (key.length !== KEY_LENGTH || !key.endsWith(SUFFIX_KEY)) return false;
    const nonce = key.slice(1, 1 + LABEL_LENGTH);
    if (!this.#isOurs(nonce)) return false;
    if (clientPort === OWN_PORT) return true;
    const before = this.#seen.get(nonce) ?? [];
    const isKnown = before.some((one) => one.client === client && one.transport === transport);
    if (!isKnown && before.length < WAYS_MAX)
      this.#seen.set(nonce, [...before, { client, transport, atMs: this.#clock.monotonic() }]);
    return true;
  }

  /** Each way by which it was looked up, in order; empty: it was not. */
  sightings(nonce: string): readonly Sighting[] {
    const nowMs = this.#clock.monotonic();
    return (this.#seen.get(nonce) ?? []).map(({ atMs, ...way }) => ({ ...way, agoMs: nowMs - atMs }));
  }

  #isOurs(nonce: string): boolean {
    if (nonce.length !== LABEL_LENGTH || !/^[\da-f]*$/.test(nonce)) return false;
    const octets = Buffer.from(nonce, 'hex');
    return timingSafeEqual(this.#tag(octets.subarray(0, NONCE_OCTETS)), octets.subarray(NONCE_OCTETS));
  }

  #tag(fresh: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#secret).update(fresh).digest().subarray(0, TAG_OCTETS);
  }
}

function nameOf(nonce: string): string {
  return `${nonce}.${SUFFIX}`;
}
