// The certificates that Noonmark shows its own clients: files of the owner's, swapped while it serves, and the
// local CA where there are none. A bad pair is reported and the old one stays; a key is nobody else's.

import { chmodSync, copyFileSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDot } from '../support/dns-client.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  type Noonmark,
  SERVER_NAME,
  startNoonmark,
} from '../support/noonmark.ts';
import type { IssuedCertificate } from '../support/pki.ts';
import { servedCertificate } from '../support/served-certificate.ts';
import { makePki } from '../support/upstreams.ts';

const OWNER_ONLY = 0o600;
const WORLD_READABLE = 0o644;
const HOW_TO_MEND = /chmod|600/;
const DAY_MS = 86_400_000;
/** The longest that clients accept of a leaf (CA/Browser Forum, and the issue). */
const MAX_LEAF_DAYS = 397;

const pki = makePki();
const bothAddresses = { names: [SERVER_NAME], addresses: ['127.0.0.1'] };
const first = pki.issue(bothAddresses);
const second = pki.issue(bothAddresses);

const served = (noonmark: Noonmark) => servedCertificate(noonmark.endpoint('DoT'), SERVER_NAME);
const servedPin = async (noonmark: Noonmark) => (await served(noonmark)).pin;

function install(directory: string, certificate: IssuedCertificate, keyMode = OWNER_ONLY): void {
  const key = join(directory, 'privkey.pem');
  copyFileSync(certificate.keyFile, key);
  chmodSync(key, keyMode);
  copyFileSync(certificate.certificateFile, join(directory, 'fullchain.pem'));
}

function startWithFiles(certificate: IssuedCertificate, keyMode = OWNER_ONLY): Promise<Noonmark> {
  const files = { certificate: 'fullchain.pem', key: 'privkey.pem' };
  return startNoonmark({
    config: { certificate: { names: [SERVER_NAME], files } },
    prepare: (directory) => install(directory, certificate, keyMode),
    untilReady: keyMode === OWNER_ONLY,
  });
}

describe("The owner's certificate files", () => {
  test('are swapped when they change, by themselves and on SIGHUP, while open connections stay', async () => {
    await using noonmark = await startWithFiles(first);
    const trust = { ca: readFileSync(pki.rootFile, 'utf8'), name: SERVER_NAME };
    const client = await openDot(noonmark.endpoint('DoT'), trust);
    expect(await servedPin(noonmark)).toBe(first.pin);
    install(noonmark.directory, second);
    const isSecond = async () => (await servedPin(noonmark)) === second.pin;
    await eventually(isSecond, { what: 'the second certificate, by itself' });
    install(noonmark.directory, first);
    noonmark.process.signal('SIGHUP');
    const isFirst = async () => (await servedPin(noonmark)) === first.pin;
    await eventually(isFirst, { what: 'the first certificate, on SIGHUP' });
    const reply = await client.ask(makeQuery(INTERNAL_NAME));
    expect(reply && readReply(reply).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
    client.close();
  });

  test('whose halves do not fit each other are reported, and the old pair stays', async () => {
    await using noonmark = await startWithFiles(first);
    copyFileSync(second.certificateFile, join(noonmark.directory, 'fullchain.pem'));
    noonmark.process.signal('SIGHUP');
    await noonmark.process.waitForLine(/(fullchain|privkey)\.pem/);
    expect(await servedPin(noonmark)).toBe(first.pin);
    expect((await noonmark.ask(INTERNAL_NAME)).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
  });

  test('with a key that the world can read are refused with what to do, and the old pair stays', async () => {
    await using noonmark = await startWithFiles(first);
    install(noonmark.directory, second, WORLD_READABLE);
    noonmark.process.signal('SIGHUP');
    expect(await noonmark.process.waitForLine(/privkey\.pem/)).toMatch(HOW_TO_MEND);
    expect(await servedPin(noonmark)).toBe(first.pin);
  });

  test('with such a key at the start are refused with what to do, never served, and internal names live', async () => {
    await using noonmark = await startWithFiles(first, WORLD_READABLE);
    expect(await noonmark.process.waitForLine(/privkey\.pem/)).toMatch(HOW_TO_MEND);
    await eventually(() => noonmark.ask(INTERNAL_NAME), { what: 'an internal name' });
    expect(await servedPin(noonmark).catch(() => 'none')).not.toBe(first.pin);
  });

  test('that look expired are served all the same, with a warning', async () => {
    const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2026-04-01') };
    const expired = pki.issue({ ...bothAddresses, ...dates });
    await using noonmark = await startWithFiles(expired);
    expect(await servedPin(noonmark)).toBe(expired.pin);
    await noonmark.process.waitForLine((line) => /"warn"/.test(line) && /expired|2026-04-01/.test(line));
  });
});

describe('The local CA', () => {
  test('makes a leaf for the name, every listen address and localhost, of at most 397 days', async () => {
    await using noonmark = await startNoonmark({ ipv6: true });
    const leaf = await served(noonmark);
    for (const name of [SERVER_NAME, 'localhost']) expect(leaf.names).toContain(`DNS:${name}`);
    expect(leaf.names).toContain('IP Address:127.0.0.1');
    expect(leaf.names).toContain('IP Address:0:0:0:0:0:0:0:1');
    const days = (leaf.notAfter.getTime() - leaf.notBefore.getTime()) / DAY_MS;
    expect(days).toBeLessThanOrEqual(MAX_LEAF_DAYS);
  });

  test('keeps its keys to its owner, and stays the same over a restart', async () => {
    await using noonmark = await startNoonmark();
    const directory = join(noonmark.directory, 'certs');
    const before = readFileSync(noonmark.caFile, 'utf8');
    const keys = globSync('**/*.{pem,key}', { cwd: directory })
      .map((file) => join(directory, file))
      .filter((file) => readFileSync(file, 'latin1').includes('PRIVATE KEY'));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(statSync(key).mode & 0o777, key).toBe(OWNER_ONLY);
    noonmark.process.signal('SIGTERM');
    await noonmark.process.ended;
    await using again = await startNoonmark({ config: { certs_dir: directory } });
    expect(readFileSync(noonmark.caFile, 'utf8')).toBe(before);
    const client = await openDot(again.endpoint('DoT'), { ca: before, name: SERVER_NAME });
    client.close();
  });
});
