// The admin listener on loopback: its paths, the fields of every answer, its limits, and how it stops.

import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AdminListener, type AdminListenerParts } from '../../../src/admin/admin-listener.ts';
import type { AdminSubject } from '../../../src/admin/routes.ts';
import { metricsText } from '../../../src/status/metrics.ts';
import { ASSETS, assetUrl } from '../../../src/web/assets.ts';
import { adminDoor } from '../../support/admin-subjects.ts';
import { eventually } from '../../support/eventually.ts';
import { visit, visitRaw } from '../../support/http-visit.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { synchronized, untrusted } from '../../support/statuses.ts';

const LOOPBACK = { address: '127.0.0.1', port: 0, family: 4 } as const;
const NOON_MS = Date.parse('2026-11-03T12:00:00Z');

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const open: AdminListener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.stop(0)));
  vi.clearAllMocks();
});

async function start(parts: Partial<AdminListenerParts> = {}, subject: Partial<AdminSubject> = {}) {
  const clock = new SimulatedClock({ epochMs: NOON_MS, state: 'synchronized' });
  const listener = new AdminListener({
    addresses: [LOOPBACK],
    ...adminDoor(clock, subject),
    allowedHosts: () => ['dns.home.example'],
    log,
    ...parts,
  });
  open.push(listener);
  await listener.start();
  return { listener, clock, port: listener.addresses[0]?.port ?? 0 };
}

describe('the paths', () => {
  it('say that the process lives, without asking it anything', async () => {
    const status = vi.fn();
    const { port } = await start({}, { status });
    expect(await visit(port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(status).not.toHaveBeenCalled();
  });

  it('say whether names of the world resolve, in words or in JSON', async () => {
    let current = synchronized;
    const { port } = await start({}, { status: () => current });
    expect(await visit(port, '/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
    current = { ...untrusted, notReady: ['the time is not known', 'no upstream answers'] };
    expect(await visit(port, '/readyz')).toMatchObject({
      status: 503,
      body: 'the time is not known\nno upstream answers\n',
    });
    const json = await visit(port, '/readyz', { headers: { accept: 'application/json' } });
    expect(json.status).toBe(503);
    expect(JSON.parse(json.body)).toEqual({ ready: false, reasons: current.notReady });
  });

  it('give the status as JSON, whole', async () => {
    const { port } = await start();
    const { headers, body } = await visit(port, '/api/status');
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toEqual(synchronized);
  });

  it('give the metrics, as Prometheus asks for them', async () => {
    const { port } = await start();
    const { headers, body } = await visit(port, '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toBe(metricsText(synchronized));
    const head = await visit(port, '/metrics', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': String(body.length) } });
  });

  it('give the page, which is kept up to date unless told not to', async () => {
    const { port } = await start();
    const page = await visit(port, '/');
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8' });
    expect(page.body).toContain('All is well');
    expect(page.body).toContain('data-live="/api/live?of=%2F"');
    expect((await visit(port, '/?still')).body).not.toContain('data-live');
  });

  it.each(ASSETS)('give %s, to be kept for good under the URL that a page has for it', async (file) => {
    const { port } = await start();
    const named = await visit(port, assetUrl(file));
    expect(named.headers['cache-control']).toContain('immutable');
    expect(named.headers['content-type']).toMatch(/^text\/(css|javascript); charset=utf-8$/);
    expect((await visit(port, `/assets/${file}?another`)).headers['cache-control']).toBe('no-store');
  });

  it('answer HEAD with the length and nothing more', async () => {
    const { port } = await start();
    const page = await visit(port, '/');
    const head = await visit(port, '/', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(page.headers['content-length']);
  });

  it('refuse in words: other paths, other methods, other names, other origins', async () => {
    const { port } = await start();
    expect(await visit(port, '/metric')).toMatchObject({
      status: 404,
      body: 'there is no such path; / is the first page, and docs/api.md has them all\n',
    });
    expect(await visit(port, '/', { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect(await visit(port, '/', { headers: { host: 'attacker.example' } })).toMatchObject({ status: 421 });
    expect(await visit(port, '/', { headers: { origin: 'http://attacker.example' } })).toMatchObject({
      status: 403,
    });
    expect(await visit(port, '/', { headers: { host: 'dns.home.example:8080' } })).toMatchObject({
      status: 200,
    });
    expect(await visit(port, '/control/forget-stamp', { method: 'POST' })).toMatchObject({ status: 404 });
  });
});

describe('every answer', () => {
  it.each(['/', '/healthz', '/api/status', '/nothing'])(
    'of %s is not stored, sniffed, framed or shared',
    async (path) => {
      const { port } = await start();
      const { headers } = await visit(port, path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    },
  );

  it('has the Date of our own clock, and none while we do not know the time', async () => {
    const { port, clock } = await start();
    expect((await visit(port, '/')).headers.date).toBe('Tue, 03 Nov 2026 12:00:00 GMT');
    clock.setState('untrusted');
    for (const path of ['/', '/nothing']) expect((await visit(port, path)).headers.date).toBeUndefined();
  });

  it.each([
    ['without Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
    [
      'with two Hosts',
      'GET / HTTP/1.1\r\nHost: localhost\r\nHost: a.example\r\nConnection: close\r\n\r\n',
      '400',
    ],
    ['of HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', '400'],
    [
      'with an expectation',
      'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: 1\r\nConnection: close\r\n\r\n',
      '200',
    ],
    ['that is none', 'hello\r\n\r\n', '400'],
    ['with a header of 9 kB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, '431'],
    ['with a body', 'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx', '200'],
    [
      'with an endless body',
      'GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n',
      '200',
    ],
    [
      'that waits to send a body',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
      '405',
    ],
  ])('to a request %s ends its connection and has no Date while untrusted', async (_what, octets, status) => {
    const { port, clock } = await start();
    clock.setState('untrusted');
    const text = await visitRaw(port, octets);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).not.toMatch(/^date:/im);
  });

  it('is a plain 500 when gathering fails, and the listener goes on', async () => {
    const status = vi
      .fn(() => synchronized)
      .mockImplementationOnce(() => {
        throw new Error('a secret of the house');
      });
    const { port } = await start({}, { status });
    const failed = await visit(port, '/api/status');
    expect(failed.status).toBe(500);
    expect(failed.body).not.toContain('secret');
    expect(log.error).toHaveBeenCalledOnce();
    expect(await visit(port, '/api/status')).toMatchObject({ status: 200 });
  });
});

describe('its connections', () => {
  const limits = { connections: 2, connectionsPerClient: 2, connectionIdleMs: 5000 };

  it('make room for a new one when there are too many', async () => {
    const { port } = await start({ limits });
    const idle = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    let closed = 0;
    for (const socket of idle) socket.on('close', () => (closed += 1)).on('error', () => {});
    expect(await eventually(() => visit(port, '/healthz'))).toMatchObject({ status: 200 });
    await eventually(() => closed === 1);
    for (const socket of idle) socket.destroy();
  });

  it('that say nothing, or begin and do not go on, are closed', async () => {
    const { port, clock } = await start({ limits });
    const ends = ['', 'GET / HTTP/1.1\r\nHost: local'].map((octets) => visitRaw(port, octets));
    await eventually(() => clock.pendingTimers > 0);
    const [first, second] = ends.map((end) => end.then(() => true));
    await eventually(async () => {
      clock.advance(limits.connectionIdleMs);
      return (await Promise.race([
        Promise.all([first, second]),
        new Promise((r) => setImmediate(r, false)),
      ])) as boolean;
    });
  });

  it('end when it stops, and the port is free', async () => {
    const { listener, port } = await start();
    const kept = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => kept.on('close', resolve).on('error', () => {}));
    expect(await visit(port, '/healthz')).toMatchObject({ status: 200 });
    await listener.stop(1000);
    await closed;
    await expect(visit(port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('its addresses', () => {
  it('are waited for, with the reason', async () => {
    const { port } = await start();
    const { listener } = await start({ addresses: [{ ...LOOPBACK, port }] });
    expect(listener.addresses).toEqual([]);
    expect(listener.waiting[0]?.reason).toContain('another program has this port');
  });

  it('can be changed while it runs', async () => {
    const { listener, port } = await start();
    await listener.listenOn([{ address: '::1', port: 0, family: 6 }]);
    expect(listener.addresses.map(({ address }) => address)).toEqual(['::1']);
    await expect(visit(port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a page that is looked at', () => {
  /** What a browser gets at first. */
  const WHOLE = ['main', 'as-of', 'running', 'brand', 'title'];

  /** Reads events until `wanted` of them have come. */
  async function events(port: number, target: string) {
    const found: { name: string; content: { id?: string; html?: string } }[] = [];
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    );
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (part: string) => {
      text += part;
      for (const [whole, name, content] of text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)) {
        found.push({ name: name!, content: JSON.parse(content!) });
        text = text.slice(text.indexOf(whole) + whole.length);
      }
    });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await eventually(() => found.length > 0);
    return { found, socket, closed };
  }

  it('gets what is live in it, and then only what has changed', async () => {
    let current = synchronized;
    const { port, clock } = await start({}, { status: () => current });
    const { found, socket } = await events(port, '/api/live?of=%2F');
    const ids = () => found.map(({ content }) => content.id);
    await eventually(() => found.length === WHOLE.length);
    expect(ids()).toEqual(WHOLE);
    current = { ...synchronized, upstreams: [] };
    clock.advance(2000);
    await eventually(() => found.length > WHOLE.length);
    expect(ids().slice(WHOLE.length)).toEqual(['upstreams']);
    expect(found.at(-1)!.content.html).toContain('None is configured');
    socket.destroy();
  });

  it('gets all of it where a section has come or gone', async () => {
    let current = synchronized;
    const { port, clock } = await start({}, { status: () => current });
    const { found, socket } = await events(port, '/api/live?of=%2F');
    await eventually(() => found.length === WHOLE.length);
    current = { ...synchronized, clock: { ...synchronized.clock, witnesses: [] } };
    clock.advance(2000);
    await eventually(() => found.length > WHOLE.length);
    const { id, html } = found[WHOLE.length]!.content;
    expect([id, found.length]).toEqual(['main', WHOLE.length + 1]);
    expect(html).toContain('id="clock"');
    expect(html).not.toContain('id="witnesses"');
    socket.destroy();
  });

  it('is left alone once the reader has gone', async () => {
    const status = vi.fn(() => synchronized);
    const { port, clock } = await start({}, { status });
    const { socket } = await events(port, '/api/live?of=%2F');
    expect(clock.pendingTimers).toBe(2); // its own, and that of the connections
    socket.destroy();
    await eventually(() => clock.pendingTimers < 2);
    const before = status.mock.calls.length;
    clock.advance(10_000);
    expect(status.mock.calls.length).toBe(before);
  });

  it('does not keep the server from stopping, nor is it closed as idle', async () => {
    const { port, clock, listener } = await start();
    const { closed, socket } = await events(port, '/api/live?of=%2F');
    clock.advance(60_000);
    expect(socket.destroyed).toBe(false);
    await listener.stop(60_000);
    await closed;
  });

  it('has to have something that changes', async () => {
    const { port } = await start();
    expect(await visit(port, '/api/live?of=/names')).toMatchObject({
      status: 400,
      body: 'nothing of that page changes\n',
    });
  });

  it.each(['/api/live', '/api/live?of=/nothing', '/api/live?of=//elsewhere.example/', '/api/live?of=%'])(
    'has to be one: %s',
    async (target) => {
      const { port } = await start();
      expect(await visit(port, target)).toMatchObject({ status: 400 });
    },
  );
});
