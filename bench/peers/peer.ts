// A server under test: how it is configured for the job of a house, and how it runs, pinned to the core of the servers.
// All do the same job as far as they can: a cache, one name of the house, everything else forwarded over verified TLS,
// one thread. The row (rows/rows.ts) says which doors and which upstream it needs; who cannot gives the reason.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/free-ports.ts';
import type { IssuedCertificate } from '../../test/support/pki.ts';
import { type Running, start } from '../../test/support/running.ts';
import { SERVER_CORE } from '../cores.ts';

export type Door = 'UDP' | 'DoT' | 'DoH';
export type Forwarding = 'plain' | 'DoT' | 'DoH';

export interface Ports {
  readonly dns: number;
  readonly dot: number;
  readonly doh: number;
  /** Of whoever has pages or metrics. */
  readonly admin: number;
}

/** What all servers of a run share. */
export interface World {
  readonly directory: string;
  /** PEM of the CA that both certificates descend from. */
  readonly rootFile: string;
  /** Shown to clients. */
  readonly certificate: IssuedCertificate;
  readonly upstream: UpstreamPorts;
}

export interface UpstreamPorts {
  readonly plain: number;
  readonly dot: number;
  readonly doh: number;
}

/** What a row wants of a server. */
export interface Wishes {
  readonly forwarding: Forwarding;
  /** How many names its cache has to hold. */
  readonly roomForNames: number;
  readonly threads: number;
  /** CPU list for taskset; default: the core of the servers. */
  readonly cores?: string;
}

export interface Setting extends World, Wishes {
  /** Of this server alone. */
  readonly home: string;
  readonly ports: Ports;
}

export interface Peer {
  /** As in --peers. */
  readonly name: string;
  /** As in tables. */
  readonly title: string;
  /** The commands that have to be there, and Debian's package of each. */
  readonly packages: Readonly<Record<string, string>>;
  readonly doors: readonly Door[];
  /** Ways to its upstream, the best one first. */
  readonly forwards: readonly Forwarding[];
  version(): Promise<string>;
  /** Name of its configuration file, where it matters. */
  readonly fileName?: string;
  configuration(setting: Setting): string;
  /** The command with its arguments. */
  command(configFile: string, setting: Setting): readonly string[];
  /** What it prints once it listens. */
  readonly readyLine: RegExp;
  /** Why this release cannot do what a configuration says; null: it can. */
  refusal?(configFile: string, setting: Setting): Promise<string | null>;
}

/** A peer that is well and has no means to do what a row wants. */
export class CannotPlay extends Error {}

export interface Server {
  readonly name: string;
  readonly ports: Ports;
  readonly running: Running;
  stop(): Promise<void>;
}

/** Resolves once it listens. @throws CannotPlay */
export async function startServer(peer: Peer, world: World, wishes: Wishes): Promise<Server> {
  const prepared = await prepareServer(peer, world, wishes);
  const running = prepared.start();
  await running.waitForLine(peer.readyLine);
  return {
    name: peer.name,
    ports: prepared.ports,
    running,
    async stop() {
      await running.stop();
      prepared.remove();
    },
  };
}

export interface Prepared {
  readonly ports: Ports;
  /** May be called again when the last one has ended. */
  start(): Running;
  remove(): void;
}

/** A configured server that does not run yet. */
export async function prepareServer(peer: Peer, world: World, wishes: Wishes): Promise<Prepared> {
  const [dns, dot, doh, admin] = (await freePorts(4)) as [number, number, number, number];
  const home = mkdtempSync(join(world.directory, `${peer.name}-`));
  const setting = { ...world, ...wishes, home, ports: { dns, dot, doh, admin } };
  const configFile = join(home, peer.fileName ?? 'configuration');
  mkdirSync(join(home, 'state'));
  writeFileSync(configFile, peer.configuration(setting));
  const refusal = await peer.refusal?.(configFile, setting);
  if (refusal) throw new CannotPlay(refusal);
  const command = peer.command(configFile, setting);
  return {
    ports: setting.ports,
    start: () => start('taskset', ['-c', wishes.cores ?? SERVER_CORE, ...command]),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
