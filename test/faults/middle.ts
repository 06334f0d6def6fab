// A server in a network of its own between two links that can fail: clients are at the end of one, upstreams at the end of
// the other.

import type { Client } from '../support/dns-client.ts';
import { type FaultyLinks, openFaultyLinks } from '../support/faulty-links.ts';
import { type Noonmark, startNoonmark, type Transport } from '../support/noonmark.ts';
import { type HostileDot, startHostileDot } from '../support/peers/hostile-dot.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';
import { Household } from './household.ts';

export interface Middle extends AsyncDisposable {
  readonly links: FaultyLinks;
  readonly upstream: HostileDot;
  readonly noonmark: Noonmark;
  /** By the first family that there is. */
  open(transport: Transport): Promise<Client>;
  household(): Household;
}

/** @param families that the network has; the configuration names addresses of both all the same */
export async function openMiddle(families: readonly (4 | 6)[] = [4, 6]): Promise<Middle> {
  await using parts = new AsyncDisposableStack();
  const family = families[0]!;
  const links = parts.use(await openFaultyLinks(families));
  const { house, world, around } = links;
  const pki = makePki();
  const upstream = parts.use(
    await startHostileDot({ ...upstreamCertificate(pki), address: world.here[family] }),
  );
  const entry = upstreamEntry(upstream.port, pki.rootFile, { addresses: [world.here[4], world.here[6]] });
  const noonmark = parts.use(
    await startNoonmark({
      around,
      listenAlso: house.there[family],
      ipv6: true,
      config: { upstreams: [entry] },
    }),
  );
  const open = (transport: Transport) => noonmark.open(transport, house.here[family], house.there[family]);
  const kept = parts.move();
  let households = 0;
  return {
    ...{ links, upstream, noonmark, open },
    household: () => new Household({ open, label: `h${++households}` }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
