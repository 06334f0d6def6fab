// The running server as people and programs ask it how it is: over the admin listener, and with the commands that use
// its control socket. The page itself is looked at in test/unit/admin, the clock behind it in test/lab.

import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Status } from '../../src/status/status.ts';
import { ACME_PEERS, type AcmeHouse, OWN_NAME, startAcmeHouse } from '../support/acme-house.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { MAIN_FILE, NODE, type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { run } from '../support/running.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

const UNAVAILABLE = 69;

describe.skipIf(!havePeers('unbound'))('How it is', () => {
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;
  let adminPort: number;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    const [dns, dot, doh, admin] = (await freePorts(4)) as [number, number, number, number];
    adminPort = admin;
    const on = (port: number) => [`127.0.0.1:${port}`];
    noonmark = await startNoonmark({
      ports: { dns, dot, doh },
      config: {
        upstreams: upstream.upstreams,
        listen: { dns: on(dns), dot: on(dot), doh: on(doh), admin: on(admin) },
      },
    });
  });

  afterAll(async () => {
    await noonmark?.stop();
    await upstream?.unbound.stop();
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ code: number; body: string; headers: Record<string, unknown> }>((resolve, reject) => {
      request({ host: '127.0.0.1', port: adminPort, path, headers }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () =>
          resolve({ code: response.statusCode ?? 0, body, headers: response.headers }),
        );
      })
        .on('error', reject)
        .end();
    });
  const command = (...args: string[]) =>
    run(NODE, [MAIN_FILE, ...args, '--config', `${noonmark.directory}/noonmark.yaml`]);

  test('is told at the paths of the contract', async () => {
    expect(await get('/healthz')).toMatchObject({ code: 200, body: 'ok\n' });
    await eventually(async () => (await get('/readyz')).code === 200);
    const status = JSON.parse((await get('/api/status')).body) as Status;
    expect(status.clock).toMatchObject({ state: 'provisional', basis: 'system-clock', sources: [] });
    expect(Date.parse(status.clock.now!) - Date.now()).toBeLessThan(1000);
    expect(status.upstreams).toMatchObject([{ isUsable: true, problem: null }]);
    expect(status.certificate?.names).toContain('dns.house.example');
    const metrics = await get('/metrics');
    expect(metrics.headers['content-type']).toContain('version=0.0.4');
    expect(metrics.body).toContain('\nnoonmark_clock_state{state="provisional"} 1\n');
    expect(metrics.body).toMatch(
      /\nnoonmark_certificate_left_seconds\{certificate="dns\.house\.example"\} \d+/,
    );
    const page = await get('/');
    expect(page.body).toContain('<!doctype html>');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('is told to nobody who asks under a name that is not ours', async () => {
    expect((await get('/api/status', { host: 'rebound.example' })).code).toBe(421);
    expect((await get('/api/status', { origin: 'https://elsewhere.example' })).code).toBe(403);
  });

  test.each(['status', 'explain', 'time'])('is told by `noonmark %s`, as text and as JSON', async (name) => {
    const text = await command(name);
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/provisional|nothing confirms|names of the world/i);
    const json = await command(name, '--json');
    expect(() => JSON.parse(json.stdout)).not.toThrow();
  });

  test('is told of certificates by `noonmark certificate`, which renews nothing that no CA is asked for', async () => {
    const status = await command('certificate', 'status');
    expect([status.code, status.stderr]).toEqual([0, '']);
    expect(status.stdout).toMatch(/^ {2}from {6}the local CA$/m);
    expect(status.stdout).toMatch(/^ {2}life {6}\S+ \S+ UTC to \S+ \S+ UTC: .* left, \d+ % over$/m);
    const { code, stdout } = await command('certificate', 'renew', '--now');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^No certificate is ordered from a CA/);
  });

  test('is not known where no server runs, and that is said', async () => {
    await noonmark.process.stop();
    const { code, stderr } = await command('explain');
    expect(code).toBe(UNAVAILABLE);
    expect(stderr).toMatch(/no server|not running|nobody/i);
  });
});

describe.skipIf(!havePeers(...ACME_PEERS))('A certificate of a CA', () => {
  let house: AcmeHouse;
  let noonmark: Noonmark;

  beforeAll(async () => {
    house = await startAcmeHouse();
    const { directory } = house.acme as { directory: string };
    const acme = { ...house.acme, challenge: 'http-01', staging: directory };
    noonmark = await house.start({ names: [OWN_NAME], acme });
  });
  afterAll(async () => {
    await noonmark?.stop();
    await house?.[Symbol.asyncDispose]();
  });

  const command = (...args: string[]) =>
    run(NODE, [MAIN_FILE, ...args, '--config', `${noonmark.directory}/noonmark.yaml`]);
  const status = async () => JSON.parse((await command('status', '--json')).stdout) as Status;

  test('is told of as it is: whose it is, when the next is due, and nothing that needs attention', async () => {
    const found = (await eventually(async () => {
      const seen = await status();
      const [issuance] = seen.issuances;
      return issuance?.isServed && Date.parse(issuance.renewAt ?? '') > Date.now() ? seen : null;
    }))!;
    expect(found.certificate).toMatchObject({ source: 'acme', names: [OWN_NAME] });
    expect(found.certificates).toEqual([found.certificate]);
    expect(found.issuances).toMatchObject([{ phase: 'idle', waitsFor: null, lastFailure: null }]);
    expect(found.degraded.filter(({ what }) => what.includes('certificate'))).toEqual([]);
    const { code, stdout } = await command('certificate', 'status');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${OWN_NAME}\n {2}shown to {5,}everybody`));
    expect(stdout).toMatch(/^ {2}next one {5,}is due on \d{4}-/m);
  });

  test('is rehearsed by --dry-run, which keeps nothing', async () => {
    const before = (await status()).certificate;
    const { code, stdout, stderr } = await command('certificate', 'renew', '--dry-run');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^It works: /);
    expect((await status()).certificate).toEqual(before);
  });

  test('is not renewed twice a day, and that is said without alarm', async () => {
    const { code, stdout } = await command('certificate', 'renew', OWN_NAME, '--now');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^No new certificate: .*24 hours/);
    const { degraded } = await status();
    expect(degraded.filter(({ what }) => what.includes('certificate'))).toEqual([]);
  });
});
