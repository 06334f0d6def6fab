// The upstream as most end-to-end stories want it: unbound under a CA of the test's own, and the lines of
// Noonmark's config that trust it.

import type { SignedZone } from './peers/signed-zone.ts';
import { startUnbound, type Unbound } from './peers/unbound.ts';
import { createPki, type IssuedCertificate, type Pki } from './pki.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const UPSTREAM_NAME = 'dns.upstream.example';

export interface UpstreamEntry {
  readonly url: string;
  readonly addresses: readonly string[];
  readonly ca_file?: string;
  readonly pins?: readonly string[];
}

/** One item of `upstreams:` in the config. */
export function upstreamEntry(
  port: number,
  caFile: string,
  more: Partial<UpstreamEntry> = {},
): UpstreamEntry {
  return { url: `tls://${UPSTREAM_NAME}:${port}`, addresses: ['127.0.0.1'], ca_file: caFile, ...more };
}

export function makePki(): Pki {
  return createPki(temporaryDirectory('pki'));
}

/** A certificate that is right in every way for the upstream. */
export function upstreamCertificate(pki: Pki): IssuedCertificate {
  return pki.issue({ names: [UPSTREAM_NAME] });
}

export interface TrustedUnbound {
  readonly pki: Pki;
  readonly unbound: Unbound;
  readonly upstreams: readonly UpstreamEntry[];
}

export async function startTrustedUnbound(signedZone?: SignedZone): Promise<TrustedUnbound> {
  const pki = makePki();
  const unbound = await startUnbound({ ...upstreamCertificate(pki), signedZone });
  return { pki, unbound, upstreams: [upstreamEntry(unbound.port, pki.rootFile)] };
}
