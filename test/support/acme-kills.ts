// "kill -9 at any step of an order": a server with a certificate that is due is killed while it gets the next one, and
// started again on what it has left. The old certificate is served, one certificate is made in all, no key is lost, and no
// file is torn or anybody else's. A killed attempt has recorded no failure, so no pause stands in the way.

import { hash, X509Certificate } from 'node:crypto';
import { expect } from 'vitest';
import { storageIdOf } from '../../src/acme/storage-id.ts';
import { type AcmeHouse, OWN_NAME } from './acme-house.ts';
import { expectNothingSecret, renew, StorageInspector, storageIn, storeOld } from './acme-witness.ts';
import { eventually } from './eventually.ts';
import type { Noonmark } from './noonmark.ts';
import type { AcmeResource } from './peers/acme-exchange.ts';
import { servedCertificate } from './served-certificate.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const ID = storageIdOf([OWN_NAME]);
/** A CA that looks while nobody is there may say so only to the next life, whose next attempt is then a minute later. */
const ORDER_WITHIN_MS = 120_000;

/** What the CA can be asked for on the way to a certificate, in this order. */
export const STEPS = [
  'directory',
  'newNonce',
  'newAccount',
  'newOrder',
  'authorization',
  'challenge',
  'finalize',
  'order',
  'certificate',
] as const satisfies readonly AcmeResource[];

export type Kill = (noonmark: Noonmark) => Promise<unknown>;

/** Kills when the CA has a request and never acts on it (before), or has acted and has not answered (after). */
export function killAt({ front }: AcmeHouse, step: (typeof STEPS)[number], when: 'before' | 'after'): Kill {
  return (noonmark) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const off = front.onRequest(async (resource, at) => {
      if (resource !== step || at !== when) return;
      off();
      noonmark.process.signal('SIGKILL');
      await noonmark.process.ended;
      resolve();
      if (when === 'before') throw new Error('it died before its request was whole');
    });
    return promise;
  };
}

export interface Survived {
  /** Orders that the CA has accepted. */
  readonly orders: number;
}

/** `house` knows no renewal information, so that each order is asked for once. */
export async function surviveKill(house: AcmeHouse, kill: Kill): Promise<Survived> {
  const dirs = { certs_dir: temporaryDirectory('certs'), state_dir: temporaryDirectory('state') };
  const old = await storeOld(dirs.certs_dir, house.pki, [OWN_NAME], 'due');
  const storage = storageIn(dirs.certs_dir);
  const inspector = new StorageInspector(dirs.certs_dir);
  const before = { issued: house.pebble.issued().length, orders: house.front.orders.length };
  const start = () =>
    house.start({ names: [OWN_NAME], acme: { ...house.acme, challenge: 'http-01' } }, { config: dirs });
  const off = house.front.onRequest(() => inspector.look());
  const lines: string[] = [];
  try {
    {
      await using noonmark = await start();
      await kill(noonmark);
      await noonmark.process.ended;
      lines.push(...noonmark.process.lines);
    }
    inspector.look();
    const left = (await storage.readCertificate(ID))!;
    const pinOf = async (noonmark: Noonmark) =>
      (await servedCertificate(noonmark.endpoint('DoT'), OWN_NAME)).pin;
    await using noonmark = await start();
    expect(await pinOf(noonmark)).toBe(pinIn(left.chainPem));
    const isNew = async () => (await pinOf(noonmark)) !== old;
    await eventually(isNew, { what: 'the new certificate', withinMs: ORDER_WITHIN_MS });
    if (pinIn(left.chainPem) === old) {
      const isOver = async () => (await storage.readOrder(ID)) === null;
      await eventually(isOver, { what: 'the end of the order' });
    } else {
      // Killed between the certificate's place and the end of its order: the next attempt sees that it is fulfilled.
      const told = await renew(dirs.state_dir, OWN_NAME);
      expect(told).toEqual({ ok: false, sentence: expect.stringContaining('within 24 hours') });
      expect(await storage.readOrder(ID)).toBeNull();
    }
    const stored = (await storage.readCertificate(ID))!; // with a key that fits, or it could not be read
    expect(await pinOf(noonmark)).toBe(pinIn(stored.chainPem));
    const { ledger, problem } = await storage.readLedger();
    const kinds = ledger.events.map(({ kind }) => kind);
    expect([problem, kinds.at(-1)]).toEqual([null, 'success']);
    expect([[], ['failed-validation']]).toContainEqual(kinds.slice(0, -1)); // see ORDER_WITHIN_MS
    await eventually(() => house.pebble.issued().length > before.issued, { what: "Pebble's log" });
    expect(house.pebble.issued().slice(before.issued)).toEqual([
      new X509Certificate(stored.chainPem).serialNumber,
    ]);
    lines.push(...noonmark.process.lines);
  } finally {
    off();
  }
  inspector.look();
  expectNothingSecret(lines, inspector.secrets);
  expect(lines.filter((line) => /"level":"(?:error|warn)"/.test(line) && !isHarmless(line))).toEqual([]);
  return { orders: house.front.orders.length - before.orders };
}

/** Whatever the machine's own clock is said to be worth, what we asked for ourselves, and what a CA saw of a dead server. */
function isHarmless(line: string): boolean {
  return /clock|NTP|time source|was not proven|for these very names was issued within 24 hours/i.test(line);
}

function pinIn(chainPem: string): string {
  const spki = new X509Certificate(chainPem).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${hash('sha256', spki, 'base64')}`;
}
