// How a name is answered right now, asked of the real server over its admin listener: a name of the house, one that a list
// blocks, one that an upstream answers and then the cache; and forgetting that one, as a program and as a form do it.

import { writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lookup } from '../../src/web/lookup-words.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { visit } from '../support/http-visit.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import { startTrustedUnbound, type TrustedUnbound, UPSTREAM_NAME } from '../support/upstreams.ts';

const WORLD = `www.${WILD_ZONE}`;
const ADS = `ads.${WILD_ZONE}`;

describe.skipIf(!havePeers('unbound'))('How a name is answered', () => {
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;
  let admin: number;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    admin = await freePort();
    noonmark = await startNoonmark({
      listenAdmin: admin,
      config: { upstreams: upstream.upstreams, filter: { lists: [{ name: 'mine', file: 'mine.txt' }] } },
      prepare: (directory) => writeFileSync(join(directory, 'mine.txt'), `||${ADS}^\n`),
    });
    await eventually(async () => (await visit(admin, '/readyz')).status === 200);
    await eventually(async () => (await lookUp(ADS)).answeredBy === 'filter');
  });
  afterAll(async () => {
    await noonmark?.stop();
    await upstream?.unbound.stop();
  });

  const lookUp = async (name: string, more = ''): Promise<Lookup> =>
    JSON.parse((await visit(admin, `/api/lookup?name=${encodeURIComponent(name)}${more}`)).body);
  const page = async (name: string, options?: RequestOptions) =>
    visit(admin, `/names?name=${encodeURIComponent(name)}`, options);
  const verdict = async (name: string) => /<p class="verdict">([^<]*)</.exec((await page(name)).body)?.[1];

  test('is told for one of the house, and for an address of it', async () => {
    expect(await lookUp(INTERNAL_NAME)).toMatchObject({
      ...{ answeredBy: 'local', zone: 'home.arpa.', client: '127.0.0.1' },
      records: [{ owner: `${INTERNAL_NAME}.`, ttlSeconds: 300, type: 'A', data: INTERNAL_ADDRESS }],
    });
    expect((await lookUp(INTERNAL_ADDRESS)).answer).toEqual([
      `20.1.168.192.in-addr.arpa. 300 PTR ${INTERNAL_NAME}.`,
    ]);
    expect(await verdict(INTERNAL_NAME)).toBe('Answered here, by your own zone home.arpa.');
  });

  test('is told for one that a list blocks', async () => {
    expect(await lookUp(ADS)).toMatchObject({
      ...{ answeredBy: 'filter', list: 'mine', rule: `||${ADS}^`, rcode: 'NXDOMAIN' },
    });
    expect(await verdict(ADS)).toBe(
      `Blocked by the list “mine”: rule ||${ADS}^. The answer is: there is no such name.`,
    );
  });

  test('is told for one of the world: the upstream, the cache, and the upstream again once it is forgotten', async () => {
    expect(await lookUp(WORLD)).toMatchObject({
      ...{ answeredBy: 'forward', upstream: expect.stringContaining(UPSTREAM_NAME) },
      records: [{ data: WILD_ADDRESS }],
    });
    const kept = await lookUp(WORLD);
    expect(kept).toMatchObject({ answeredBy: 'cache', upstream: null });
    expect(kept.ttlLeftSeconds).toBe(kept.records[0]!.ttlSeconds);
    expect(await verdict(WORLD)).toMatch(/^Answered by the cache: .+ of its TTL left\.$/);

    const flush = await visit(admin, `/api/cache?name=${WORLD}`, { method: 'DELETE' });
    expect(JSON.parse(flush.body)).toEqual({ flushed: 1 });
    expect(await lookUp(WORLD)).toMatchObject({ answeredBy: 'forward' });

    const form = await visit(
      admin,
      '/names/flush',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      `name=${WILD_ZONE}&below=on`,
    );
    expect(form).toMatchObject({
      ...{ status: 303, headers: { location: expect.stringContaining(`/names?name=${WILD_ZONE}&flushed=`) } },
    });
    expect(await verdict(WORLD)).toMatch(/^Answered by the upstream tls:\/\//);
  });

  test('is not told to a page elsewhere, nor does it forget anything for one', async () => {
    const elsewhere = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
    expect((await visit(admin, `/api/lookup?name=${WORLD}`, { headers: elsewhere })).status).toBe(403);
    for (const [method, path] of [
      ['DELETE', '/api/cache?all'],
      ['POST', '/names/flush'],
    ] as const)
      expect((await visit(admin, path, { method, headers: elsewhere })).status).toBe(403);
    expect(await lookUp(WORLD)).toMatchObject({ answeredBy: 'cache' });
  });

  test.each(['<script>alert(1)</script>.example', `${'x'.repeat(63)}.`.repeat(3) + 'x'.repeat(61)])(
    'is told for %s without harm',
    async (name) => {
      const { status, body } = await page(name);
      expect(status).toBe(200);
      expect(body).not.toContain('<script>alert');
      expect(body).toContain('The answer is: there is no such name.');
    },
  );

  test('is asked in vain of what is no name, and that is said', async () => {
    for (const name of ['a\0b', '\u202eelpmaxe', `${'x'.repeat(63)}.`.repeat(4), '"><b>']) {
      const { status, body } = await page(name);
      if (name === '"><b>') expect(status).toBe(200);
      else expect([status, body]).toEqual([400, expect.stringContaining('That was not asked')]);
      expect(body).not.toMatch(/[\0\u202e]|<b>"/);
    }
  });
});
