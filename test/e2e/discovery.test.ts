// A device that knows our address and nothing more: it asks in plain DNS for encrypted doors (RFC 9462), goes through
// them, and verifies by the address that it knew. And the questions that an owner asks of the running server: is it
// healthy, who answered, forget that.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Explained } from '../../src/resolver/explained.ts';
import type { Status } from '../../src/status/status.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  MAIN_FILE,
  NODE,
  type Noonmark,
  SERVER_NAME,
  startNoonmark,
} from '../support/noonmark.ts';
import { dig, kdig } from '../support/peers/dig.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import { run } from '../support/running.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

const BY_ADDRESS = '_dns.resolver.arpa';
const ASKED = '127.0.0.1';

/** "1 dns.house.example. alpn=\"dot\" port=8530 …" as a device reads it. */
function service(line: string | undefined) {
  const [, target = '', params = ''] = / IN SVCB 1 (\S+) (.*)$/.exec(line ?? '') ?? [];
  const param = (name: string) => new RegExp(`(?:^| )${name}="?([^" ]+)"?`).exec(params)?.[1];
  return {
    target,
    alpn: param('alpn'),
    port: Number(param('port')),
    ipv4: param('ipv4hint'),
    path: param('(?:dohpath|key7)'),
  };
}

describe.skipIf(!havePeers('unbound', 'dig', 'kdig'))('A device that looks for encrypted DNS', () => {
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    noonmark = await startNoonmark({ config: { upstreams: upstream.upstreams } });
  });

  afterAll(async () => {
    await noonmark?.stop();
    await upstream?.unbound.stop();
  });

  const configFile = () => join(noonmark.directory, 'noonmark.yaml');
  const command = (...args: string[]) => run(NODE, [MAIN_FILE, ...args, '--config', configFile()]);

  test('is told of DoT and DoH, goes there, and verifies the address that it knew', async () => {
    const told = await dig(noonmark.ports.dns, BY_ADDRESS, 'SVCB');
    expect(told.status, told.text).toBe('NOERROR');
    const [dot, doh] = told.answer.map(service);
    expect(dot).toMatchObject({ target: `${SERVER_NAME}.`, alpn: 'dot', port: noonmark.ports.dot });
    expect(doh).toMatchObject({ target: `${SERVER_NAME}.`, alpn: 'h2', port: noonmark.ports.doh });
    expect([dot?.ipv4, doh?.ipv4]).toEqual([ASKED, ASKED]);
    expect(doh?.path).toBe('/dns-query{?dns}');

    const strictly = [`+tls-ca=${noonmark.caFile}`, `+tls-hostname=${ASKED}`];
    const path = `+https=/${doh!.path!.replace('{?dns}', '').slice(1)}`;
    const answers = [
      await kdig(dot!.port, `@${dot!.ipv4}`, ...strictly, INTERNAL_NAME),
      await kdig(doh!.port, `@${doh!.ipv4}`, path, ...strictly, INTERNAL_NAME),
    ];
    for (const { answer, text } of answers) expect(answer[0], text).toContain(INTERNAL_ADDRESS);
    const other = await kdig(dot!.port, ...[strictly[0]!, '+tls-hostname=127.0.0.2'], INTERNAL_NAME);
    expect(other.answer, 'strict is strict').toEqual([]);
  });

  test('is told the same by name, and nothing by other types', async () => {
    const named = await dig(noonmark.ports.dns, `_dns.${SERVER_NAME}`, 'SVCB');
    expect(
      named.answer.map(service).map(({ alpn }) => alpn),
      named.text,
    ).toEqual(['dot', 'h2']);
    for (const [name, type] of [
      [BY_ADDRESS, 'HTTPS'],
      ['resolver.arpa', 'SVCB'],
    ] as const) {
      const nothing = await dig(noonmark.ports.dns, name, type);
      expect([nothing.status, nothing.answer], nothing.text).toEqual(['NOERROR', []]);
      expect(nothing.authority.join()).toContain('SOA');
    }
  });

  test('and what it can verify is told to people', async () => {
    const { stdout } = await command('explain');
    expect(stdout.replaceAll('\n', ' ')).toContain(
      `Devices that ask ${ASKED} and look for encrypted DNS by themselves (DDR) are told of ${SERVER_NAME}, DoT on port ${noonmark.ports.dot} and DoH on port ${noonmark.ports.doh}`,
    );
    const { designated } = JSON.parse((await command('status', '--json')).stdout) as Status;
    expect(designated).toMatchObject([{ asked: ASKED, name: SERVER_NAME, verifiable: true, silence: null }]);
  });

  test('its answers are explained: the house itself, an upstream, then the cache, until that is flushed', async () => {
    const explain = async (...args: string[]) =>
      JSON.parse((await command('query', '--explain', ...args, '--json')).stdout) as Explained;
    expect(await explain(INTERNAL_NAME)).toMatchObject({ rcode: 'NOERROR', answeredBy: 'local' });
    expect(await explain(INTERNAL_NAME, 'A', '--client', '203.0.113.7')).toMatchObject({
      ...{ rcode: 'REFUSED', answeredBy: 'guard' },
      steps: [{ link: 'guard', detail: 'client not allowed (access.allow)' }],
    });
    const world = `explained.${WILD_ZONE}`;
    const asked = async () => {
      const { rcode, answer, answeredBy, steps } = await explain(world);
      expect([rcode, answer[0]]).toEqual(['NOERROR', expect.stringContaining(WILD_ADDRESS)]);
      expect(steps.at(-1)?.link).toBe(answeredBy);
      return [answeredBy, steps.at(-1)?.detail];
    };
    const asUpstream = ['forward', upstream.upstreams[0]!.url];
    expect(await asked()).toEqual(asUpstream);
    expect(await asked()).toEqual(['cache', expect.stringContaining('kept answer')]);
    const flushed = await command('cache', 'flush', world);
    expect([flushed.code, flushed.stdout]).toEqual([0, `1 answer for ${world} is forgotten.\n`]);
    expect(await asked()).toEqual(asUpstream);
    const below = await command('cache', 'flush', WILD_ZONE, '--below', '--json');
    expect(JSON.parse(below.stdout)).toEqual({ name: `${WILD_ZONE}.`, below: true, flushed: 1 });
  });

  test('the server is healthy, until it is gone', async () => {
    const alive = await command('health');
    expect([alive.code, alive.stdout, alive.stderr]).toEqual([0, 'ok\n', '']);
    await noonmark.process.stop();
    const gone = await command('health');
    expect([gone.code, gone.stdout]).toEqual([1, '']);
    expect(gone.stderr).toContain('no healthy server at');
  });
});

test.skipIf(!havePeers('dig', 'libfaketime'))(
  'Nobody is told anything while the time is not known',
  async () => {
    await using noonmark = await startNoonmark({ env: wrongClock('@1970-01-02 00:00:00').env });
    const told = await dig(noonmark.ports.dns, BY_ADDRESS, 'SVCB');
    expect([told.status, told.answer], told.text).toEqual(['NOERROR', []]);
  },
);
