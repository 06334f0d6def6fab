// Somebody is told, with real parts: a clock at 1970, an upstream that is gone, a certificate that is not renewed. One
// message with the explanation, as `explain` says it, and one when it is over; what cannot be sent waits until it can, and
// has the right dates then. The name of a sink is known to the upstream alone, so only this server can look it up.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACME_PEERS, OWN_NAME, startAcmeHouse } from '../support/acme-house.ts';
import { storeOld } from '../support/acme-witness.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { visit } from '../support/http-visit.ts';
import { type Sink, startPlainSink, startSecureSink, type Told } from '../support/message-sink.ts';
import { MAIN_FILE, NODE, type Noonmark, REPOSITORY, startNoonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { HERE_NAME, startUnbound, WILD_ZONE } from '../support/peers/unbound.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTrustedUnbound, upstreamCertificate } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

/** Of every URL of a sink. */
const SECRET = 'kV7-nobody-may-know';
/** The history knows after some 10 s that something is over. */
const OVER_WITHIN_MS = 25_000;
const STORY_MS = 60_000;

async function command(noonmark: Noonmark, ...args: readonly string[]) {
  const config = ['--config', join(noonmark.directory, 'noonmark.yaml')];
  return run(NODE, [MAIN_FILE, ...args, ...config], { cwd: REPOSITORY });
}

async function message(sink: Sink, at: number, withinMs?: number): Promise<Told> {
  const isThere = () => sink.messages.length > at;
  await eventually(isThere, { what: `message ${at + 1}`, ...(withinMs === undefined ? {} : { withinMs }) });
  return sink.messages[at]!;
}

/** What stands in a message stands in `noonmark explain` and on the page, whatever their line breaks. */
async function expectExplained(noonmark: Noonmark, admin: number, { what }: Told): Promise<void> {
  const { stdout } = await command(noonmark, 'explain');
  const { body } = await visit(admin, '/');
  for (const text of [stdout, body])
    expect(text.replaceAll(/\s+/g, ' ').toLowerCase()).toContain(what.toLowerCase());
}

function expectNothingSecret(noonmark: Noonmark): void {
  expect(noonmark.process.lines.join('\n')).not.toContain(SECRET);
  expect(readFileSync(join(noonmark.directory, 'state/notify.json'), 'utf8')).not.toContain(SECRET);
}

const isBetween = (date: string | null, fromMs: number) =>
  Date.parse(date ?? '') >= fromMs - 1_000 && Date.parse(date ?? '') <= Date.now() + 1_000;

/** Each sink is told how long ago it was when it was its turn. */
const ageless = (text: string) => text.replaceAll(/\d+ (s|min) ago/g, 'a while ago');

describe.concurrent('Somebody is told', () => {
  test.skipIf(!havePeers('unbound', 'libfaketime'))(
    'of a clock at 1970: at once where that can be, over HTTPS when the time is known, with the right dates',
    { timeout: STORY_MS },
    async () => {
      const { pki, unbound, upstreams } = await startTrustedUnbound();
      using plain = await startPlainSink();
      using secure = await startSecureSink(pki.issue({ names: [HERE_NAME] }));
      const clock = wrongClock('@1970-01-01 00:00:05');
      const startedMs = Date.now();
      const admin = await freePort();
      await using noonmark = await startNoonmark({
        env: clock.env,
        listenAdmin: admin,
        config: {
          upstreams,
          notify: [
            { webhook: `http://127.0.0.1:${plain.port}/${SECRET}`, after: '1s' },
            { webhook: `https://${HERE_NAME}:${secure.port}/${SECRET}`, ca_file: pki.rootFile, after: '1s' },
            { command: 'tell', after: '1s' },
          ],
        },
        prepare: (directory) =>
          writeFileSync(
            join(directory, 'tell'),
            `#!/bin/sh\necho "$NOONMARK_EVENT $NOONMARK_TITLE" >> '${directory}/told'; cat >> '${directory}/told'\n`,
            { mode: 0o755 },
          ),
      });
      const atOnce = await message(plain, 0);
      expect(atOnce).toMatchObject({
        ...{ event: 'opened', title: expect.stringMatching(/: the time is not known$/) },
        ...{ what: 'the time is not known: names of the world are not resolved, internal names are' },
        ...{ since: null, lasted: null, troubles: [{ kind: 'clock', subject: 'untrusted', isOver: false }] },
      });
      expect(atOnce.text).toMatch(/\nSince: a time that is not known, \d+ s ago\nEvidence: .*1970-01-01/);
      expect(atOnce.text).toMatch(/\nStill works: internal names/);
      await expectExplained(noonmark, admin, atOnce);
      const told = () => readFileSync(join(noonmark.directory, 'told'), 'utf8');
      await eventually(() => ageless(told()).includes(ageless(atOnce.text)), { what: 'the program' });
      expect(secure.received).toEqual([]);
      expect(unbound.saw(HERE_NAME)).toBe(false);

      clock.set('+0');
      const later = await message(secure, 0, OVER_WITHIN_MS);
      const [trouble] = later.troubles as [Told['troubles'][number]];
      expect(later).toMatchObject({ event: 'passed', what: atOnce.what, troubles: [{ isOver: true }] });
      expect([trouble.since, trouble.until].every((date) => isBetween(date, startedMs))).toBe(true);
      expect(later.text).toContain('\nIt could not be told while it lasted.\n');
      expect(unbound.saw(HERE_NAME)).toBe(true);
      const over = await message(plain, 1, OVER_WITHIN_MS);
      expect(over).toMatchObject({ event: 'ended', what: atOnce.what, lasted: expect.any(String) });
      expect(isBetween(over.since, startedMs)).toBe(true);
      await eventually(() => /^ended /m.test(told()), { what: 'the program' });
      expect([plain.received.length, secure.received.length]).toEqual([2, 1]);
      expectNothingSecret(noonmark);
      await unbound.stop();
    },
  );

  test.skipIf(!havePeers('unbound'))(
    'of an upstream that is gone, and of its end; who needs that upstream is told once, afterwards',
    { timeout: STORY_MS },
    async () => {
      const { pki, unbound, upstreams } = await startTrustedUnbound();
      const certificate = pki.issue({ names: [HERE_NAME] });
      using direct = await startSecureSink(certificate, undefined, 'h2');
      using named = await startSecureSink(certificate);
      const entry = (port: number, more = {}) => ({
        ...{ webhook: `https://${HERE_NAME}:${port}/${SECRET}`, ca_file: pki.rootFile, after: '1s' },
        ...more,
      });
      const admin = await freePort();
      await using noonmark = await startNoonmark({
        listenAdmin: admin,
        config: {
          upstreams,
          notify: [entry(direct.port, { addresses: ['127.0.0.1'] }), entry(named.port)],
          cache: { persist: 'off' },
        },
      });
      expect((await noonmark.ask(`before.${WILD_ZONE}`)).rcode).toBe('NOERROR');
      const tested = await command(noonmark, 'notify', 'test');
      expect([tested.code, tested.stdout]).toEqual([
        0,
        [direct, named]
          .map(({ port }, at) => `notify[${at}]: The webhook at https://${HERE_NAME}:${port}: delivered.\n`)
          .join(''),
      ]);
      expect([direct, named].map((sink) => sink.messages.map(({ event }) => event))).toEqual([
        ['test'],
        ['test'],
      ]);

      await unbound.stop();
      await command(noonmark, 'cache', 'flush', '--all');
      const startedMs = Date.now();
      expect((await noonmark.ask(`gone.${WILD_ZONE}`)).rcode).toBe('SERVFAIL'); // nobody notices before
      const begun = await message(direct, 1);
      const url = upstreams[0]!.url;
      expect(begun).toMatchObject({
        ...{ event: 'opened', priority: 'high', what: `the upstream ${url} does not work`, lasted: null },
        troubles: [{ kind: 'upstream', subject: url, isOver: false }],
      });
      expect(isBetween(begun.since, startedMs)).toBe(true);
      expect(begun.text).toContain(`\nDoes not: names of the world: `);
      await expectExplained(noonmark, admin, begun);
      await noonmark.process.waitForLine(/nobody could be told.*cannot be looked up/);
      expect(named.messages).toHaveLength(1);

      await using _ = await startUnbound({ ...upstreamCertificate(pki), port: unbound.port });
      const over = await message(direct, 2, OVER_WITHIN_MS);
      expect(over).toMatchObject({ event: 'ended', what: begun.what, troubles: [{ isOver: true }] });
      expect(over.text).toContain('\nAll is well now.\n');
      const once = await message(named, 1, OVER_WITHIN_MS);
      expect(once).toMatchObject({ event: 'passed', what: begun.what });
      expect([direct.received.length, named.received.length]).toEqual([3, 2]);
      expectNothingSecret(noonmark);
    },
  );

  test.skipIf(!havePeers(...ACME_PEERS))(
    'of a certificate that is not renewed',
    { timeout: STORY_MS },
    async () => {
      await using house = await startAcmeHouse({ front: { renewalInfo: false } });
      using sink = await startPlainSink();
      const certsDir = temporaryDirectory('certs');
      await storeOld(certsDir, house.pki, [OWN_NAME], 'due');
      house.front.fail('newOrder', { type: 'rateLimited', detail: 'too many for this week' });
      const notify = [{ webhook: `http://127.0.0.1:${sink.port}/${SECRET}`, after: '1s' }];
      const admin = await freePort();
      await using noonmark = await house.start(
        { names: [OWN_NAME], acme: { ...house.acme, challenge: 'http-01' } },
        { listenAdmin: admin, config: { certs_dir: certsDir, notify } },
      );
      const told = await message(sink, 0);
      expect(told).toMatchObject({
        ...{ event: 'opened', title: `${OWN_NAME}: the certificate is not renewed` },
        troubles: [{ kind: 'renewal', subject: OWN_NAME, isOver: false }],
      });
      expect(told.text).toMatch(/\nEvidence: .*too many for this week/);
      expect(told.text).toMatch(/\nDo this: /);
      expect(told.text).toMatch(/\nStill works: internal names; names of the world/);
      await expectExplained(noonmark, admin, told);
      expectNothingSecret(noonmark);
    },
  );
});
