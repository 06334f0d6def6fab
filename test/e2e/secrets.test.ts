// Every kind of secret that Noonmark can be given, in one configuration (reliability row 23): none of them is said anywhere, in a log
// of the most talkative kind, on the dashboard, in its JSON and metrics, by a command, or in the words about a file that
// is broken. Files that everybody may read are refused, and the words say what to do. Real CA, real zone.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey } from '../lab/house.ts';
import { writePassword } from '../support/access-visits.ts';
import {
  ACME_PEERS,
  type AcmeHouse,
  CLOUD_NAME,
  OWN_NAME,
  rfc2136,
  startAcmeHouse,
} from '../support/acme-house.ts';
import { expectNothingSecret, renew, StorageInspector } from '../support/acme-witness.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { type Sink, startPlainSink } from '../support/message-sink.ts';
import { type ConfigTree, INTERNAL_NAME, MAIN_FILE, NODE, type Noonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const FILES_NAME = 'files.home.example';
const PASSWORD = 'the noon mark on our sill';
const TOKEN = 'Yq8wX2h5Vb0nTzR7kLmC3dPf9sJgA1uE';
/** Whoever knows the path of a webhook may send there. */
const HOOK_PATH = 'kV7-path-of-a-webhook';
/** A key's line in a PEM file is longer; what all keys of a kind have in common is shorter. */
const PEM_LINE = /^[A-Za-z\d+/=]{40,}$/gm;
const COMMANDS = [
  ['status'],
  ['status', '--json'],
  ['explain'],
  ['time'],
  ['certificate', 'status'],
  ['check'],
  ['notify', 'test'],
  ['query', '--explain', INTERNAL_NAME],
];
const PAGES = ['/', '/api/status', '/metrics', '/healthz', '/readyz'];
const OUTSIDE = [
  '/../../../../etc/passwd',
  '/..%2f..%2f..%2fetc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/api/status/../../../etc/passwd',
  '//etc/passwd',
  '/dns-query/../../../etc/passwd',
  '/dns-query%00/etc/passwd',
  'file:///etc/passwd',
];

/** A file of the owner's and the secret in it. */
interface Secret {
  readonly path: string;
  readonly secrets: readonly string[];
  /** The text as it should be; at first the secret stands in a broken one. */
  readonly good: string;
}

describe.skipIf(!havePeers(...ACME_PEERS))('A secret', () => {
  let house: AcmeHouse;
  let noonmark: Noonmark;
  let adminPort: number;
  let sink: Sink;
  let given: Record<'tsig' | 'token' | 'ntp' | 'key' | 'hook' | 'password' | 'pages', Secret>;
  /** Of somebody who has signed in. */
  let sessionId: string;
  const told: string[] = [];

  beforeAll(async () => {
    house = await startAcmeHouse({ front: { renewalInfo: false }, pebble: { nonceRejectPercent: 0 } });
    const directory = temporaryDirectory('secrets');
    const zone = rfc2136(house) as { rfc2136: ConfigTree };
    const cloud = house.cloudflare as { cloudflare: ConfigTree };
    const pair = house.pki.issue({ names: [FILES_NAME] });
    const ntp = makeKey();
    writePassword(join(directory, 'password.made'), PASSWORD);
    writeFileSync(join(directory, 'pages.made'), `${TOKEN}\n`);
    const hookToken = join(directory, 'hook.token');
    writeFileSync(hookToken, 'a-token-of-a-webhook\n');
    sink = await startPlainSink();
    given = {
      tsig: keep(house.named.keyFile, 'tsig.key', /secret\s+"([^"]+)"/, (text) =>
        text.replace('secret', 'sacred'),
      ),
      token: keep(String(cloud.cloudflare.token_file), 'token', /(\S+)/, (text) => `Bearer ${text}`),
      ntp: keep(ntp.entry.file, 'ntp.key', /HEX:(\S+)/, (text) => text.replace('SHA1', 'SHA1 of')),
      hook: keep(hookToken, 'hook', /(\S+)/, (text) => `Bearer ${text}`),
      password: keep(join(directory, 'password.made'), 'password', /^scrypt:[\d:]+:(\S+)$/, (text) =>
        text.replace('scrypt', 'scyrpt'),
      ),
      pages: keep(join(directory, 'pages.made'), 'pages.token', /(\S+)/, (text) => `Bearer ${text}`),
      key: keep(pair.keyFile, 'files.key', PEM_LINE, (text) => text.replace('-----END', '----END')),
    };
    adminPort = await freePort();
    noonmark = await house.start(
      {
        names: [OWN_NAME],
        acme: { ...house.acme, dns: { rfc2136: { ...zone.rfc2136, key_file: given.tsig.path } } },
        more: [
          {
            names: [CLOUD_NAME],
            acme: { dns: { cloudflare: { ...cloud.cloudflare, token_file: given.token.path } } },
          },
          { names: [FILES_NAME], files: { certificate: pair.certificateFile, key: given.key.path } },
        ],
      },
      {
        listenAdmin: adminPort,
        config: {
          upstreams: house.upstreams,
          admin: { password_file: given.password.path, token_file: given.pages.path },
          time: {
            sources: [{ url: `ntp://127.0.0.1:${adminPort}`, key: { ...ntp.entry, file: given.ntp.path } }],
          },
          notify: [
            { webhook: `http://127.0.0.1:${sink.port}/${HOOK_PATH}`, token_file: given.hook.path },
            { ntfy: `https://127.0.0.1:${sink.port}/${HOOK_PATH}` },
          ],
          log: { level: 'debug', format: 'json', queries: 'full' },
        },
      },
    );

    function keep(from: string, name: string, secret: RegExp, breakIt: (text: string) => string): Secret {
      const path = join(directory, name);
      copyFileSync(from, path);
      chmodSync(path, 0o600);
      const good = readFileSync(path, 'utf8');
      const secrets = Array.from(good.matchAll(new RegExp(secret, 'gm')), ([whole, one]) => one ?? whole);
      writeFileSync(path, breakIt(good));
      return { path, secrets, good };
    }
  });

  afterAll(async () => {
    await noonmark?.stop();
    sink?.[Symbol.dispose]();
    await house?.[Symbol.asyncDispose]();
  });

  const get = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: adminPort, path, agent: false }, (response) => {
        let text = `${response.statusCode} ${JSON.stringify(response.rawHeaders)}\n`;
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      asked.on('error', reject).end();
    });

  /** The id of the session, if one begins; all that is said besides the cookie is among what is told. */
  const signIn = (password: string) =>
    new Promise<string>((resolve, reject) => {
      const form = new URLSearchParams({ password }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length };
      const place = { host: '127.0.0.1', port: adminPort, path: '/login', agent: false, method: 'POST' };
      const asked = request({ ...place, headers }, (response) => {
        const { 'set-cookie': [cookie = ''] = [], ...fields } = response.headers;
        let text = `${response.statusCode} ${JSON.stringify(fields)}\n`;
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => {
          told.push(text);
          resolve(/=([\w-]{43});/.exec(cookie)?.[1] ?? '');
        });
      });
      asked.on('error', reject).end(form);
    });

  /** Everything that it says to whoever asks; what it has logged comes at the end. */
  async function askEverything(): Promise<void> {
    for (const path of [...PAGES, ...OUTSIDE]) told.push(await get(path));
    const config = ['--config', `${noonmark.directory}/noonmark.yaml`];
    const runs = COMMANDS.map((command) => run(NODE, [MAIN_FILE, ...command, ...config]));
    for (const { stdout, stderr } of await Promise.all(runs)) {
      expect(stdout.length, stderr).toBeGreaterThan(0);
      told.push(stdout, stderr);
    }
  }

  /** Also as octets, in the ways in which octets are written. */
  function allSecrets(): string[] {
    const certs = join(noonmark.directory, 'certs');
    const inspector = new StorageInspector(certs);
    inspector.look();
    const cookie = readFileSync(join(noonmark.directory, 'state/cookie-secret'));
    const local = readFileSync(join(certs, 'ca-key.pem'), 'utf8').match(PEM_LINE)!;
    const octets = [
      cookie,
      Buffer.from(given.ntp.secrets[0]!, 'hex'),
      Buffer.from(given.tsig.secrets[0]!, 'base64'),
    ];
    return [
      ...secretsGiven(),
      ...[sessionId, createHash('sha256').update(sessionId).digest('base64')],
      ...local,
      ...inspector.secrets,
      ...octets.flatMap((one) => [
        one.toString('hex'),
        one.toString('hex').toUpperCase(),
        one.toString('base64'),
        [...one].join(','),
      ]),
    ];
  }

  const secretsGiven = () => [
    ...[HOOK_PATH, PASSWORD],
    ...Object.values(given).flatMap(({ secrets }) => secrets),
    ...given.password.secrets.flatMap((one) => one.split(':')),
  ];

  test('that stands in a broken file is not said with what is wrong', async () => {
    await run(NODE, [MAIN_FILE, 'notify', 'test', '--config', `${noonmark.directory}/noonmark.yaml`]);
    const unsaid = () => {
      const said = noonmark.process.lines.join('\n');
      return Object.values(given).flatMap(({ path }) => (said.includes(path) ? [] : [path]));
    };
    await eventually(() => unsaid().length === 0, { what: 'a word about each broken file' }).catch(() => {});
    expect(unsaid()).toEqual([]);
    await askEverything();
    expectNothingSecret([...told, ...noonmark.process.lines], secretsGiven());
  });

  test('that is used is never said', async () => {
    for (const { path, good } of Object.values(given)) writeFileSync(path, good);
    noonmark.process.signal('SIGHUP');
    for (const name of [OWN_NAME, CLOUD_NAME]) {
      const { ok, sentence } = await renew(join(noonmark.directory, 'state'), name);
      expect(ok, sentence).toBe(true);
      told.push(sentence);
    }
    expect(await signIn(`${PASSWORD}?`)).toBe('');
    sessionId = await eventually(() => signIn(PASSWORD), { what: 'a session' });
    await askEverything();
    expect(sink.received[0]?.headers.authorization).toBe(`Bearer ${given.hook.secrets[0]}`);
    expectNothingSecret([...told, ...noonmark.process.lines], allSecrets());
  });

  test('that everybody may read is refused, with its file and what to do', async () => {
    for (const { path } of Object.values(given)) chmodSync(path, 0o644);
    const { stdout, stderr } = await run(NODE, [
      ...[MAIN_FILE, 'check', '--config', `${noonmark.directory}/noonmark.yaml`],
    ]);
    for (const { path } of Object.values(given)) {
      const words = (stdout + stderr).split('\n').filter((line) => line.includes(path));
      expect(words.join('\n')).toMatch(/(?:readable by everybody|can be read by every user).*chmod/);
    }
  });

  test('or any other file is not to be had by a path that leads out', async () => {
    for (const path of OUTSIDE) expect(await get(path), path).toMatch(/^(400|404|421) /);
    const session = connect(`https://127.0.0.1:${noonmark.ports.doh}`, { rejectUnauthorized: false });
    for (const path of OUTSIDE.filter((one) => one.startsWith('/'))) {
      const stream = session.request({ ':path': path });
      let answer = '';
      stream.setEncoding('utf8');
      stream.on('response', (headers) => (answer += `${headers[':status']} `));
      stream.on('data', (chunk) => (answer += chunk));
      await once(stream, 'close');
      expect(answer, path).toMatch(/^404 /);
      told.push(answer);
    }
    session.destroy();
    expect(told.join('\n')).not.toContain('root:');
  });
});
