// The CA of the ACME tests, proven by a client that is not ours: Pebble issues through the front, the front adds what
// Pebble lacks, and each fault that a test can switch on is seen by a client.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:http2';
import { Agent, request } from 'node:https';
import acme from 'acme-client';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { aRecord, replyTo, see } from '../support/messages.ts';
import { ACME_ERRORS, type AcmeErrorType } from '../support/peers/acme-exchange.ts';
import { type AcmeFront, startAcmeFront } from '../support/peers/acme-front.ts';
import { certIdOf } from '../support/peers/acme-front-renewal.ts';
import { havePeers } from '../support/peers/packages.ts';
import { type Pebble, startPebble } from '../support/peers/pebble.ts';
import { startPlainServer } from '../support/plain-server.ts';
import { makePki } from '../support/upstreams.ts';

const DAY_MS = 86_400_000;
const SHORT_LIVED_SECONDS = 6 * 86_400;

/** The certificate of RFC 9773 appendix A and what section 4.1 makes of it; its serial number has a leading zero. */
const RFC_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`;
const RFC_CERT_ID = 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE';

describe.skipIf(!havePeers('pebble'))('The CA of the ACME tests', () => {
  let pebble: Pebble;
  let front: AcmeFront;
  let client: acme.Client;
  /** Key authorizations by token. */
  const shown = new Map<string, string>();

  beforeAll(async () => {
    // Every name is this machine.
    const dns = await startPlainServer({
      udp: (query) => {
        const [name, type] = see(query).question.split(' ');
        return [replyTo(query, { answers: type === 'A' ? [aRecord(name!, '127.0.0.1')] : [] })];
      },
    });
    const web = createServer((asked, response) => {
      const shows = shown.get(asked.url!.split('/').pop()!);
      response.writeHead(shows === undefined ? 404 : 200).end(shows);
    }).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port: httpPort } = web.address() as { port: number };
    pebble = await startPebble({
      dnsServer: `127.0.0.1:${dns.server.port}`,
      httpPort,
      validitySeconds: SHORT_LIVED_SECONDS,
      nonceRejectPercent: 0,
    });
    front = await startAcmeFront({ pebble, pki: makePki() });
    Object.assign(acme.axios.defaults, {
      httpsAgent: new Agent({ ca: readFileSync(front.caFile) }),
      proxy: false,
    });
    client = new acme.Client({
      directoryUrl: front.directory,
      accountKey: await acme.crypto.createPrivateEcdsaKey(),
      backoffMin: 50,
      backoffMax: 100,
    });
    await client.createAccount({ termsOfServiceAgreed: true });
    return async () => {
      await front.stop();
      await pebble.stop();
      await dns[Symbol.asyncDispose]();
      web.close();
    };
  });

  afterEach(() => front.heal());

  const placeOrder = (name: string, more: { profile?: string; replaces?: string } = {}) =>
    client.createOrder({ identifiers: [{ type: 'dns', value: name }], ...more });

  /** By http-01, from the order to the chain. */
  async function complete(order: acme.Order, name: string) {
    for (const authorization of await client.getAuthorizations(order)) {
      const challenge = authorization.challenges.find(({ type }) => type === 'http-01')!;
      shown.set(challenge.token, await client.getChallengeKeyAuthorization(challenge));
      await client.completeChallenge(challenge);
      await client.waitForValidStatus(challenge);
    }
    const [key, csr] = await acme.crypto.createCsr({ altNames: [name] });
    const chain = await client.getCertificate(await client.finalizeOrder(order, csr));
    return { key, chain };
  }

  test('an order by http-01 becomes a chain to the root', async () => {
    const order = await placeOrder('one.example', { profile: 'shortlived' });
    const { key, chain } = await complete(order, 'one.example');
    const [leaf, intermediate] = acme.crypto.splitPemChain(chain).map((pem) => new X509Certificate(pem));
    expect(leaf!.subjectAltName).toBe('DNS:one.example');
    expect(leaf!.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(leaf!.verify(intermediate!.publicKey)).toBe(true);
    expect(intermediate!.verify(new X509Certificate(readFileSync(pebble.rootFile)).publicKey)).toBe(true);
    await eventually(() => pebble.issued().includes(leaf!.serialNumber));
    const lifetimeMs = Date.parse(leaf!.validTo) - Date.parse(leaf!.validFrom);
    expect(Math.round(lifetimeMs / 1000 / SHORT_LIVED_SECONDS)).toBe(1);
    expect((order as { profile?: string }).profile).toBe('shortlived');
    expect(front.orders.at(-1)).toEqual({
      identifiers: [{ type: 'dns', value: 'one.example' }],
      profile: 'shortlived',
      status: 201,
    });
    const steps = ['newOrder', 'authorization', 'challenge', 'finalize', 'certificate'];
    const seen = front.requests.map(({ resource }) => resource as string);
    expect(steps.map((step) => seen.lastIndexOf(step))).toEqual(
      steps.map((step) => seen.lastIndexOf(step)).sort((a, b) => a - b),
    );
    expect(seen).toEqual(expect.arrayContaining(steps));
  });

  test('a certificate has its renewal information, and is replaced once', async () => {
    const name = 'two.example';
    const { chain } = await complete(await placeOrder(name), name);
    expect(certIdOf(RFC_CERTIFICATE)).toBe(RFC_CERT_ID);
    const certId = certIdOf(chain);
    expect(front.certIds().at(-1)).toBe(certId);
    const { validFrom, validTo } = new X509Certificate(chain);
    const usual = await seen(`/renewal-info/${certId}`);
    const { start, end } = usual.json.suggestedWindow;
    const times = [validFrom, start, end, validTo].map((time) => Date.parse(time));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(usual.headers['retry-after']).toBe('21600');

    const window = { start: new Date(0), end: new Date(DAY_MS) };
    front.recommend({ ...window, explanationURL: 'https://acme.test/why', retryAfter: '60' });
    const urgent = await seen(`/renewal-info/${certId}`);
    expect(urgent.json).toEqual({
      suggestedWindow: { start: '1970-01-01T00:00:00.000Z', end: '1970-01-02T00:00:00.000Z' },
      explanationURL: 'https://acme.test/why',
    });
    expect(urgent.headers['retry-after']).toBe('60');
    expect((await seen('/renewal-info/AAAA.AAAA')).status).toBe(404);

    await expect(placeOrder(name, { replaces: 'AAAA.AAAA' })).rejects.toThrow(/names no certificate/);
    await expect(placeOrder('other.example', { replaces: certId })).rejects.toThrow(/in common/);
    const heir = await placeOrder(name, { replaces: certId });
    expect(heir).toMatchObject({ replaces: certId });
    await expect(placeOrder(name, { replaces: certId })).rejects.toThrow(/replaced by order/);
    front.invalidateOrder();
    await client.getOrder(heir);
    await expect(placeOrder(name, { replaces: certId })).resolves.toMatchObject({ status: 'pending' });
    expect(front.orders.slice(-5).map(({ status }) => status)).toEqual([404, 400, 201, 409, 201]);
  });

  test('a profile that is not in the directory is refused', async () => {
    const { json } = await seen('/dir');
    expect(Object.keys(json.meta.profiles)).toEqual(['classic', 'tlsserver', 'shortlived']);
    expect(json.renewalInfo).toBe(`https://127.0.0.1:${front.port}/renewal-info`);
    await expect(placeOrder('three.example', { profile: 'longlived' })).rejects.toThrow(/no such profile/);
  });

  test('a client that tries again outlives a storm of bad nonces', async () => {
    const before = front.requests.length;
    front.badNonces(4);
    await expect(placeOrder('four.example')).resolves.toMatchObject({ status: 'pending' });
    expect(front.requests.slice(before).filter(({ method }) => method === 'POST')).toHaveLength(5);
  });

  test('an order turns invalid, and says why', async () => {
    const order = await placeOrder('five.example');
    front.invalidateOrder({ type: 'caa', detail: 'CAA forbids it' });
    const error = { type: 'urn:ietf:params:acme:error:caa', detail: 'CAA forbids it' };
    expect(await client.getOrder(order)).toMatchObject({ status: 'invalid', error });
    expect(await client.getOrder(order)).toMatchObject({ status: 'invalid', error });
    const [, csr] = await acme.crypto.createCsr({ altNames: ['five.example'] });
    await expect(client.finalizeOrder(order, csr)).rejects.toThrow(/the order is invalid/);
  });

  test('fails with every type of error, so many times', async () => {
    for (const [type, status] of Object.entries(ACME_ERRORS) as [AcmeErrorType, number][]) {
      front.fail('newOrder', { type, detail: 'no', retryAfter: '120', times: 1 });
      const ask = () => seen('/order-plz', { method: 'POST', body: '{}' });
      const { headers, json, ...first } = await ask();
      expect(first.status).toBe(status);
      expect(json).toMatchObject({ type: `urn:ietf:params:acme:error:${type}`, detail: 'no' });
      expect(headers).toMatchObject({ 'retry-after': '120', 'replay-nonce': expect.stringMatching(/./) });
      // The next one goes through to Pebble, which sees no JWS.
      expect((await ask()).json.detail).not.toBe('no');
    }
  });

  test('resets, hangs, is slow, has another date, and is not there', async () => {
    front.reset('directory', { times: 1 });
    await expect(seen('/dir')).rejects.toThrow(/ECONNRESET|socket hang up/);

    front.hang('directory', { times: 1 });
    const heard = front.requests.length;
    const hanging = request({ ...connection(), path: '/dir' }).on('error', () => {});
    onTestFinished(() => void hanging.destroy());
    hanging.on('response', () => expect.unreachable()).end();
    await eventually(() => front.requests.length > heard);

    front.slow('directory', 500, { times: 1 });
    const order: string[] = [];
    await Promise.all([
      seen('/dir').then(() => order.push('slow')),
      seen('/roots').then(() => order.push('other')),
    ]);
    expect(order).toEqual(['other', 'slow']);

    front.fail('directory', { detail: 'in repair', times: 1 });
    expect(await seen('/dir')).toMatchObject({ status: 503, text: '<html>in repair</html>' });

    front.date(new Date(0));
    expect((await seen('/dir')).headers.date).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    front.date(null);
    expect((await seen('/dir')).headers.date).toBeUndefined();
    front.heal();
    expect(Date.parse((await seen('/dir')).headers.date!)).toBeGreaterThan(DAY_MS);

    await front.down();
    await expect(seen('/dir')).rejects.toThrow(/ECONNREFUSED/);
    await front.up();
    expect((await seen('/dir')).status).toBe(200);
  });

  test('a hook comes before Pebble knows and before the client knows', async () => {
    const log: string[] = [];
    const removeHook = front.onRequest((resource, when) => {
      log.push(`${when} ${resource}, ${front.orders.length - known} orders`);
    });
    const known = front.orders.length;
    await placeOrder('six.example');
    removeHook();
    await placeOrder('six.example');
    expect(log.filter((line) => line.includes('newOrder'))).toEqual([
      'before newOrder, 0 orders',
      'after newOrder, 1 orders',
    ]);
  });

  test('speaks HTTP/2', async () => {
    const session = connect(`https://127.0.0.1:${front.port}`, { ca: readFileSync(front.caFile) });
    onTestFinished(() => session.destroy());
    session.on('error', () => {});
    const ask = async () => {
      const stream = session.request({ ':path': '/dir' }).setEncoding('utf8');
      return JSON.parse((await stream.toArray()).join(''));
    };
    expect((await ask()).newOrder).toBe(`https://127.0.0.1:${front.port}/order-plz`);
    expect(front.requests.at(-1)).toMatchObject({ httpVersion: '2.0', resource: 'directory' });
    front.reset('directory', { when: 'after' });
    await expect(ask()).rejects.toThrow(/./);
    await eventually(() => session.destroyed);
  });

  const connection = () => ({ host: '127.0.0.1', port: front.port, ca: readFileSync(front.caFile) });

  /** One request on a connection of its own. */
  function seen(path: string, { method = 'GET', body = '' } = {}) {
    const headers = { 'content-type': 'application/jose+json' };
    return new Promise<Seen>((resolve, reject) => {
      request({ ...connection(), path, method, headers, agent: false }, async (response) => {
        const text = (await response.setEncoding('utf8').toArray()).join('');
        const json = text.startsWith('{') ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode!, headers: response.headers, text, json });
      })
        .on('error', reject)
        .end(body);
    });
  }
});

interface Seen {
  readonly status: number;
  readonly headers: import('node:http').IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a CA says
  readonly json: any;
}
