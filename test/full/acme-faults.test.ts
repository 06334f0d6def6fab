// The long form of test/e2e/acme-faults.test.ts: a CA that hangs, at each of its resources, and a disk that is full from
// each of them on. Half a minute is waited for an answer, by the server's own clock.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { storageIdOf } from '../../src/acme/storage-id.ts';
import { ACME_PEERS, type AcmeHouse, OWN_NAME, startAcmeHouse } from '../support/acme-house.ts';
import { STEPS } from '../support/acme-kills.ts';
import { renew, storageIn, storeOld, watchPins } from '../support/acme-witness.ts';
import { eventually } from '../support/eventually.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe.skipIf(!havePeers(...ACME_PEERS))('While a certificate is served,', () => {
  let house: AcmeHouse;
  beforeAll(async () => {
    house = await startAcmeHouse({ front: { renewalInfo: false }, pebble: { nonceRejectPercent: 0 } });
  });
  afterEach(() => house.front.heal());
  afterAll(() => house?.[Symbol.asyncDispose]());

  const prepare = async (certsDir: string) => ({
    old: await storeOld(certsDir, house.pki, [OWN_NAME], 'fresh'),
    config: { certs_dir: certsDir, state_dir: temporaryDirectory('state') },
    issued: house.pebble.issued().length,
  });
  const start = (config: Awaited<ReturnType<typeof prepare>>['config']) =>
    house.start({ names: [OWN_NAME], acme: { ...house.acme, challenge: 'http-01' } }, { config });
  const trust = () => ({ caFile: house.pki.rootFile, name: OWN_NAME });
  const expectOneMore = async (issuedBefore: number) => {
    await eventually(() => house.pebble.issued().length > issuedBefore, { what: "Pebble's log" });
    expect(house.pebble.issued().length - issuedBefore).toBe(1);
  };

  const faults = STEPS.flatMap((step) => [[step, 'before'] as const, [step, 'after'] as const]);
  test.each(faults)('the CA hangs at %s, %s it has acted: one certificate in all', async (step, when) => {
    const { old, config, issued } = await prepare(temporaryDirectory('certs'));
    await using noonmark = await start(config);
    await using shown = await watchPins(noonmark, OWN_NAME, trust());
    house.front.hang(step, { when });
    const { ok, sentence } = await renew(config.state_dir, OWN_NAME);
    expect([ok, sentence]).toEqual([false, expect.stringContaining('did not answer within 30 s')]);
    expect(shown.pins).toEqual([old]);
    house.front.heal();
    expect(await renew(config.state_dir, OWN_NAME)).toMatchObject({ ok: true });
    expect(await shown.stop()).toEqual([old, expect.any(String)]);
    await expectOneMore(issued);
  });

  test.skipIf(!isRoot).each(faults)(
    'the disk is full when the CA is at %s, %s it has acted: one certificate in all, over a kill too',
    async (step, when) => {
      const certsDir = temporaryDirectory('certs');
      const disk = mountSmallDisk(certsDir, 256);
      try {
        const { old, config, issued } = await prepare(certsDir);
        const off = house.front.onRequest((resource, at) => {
          if (resource === step && at === when) disk.fill();
        });
        {
          await using noonmark = await start(config);
          await using shown = await watchPins(noonmark, OWN_NAME, trust());
          await renew(config.state_dir, OWN_NAME);
          off();
          expect((await shown.stop())[0]).toBe(old);
          noonmark.process.signal('SIGKILL');
          await noonmark.process.ended;
        }
        rmSync(join(certsDir, 'filler'));
        await using noonmark = await start(config);
        await using shown = await watchPins(noonmark, OWN_NAME, trust());
        expect(shown.pins).toEqual([old]);
        expect(await renew(config.state_dir, OWN_NAME)).toMatchObject({ ok: true });
        expect(await shown.stop()).toEqual([old, expect.any(String)]);
        expect(await storageIn(certsDir).readOrder(storageIdOf([OWN_NAME]))).toBeNull();
        await expectOneMore(issued);
      } finally {
        disk.unmount();
      }
    },
  );
});
