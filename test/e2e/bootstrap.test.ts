// Upstreams that are configured by name: found through the others, kept for the next start, found again when they move,
// and found with a clock that says 1970. A real unbound knows their addresses; a real dnsdist is what is found.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { DOH_PATH, startDnsdist } from '../support/peers/dnsdist.ts';
import { HOSTILE_ADDRESS, startHostileDot } from '../support/peers/hostile-dot.ts';
import { havePeers } from '../support/peers/packages.ts';
import { startUnbound, WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import type { IssuedCertificate, Pki } from '../support/pki.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { makePki, type UpstreamEntry, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

/** Has no address in the configuration. */
const SOUGHT_NAME = 'dns.sought.example';
const foundAt = (address: string) => [`${SOUGHT_NAME}. 1 A ${address}`];
/** "The world within 5 s of start" (issue 3), and what a busy machine adds. */
const WORLD_WITHIN_MS = 5_500;

let pki: Pki;
let known: IssuedCertificate;
let sought: IssuedCertificate;
let serial = 0;

beforeAll(() => {
  pki = makePki();
  known = upstreamCertificate(pki);
  sought = pki.issue({ names: [SOUGHT_NAME] });
});

/** The entry of an upstream without addresses. */
const byName = (port: number) => ({
  url: `https://${SOUGHT_NAME}:${port}${DOH_PATH}`,
  ca_file: pki.rootFile,
});

function start(upstreams: readonly (UpstreamEntry | ReturnType<typeof byName>)[], stateDir: string) {
  return startNoonmark({ config: { upstreams, state_dir: stateDir } });
}

async function expectWorld(noonmark: Noonmark, withinMs = WORLD_WITHIN_MS): Promise<void> {
  const look = async () => (await noonmark.ask(`b${++serial}.${WILD_ZONE}`)).answers[0];
  await eventually(async () => (await look()) === `A ${WILD_ADDRESS}`, { withinMs, what: 'the world' });
}

const remembered = (stateDir: string) =>
  JSON.parse(readFileSync(join(stateDir, 'upstream-addresses.json'), 'utf8')) as Record<string, string[]>;

describe.skipIf(!havePeers('unbound', 'dnsdist', 'libfaketime'))('An upstream by name', () => {
  test('is found through the other one, and at its last address when that one is dead', async () => {
    const stateDir = temporaryDirectory('state');
    await using dnsdist = await startDnsdist(sought);
    await using unbound = await startUnbound({ ...known, records: foundAt('127.0.0.1') });
    const upstreams = [upstreamEntry(unbound.port, pki.rootFile), byName(dnsdist.port)];
    {
      await using noonmark = await start(upstreams, stateDir);
      await eventually(() => remembered(stateDir)[SOUGHT_NAME], { what: 'the address that was found' });
      await expectWorld(noonmark);
    }
    await unbound.stop();
    await using noonmark = await start(upstreams, stateDir);
    await expectWorld(noonmark);
    expect(remembered(stateDir)).toEqual({ [SOUGHT_NAME]: ['127.0.0.1'] });
  });

  test('is missed by nobody while it is not found, and is there when the other one is back', async () => {
    const stateDir = temporaryDirectory('state');
    const port = await freePort();
    await using dnsdist = await startDnsdist(sought);
    const upstreams = [upstreamEntry(port, pki.rootFile), byName(dnsdist.port)];
    await using noonmark = await start(upstreams, stateDir);
    expect((await noonmark.ask(INTERNAL_NAME)).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
    expect((await noonmark.ask(`early.${WILD_ZONE}`)).rcode).toBe('SERVFAIL');
    await using unbound = await startUnbound({ ...known, port, records: foundAt('127.0.0.1') });
    await expectWorld(noonmark);
    await eventually(() => remembered(stateDir)[SOUGHT_NAME] !== undefined);
    await unbound.stop();
    await expectWorld(noonmark);
    expect(dnsdist.queries().some((query) => query.includes(WILD_ZONE))).toBe(true);
  });

  test('that has moved is found again, and who sits at its old address is told nothing', async () => {
    const stateDir = temporaryDirectory('state');
    const [dotPort, port] = [await freePort(), await freePort()];
    const upstreams = [upstreamEntry(dotPort, pki.rootFile), byName(port)];
    await using unbound = await startUnbound({ ...known, port: dotPort, records: foundAt('127.0.0.1') });
    await using before = await startDnsdist({ ...sought, port });
    await using noonmark = await start(upstreams, stateDir);
    await eventually(() => remembered(stateDir)[SOUGHT_NAME]);
    await unbound.stop();
    await expectWorld(noonmark);
    await before.stop();
    await using impostor = await startHostileDot({ ...known, port });
    expect((await noonmark.ask(`moved.${WILD_ZONE}`)).rcode).toBe('SERVFAIL');
    await using after = await startDnsdist({ ...sought, port, address: '127.0.0.2' });
    await using knowing = await startUnbound({ ...known, port: dotPort, records: foundAt('127.0.0.2') });
    // The old address is given up when the upstream has been reached at the new one, and not before.
    const hasMoved = () => remembered(stateDir)[SOUGHT_NAME]?.join() === '127.0.0.2';
    await eventually(hasMoved, { what: 'the upstream at its new address' });
    await knowing.stop();
    await expectWorld(noonmark);
    expect(after.queries().some((query) => query.includes(WILD_ZONE))).toBe(true);
    expect(impostor.attempts).toBeGreaterThan(0);
    expect(impostor.octetsInside).toBe(0);
  });

  test('is found with the clock at 1970, and its Date brings the world back', async () => {
    const clock = wrongClock('@1970-01-01 00:00:05');
    await using dnsdist = await startDnsdist(sought);
    await using unbound = await startUnbound({ ...known, records: foundAt('127.0.0.1') });
    const { url, ca_file } = byName(dnsdist.port);
    await using noonmark = await startNoonmark({
      env: clock.env,
      config: {
        upstreams: [upstreamEntry(unbound.port, pki.rootFile), { url, ca_file }],
        time: { sources: [{ url, ca_file }] },
      },
    });
    await expectWorld(noonmark);
  });
});

test('An upstream that a zone of the house names is found with nobody else alive', async () => {
  const name = 'dns.home.arpa';
  await using hostile = await startHostileDot(pki.issue({ names: [name] }));
  await using noonmark = await startNoonmark({
    config: {
      zones: { 'home.arpa': { records: ['dns A 127.0.0.1'] } },
      upstreams: [
        upstreamEntry(await freePort(), pki.rootFile),
        { url: `tls://${name}:${hostile.port}`, ca_file: pki.rootFile },
      ],
    },
  });
  const look = async () => (await noonmark.ask(`b${++serial}.${WILD_ZONE}`)).answers[0];
  await eventually(async () => (await look()) === `A ${HOSTILE_ADDRESS}`, { withinMs: WORLD_WITHIN_MS });
});
