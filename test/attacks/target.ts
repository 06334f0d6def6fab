// A server under attack, seen from outside: whichever it is, it has doors, a process, one internal name, and one hostile
// upstream that it forwards everything else to. Noonmark is one kind of it; the peers that it is compared with are others.

import type { Client, Endpoint, Trust } from '../support/dns-client.ts';
import { type ConfigTree, startNoonmark, TRANSPORTS, type Transport } from '../support/noonmark.ts';
import { startHostileDoh } from '../support/peers/hostile-doh.ts';
import { type HostileDot, startHostileDot } from '../support/peers/hostile-dot.ts';
import type { IssuedCertificate, Pki } from '../support/pki.ts';
import type { Running } from '../support/running.ts';
import { dohEntry } from '../support/upstream-kinds.ts';
import { makePki, type UpstreamEntry, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';

/** What a target stands in: its upstream, which does as it is told, and who vouches for whom. */
export interface World extends AsyncDisposable {
  readonly pki: Pki;
  readonly upstream: HostileDot;
  readonly upstreams: readonly UpstreamEntry[];
  /** Shown by the upstream. */
  readonly certificate: IssuedCertificate;
}

/** @param transport what the upstream speaks */
export async function startWorld(transport: 'DoT' | 'DoH' = 'DoT'): Promise<World> {
  const pki = makePki();
  const certificate = upstreamCertificate(pki);
  const isDot = transport === 'DoT';
  const upstream: HostileDot = await (isDot ? startHostileDot(certificate) : startHostileDoh(certificate));
  return {
    pki,
    upstream,
    certificate,
    upstreams: [(isDot ? upstreamEntry : dohEntry)(upstream.port, pki.rootFile)],
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  };
}

export interface Target extends AsyncDisposable {
  readonly name: string;
  readonly process: Running;
  /** Those that it answers over. */
  readonly transports: readonly Transport[];
  endpoint(transport: Transport): Endpoint;
  trust(): Trust;
  /** `from`: an address of loopback that the client asks from. */
  open(transport: Transport, from?: string): Promise<Client>;
}

/** A kind of server. */
export interface Subject {
  readonly name: string;
  /** @param config keys of Noonmark's configuration that a trial needs; the others have what comes nearest, or nothing */
  start(world: World, config?: ConfigTree): Promise<Target>;
}

export const NOONMARK: Subject = {
  name: 'Noonmark',
  async start(world, config = {}) {
    const noonmark = await startNoonmark({ config: { upstreams: world.upstreams, ...config } });
    return { ...noonmark, name: 'Noonmark', transports: TRANSPORTS };
  },
};
