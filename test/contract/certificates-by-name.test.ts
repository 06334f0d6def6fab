// Several certificates behind one address, by real handshakes over DoT and DoH: who asks for which name sees which, over
// both versions of TLS, also after a renewal, and what stands is not touched.

import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LimitLog } from '../../src/observe/limit-log.ts';
import type { CertificateStore } from '../../src/tls/certificate-store.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { createPki, type IssuedCertificate } from '../support/pki.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { ADDRESS, DEFAULT_LIMITS, DOORS, SERVER_NAME, served, storeOf, TinyResolver } from './front-doors.ts';

const GRACE_MS = 4500;
const pki = createPki(temporaryDirectory('by-name'));
const ca = readFileSync(pki.rootFile, 'utf8');
const first = pki.issue({ names: [SERVER_NAME, '*.house.example'] });
const exact = pki.issue({ names: ['a.house.example'] });
const wild = pki.issue({ names: ['*.lab.example'], key: 'rsa2048' });

describe.each(DOORS.filter(({ isEncrypted }) => isEncrypted))('over $name', (door) => {
  let clock: SimulatedClock;
  let certificates: CertificateStore;
  let listener: ReturnType<typeof door.listener>;
  beforeEach(async () => {
    clock = new SimulatedClock();
    certificates = storeOf(first);
    certificates.replaceFurther([served(exact), served(wild)]);
    const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const addresses = [{ address: '127.0.0.1', port: 0, family: 4 as const }];
    const limits = DEFAULT_LIMITS;
    const limitLog = new LimitLog(log, clock);
    listener = door.listener(
      { addresses, resolver: new TinyResolver(), clock, log, limits, limitLog },
      certificates,
    );
    await listener.start();
  });
  afterEach(async () => {
    const stopped = listener.stop(GRACE_MS);
    await new Promise(setImmediate);
    clock.advance(GRACE_MS);
    await stopped;
  });

  const visit = (options: tls.ConnectionOptions) => door.visit(listener.addresses[0]!, ca, options);

  /** DER of the leaf that a client sees who asks for this name; null: for none. */
  async function seen(servername: string | null, options: tls.ConnectionOptions = {}): Promise<Buffer> {
    const { address: host, port } = listener.addresses[0]!;
    const name = servername === null ? {} : { servername };
    return new Promise((resolve, reject) => {
      const socket = tls.connect({ host, port, rejectUnauthorized: false, ...name, ...options }, () => {
        resolve(socket.getPeerX509Certificate()!.raw);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }
  const leafOf = ({ der }: IssuedCertificate) => Buffer.from(der[0]!);

  it.each<[string | null, string, IssuedCertificate]>([
    [SERVER_NAME, 'the first one', first],
    ['b.house.example', 'the first one, by its wildcard', first],
    ['a.house.example', 'the one that has that very name', exact],
    ['A.HOUSE.example', 'the one that has that very name', exact],
    ['x.lab.example', 'the wildcard, with a key of another kind', wild],
    ['y.x.lab.example', 'the first one, for a wildcard is one label', first],
    ['unknown.example', 'the first one', first],
    [null, 'the first one', first],
  ])('who asks for %s sees %s', async (name, _which, certificate) => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const found = await seen(name, { minVersion: version, maxVersion: version });
      expect(found.equals(leafOf(certificate)), version).toBe(true);
    }
  });

  it('a strict client of each name is answered, and one of a name that nobody has is not fooled', async () => {
    for (const servername of [SERVER_NAME, 'a.house.example', 'x.lab.example']) {
      const visitor = await visit({ servername });
      const reply = await visitor.ask(makeQuery('www.example'));
      expect(readReply(reply!).answers, servername).toEqual([`A ${ADDRESS}`]);
      visitor.close();
    }
    await expect(visit({ servername: 'y.x.lab.example' })).rejects.toThrow(/altnames/);
  });

  it('a renewal is seen by the next client, and those who are there do not notice', async () => {
    const visitor = await visit({ servername: 'a.house.example' });
    const renewed = pki.issue({ names: ['a.house.example'] });
    const [, kept] = certificates.all.slice(1);
    certificates.replaceFurther([served(renewed), kept!]);
    expect((await seen('a.house.example')).equals(leafOf(renewed))).toBe(true);
    expect((await seen('x.lab.example')).equals(leafOf(wild))).toBe(true);
    const replacement = pki.issue({ names: [SERVER_NAME] });
    certificates.replace(served(replacement));
    expect((await seen(SERVER_NAME)).equals(leafOf(replacement))).toBe(true);
    expect((await seen('a.house.example')).equals(leafOf(renewed))).toBe(true);
    expect(readReply((await visitor.ask(makeQuery('www.example')))!).answers).toEqual([`A ${ADDRESS}`]);
    visitor.close();
  });

  it('one that is not wanted any more gives way to the first', async () => {
    certificates.replaceFurther([]);
    expect((await seen('a.house.example')).equals(leafOf(first))).toBe(true);
  });
});
