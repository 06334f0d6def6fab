// What every peer's configuration is made of, and how a peer that runs becomes a target. A peer does Noonmark's job as a
// household would have it do it: the four doors on loopback under one certificate, a cache, one name of the house, and
// everything else forwarded over verified DoT. What a peer's defaults say is left as it is.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSize } from '../../../src/config/units.ts';
import { freePorts } from '../../support/free-ports.ts';
import {
  type ConfigTree,
  openTransport,
  PORT_OF,
  type Ports,
  SERVER_NAME,
  TRANSPORTS,
  type Transport,
} from '../../support/noonmark.ts';
import type { IssuedCertificate } from '../../support/pki.ts';
import { type Running, run, start } from '../../support/running.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { Subject, Target, World } from '../target.ts';
import type { Trial } from '../trial.ts';

/** It may ask, where a trial does not say otherwise; unbound allows it unless it is told not to. */
export const LOOPBACK = '127.0.0.0/8';

export interface PeerMaterial {
  readonly directory: string;
  readonly ports: Ports;
  /** Shown to clients. */
  readonly certificate: IssuedCertificate;
  /** PEM of the only authority that the upstream's certificate may descend from. */
  readonly caFile: string;
  readonly upstreamPort: number;
  /** What the upstream speaks. */
  readonly isDoh: boolean;
  /** Prefixes that are answered. */
  readonly allowed: readonly string[];
  /** Room for answers, where a trial bounds it; else as its documentation has it. */
  readonly cacheOctets: number | undefined;
}

/** Keys of Noonmark's configuration that a peer's has something for, or that a trial can do without. */
const COMMON_KEYS = new Set(['access', 'cache', 'limits']);

/** A Subject that can say which release of it is installed, and whether a trial is one for it. */
export interface Peer extends Subject {
  version(): Promise<string>;
  canPlay(trial: Trial): boolean;
}

interface PeerKind {
  readonly name: string;
  readonly command: string;
  /** Arguments that make it print its version. */
  readonly versionArguments: readonly string[];
  /** Can it forward over verified DoH? */
  readonly forwardsOverDoh?: true;
  configuration(material: PeerMaterial): string;
  /** Of the command, that make it serve as `configFile` says. */
  arguments(configFile: string, directory: string): readonly string[];
  /** What it prints once it listens. */
  readonly readyLine: RegExp;
}

export function createPeer(kind: PeerKind): Peer {
  const { name, command, versionArguments } = kind;
  return {
    name,
    async version() {
      const { stdout, stderr } = await run(command, versionArguments);
      return /(\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1] ?? 'not installed';
    },
    canPlay: ({ upstream, config = {} }) =>
      (upstream !== 'DoH' || kind.forwardsOverDoh === true) &&
      Object.keys(config).every((key) => COMMON_KEYS.has(key)),
    async start(world, config) {
      const material = await materialOf(world, config);
      const configFile = join(material.directory, 'configuration');
      writeFileSync(configFile, kind.configuration(material));
      const running = start(command, kind.arguments(configFile, material.directory));
      await running.waitForLine(kind.readyLine);
      return targetOf(name, running, material.ports, world);
    },
  };
}

async function materialOf(
  { pki, upstream, upstreams }: World,
  config: ConfigTree = {},
): Promise<PeerMaterial> {
  const [dns, dot, doh] = (await freePorts(3)) as [number, number, number];
  const { allow } = (config.access ?? {}) as { readonly allow?: readonly string[] };
  const { max_bytes } = (config.cache ?? {}) as { readonly max_bytes?: string };
  return {
    directory: temporaryDirectory('peer'),
    ports: { dns, dot, doh },
    certificate: pki.issue({ names: [SERVER_NAME] }),
    caFile: pki.rootFile,
    upstreamPort: upstream.port,
    isDoh: upstreams[0]!.url.startsWith('https:'),
    allowed: allow ?? [LOOPBACK],
    cacheOctets: max_bytes === undefined ? undefined : parseSize(max_bytes),
  };
}

function targetOf(name: string, running: Running, ports: Ports, { pki }: World): Target {
  const trust = () => ({ ca: readFileSync(pki.rootFile, 'utf8'), name: SERVER_NAME });
  const endpoint = (transport: Transport) => ({ address: '127.0.0.1', port: ports[PORT_OF[transport]] });
  return {
    name,
    process: running,
    transports: TRANSPORTS,
    endpoint,
    trust,
    open: (transport, from) => openTransport(transport, { ...endpoint(transport), from }, trust),
    [Symbol.asyncDispose]: async () => void (await running.stop()),
  };
}
