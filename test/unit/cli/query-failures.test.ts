// `noonmark query` where something is wrong: servers that are not trusted, silent, gone, or talking nonsense.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answerWith } from '../../support/dns-message.ts';
import { freePort } from '../../support/free-ports.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { closeAll, startHttps, startTcp, startTls, startUdp } from './query-peers.ts';
import { configFile, directory, facts, good, NAME, pki, run, startOurs } from './query-runs.ts';

const DAY_MS = 86_400_000;

afterEach(closeAll);

describe('a server that is not trusted', () => {
  const now = Date.now();
  const foreign = createPki(mkdtempSync(join(directory, 'foreign-')));
  const wrong = {
    identity: pki.issue({ names: ['other.example'] }),
    chain: foreign.issue({ names: [NAME] }),
    dates: pki.issue({
      names: [NAME],
      notBefore: new Date(now - 9 * DAY_MS),
      notAfter: new Date(now - DAY_MS),
    }),
  };

  it.each(['identity', 'chain', 'dates'] as const)(
    'is shown with its wrong %s and is sent nothing',
    async (aspect) => {
      for (const scheme of ['tls', 'https']) {
        const peer = await startTls(wrong[aspect]);
        const args = ['--server', `${scheme}://127.0.0.1:${peer.port}`, '--name', NAME, '--ca', pki.rootFile];
        const { code, out, err } = await run(['a.example', ...args]);
        expect(code).toBe(1);
        expect(out).toContain('TLS        not trusted, so nothing was sent\n');
        const labels = out
          .split('\n')
          .filter((line) => line.includes(' wrong: '))
          .map((line) => line.split(' ')[0]);
        expect(labels).toEqual([aspect]);
        expect(err).toMatch(new RegExp(`is not trusted: ${aspect}: .*; nothing was sent\n$`));
        expect(peer.octets).toBe(0);
      }
    },
  );

  it('is one whose key is not pinned; with its own key pinned it is asked', async () => {
    const house = await startOurs();
    const args = ['nas.home.arpa', '--config', configFile, '--server', `tls://127.0.0.1:${house.ports.dot}`];
    expect(await facts([...args, '--pin', wrong.identity.pin])).toMatchObject({
      exit: 1,
      reply: null,
      tls: { trusted: false, verdict: { identity: { ok: false }, chain: { ok: true } } },
      failure: { code: 'peer-untrusted' },
    });
    expect(await facts([...args, '--pin', good.pin])).toMatchObject({ exit: 0, tls: { pins: 1 } });
    expect(house.resolver.asked).toHaveLength(1);
  });

  it('is not our own listener when another configuration is named: the public roots judge it', async () => {
    const { ports } = await startOurs();
    const found = await facts(['nas.home.arpa', '--server', `tls://127.0.0.1:${ports.dot}`]);
    expect(found).toMatchObject({
      exit: 1,
      tls: { anchors: 'the public roots', verdict: { chain: { ok: false } } },
    });
  });

  it('is our own listener too, by the local CA, where the owner brings certificates', async () => {
    const { ports } = await startOurs();
    const file = join(directory, 'files.yaml');
    const files = { certificate: good.certificateFile, key: good.keyFile };
    writeFileSync(file, stringify({ listen: { dot: [`127.0.0.1:${ports.dot}`] }, certificate: { files } }));
    const server = ['--server', `tls://127.0.0.1:${ports.dot}`];
    const found = await facts(['nas.home.arpa', '--config', file, ...server]);
    expect(found).toMatchObject({ exit: 1, tls: { anchors: 'the public roots' } });
  });

  it('is anybody while the clock is untrusted', async () => {
    const peer = await startTls(good);
    const untrusted = new SimulatedClock({ state: 'untrusted' });
    const args = ['a.example', '--server', `tls://127.0.0.1:${peer.port}`, '--ca', pki.rootFile];
    const { code, err } = await run(args, untrusted);
    expect(code).toBe(1);
    expect(err).toBe(
      'noonmark query: no certificate can be judged while the clock is untrusted: a test says so\n',
    );
    expect(peer.octets).toBe(0);
  });
});

describe('when no answer comes', () => {
  it.each(['udp', 'tcp', 'tls', 'https'])(
    'over %s from a closed port, that is said, with what to try',
    async (scheme) => {
      const port = await freePort();
      const { code, out, err } = await run(['a.example', '--server', `${scheme}://127.0.0.1:${port}`]);
      expect({ code, out, err }).toEqual({
        code: 69,
        out: '',
        err: `noonmark query: 127.0.0.1:${port} does not answer: nothing listens there; check that it runs, and on which port\n`,
      });
    },
  );

  it('from the default server, the advice is to start it', async () => {
    const port = await freePort();
    const file = join(directory, 'elsewhere.yaml');
    writeFileSync(file, stringify({ listen: { dns: [`127.0.0.1:${port}`] } }));
    const { code, err } = await run(['a.example', '--config', file]);
    expect(code).toBe(69);
    expect(err).toContain('start Noonmark here with npm start, or name another --server');
  });

  it('a silent server is asked three times over UDP, and then given up', async () => {
    const still = new SimulatedClock();
    const port = await startUdp(() => still.advance(2000));
    const found = await facts(['a.example', '--server', `127.0.0.1:${port}`, '--timeout', '6s'], still);
    expect(found).toMatchObject({ exit: 69, datagrams: 3, failure: { code: 'no-answer' } });
    expect(found.failure!.message).toContain('nothing came back within 6s');
    expect(still.pendingTimers).toBe(0);
  });

  it.each([
    ['tcp', 'nothing came back within 6s'],
    ['tls', 'the TLS handshake did not end within 6s'],
    ['https', 'the TLS handshake did not end within 6s'],
  ])('a silent server is given up over %s, and it is said how far that came', async (scheme, sentence) => {
    const still = new SimulatedClock();
    const port = await startTcp((socket) => socket.once('data', () => still.advance(6000)));
    const args = [
      'a.example',
      '--server',
      `${scheme}://127.0.0.1:${port}`,
      '--timeout',
      '6s',
      '--ca',
      pki.rootFile,
    ];
    const { code, err } = await run(scheme === 'tcp' ? args.slice(0, -2) : args, still);
    expect(code).toBe(69);
    expect(err).toContain(sentence);
    expect(still.pendingTimers).toBe(0);
  });

  it('a DoH server that never responds is given up', async () => {
    const still = new SimulatedClock({ epochMs: Date.now() });
    const port = await startHttps(good, () => still.advance(5000));
    const args = ['a.example', '--server', `https://127.0.0.1:${port}`, '--ca', pki.rootFile];
    const { code, out, err } = await run(args, still);
    expect(code).toBe(69);
    expect(out).toContain('TLS        TLSv1.3, ALPN h2\n');
    expect(err).toContain('nothing came back within 5s');
    expect(still.pendingTimers).toBe(0);
  });

  it('a server that hangs up is told from a silent one', async () => {
    const port = await startTcp((socket) => socket.once('data', () => socket.end()));
    const { code, err } = await run(['a.example', '--server', `tcp://127.0.0.1:${port}`]);
    expect(code).toBe(69);
    expect(err).toContain('it closed the connection without an answer');
  });
});

describe('what comes back', () => {
  it('is skipped while it belongs to another query, over UDP and TCP alike', async () => {
    const strays = (query: Buffer) => {
      const wrongId = answerWith(query, '192.0.2.66');
      wrongId.writeUInt16BE(query.readUInt16BE(0) ^ 1, 0);
      const wrongName = answerWith(query, '192.0.2.66');
      wrongName[13] = 'b'.charCodeAt(0);
      return [Buffer.from('?'), query, wrongId, wrongName, answerWith(query, '192.0.2.7')];
    };
    const udp = await startUdp((query, { port }, socket) => {
      for (const message of strays(query)) socket.send(message, port, '127.0.0.1');
    });
    const tcp = await startTcp((socket) =>
      socket.once('data', (frame: Buffer) => {
        for (const message of strays(frame.subarray(2))) {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(message.length);
          socket.write(Buffer.concat([length, message]));
        }
      }),
    );
    for (const server of [`udp://127.0.0.1:${udp}`, `tcp://127.0.0.1:${tcp}`])
      expect((await run(['a.example', '--server', server, '--short'])).out).toBe('192.0.2.7\n');
  });

  it('is told as malformed where it is', async () => {
    const port = await startUdp((query, peer, socket) => {
      const reply = answerWith(query, '192.0.2.7');
      socket.send(reply.subarray(0, reply.length - 1), peer.port, '127.0.0.1');
    });
    const { code, err } = await run(['a.example', '--server', `127.0.0.1:${port}`]);
    expect(code).toBe(1);
    expect(err).toContain('what it sent is malformed');
  });

  it('may be a header alone where the server did not understand the query', async () => {
    const port = await startUdp((query, peer, socket) => {
      const header = Buffer.alloc(12);
      header.writeUInt16BE(query.readUInt16BE(0), 0);
      header.writeUInt16BE(0x8001, 2);
      socket.send(header, peer.port, '127.0.0.1');
    });
    const { code, out } = await run(['a.example', '--server', `127.0.0.1:${port}`]);
    expect(code).toBe(1);
    expect(out).toContain('FORMERR, flags qr\n');
  });

  it.each([
    ['another status', 404, {}, 'the HTTP status 404; check the path'],
    ['a redirect', 302, { location: '/elsewhere' }, 'the HTTP status 302; check the path'],
    ['another content', 200, { 'content-type': 'text/html' }, 'something else than application/dns-message'],
    ['too long', 200, { 'content-type': 'application/dns-message' }, 'more than 65535 octets'],
  ] as [string, number, Record<string, string>, string][])(
    'is refused over HTTPS when it is %s',
    async (_what, status, headers, sentence) => {
      const paths: string[] = [];
      const port = await startHttps(good, (path, _body, respond) => {
        paths.push(path);
        respond(status, headers, Buffer.alloc(70_000));
      });
      const args = ['a.example', '--server', `https://127.0.0.1:${port}/q`, '--ca', pki.rootFile];
      const { code, err } = await run(args);
      expect(code).toBe(1);
      expect(err).toContain(sentence);
      expect(paths).toEqual(['/q']);
    },
  );
});

it('a broken configuration ends with 78 and its problems', async () => {
  const file = join(directory, 'broken.yaml');
  writeFileSync(file, 'listen:\n  dsn: []\n');
  const { code, err } = await run(['a.example', '--config', file]);
  expect(code).toBe(78);
  expect(err).toContain(`${file}:2: listen`);
});
