// The clients that people have, asking a running Noonmark for internal names and for names of the world:
// dig, kdig over strict DoT and DoH, curl, stubby in front of us, delv validating behind us. The upstream is a real
// unbound that we reach over DoT alone. All the while resolv.conf points at a plain resolver that writes down
// what it hears, and tcpdump watches every interface: at the end neither may have heard one of the names.

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  type Noonmark,
  SERVER_NAME,
  startNoonmark,
  TRANSPORTS,
} from '../support/noonmark.ts';
import { dig, kdig, read } from '../support/peers/dig.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { type PacketWitness, startPacketWitness } from '../support/peers/packet-witness.ts';
import { type PlainWitness, startPlainWitness, WITNESS_ADDRESS } from '../support/peers/plain-witness.ts';
import type { SignedZone } from '../support/peers/signed-zone.ts';
import { makeSignedZone, SIGNED_ADDRESS, SIGNED_NAME, SIGNED_ZONE } from '../support/peers/signed-zone.ts';
import { startStubby } from '../support/peers/stubby.ts';
import {
  BIG_NAME,
  BIG_STRINGS,
  HERE_NAME,
  SPARSE_ZONE,
  WILD_ADDRESS,
  WILD_ZONE,
} from '../support/peers/unbound.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTrustedUnbound, type TrustedUnbound, UPSTREAM_NAME } from '../support/upstreams.ts';

const peers = [
  'unbound',
  'dig',
  'kdig',
  'delv',
  'curl',
  'stubby',
  'tcpdump',
  'ldns-signzone',
  'unshare',
] as const;
/** RFC 8467 section 4.1. */
const DOT_BLOCK_OCTETS = 468;
const UDP_PAYLOAD_OCTETS = 1232;
/** Makes this run's names unlike those of any other traffic on the machine. */
const RUN = randomBytes(4).toString('hex');

describe.skipIf(!isRoot || !havePeers(...peers))('Real clients', () => {
  let zone: SignedZone;
  let upstream: TrustedUnbound;
  let plainWitness: PlainWitness;
  let packetWitness: PacketWitness;
  let noonmark: Noonmark;
  let stubbyPort: number;
  let stopStubby: () => Promise<unknown>;
  const worldLabels: string[] = [];

  /** A name of the world that was never asked before. */
  function worldName(story: string): string {
    const label = `${story}-${RUN}`;
    worldLabels.push(label);
    return `${label}.${WILD_ZONE}`;
  }
  const strictly = () => [`+tls-ca=${noonmark.caFile}`, `+tls-hostname=${SERVER_NAME}`];

  beforeAll(async () => {
    zone = await makeSignedZone();
    upstream = await startTrustedUnbound(zone);
    plainWitness = await startPlainWitness();
    packetWitness = await startPacketWitness();
    noonmark = await startNoonmark({
      ipv6: true,
      resolvConf: `nameserver ${WITNESS_ADDRESS}\n`,
      config: { upstreams: upstream.upstreams },
    });
    const stubby = await startStubby({
      port: noonmark.ports.dot,
      name: SERVER_NAME,
      caFile: noonmark.caFile,
    });
    stubbyPort = stubby.port;
    stopStubby = stubby.stop;
  });

  afterAll(async () => {
    await stopStubby?.();
    await noonmark?.stop();
    await packetWitness?.stop();
    await plainWitness?.stop();
    await upstream?.unbound.stop();
  });

  test('dig over UDP gets a name of the world and an internal one', async () => {
    const name = worldName('dig-udp');
    const world = await dig(noonmark.ports.dns, name);
    expect(world.status, world.text).toBe('NOERROR');
    expect(world.answer).toEqual([
      expect.stringMatching(new RegExp(`^${name}\\. \\d+ IN A ${WILD_ADDRESS}$`)),
    ]);
    expect(world.flags).toEqual(expect.arrayContaining(['qr', 'rd', 'ra']));
    const internal = await dig(noonmark.ports.dns, INTERNAL_NAME);
    expect(internal.answer, internal.text).toEqual([`${INTERNAL_NAME}. 300 IN A ${INTERNAL_ADDRESS}`]);
  });

  test('dig over TCP gets the same', async () => {
    const world = await dig(noonmark.ports.dns, '+tcp', worldName('dig-tcp'));
    expect(world.answer[0], world.text).toContain(WILD_ADDRESS);
    const internal = await dig(noonmark.ports.dns, '+tcp', INTERNAL_NAME);
    expect(internal.answer[0], internal.text).toContain(INTERNAL_ADDRESS);
  });

  test.each([512, 1232, 4096])(
    'an answer that is too long for UDP with +bufsize=%i comes truncated within the limit, then whole over TCP',
    async (size) => {
      const udp = await dig(noonmark.ports.dns, `+bufsize=${size}`, '+ignore', BIG_NAME, 'TXT');
      expect(udp.flags, udp.text).toContain('tc');
      const octets = Number(/MSG SIZE\s+rcvd: (\d+)/.exec(udp.text)?.[1]);
      expect(octets).toBeLessThanOrEqual(Math.min(size, UDP_PAYLOAD_OCTETS));
      const whole = await dig(noonmark.ports.dns, `+bufsize=${size}`, BIG_NAME, 'TXT');
      expect(whole.flags).not.toContain('tc');
      expect(whole.answer[0]?.match(/"\d+"/g), whole.text).toHaveLength(BIG_STRINGS);
    },
  );

  test('a client without EDNS gets an answer without EDNS, one with EDNS learns our payload size', async () => {
    const bare = await dig(noonmark.ports.dns, '+noedns', worldName('no-edns'));
    expect(bare.status, bare.text).toBe('NOERROR');
    expect(bare.text).not.toContain('OPT PSEUDOSECTION');
    const edns = await dig(noonmark.ports.dns, worldName('with-edns'));
    expect(edns.text).toMatch(new RegExp(`udp: ${UDP_PAYLOAD_OCTETS}\\b`));
  });

  test('a name that does not exist and a type that does not exist are told apart, each with its SOA', async () => {
    const nxdomain = await dig(noonmark.ports.dns, `nobody-${RUN}.${SPARSE_ZONE}`);
    expect(nxdomain.status, nxdomain.text).toBe('NXDOMAIN');
    expect(nxdomain.authority[0]).toContain('SOA');
    const nodata = await dig(noonmark.ports.dns, SPARSE_ZONE, 'AAAA');
    expect(nodata.status, nodata.text).toBe('NOERROR');
    expect(nodata.answer).toEqual([]);
    expect(nodata.authority[0]).toContain('SOA');
  });

  test('the letter case of a question comes back as it was sent', async () => {
    const label = worldName('cAsE').replace('wild', 'wILd');
    for (const name of [label, 'nAS.hOMe.aRPa']) {
      const answer = await dig(noonmark.ports.dns, name);
      expect(answer.status, answer.text).toBe('NOERROR');
      expect(answer.question).toContain(`${name}.`);
    }
  });

  test('kdig over strict DoT gets names of both kinds, padded to the block size', async () => {
    const world = await kdig(noonmark.ports.dot, ...strictly(), '+padding', worldName('kdig-dot'));
    expect(world.answer[0], world.text).toContain(WILD_ADDRESS);
    const octets = Number(/Received (\d+) B/.exec(world.text)?.[1]);
    expect(octets % DOT_BLOCK_OCTETS, world.text).toBe(0);
    const internal = await kdig(noonmark.ports.dot, ...strictly(), INTERNAL_NAME);
    expect(internal.answer[0], internal.text).toContain(INTERNAL_ADDRESS);
  });

  test('kdig refuses us under a name that our certificate does not carry, so strict is strict', async () => {
    const args = [`+tls-ca=${noonmark.caFile}`, '+tls-hostname=another.example', INTERNAL_NAME];
    const refused = await kdig(noonmark.ports.dot, ...args);
    expect(refused.answer).toEqual([]);
    expect(refused.text).toContain('certificate');
  });

  test.each([
    ['POST', []],
    ['GET', ['+https-get']],
  ])('kdig over DoH with %s gets names of both kinds', async (method, more) => {
    const args = ['+https', ...more, ...strictly()];
    const world = await kdig(noonmark.ports.doh, ...args, worldName(`kdig-doh-${method.toLowerCase()}`));
    expect(world.answer[0], world.text).toContain(WILD_ADDRESS);
    const internal = await kdig(noonmark.ports.doh, ...args, INTERNAL_NAME);
    expect(internal.answer[0], internal.text).toContain(INTERNAL_ADDRESS);
  });

  test('curl --doh-url resolves through us and fetches the page that is there', async () => {
    await using page = await startPage('the page');
    const args = [
      ...['--silent', '--show-error', '--noproxy', '*', '--cacert', noonmark.caFile],
      ...['--doh-url', `https://127.0.0.1:${noonmark.ports.doh}/dns-query`],
      `http://${HERE_NAME}:${page.port}/`,
    ];
    const fetched = await run('curl', args);
    expect(fetched.stdout, fetched.stderr).toBe('the page');
  });

  test.each([
    ['--http2', 'POST'],
    ['--http2', 'GET'],
    ['--http1.1', 'POST'],
    ['--http1.1', 'GET'],
  ])('curl %s with %s gets a DNS message with a max-age that its TTL allows', async (version, method) => {
    const directory = temporaryDirectory('curl');
    const query = makeQuery(worldName(`curl-${version.slice(2, 7)}-${method.toLowerCase()}`), 'A', { id: 0 });
    const bodyFile = join(directory, 'query');
    writeFileSync(bodyFile, query);
    const base = `https://${SERVER_NAME}:${noonmark.ports.doh}/dns-query`;
    const asked =
      method === 'POST'
        ? ['-H', 'content-type: application/dns-message', '--data-binary', `@${bodyFile}`, base]
        : [`${base}?dns=${query.toString('base64url')}`];
    const outcome = await run('curl', [
      ...['--silent', '--show-error', '--noproxy', '*', version, '--cacert', noonmark.caFile],
      ...['--resolve', `${SERVER_NAME}:${noonmark.ports.doh}:127.0.0.1`],
      ...[
        '-o',
        join(directory, 'reply'),
        '-w',
        '%{http_code} %{http_version} %{content_type} %header{cache-control}',
      ],
      ...asked,
    ]);
    const [, maxAge] = /max-age=(\d+)/.exec(outcome.stdout) ?? [];
    expect(outcome.stdout, outcome.stderr).toContain(
      `200 ${version === '--http2' ? '2' : '1.1'} application/dns-message`,
    );
    expect(Number(maxAge)).toBeLessThanOrEqual(60);
    const reply = readReply(readFileSync(join(directory, 'reply')));
    expect(reply).toMatchObject({ id: 0, rcode: 'NOERROR', answers: [`A ${WILD_ADDRESS}`] });
  });

  test('stubby, strict, forwards to us', async () => {
    const world = await dig(stubbyPort, worldName('stubby'));
    expect(world.answer[0], world.text).toContain(WILD_ADDRESS);
    const internal = await dig(stubbyPort, INTERNAL_NAME);
    expect(internal.answer[0], internal.text).toContain(INTERNAL_ADDRESS);
  });

  test.each([
    ['a record', SIGNED_NAME, 'A', 'fully validated'],
    ['a record under a wildcard', `w-${RUN}.any.${SIGNED_ZONE}`, 'A', 'fully validated'],
    ['a name that does not exist', `no-${RUN}.${SIGNED_ZONE}`, 'A', 'negative response, fully validated'],
    ['a type that does not exist', SIGNED_NAME, 'MX', 'negative response, fully validated'],
  ])('delv behind us validates %s by its own trust anchor', async (_, name, type, verdict) => {
    const server = ['@127.0.0.1', '-p', String(noonmark.ports.dns)];
    const args = [...server, '-a', zone.delvAnchorFile, `+root=${SIGNED_ZONE}`, name, type];
    const validated = await read('delv', args);
    expect(validated.text).toContain(`; ${verdict}`);
  });

  test('signatures go to who sets DO, AD to who asks for it by AD or DO, and to nobody else', async () => {
    const signed = await dig(noonmark.ports.dns, '+dnssec', SIGNED_NAME);
    expect(signed.answer, signed.text).toEqual([
      expect.stringContaining(SIGNED_ADDRESS),
      expect.stringContaining('RRSIG A'),
    ]);
    expect(signed.flags).toContain('ad');
    const asking = await dig(noonmark.ports.dns, '+adflag', SIGNED_NAME);
    expect(asking.flags, asking.text).toContain('ad');
    expect(asking.answer).toHaveLength(1);
    const plain = await dig(noonmark.ports.dns, '+noadflag', SIGNED_NAME);
    expect(plain.flags, plain.text).not.toContain('ad');
    expect(plain.answer).toEqual([expect.stringContaining(SIGNED_ADDRESS)]);
    const checking = await dig(noonmark.ports.dns, '+cdflag', '+dnssec', SIGNED_NAME);
    expect(checking.flags, checking.text).toContain('cd');
  });

  test('every transport answers on IPv6 loopback too', async () => {
    const { dns, dot, doh } = noonmark.ports;
    const answers = [
      await dig(dns, '@::1', worldName('six-udp')),
      await dig(dns, '@::1', '+tcp', worldName('six-tcp')),
      await kdig(dot, '@::1', ...strictly(), worldName('six-dot')),
      await kdig(doh, '@::1', '+https', ...strictly(), worldName('six-doh')),
    ];
    for (const answer of answers) expect(answer.answer[0], answer.text).toContain(WILD_ADDRESS);
  });

  test.each(TRANSPORTS)('loopback is never refused over %s', async (transport) => {
    for (const address of ['127.0.0.1', '::1']) {
      const client = await noonmark.open(transport, undefined, address);
      for (const name of [INTERNAL_NAME, worldName(`allowed-${transport}`), SERVER_NAME]) {
        const reply = await client.ask(makeQuery(name));
        expect(reply && readReply(reply).rcode, `${name} at ${address}`).toBe('NOERROR');
      }
      client.close();
    }
  });

  test('ANY is answered with next to nothing (RFC 8482)', async () => {
    const any = await dig(noonmark.ports.dns, '+notcp', `any-${RUN}.${WILD_ZONE}`, 'ANY');
    expect(any.status, any.text).toBe('NOERROR');
    expect(any.answer.length).toBeLessThanOrEqual(1);
  });

  test('dig and kdig show the extended error when the world cannot be reached', async () => {
    const deadPort = await freePort();
    const upstreams = [{ url: `tls://${UPSTREAM_NAME}:${deadPort}`, addresses: ['127.0.0.1'] }];
    await using cutOff = await startNoonmark({ config: { upstreams } });
    for (const client of [dig, kdig]) {
      const failed = await client(cutOff.ports.dns, '+edns=0', `cut-off-${RUN}-${client.name}.${WILD_ZONE}`);
      expect(failed.status, failed.text).toBe('SERVFAIL');
      expect([22, 23]).toContain(failed.extendedErrors[0]);
    }
  });

  test('after all this the upstream has heard every name, and nobody has in plaintext', async () => {
    const { unbound } = upstream;
    const unheard = () => worldLabels.filter((label) => !unbound.saw(label));
    await eventually(() => unheard().length === 0, { what: 'every name in the log of unbound' }).catch(
      () => {},
    );
    expect(unheard()).toEqual([]);
    const [, upstreamLabel] = UPSTREAM_NAME.split('.');
    const clientPorts = [noonmark.ports.dns, stubbyPort];
    expect(await packetWitness.seen([...worldLabels, upstreamLabel!], clientPorts)).toEqual([]);
    expect(plainWitness.names).toEqual([]);
  });

  test('and both witnesses would have heard: a name sent to them in plaintext is', async () => {
    const label = `control-${RUN}`;
    await dig(53, `@${WITNESS_ADDRESS}`, `${label}.${WILD_ZONE}`);
    expect(plainWitness.names).toEqual([`${label}.${WILD_ZONE}`]);
    const isSeen = async () =>
      (await packetWitness.seen([label], [noonmark.ports.dns, stubbyPort])).join() === label;
    await eventually(isSeen, { what: 'the name in the capture' });
  });
});

/** A web page on loopback, at a name that only DNS knows. */
async function startPage(text: string): Promise<{ port: number } & AsyncDisposable> {
  const server: Server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}
