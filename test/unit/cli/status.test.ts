// `noonmark status`: what it says, and what becomes of it without a server. How a server is asked is the same for
// `explain` and `time`.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { controlSocketPath } from '../../../src/admin/control-socket-path.ts';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import { explain } from '../../../src/cli/explain.ts';
import { status, statusLines } from '../../../src/cli/status.ts';
import { time } from '../../../src/cli/time.ts';
import { nowDocument } from '../../support/documents.ts';
import { issued, notRenewed, oneLiar, synchronized, untrusted } from '../../support/statuses.ts';
import { newPlace, run, serveStatus } from './control-runs.ts';

describe('the text', () => {
  it('of a server that is well', () => {
    expect(statusLines(synchronized).join('\n')).toBe(`\
All is well: names are answered, and the time is known to within 2 ms.

running      Noonmark 0.3.0, up 2 d 15 h
time         2026-11-03 08:12:45 UTC, ± 1.04 ms, synchronized, system clock within 1 ms
upstreams    2 of 2 usable
certificate  dns.home.example, 192.168.1.2, until 2026-12-04 09:00:00 UTC, from the local CA
listening    udp   192.168.1.2:53  [fd00::2]:53
             tcp   192.168.1.2:53  [fd00::2]:53
             dot   192.168.1.2:853
             doh   192.168.1.2:443
cache        18,204 answers, 6.6 of 64.0 MiB; 71 % of 100,000 questions answered from it
queries      udp 812,004, tcp 912, dot 41,230, doh 20,117
             3.9 a second, 71 % from the cache; half answered within 50 µs, 99 of 100 within 118 ms`);
  });

  it('says what is wrong with an upstream, and where to read on', () => {
    const lines = statusLines(oneLiar);
    expect(lines).toContain('upstreams    1 of 2 usable');
    expect(lines).toContain('             tls://one.one.one.one: no connection: refused at 1.1.1.1');
    expect(lines.at(-1)).toBe('2 things need attention: noonmark explain');
  });

  it('has forwarded zones, lists and files with names, each in a line', () => {
    const found = {
      ...synchronized,
      forwards: [{ zones: ['lan'], servers: [{ ...synchronized.upstreams[0]!, url: '192.168.1.1:53' }] }],
      lists: [
        {
          ...{ name: 'ads', allows: false, source: 'ads.txt', entries: 2, unread: 7, updatedAt: null },
          ...{ problem: null, problemForMs: null },
        },
      ],
      nameFiles: [
        {
          ...({ file: '/etc/leases', format: 'kea', names: 0, unread: 0 } as const),
          ...{ problem: 'there is no such file', problemForMs: 7 },
        },
      ],
      certificates: [{ ...synchronized.certificates[0]!, filesProblem: 'key.pem: there is no such file' }],
    };
    const lines = statusLines(found);
    expect(lines).toContain('forwarded    lan to 192.168.1.1:53, usable');
    expect(lines).toContain('lists        ads: 2 names blocked, 7 lines not understood');
    expect(lines).toContain('name files   /etc/leases: 0 names: there is no such file');
    expect(lines.join(' ')).toMatch(/from the local CA:\s+key\.pem:/);
    const page = nowDocument(found);
    expect(page).toContain('<dt>forwarded</dt><dd>lan to 192.168.1.1:53, usable</dd>');
    expect(page).toContain('<dt>leases</dt><dd>/etc/leases: 0 names: there is no such file</dd>');
    expect(page).toContain('2 names blocked, 7 lines not understood');
    expect(page).toContain('<p class="bad">key.pem: there is no such file</p>');
  });

  it('has every certificate in a line, and what a CA has still to issue', () => {
    const lines = statusLines(notRenewed).join('\n');
    expect(lines).toContain(`
certificate  dns.home.example, until 2026-11-08 08:59:59 UTC, from acme-v02.api.letsencrypt.org; the
             next one is due, and the last order failed (next look at 2026-11-03 08:49:40 UTC)
             dns.lab.example, until 2027-06-01 00:00:00 UTC, from your files
             *.lab.example, from acme-v02.api.letsencrypt.org: not issued yet; the first one is
             being ordered now
`);
    expect(statusLines(issued).join('\n')).toContain('; the next one is due on 2026-12-19 08:12:00 UTC\n');
  });

  it('does without what is not there yet', () => {
    const waiting = [
      {
        ...{ listen: 'dot', address: '192.168.1.2:853', waitingForMs: 5 },
        reason: 'no interface has this address yet',
      },
    ];
    const lines = statusLines({ ...untrusted, certificates: [], upstreams: [], waiting, listening: {} });
    expect(lines).toContain('time         not known, untrusted');
    expect(lines).toContain('certificate  none yet');
    expect(lines).toContain('upstreams    none is configured');
    expect(lines).toContain('waiting      192.168.1.2:853 (dot): no interface has this address yet');
  });
});

describe('asking', () => {
  it('gives the text, or with --json all of it', async () => {
    const place = newPlace();
    await serveStatus(place, () => synchronized);
    const text = await run(status, ['--config', place.configFile]);
    expect(text).toMatchObject({ code: EXIT.OK, err: '' });
    expect(text.out).toBe(`${statusLines(synchronized).join('\n')}\n`);
    const json = await run(status, ['--config', place.configFile, '--json']);
    expect(JSON.parse(json.out)).toEqual(synchronized);
  });

  it.each([
    ['status', status],
    ['explain', explain],
    ['time', time],
  ] as const)('`%s` says so when no server runs, and exits with 69', async (_name, command) => {
    const { configFile, stateDir } = newPlace();
    for (const args of [[], ['--json']]) {
      const { code, out, err } = await run(command, ['--config', configFile, ...args]);
      expect(code).toBe(EXIT.UNAVAILABLE);
      expect(out).toBe('');
      expect(err).toContain(`no server answers at ${controlSocketPath(stateDir)}`);
    }
  });

  it('exits with 69 when what answers there hangs up', async () => {
    const { configFile, stateDir } = newPlace();
    mkdirSync(stateDir);
    const server = createServer((socket) => socket.destroy()).listen(controlSocketPath(stateDir));
    const { code, err } = await run(status, ['--config', configFile]);
    server.close();
    expect(code).toBe(EXIT.UNAVAILABLE);
    expect(err).toContain('gave no answer');
  });

  it('exits with 69 when the server cannot say', async () => {
    const place = newPlace();
    await serveStatus(place, () => {
      throw new Error('broken');
    });
    const { code, err } = await run(status, ['--config', place.configFile]);
    expect(code).toBe(EXIT.UNAVAILABLE);
    expect(err).toContain('answered 500');
  });

  it.skipIf(process.getuid?.() === 0)('says whose it is when the socket may not be opened', async () => {
    const place = newPlace();
    await serveStatus(place, () => synchronized);
    chmodSync(controlSocketPath(place.stateDir), 0);
    expect((await run(status, ['--config', place.configFile])).err).toContain(
      'the user that the server runs as',
    );
  });

  it('exits with 78 for a bad configuration, and refuses words that mean nothing', async () => {
    const { configFile } = newPlace();
    writeFileSync(configFile, 'listen: 7');
    expect(await run(status, ['--config', configFile])).toMatchObject({ code: EXIT.CONFIG, out: '' });
    await expect(run(status, ['--sideways'])).rejects.toThrow(UsageError);
    await expect(run(explain, ['all'])).rejects.toThrow(UsageError);
  });

  it('prints nothing that moves the cursor', async () => {
    const place = newPlace();
    const evil = { ...oneLiar.degraded[0]!, what: 'evil\u001b[2J\nforged: line' };
    const degraded = [evil];
    await serveStatus(place, () => ({ ...oneLiar, degraded }));
    const { out } = await run(explain, ['--config', place.configFile]);
    expect(out).toContain('Evil\\u001b[2J\\u000aforged: line');
    expect(out).not.toContain('\u001b');
  });
});
