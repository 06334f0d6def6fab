// Who may use the pages, asked by real curl: over TLS from another machine of the house, and on loopback. A wrong password, brute
// force, requests that pages of other places make, rebinding, a session that somebody was given: each is refused.
// The pages themselves are other tests' business.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Network, openNetwork } from '../lab/network.ts';
import { type CurlAnswer, curl } from '../support/curl.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import {
  type ConfigTree,
  MAIN_FILE,
  NODE,
  type Noonmark,
  SERVER_NAME,
  startNoonmark,
} from '../support/noonmark.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const PASSWORD = 'the noon mark on our sill';
const TOKEN = 'Yq8wX2h5Vb0nTzR7kLmC3dPf9sJgA1uE';
/** Of a session that nobody has begun here, in the form of one. */
const FOREIGN_ID = 'A'.repeat(43);
const ATTACKER = 'https://attacker.example';
/** Refused whoever sends it: as the browser says that a page elsewhere is behind it. */
const FORGERIES: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['the Origin of another place', [`Origin: ${ATTACKER}`]],
  ['the Origin of a sandboxed frame', ['Origin: null']],
  ['a page of another site behind it', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate']],
  ['a page of a sibling behind it', ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: no-cors']],
];
const PATHS = ['/', '/login', '/api/status', '/metrics', '/healthz', '/nothing'];

/** curl makes a connection of its own for each request. */
const limits = { handshakes_per_client: 1000 };

describe.skipIf(!isRoot || !havePeers('curl', 'ip', 'unshare'))('The pages', () => {
  const closing = new AsyncDisposableStack();
  let network: Network;
  let noonmark: Noonmark;
  /** From another machine, over TLS; and on this one. */
  let house: string;
  let here: string;
  let files: { password: string; token: string };
  let admin: ConfigTree;
  let listen: ConfigTree;

  beforeAll(async () => {
    network = closing.use(await openNetwork());
    const [dns, dot, doh, port] = (await freePorts(4)) as [number, number, number, number];
    const on = (one: number) => [`127.0.0.1:${one}`];
    const { here: address } = network.house;
    house = `https://${address}:${port}`;
    here = `http://127.0.0.1:${port}`;
    listen = { dns: on(dns), dot: on(dot), doh: on(doh), admin: [`127.0.0.1:${port}`, `${address}:${port}`] };
    const directory = temporaryDirectory('access');
    files = { password: join(directory, 'password'), token: join(directory, 'token') };
    admin = { password_file: files.password, token_file: files.token };
    await makePassword(PASSWORD, '--write', files.password);
    writeFileSync(files.token, `${TOKEN}\n`, { mode: 0o600 });
    noonmark = closing.use(
      await startNoonmark({
        ports: { dns, dot, doh },
        config: { listen, admin, limits },
      }),
    );
  }, 60_000);
  afterAll(() => closing.disposeAsync());

  async function makePassword(text: string, ...args: string[]): Promise<void> {
    const { code, stderr } = await run(NODE, [MAIN_FILE, 'password', ...args], { input: `${text}\n` });
    expect(code, stderr).toBe(0);
  }

  const field = (text: string) => ['--header', text];
  /** Over TLS, verified, from a machine in the house; `from`: from this address of this machine instead. */
  const ask = (path: string, args: readonly string[] = [], from?: string) =>
    curl(
      ['--cacert', noonmark.caFile, ...(from ? ['--interface', from] : []), ...args, `${house}${path}`],
      from ? {} : { network: network.file },
    );
  const askHere = (path: string, args: readonly string[] = []) => curl([...args, `${here}${path}`]);
  const signIn = (password: string, from?: string, args: readonly string[] = []) =>
    ask('/login', ['--data-urlencode', `password=${password}`, ...args], from);
  const cookieOf = ({ fields }: CurlAnswer) => fields['set-cookie']?.split(';', 1)[0] ?? '';
  async function signedIn(from?: string): Promise<string[]> {
    const answer = await signIn(PASSWORD, from);
    expect(answer.status).toBe(303);
    return field(`Cookie: ${cookieOf(answer)}`);
  }
  let someoneSigned: Promise<string[]> | undefined;
  /** Signed in once, for all who need no session of their own. */
  function someone(): Promise<string[]> {
    someoneSigned ??= signedIn();
    return someoneSigned;
  }
  const statusOf = async (answer: Promise<CurlAnswer>) => (await answer).status;
  /** At once; by itself it is noticed within seconds. */
  async function reload(config?: ConfigTree): Promise<void> {
    const before = noonmark.process.lines.length;
    if (config !== undefined) noonmark.writeConfig({ limits, ...config });
    noonmark.process.signal('SIGHUP');
    const isReloaded = () => noonmark.process.lines.slice(before).some((line) => line.includes('"reloaded"'));
    await eventually(isReloaded, { what: 'a reload' });
  }

  test('are served over TLS with our own certificate beyond loopback, by address and by name', async () => {
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    const port = new URL(house).port;
    const byName = ['--resolve', `${SERVER_NAME}:${port}:${network.house.here}`, '--cacert', noonmark.caFile];
    expect(await curl([...byName, `https://${SERVER_NAME}:${port}/healthz`])).toMatchObject({ status: 200 });
    await expect(curl([`${house}/healthz`])).rejects.toThrow(/60 .*certificate/); // nobody else vouches for it
    expect(await askHere('/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
  });

  test('say where they are to who speaks plain HTTP to them, and ask for nothing', async () => {
    const plain = house.replace('https:', 'http:');
    const led = await curl([`${plain}/queries?name=a`]);
    expect(led).toMatchObject({ status: 308, fields: { location: `${house}/queries?name=a` } });
    expect(led.body).not.toContain('<form');
    const sent = await curl(['--data', `password=${PASSWORD}`, `${plain}/login`]);
    expect(sent).toMatchObject({ status: 400 });
    expect(sent.fields).not.toHaveProperty('set-cookie');
    const rebound = await curl([...field('Host: rebound.example'), plain]);
    expect(rebound.status).toBe(421);
    expect(JSON.stringify(rebound)).not.toContain('https://');
  });

  test('lead whoever has not signed in to the password, and programs to the token', async () => {
    expect(await ask('/?still')).toMatchObject({
      status: 303,
      fields: { location: '/login?to=%2F%3Fstill%3D' },
    });
    const page = await ask('/login?to=/names');
    expect(page).toMatchObject({ status: 200 });
    expect(page.body).toMatch(/<input type="password" name="password" autocomplete="current-password"/);
    expect(page.body).toContain('name="to" value="/names"');
    for (const path of ['/api/status', '/metrics'])
      expect(await ask(path)).toMatchObject({
        status: 401,
        fields: { 'www-authenticate': 'Bearer realm="noonmark"' },
      });
    expect((await ask('/readyz')).body).not.toContain('tls://');
  });

  test('let in who knows the password, until he signs out', async () => {
    const wrong = await signIn('the noon mark on your sill');
    expect(wrong.status).toBe(401);
    expect(wrong.body).toMatch(/role="alert"[^<]*>[^<]*not the password/);
    expect(wrong.fields).not.toHaveProperty('set-cookie');
    const right = await signIn(PASSWORD, undefined, ['--data-urlencode', 'to=/names?name=nas']);
    expect(right).toMatchObject({ status: 303, fields: { location: '/names?name=nas' } });
    expect(right.fields['set-cookie']).toMatch(
      /^__Host-noonmark=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
    const cookie = field(`Cookie: ${cookieOf(right)}`);
    expect(await statusOf(ask('/api/status', cookie))).toBe(200);
    expect((await ask('/', cookie)).body).toContain('Sign out');
    const out = await ask('/logout', [...cookie, '--data', '']);
    expect(out).toMatchObject({ status: 303, fields: { location: '/login' } });
    expect(out.fields['set-cookie']).toMatch(/^__Host-noonmark=; Max-Age=0; /);
    expect(await statusOf(ask('/api/status', cookie))).toBe(401);
  });

  test('lead nobody elsewhere after signing in', async () => {
    const answer = await signIn(PASSWORD, undefined, ['--data-urlencode', 'to=//attacker.example/']);
    expect(answer).toMatchObject({ status: 303, fields: { location: '/' } });
  });

  test('never take over a session that a browser brings along (session fixation)', async () => {
    const brought = field(`Cookie: __Host-noonmark=${FOREIGN_ID}`);
    const first = await signIn(PASSWORD, undefined, brought);
    expect(cookieOf(first)).toMatch(/^__Host-noonmark=/);
    expect(cookieOf(first)).not.toContain(FOREIGN_ID);
    expect(await statusOf(ask('/api/status', brought))).toBe(401);
    const again = await signIn(PASSWORD, undefined, field(`Cookie: ${cookieOf(first)}`));
    expect(cookieOf(again)).not.toBe(cookieOf(first));
    expect(await statusOf(ask('/api/status', field(`Cookie: ${cookieOf(first)}`)))).toBe(401);
    expect(await statusOf(ask('/api/status', field(`Cookie: ${cookieOf(again)}`)))).toBe(200);
    const twice = field(`Cookie: ${cookieOf(again)}; __Host-noonmark=${FOREIGN_ID}`);
    expect(await statusOf(ask('/api/status', twice))).toBe(401);
  });

  describe.each([
    ['over TLS, signed in', () => ({ asking: ask, proof: someone() })],
    ['on loopback, where nobody signs in', () => ({ asking: askHere, proof: Promise.resolve([]) })],
  ] as const)('%s', (_where, door) => {
    test.each(FORGERIES)('do nothing for a request with %s (CSRF)', async (_what, fields) => {
      const { asking, proof } = door();
      const cookie = await proof;
      const forged = [...cookie, ...fields.flatMap(field)];
      for (const args of [
        ['--data', ''],
        ['--request', 'DELETE'],
      ] as const)
        for (const path of ['/logout', '/api/cache?all'])
          expect(await statusOf(asking(path, [...forged, ...args])), `${path} ${args}`).toBe(403);
      expect(await statusOf(asking('/api/status', forged))).toBe(403);
      expect(await statusOf(asking('/api/status', cookie))).toBe(200); // and nobody was signed out
    });

    test('let a page elsewhere lead to a page, and to nothing that is read or done', async () => {
      const { asking } = door();
      const link = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];
      expect(await statusOf(asking('/login', link.flatMap(field)))).toBeLessThan(400);
      expect(await statusOf(asking('/api/status', link.flatMap(field)))).toBe(403);
      const frame = [...link.slice(0, 2), 'Sec-Fetch-Dest: iframe'];
      expect(await statusOf(asking('/login', frame.flatMap(field)))).toBe(403);
    });

    test('are told to nobody under a name that is not ours (DNS rebinding)', async () => {
      const { asking, proof } = door();
      const cookie = await proof;
      for (const path of PATHS)
        expect(await statusOf(asking(path, [...cookie, ...field('Host: rebound.example')])), path).toBe(421);
      const login = ['--data-urlencode', `password=${PASSWORD}`, ...field('Host: rebound.example:8080')];
      expect(await statusOf(asking('/login', login))).toBe(421);
    });

    test('have no CORS: a preflight is refused, and no answer lets another origin read it', async () => {
      const { asking, proof } = door();
      const cookie = await proof;
      const preflight = [`Origin: ${ATTACKER}`, 'Access-Control-Request-Method: DELETE'];
      const asked = ['--request', 'OPTIONS', ...preflight.flatMap(field)];
      const answers = [
        await asking('/api/cache', asked),
        await asking('/api/cache', ['--request', 'OPTIONS']),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 405]);
      for (const path of PATHS) answers.push(await asking(path, cookie));
      for (const path of PATHS)
        answers.push(await asking(path, [...cookie, ...field(`Origin: ${ATTACKER}`)]));
      for (const { fields } of answers)
        expect(Object.keys(fields).filter((name) => name.startsWith('access-control'))).toEqual([]);
    });
  });

  test('are open on loopback, but not to who was brought there by a proxy, nor from there to elsewhere', async () => {
    expect(await statusOf(askHere('/api/status'))).toBe(200);
    for (const mark of [
      'X-Forwarded-For: 192.0.2.7',
      'Forwarded: for=192.0.2.7',
      'Via: 1.1 proxy',
      'X-Real-IP: ::1',
    ])
      expect(await statusOf(askHere('/api/status', field(mark))), mark).toBe(401);
    expect(await statusOf(askHere('/api/status', ['--http1.0']))).toBe(401);
    expect(await statusOf(ask('/api/status', [], '127.0.0.3'))).toBe(401);
  });

  test('let in the token, and no other', async () => {
    expect(await statusOf(ask('/metrics', field(`Authorization: Bearer ${TOKEN}`)))).toBe(200);
    for (const wrong of [TOKEN.slice(0, -1), `${TOKEN}A`, TOKEN.toLowerCase(), FOREIGN_ID]) {
      const answer = await ask('/metrics', field(`Authorization: Bearer ${wrong}`));
      expect(answer.status).toBe(401);
      expect(answer.fields['www-authenticate']).toContain('error="invalid_token"');
    }
    expect(await statusOf(ask('/metrics', field(`Authorization: Basic ${btoa(`a:${TOKEN}`)}`)))).toBe(401);
  });

  test('make whoever guesses wait, with the right password too, and nobody else (brute force)', async () => {
    const [guesser, neighbour] = ['127.0.0.66', '127.0.0.67'];
    const proof = await signedIn(guesser);
    for (let tries = 0; tries < 5; tries += 1)
      expect(await statusOf(signIn(`guess number ${tries}`, guesser))).toBe(401);
    for (const password of ['guess number 6', PASSWORD]) {
      const refused = await signIn(password, guesser);
      expect(refused.status).toBe(429);
      expect(Number(refused.fields['retry-after'])).toBeGreaterThan(0);
      expect(Number(refused.fields['retry-after'])).toBeLessThanOrEqual(30);
      expect(refused.fields).not.toHaveProperty('set-cookie');
      expect(refused.body).toMatch(/role="alert"[^<]*>[^<]*Too many tries/);
    }
    expect(await statusOf(signIn(PASSWORD, neighbour))).toBe(303);
    expect(await statusOf(ask('/api/status', proof, guesser))).toBe(200);
    const told = noonmark.process.lines.filter((line) => line.includes('"sign_ins"'));
    expect(told).toHaveLength(1); // once a minute
    expect(JSON.parse((await askHere('/api/status')).body).limitsReached.sign_ins).toBe(2);
  });

  test('end every session when the password changes, and take the new one', async () => {
    const proof = await signedIn('127.0.0.10');
    await makePassword('another mark altogether', '--config', `${noonmark.directory}/noonmark.yaml`);
    await eventually(async () => (await ask('/api/status', proof, '127.0.0.10')).status === 401); // by itself
    expect(await statusOf(signIn(PASSWORD, '127.0.0.10'))).toBe(401);
    expect(await statusOf(signIn('another mark altogether', '127.0.0.10'))).toBe(303);
    await makePassword(PASSWORD, '--config', `${noonmark.directory}/noonmark.yaml`);
    await reload();
    expect(await statusOf(signIn(PASSWORD, '127.0.0.11'))).toBe(303);
  });

  test('ask this host itself as well, where loopback is closed', async () => {
    await reload({ listen, admin: { ...admin, loopback: 'closed' } });
    expect(await askHere('/')).toMatchObject({ status: 303, fields: { location: '/login?to=%2F' } });
    const answer = await askHere('/login', ['--data-urlencode', `password=${PASSWORD}`]);
    expect(answer.fields['set-cookie']).toMatch(/^noonmark=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const id = cookieOf(answer).split('=')[1];
    expect(await statusOf(askHere('/api/status', field(`Cookie: noonmark=${id}`)))).toBe(200);
    // What was begun without TLS counts for nothing where there is TLS.
    for (const name of ['noonmark', '__Host-noonmark'])
      expect(await statusOf(ask('/api/status', field(`Cookie: ${name}=${id}`)))).toBe(401);
    const { code } = await run(NODE, [
      MAIN_FILE,
      'status',
      '--config',
      `${noonmark.directory}/noonmark.yaml`,
    ]);
    expect(code).toBe(0); // the control socket asks nobody
  });

  test.each([
    ['cannot be used', (text: string) => text.slice(0, 20), /cannot be used/],
    ['is one that everybody may read', null, /cannot be used/],
  ])('stay closed where the file of the password %s', async (_what, broken, words) => {
    const good = readFileSync(files.password, 'utf8');
    const proof = await signedIn('127.0.0.12');
    if (broken === null) chmodSync(files.password, 0o604);
    else writeFileSync(files.password, broken(good));
    await reload();
    expect(await statusOf(ask('/api/status', proof, '127.0.0.12'))).toBe(401);
    const page = await ask('/', [], '127.0.0.12');
    expect(page.status).toBe(403);
    expect(page.body).toMatch(words);
    expect(page.body).not.toContain('<form class');
    expect(await statusOf(signIn(PASSWORD, '127.0.0.12'))).toBe(403);
    const check = await run(NODE, [MAIN_FILE, 'check', '--config', `${noonmark.directory}/noonmark.yaml`]);
    expect(check.code).toBe(0); // names are answered all the same
    expect(check.stderr).toMatch(
      /admin\.password_file: ".*password" .*; until that is mended, nobody can sign in/,
    );
    chmodSync(files.password, 0o600);
    writeFileSync(files.password, good);
    await reload();
    expect(await statusOf(signIn(PASSWORD, '127.0.0.13'))).toBe(303);
  });

  test('stay closed beyond loopback without password and token, and say what to do', async () => {
    await reload({ listen });
    const page = await ask('/');
    expect(page.status).toBe(403);
    expect(page.body).toContain('noonmark password --write /etc/noonmark/password');
    expect(page.body).toContain('admin:\n  password_file: /etc/noonmark/password');
    for (const path of ['/api/status', '/metrics']) expect(await statusOf(ask(path))).toBe(403);
    expect(await statusOf(signIn(''))).toBe(403);
    expect(await statusOf(ask('/healthz'))).toBe(200);
    expect(await statusOf(askHere('/api/status'))).toBe(200);
    const check = await run(NODE, [MAIN_FILE, 'check', '--config', `${noonmark.directory}/noonmark.yaml`]);
    expect(check.stderr).toContain(`listen.admin[1]: the pages will be refused at ${network.house.here}:`);
    const { degraded } = JSON.parse((await askHere('/api/status')).body);
    expect(degraded.map(({ id }: { id: string }) => id)).toContain('admin locked');
  });

  test('never say password, hash or token in the log', () => {
    const said = noonmark.process.lines.join('\n');
    const secrets = [
      PASSWORD,
      TOKEN,
      'guess number',
      ...readFileSync(files.password, 'utf8').trim().split(':').slice(4),
    ];
    for (const secret of secrets) expect(said).not.toContain(secret);
  });
});
