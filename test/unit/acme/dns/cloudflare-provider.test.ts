// TXT records at a stand-in for Cloudflare's API, over real TLS: what is asked, what is left alone, and what the owner is
// told when it does not work.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChallengeProblem } from '../../../../src/acme/challenge.ts';
import { CloudflareProvider } from '../../../../src/acme/dns/cloudflare-provider.ts';
import { createTlsConnector } from '../../../../src/tls/connect.ts';
import { HttpsClient } from '../../../../src/tls/https-client.ts';
import { TrustAnchors } from '../../../../src/tls/trust-anchors.ts';
import { eventually } from '../../../support/eventually.ts';
import type { Behaviour } from '../../../support/list-server.ts';
import { type CloudflareApiOptions, startCloudflareApi } from '../../../support/peers/cloudflare-api.ts';
import { createPki } from '../../../support/pki.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const HOST = 'api.cloudflare.example';
const TOKEN = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';
const NAME = '_acme-challenge.dns.home.example';
const VALUE = 'LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
const ZONES = [{ name: 'home.example' }, { name: 'other.example' }];
const REFUSED = 'make one with the permissions Zone:Read and DNS:Edit';

const directory = temporaryDirectory('cloudflare');
const pki = createPki(directory, { at: new SimulatedClock().now().epochMs });
const certificate = pki.issue({ names: [HOST] });
const anchors = TrustAnchors.fromFile(pki.rootFile);
const never = new AbortController().signal;

let tokenFile: string;
let files = 0;
const closers: (() => void)[] = [];
beforeEach(() => {
  files += 1;
  tokenFile = join(directory, `token-${files}`);
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function start(options: Partial<CloudflareApiOptions> = {}) {
  const clock = new SimulatedClock();
  const api = await startCloudflareApi(certificate, { token: TOKEN, zones: ZONES, ...options });
  const addressesOf = async () => ['127.0.0.1'];
  const http = new HttpsClient({ anchors, tls: createTlsConnector({ clock }), addressesOf, clock });
  const base = `https://${HOST}:${api.port}/client/v4`;
  const config = { kind: 'cloudflare', tokenFile, api: base, caFile: pki.rootFile } as const;
  closers.push(
    () => http.close(),
    () => api.close(),
  );
  return { api, provider: new CloudflareProvider({ config, http }) };
}

/** The ChallengeProblem of an add; it never repeats the token. */
async function problemOf(provider: CloudflareProvider, name = NAME): Promise<string> {
  const error = await provider.add({ name, value: VALUE }, never).catch((one) => one);
  expect(error).toBeInstanceOf(ChallengeProblem);
  expect(error.message).toMatch(/^the TXT record at \S+ cannot be put up: /);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(TOKEN);
  return error.message;
}

describe('a record', () => {
  it('is added to the zone that holds its name, and taken away again', async () => {
    let changes = 0;
    const { api, provider } = await start({ onChange: () => (changes += 1) });
    await provider.add({ name: NAME, value: VALUE }, never);
    expect(api.held).toMatchObject([
      { zone: 'home.example', type: 'TXT', name: NAME, content: `"${VALUE}"`, ttl: 60 },
    ]);
    expect(api.records(NAME)).toEqual([VALUE]);
    expect(api.requests.slice(0, 3)).toEqual([
      `GET /client/v4/zones?name=${NAME}&page=1`,
      'GET /client/v4/zones?name=dns.home.example&page=1',
      'GET /client/v4/zones?name=home.example&page=1',
    ]);
    await provider.remove({ name: NAME, value: VALUE }, never);
    expect(api.held).toEqual([]);
    expect(changes).toBe(2);
  });

  it('stands beside others, and is the only one that goes', async () => {
    const { api, provider } = await start();
    for (const value of ['one', VALUE, 'two']) await provider.add({ name: NAME, value }, never);
    await provider.add({ name: '_acme-challenge.home.example', value: VALUE }, never);
    await provider.remove({ name: NAME, value: VALUE }, never);
    expect(api.records(NAME)).toEqual(['one', 'two']);
    expect(api.records('_acme-challenge.home.example')).toEqual([VALUE]);
  });

  it('that is there already is fine, and so is one that is gone', async () => {
    const { api, provider } = await start();
    await provider.add({ name: NAME, value: VALUE }, never);
    await provider.add({ name: NAME, value: VALUE }, never);
    expect(api.records(NAME)).toEqual([VALUE]);
    await provider.remove({ name: NAME, value: VALUE }, never);
    await provider.remove({ name: NAME, value: VALUE }, never);
    expect(api.held).toEqual([]);
  });

  it('that goes between being seen and being deleted is fine', async () => {
    const onRequest = (request: string) => {
      if (request.startsWith('DELETE')) api.held.length = 0;
    };
    const { api, provider } = await start({ onRequest });
    await provider.add({ name: NAME, value: VALUE }, never);
    await provider.remove({ name: NAME, value: VALUE }, never);
    expect(api.requests.filter((request) => request.startsWith('DELETE'))).toHaveLength(1);
  });

  it('is found on a later page, and where its content has no quotes', async () => {
    const { api, provider } = await start({ recordsPerPage: 5 });
    const held = { zone: 'home.example', type: 'TXT', name: NAME, ttl: 1 };
    const id = (n: number) => String(n).padStart(32, '0');
    for (let n = 0; n < 12; n += 1) api.held.push({ ...held, id: id(n), content: `"${n}"` });
    api.held.push({ ...held, id: id(12), content: VALUE });
    await provider.remove({ name: NAME, value: VALUE }, never);
    expect(api.held).toHaveLength(12);
    expect(api.records(NAME)).not.toContain(VALUE);
  });

  it.each([
    ['the longest zone', '_acme-challenge.a.lab.home.example', 'lab.home.example'],
    ['a zone of the very name', 'lab.home.example', 'lab.home.example'],
  ])('goes into %s', async (_what, name, zone) => {
    const { api, provider } = await start({ zones: [...ZONES, { name: 'lab.home.example' }] });
    await provider.add({ name, value: VALUE }, never);
    expect(api.held).toMatchObject([{ zone, name }]);
  });

  it('has its quotes and backslashes escaped', async () => {
    const { api, provider } = await start();
    await provider.add({ name: NAME, value: 'a"b\\c' }, never);
    expect(api.held[0]!.content).toBe('"a\\"b\\\\c"');
    await provider.remove({ name: NAME, value: 'a"b\\c' }, never);
    expect(api.held).toEqual([]);
  });

  it('of a name with very many labels is looked for a few times only', async () => {
    const { api, provider } = await start();
    expect(await problemOf(provider, `${'a.'.repeat(100)}nowhere.example`)).toContain('has no zone');
    expect(api.requests).toHaveLength(8);
  });
});

describe('the owner is told', () => {
  it('that the token is none of Cloudflare’s, until there is another in the file', async () => {
    const { api, provider } = await start();
    writeFileSync(tokenFile, 'AnotherTokenThatNobodyKnows');
    const problem = await problemOf(provider);
    expect(problem).toContain(
      `Cloudflare refuses the API token in ${tokenFile}: Invalid access token (9109)`,
    );
    expect(problem).toContain(REFUSED);
    expect(problem).not.toContain('AnotherToken');
    writeFileSync(tokenFile, `\n  ${TOKEN}  \n\n`);
    await provider.add({ name: NAME, value: VALUE }, never);
    expect(api.records(NAME)).toEqual([VALUE]);
  });

  it('that the token has not even its form', async () => {
    const { provider } = await start();
    writeFileSync(tokenFile, 'a.b');
    const problem = await problemOf(provider);
    expect(problem).toContain('Invalid request headers: Invalid format for Authorization header (6003)');
    expect(problem).toContain(REFUSED);
  });

  it('that the token may not edit', async () => {
    const { provider } = await start({ may: { editDns: false } });
    const problem = await problemOf(provider);
    expect(problem).toContain('Authentication error (10000)');
    expect(problem).toContain(REFUSED);
  });

  it.each([
    ['there is no such zone', { zones: [{ name: 'other.example' }] }],
    ['the token sees none', { may: { readZones: false } }],
  ])('that %s', async (_what, options) => {
    const { provider } = await start(options);
    const problem = await problemOf(provider);
    expect(problem).toContain('Cloudflare has no zone for this name');
    expect(problem).toContain('Zone:Read');
  });

  it('that the zone is not served yet', async () => {
    const { provider } = await start({ zones: [{ name: 'home.example', status: 'pending' }] });
    expect(await problemOf(provider)).toContain('has the zone home.example and does not serve it yet');
  });

  it('what the API itself says', async () => {
    const { provider } = await start();
    const error = await provider.add({ name: NAME, value: 'a'.repeat(3_000) }, never).catch((one) => one);
    expect(error).toBeInstanceOf(ChallengeProblem);
    expect(error.message).toContain(
      'Cloudflare says: DNS Validation Error: Content for TXT record is too long. (1004)',
    );
  });

  it('that it cannot be connected to', async () => {
    const { api, provider } = await start();
    api.close();
    expect(await problemOf(provider)).toContain(`${HOST} cannot be connected to: `);
  });

  const json = (status: number, body: unknown): Behaviour => {
    return (_, response) => void response.writeHead(status).end(JSON.stringify(body));
  };
  const busy = {
    success: false,
    errors: [{ code: 971, message: 'Please wait' }],
    messages: [],
    result: null,
  };
  const ODD = 'nothing that its API is known to say';
  const strange: readonly (readonly [string, Behaviour, string])[] = [
    [
      'it is asked too often',
      json(429, busy),
      'Cloudflare wants fewer requests for a while: Please wait (971)',
    ],
    [
      'it sends HTML',
      (_, response) => void response.writeHead(502).end('<html>'),
      `HTTP status 502 and ${ODD}`,
    ],
    ['it sends nothing', (_, response) => void response.end(), ODD],
    [
      'it redirects',
      (_, response) => void response.writeHead(302, { location: '/' }).end(),
      'HTTP status 302',
    ],
    ['it sends another JSON', json(200, [1]), ODD],
    ['it sends JSON null', json(200, null), ODD],
    ['success is no boolean', json(200, { success: 'yes', result: [] }), ODD],
    ['success has the status of an error', json(500, { success: true, result: [] }), 'says: HTTP status 500'],
    ['an error has no reason', json(500, { success: false, errors: [null] }), 'no reason is given (0)'],
    ['errors are no list', json(400, { success: false, errors: 'none' }), 'says: HTTP status 400'],
    [
      'zones have IDs that are none',
      json(200, { success: true, result: [{ id: '../../user', name: 'home.example', status: 'active' }] }),
      'has no zone',
    ],
    [
      'it sends zones that nobody asked for',
      json(200, { success: true, result: [{ id: 'a'.repeat(32), name: 'x.example', status: 'active' }] }),
      'has no zone',
    ],
    [
      'it repeats the token',
      json(400, { success: false, errors: [{ code: 1, message: `no ${TOKEN}` }] }),
      'says: no … (1)',
    ],
    [
      'its words have control characters',
      json(400, { success: false, errors: [{ code: 1, message: 'a\n\u001b[2J' }] }),
      'a\\u000a\\u001b[2J (1)',
    ],
    [
      'it is long-winded',
      json(400, {
        success: false,
        errors: Array.from({ length: 500 }, () => ({ code: 1, message: 'a'.repeat(300) })),
      }),
      `${'a'.repeat(200)} (1)`,
    ],
    [
      'it never comes to an end',
      (_, response) => void response.end('['.repeat(300_000)),
      'more than 262144 octets',
    ],
    ['its JSON is nested very deep', (_, response) => void response.end('['.repeat(200_000)), ODD],
  ];
  it.each(strange)('when %s', async (_what, behave, words) => {
    const { api, provider } = await start();
    api.behave = behave;
    const problem = await problemOf(provider);
    expect(problem).toContain(words);
    expect(problem.length).toBeLessThan(1_000);
  });

  it('of pages without an end only a few are read', async () => {
    const { api, provider } = await start();
    api.behave = json(200, { success: true, result: [], result_info: { total_count: 1e9, per_page: 1 } });
    await problemOf(provider);
    expect(api.requests).toHaveLength(3 * 5);
  });
});

describe('a token file', () => {
  it.each([
    ['is not there', () => {}, 'there is no such file; check the path'],
    ['is a directory', (path: string) => mkdirSync(path), 'not a plain file'],
    ['is empty', (path: string) => writeFileSync(path, ' \n', { mode: 0o600 }), 'the file is empty'],
    [
      'is long',
      (path: string) => writeFileSync(path, 'a'.repeat(2_000), { mode: 0o600 }),
      'hardly an API token',
    ],
    [
      'holds more than a token',
      (path: string) => writeFileSync(path, `CF_API_TOKEN=${TOKEN} # mine\n`, { mode: 0o600 }),
      'something else than one API token',
    ],
    [
      'holds two tokens',
      (path: string) => writeFileSync(path, `${TOKEN}\r\nx: ${TOKEN}\n`, { mode: 0o600 }),
      'something else than one API token',
    ],
    [
      'is for all eyes',
      (path: string) => {
        writeFileSync(path, TOKEN);
        chmodSync(path, 0o644);
      },
      'readable by everybody on the machine; run: chmod o-r',
    ],
  ])('that %s is a problem in words, and nothing is asked', async (_what, make, words) => {
    tokenFile = `${tokenFile}-odd`;
    make(tokenFile);
    const { api, provider } = await start();
    const problem = await problemOf(provider);
    expect(problem).toContain(tokenFile);
    expect(problem).toContain(words);
    expect(api.requests).toEqual([]);
  });

  it('is left as it is', async () => {
    const { provider } = await start();
    await provider.add({ name: NAME, value: VALUE }, never);
    expect(readFileSync(tokenFile, 'utf8')).toBe(`${TOKEN}\n`);
  });
});

it('who does not want it any more hears his own reason', async () => {
  const { api, provider } = await start();
  const end = new AbortController();
  api.behave = () => {};
  const reason = new Error('the order was given up');
  const outcome = expect(provider.add({ name: NAME, value: VALUE }, end.signal)).rejects.toBe(reason);
  await eventually(() => api.requests.length === 1);
  end.abort(reason);
  await outcome;
  await expect(provider.remove({ name: NAME, value: VALUE }, end.signal)).rejects.toBe(reason);
});
