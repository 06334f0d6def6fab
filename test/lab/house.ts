// The real parts that a story is made of, on loopback: unbound as the DoT upstream under a CA of the story's own, and
// chronyds, each on a port of its own, since another port is another vote. All of it goes when the story ends.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../src/status/status.ts';
import { type Chronyd, type ChronydOptions, startChronyd } from '../support/peers/chronyd.ts';
import { DOH_PATH, startDnsdist } from '../support/peers/dnsdist.ts';
import { startUnbound, type Unbound, type UnboundOptions } from '../support/peers/unbound.ts';
import { type CertificateSpec, createPki, type Pki } from '../support/pki.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { UPSTREAM_NAME, type UpstreamEntry, upstreamEntry } from '../support/upstreams.ts';
import { type WrongClock, wrongClock } from '../support/wrong-clock.ts';

/** What a machine without a battery wakes up with. */
export const EPOCH = '@1970-01-01 00:00:05';
export const DAY_MS = 86_400_000;
const DOH_NAME = 'doh.upstream.example';

export interface HouseOptions {
  /** The instant around which certificates are issued; default: now. */
  readonly at?: number;
  /** What is odd about the upstream's certificate. */
  readonly certificate?: Partial<CertificateSpec>;
  /** More that the upstream knows: "time.example. 60 A 127.0.0.1". */
  readonly records?: readonly string[];
  /** Where the upstream listens; default 127.0.0.1. */
  readonly address?: string;
}

/** One item of `time.sources`. */
export interface SourceEntry {
  readonly url: string;
  readonly [key: string]: unknown;
}

/** A symmetric key, in the file that Noonmark and chronyd alike read. */
export interface SharedKey {
  readonly line: string;
  readonly entry: { readonly id: number; readonly type: string; readonly file: string };
}

export class House implements AsyncDisposable {
  readonly pki: Pki;
  readonly #parts = new AsyncDisposableStack();
  readonly #options: UnboundOptions;
  #unbound: Unbound;

  private constructor(pki: Pki, unbound: Unbound, options: UnboundOptions) {
    this.pki = pki;
    this.#unbound = unbound;
    this.#options = { ...options, port: unbound.port };
    this.#parts.defer(async () => void (await this.#unbound.stop()));
  }

  static async open({ at, certificate, records, address }: HouseOptions = {}): Promise<House> {
    const pki = createPki(temporaryDirectory('pki'), at === undefined ? {} : { at });
    const issued = pki.issue({ names: [UPSTREAM_NAME], ...certificate });
    const options = { ...issued, records, address };
    return new House(pki, await startUnbound(options), options);
  }

  get unbound(): Unbound {
    return this.#unbound;
  }

  /** Whoever had a connection to the upstream must shake hands anew. */
  async restartUpstream(): Promise<void> {
    await this.#unbound.stop();
    this.#unbound = await startUnbound(this.#options);
  }

  /** The upstream as Noonmark's config has it. */
  get upstreams(): readonly UpstreamEntry[] {
    const addresses = [this.#options.address ?? '127.0.0.1'];
    return [upstreamEntry(this.#unbound.port, this.pki.rootFile, { addresses })];
  }

  /** Ends with the house, whatever it is. */
  keep<Part extends AsyncDisposable>(part: Part): Part {
    return this.#parts.use(part);
  }

  async chronyd(options: ChronydOptions & { readonly clock?: WrongClock } = {}): Promise<Chronyd> {
    const { clock, ...rest } = options;
    const env = clock === undefined ? rest.env : { ...process.env, ...clock.env };
    return this.keep(await startChronyd({ ...rest, ...(env === undefined ? {} : { env }) }));
  }

  /** So many chronyds by one clock: true unless said otherwise. */
  chronyds(count: number, time?: string): Promise<Chronyd[]> {
    const clock = time === undefined ? undefined : wrongClock(time);
    return Promise.all(Array.from({ length: count }, () => this.chronyd({ clock })));
  }

  /** dnsdist as a DoH upstream, whose Date is by that clock: true unless said otherwise. */
  async doh(time?: string): Promise<{ readonly upstream: UpstreamEntry }> {
    const certificate = this.pki.issue({ names: [DOH_NAME] });
    const env = time === undefined ? undefined : wrongClock(time).env;
    const { port } = this.keep(await startDnsdist({ ...certificate, env }));
    const url = `https://${DOH_NAME}:${port}${DOH_PATH}`;
    return { upstream: { url, addresses: ['127.0.0.1'], ca_file: this.pki.rootFile } };
  }

  /** A time server that hung, as the incident's did: it is there, takes every question and says nothing. */
  async hungChronyd(): Promise<Chronyd> {
    const chronyd = await startChronyd();
    chronyd.signal('SIGSTOP');
    this.#parts.defer(async () => {
      chronyd.signal('SIGKILL');
      await chronyd.stop();
    });
    return chronyd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

/** `ntp://127.0.0.1:PORT`, with further keys where a story wants them. */
export function ntpSource(
  { address, port }: { address: string; port: number },
  more: object = {},
): SourceEntry {
  return { url: `ntp://${address}:${port}`, ...more };
}

export function makeKey(type = 'SHA1'): SharedKey {
  const KEY_ID = 1;
  const KEY_OCTETS = 20;
  const line = `${KEY_ID} ${type} HEX:${randomBytes(KEY_OCTETS).toString('hex').toUpperCase()}`;
  const file = join(temporaryDirectory('ntp-key'), 'ntp.key');
  writeFileSync(file, `${line}\n`, { mode: 0o600 });
  return { line, entry: { id: KEY_ID, type, file } };
}

/** How far our own time is from the machine's, which is the true one to every story (milliseconds, ours less the true). */
export function errorMs({ clock }: Pick<Status, 'clock'>): number {
  return clock.now === null ? Number.POSITIVE_INFINITY : Date.parse(clock.now) - Date.now();
}

/** An instant as faketime reads it, going on from there. */
export function at(epochMs: number): string {
  return `@${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')}`;
}
