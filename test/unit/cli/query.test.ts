// `noonmark query` against our own listeners on loopback: each transport, and what people and scripts are shown.

import { afterEach, describe, expect, it } from 'vitest';
import { answerWith } from '../../support/dns-message.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { closeAll, type House, startHttps } from './query-peers.ts';
import { configFile, facts, good, NAME, ourCaFile, pki, run, startOurs } from './query-runs.ts';

afterEach(closeAll);

/** With times, which differ each time, as T. */
const withoutTimes = (text: string) => text.replace(/\d+\.\d ms/g, 'T ms');

describe('one question over each transport', () => {
  const ours = () => ['nas.home.arpa', '--config', configFile];

  it.each([
    ['the default server', () => [], 'udp'],
    ['a bare address', ({ dns }) => ['--server', `127.0.0.1:${dns}`], 'udp'],
    ['udp://', ({ dns }) => ['--server', `udp://127.0.0.1:${dns}`], 'udp'],
    ['tcp://', ({ dns }) => ['--server', `tcp://127.0.0.1:${dns}`], 'tcp'],
    ['tls://', ({ dot }) => ['--server', `tls://127.0.0.1:${dot}`], 'dot'],
    ['https://', ({ doh }) => ['--server', `https://127.0.0.1:${doh}/dns-query`], 'doh'],
    ['https:// and localhost', ({ doh }) => ['--server', `https://localhost:${doh}`], 'doh'],
  ] as [string, (ports: House['ports']) => string[], string][])(
    '%s is asked and answers',
    async (_what, server, transport) => {
      const house = await startOurs();
      const found = await facts([...ours(), ...server(house.ports)]);
      expect(found).toMatchObject({
        exit: 0,
        transport,
        failure: null,
        question: { name: 'nas.home.arpa.', type: 'A' },
        reply: {
          status: 'NOERROR',
          answers: [{ name: 'nas.home.arpa.', ttlSeconds: 300, type: 'A', rdata: '192.168.1.20' }],
        },
      });
      const { connectMs, tlsMs, queryMs } = found.timing;
      const isEncrypted = transport === 'dot' || transport === 'doh';
      expect([connectMs !== null, tlsMs !== null, queryMs !== null]).toEqual([
        transport !== 'udp',
        isEncrypted,
        true,
      ]);
      expect(found.tls?.trusted).toBe(isEncrypted ? true : undefined);
      expect(house.resolver.asked).toMatchObject([{ transport, padded: isEncrypted }]);
      if (transport === 'doh') expect(house.resolver.asked[0]!.id).toBe(0);
    },
  );

  it('leaves no timer behind', async () => {
    const house = await startOurs();
    const still = new SimulatedClock({ epochMs: Date.now() });
    const { dns, dot, doh } = house.ports;
    for (const server of [
      `udp://127.0.0.1:${dns}`,
      `tcp://127.0.0.1:${dns}`,
      `tls://127.0.0.1:${dot}`,
      `https://127.0.0.1:${doh}`,
    ])
      expect((await run([...ours(), '--server', server], still)).code).toBe(0);
    expect(still.pendingTimers).toBe(0);
  });

  it('HTTP/1.1 does where a server has no HTTP/2', async () => {
    const port = await startHttps(
      good,
      (_path, body, respond) =>
        respond(200, { 'content-type': 'application/dns-message' }, answerWith(body, '192.0.2.7')),
      1,
    );
    const found = await facts(['a.example', '--server', `https://127.0.0.1:${port}`, '--ca', pki.rootFile]);
    expect(found).toMatchObject({ tls: { alpn: 'http/1.1' }, reply: { answers: [{ rdata: '192.0.2.7' }] } });
  });

  it('wishes for signatures and for no validation are sent', async () => {
    const house = await startOurs();
    await run([...ours(), '--dnssec', '--cd']);
    await run(ours());
    expect(house.resolver.asked).toMatchObject([
      { dnssecOk: true, cd: true },
      { dnssecOk: false, cd: false },
    ]);
  });
});

describe('what people are shown', () => {
  it('is the answer first, then who gave it, what is thought of its certificate, and the time of each step', async () => {
    const house = await startOurs();
    const server = `tls://127.0.0.1:${house.ports.dot}`;
    const { code, out, err } = await run([
      'nas.home.arpa',
      '--config',
      configFile,
      '--server',
      server,
      '--name',
      NAME,
    ]);
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const { notBefore, notAfter } = (await facts(['x', '--config', configFile, '--server', server])).tls!
      .certificate!;
    expect([code, err]).toEqual([0, '']);
    expect(withoutTimes(out).split('\n')).toEqual([
      'NOERROR, flags qr rd ra',
      'question   nas.home.arpa. A',
      '',
      'nas.home.arpa.  300  A  192.168.1.20',
      '',
      `server     127.0.0.1 port ${house.ports.dot}`,
      'transport  DNS over TLS',
      'TLS        TLSv1.3, ALPN dot',
      `identity   right: the certificate is for ${NAME}`,
      `chain      right: it leads to ${ourCaFile}`,
      `dates      right: ${day(Date.parse(notBefore))} to ${day(Date.parse(notAfter))}, 89 days left`,
      'time       connect T ms, TLS T ms, query T ms',
      'size       468 octets',
      '',
    ]);
  });

  it('is the authority where there is no answer; NXDOMAIN is an answer received', async () => {
    await startOurs();
    const { code, out } = await run(['nope.home.arpa', 'MX', '--config', configFile]);
    expect(code).toBe(0);
    expect(out).toContain('NXDOMAIN, flags qr rd ra\nquestion   nope.home.arpa. MX\n');
    expect(out).toContain(
      'no answer; authority:\nhome.arpa.  300  SOA  ns.home.arpa. hostmaster.home.arpa. 1 ',
    );
  });

  it('is nothing that a terminal obeys, whatever a server sends', async () => {
    await startOurs();
    for (const form of [[], ['--json'], ['--short']]) {
      for (const name of ['broken.home.arpa', 'hostile.home.arpa']) {
        const { out, err } = await run([name, 'TXT', '--config', configFile, ...form]);
        expect(`${out}${err}`).toMatch(/^[\n -~]+$/);
      }
    }
  });

  it('is an extended error in words with its code, and exit code 1 for SERVFAIL', async () => {
    await startOurs();
    const { code, out } = await run(['broken.home.arpa', '--config', configFile]);
    expect(code).toBe(1);
    expect(out.split('\n').slice(0, 2)).toEqual([
      'SERVFAIL, flags qr rd ra',
      'No Reachable Authority (extended error 22):  [31mred  NOERROR',
    ]);
  });

  it('is with --short the content alone, and the status of a failure beside it', async () => {
    await startOurs();
    expect(await run(['192.168.1.20', '--config', configFile, '--short'])).toEqual({
      code: 0,
      out: 'nas.home.arpa.\n',
      err: '',
    });
    expect(await run(['broken.home.arpa', '--config', configFile, '--short'])).toEqual({
      code: 1,
      out: '',
      err: 'noonmark query: SERVFAIL\n',
    });
  });
});

describe('a truncated answer', () => {
  it('is fetched over TCP for a bare address', async () => {
    const house = await startOurs();
    const { code, out } = await run(['long.home.arpa', 'TXT', '--config', configFile]);
    expect(code).toBe(0);
    expect(out).toContain('transport  plain DNS over TCP, because the answer over UDP was truncated\n');
    expect(house.resolver.asked.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('is shown as it is for udp://', async () => {
    const house = await startOurs();
    const server = `udp://127.0.0.1:${house.ports.dns}`;
    const { out } = await run(['long.home.arpa', 'TXT', '--server', server]);
    expect(out).toContain('NOERROR, flags qr tc rd ra; truncated: ask again with --server tcp://ADDRESS\n');
    expect(house.resolver.asked.map(({ transport }) => transport)).toEqual(['udp']);
  });
});
