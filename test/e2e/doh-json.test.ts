// DNS queries as JSON, asked with curl as people do, and held field by field against the form that Cloudflare
// (1.1.1.1, "Using JSON") and Google (Public DNS, "JSON API for DNS over HTTPS") document. A real unbound is the upstream.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Noonmark, SERVER_NAME, startNoonmark } from '../support/noonmark.ts';
import { dig } from '../support/peers/dig.ts';
import { havePeers } from '../support/peers/packages.ts';
import { makeSignedZone, SIGNED_ADDRESS, SIGNED_NAME } from '../support/peers/signed-zone.ts';
import { BIG_NAME, BIG_STRINGS, SPARSE_ZONE, WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import { run } from '../support/running.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

const ACCEPT = ['-H', 'accept: application/dns-json'];
const DOTTED_WILD = `${WILD_ZONE}.`;
const HOUSE_RECORDS = [
  'nas 300 A 192.168.1.20',
  'nas 300 AAAA fd00::20',
  'mail 300 MX 10 nas',
  'text 300 TXT "v=spf1 -all" "say \\"hello\\""',
  'service 300 SRV 0 5 853 nas',
  'ca 300 CAA 0 issue "ca.example"',
  'web 300 HTTPS 1 . alpn=h2,h3',
  'odd 300 TYPE65280 \\# 3 abcdef',
  'a\\.b 300 A 192.168.1.21',
  'files 300 CNAME nas',
  'out 300 CNAME files2',
  `files2 300 CNAME www.${DOTTED_WILD}`,
  'loop 300 CNAME loop',
];
const OK = { Status: 0, TC: false, RD: true, RA: true, AD: false, CD: false };

interface JsonRecord {
  readonly name: string;
  readonly type: number;
  readonly TTL: number;
  readonly data: string;
}

describe.skipIf(!havePeers('unbound', 'curl', 'dig', 'ldns-signzone'))('DNS queries as JSON', () => {
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;

  beforeAll(async () => {
    upstream = await startTrustedUnbound(await makeSignedZone());
    noonmark = await startNoonmark({
      config: { upstreams: upstream.upstreams, zones: { 'home.arpa': { records: HOUSE_RECORDS } } },
    });
  });

  afterAll(async () => {
    await noonmark?.stop();
    await upstream?.unbound.stop();
  });

  /** Status, header fields and body as curl has them. */
  async function curl(search: string, ...args: readonly string[]) {
    const to = `${SERVER_NAME}:${noonmark.ports.doh}`;
    const { stdout, stderr } = await run('curl', [
      ...['--silent', '--show-error', '--noproxy', '*', '--max-time', '10', '--cacert', noonmark.caFile],
      ...['--resolve', `${to}:127.0.0.1`, '--include', ...args, `https://${to}/dns-query?${search}`],
    ]);
    const [head = '', body = ''] = stdout.split('\r\n\r\n', 2);
    const fields = Object.fromEntries(
      head
        .split('\r\n')
        .slice(1)
        .map((line) => line.toLowerCase().split(': ', 2) as [string, string]),
    );
    expect(head, stderr).toMatch(/^HTTP/);
    return { status: Number(head.split(' ')[1]), fields, body };
  }

  async function ask(search: string) {
    const { status, fields, body } = await curl(search, ...ACCEPT);
    expect([status, fields['content-type']], body).toEqual([200, 'application/dns-json']);
    expect(Number(fields['content-length'])).toBe(Buffer.byteLength(body));
    return JSON.parse(body);
  }

  test('a name of the world has every documented field and no other, with what is left of its TTL', async () => {
    const { status, fields, body } = await curl(`name=www.${WILD_ZONE}&type=A`, ...ACCEPT);
    expect(status).toBe(200);
    const said = JSON.parse(body);
    const [{ TTL }] = said.Answer as [JsonRecord];
    expect(said).toEqual({
      ...OK,
      Question: [{ name: `www.${DOTTED_WILD}`, type: 1 }],
      Answer: [{ name: `www.${DOTTED_WILD}`, type: 1, TTL, data: WILD_ADDRESS }],
    });
    expect(Object.keys(said)).toEqual(['Status', 'TC', 'RD', 'RA', 'AD', 'CD', 'Question', 'Answer']);
    expect(TTL).toBeGreaterThan(0);
    expect(TTL).toBeLessThanOrEqual(60);
    expect(fields['cache-control']).toBe(`max-age=${TTL}`);
    expect(fields).not.toHaveProperty('access-control-allow-origin');
  });

  test.each([
    ['nas', 'A', 1, '192.168.1.20'],
    ['nas', 'AAAA', 28, 'fd00::20'],
    ['mail', 'MX', 15, '10 nas.home.arpa.'],
    ['text', 'TXT', 16, '"v=spf1 -all" "say \\"hello\\""'],
    ['service', 'SRV', 33, '0 5 853 nas.home.arpa.'],
    ['ca', 'CAA', 257, '0 issue "ca.example"'],
    ['web', 'HTTPS', 65, '1 . alpn=h2,h3'],
    ['odd', '65280', 65_280, '\\# 3 abcdef'],
  ])('a record of the house: %s %s', async (name, type, number, data) => {
    expect(await ask(`name=${name}.home.arpa&type=${type}`)).toEqual({
      ...OK,
      Question: [{ name: `${name}.home.arpa.`, type: number }],
      Answer: [{ name: `${name}.home.arpa.`, type: number, TTL: 300, data }],
    });
  });

  test.each(['SOA', 'MX', 'TXT', 'AAAA', 'A'])('dig sees the same in %s of the world', async (type) => {
    for (const name of [SPARSE_ZONE, `nobody.${SPARSE_ZONE}`, `x.${WILD_ZONE}`]) {
      const said = await ask(`name=${name}&type=${type}`);
      const dug = await dig(noonmark.ports.dns, '+noall', '+answer', '+authority', '+comments', name, type);
      const plain = (records: readonly JsonRecord[] = []) =>
        records.map(({ name: owner, data }) => `${owner} ${data}`);
      const dugPlain = (lines: readonly string[]) => lines.map((line) => line.replace(/ \d+ IN \w+/, ''));
      expect(said.Status).toBe({ NOERROR: 0, NXDOMAIN: 3 }[dug.status]);
      expect(plain(said.Answer)).toEqual(dugPlain(dug.answer));
      expect(plain(said.Authority)).toEqual(dugPlain(dug.authority));
    }
  });

  test('a name that is not there has Status 3 and the SOA as Authority', async () => {
    const said = await ask(`name=nobody.${SPARSE_ZONE}`);
    expect(said).toEqual({
      ...OK,
      Status: 3,
      Question: [{ name: `nobody.${SPARSE_ZONE}.`, type: 1 }],
      Authority: [{ name: `${SPARSE_ZONE}.`, type: 6, TTL: expect.any(Number), data: expect.any(String) }],
    });
    expect(said.Authority[0].data).toBe(`ns.${SPARSE_ZONE}. host.${SPARSE_ZONE}. 1 3600 600 86400 60`);
  });

  test('a chain of CNAMEs comes whole and in order, within the house and out of it', async () => {
    const inside = await ask('name=files.home.arpa');
    expect(inside.Answer).toEqual([
      { name: 'files.home.arpa.', type: 5, TTL: 300, data: 'nas.home.arpa.' },
      { name: 'nas.home.arpa.', type: 1, TTL: 300, data: '192.168.1.20' },
    ]);
    const outside = await ask('name=out.home.arpa');
    expect(outside.Answer).toEqual([
      { name: 'out.home.arpa.', type: 5, TTL: 300, data: 'files2.home.arpa.' },
      { name: 'files2.home.arpa.', type: 5, TTL: 300, data: `www.${DOTTED_WILD}` },
      { name: `www.${DOTTED_WILD}`, type: 1, TTL: expect.any(Number), data: WILD_ADDRESS },
    ]);
  });

  test('do=1 brings the signatures, AD says that they hold, cd=1 comes back as CD', async () => {
    const plain = await ask(`name=${SIGNED_NAME}`);
    expect(plain).toMatchObject({ AD: true, CD: false, Answer: [{ type: 1, data: SIGNED_ADDRESS }] });
    for (const wish of ['do=1', 'do=true']) {
      const signed = await ask(`name=${SIGNED_NAME}&${wish}`);
      expect(signed).toMatchObject({ AD: true, Answer: [{ type: 1, data: SIGNED_ADDRESS }, { type: 46 }] });
      expect(signed.Answer[1].data).toMatch(
        /^A 13 4 300 \d{14} \d{14} \d+ signed\.example\.org\. [A-Za-z0-9+/=]+$/,
      );
    }
    expect(await ask(`name=${SIGNED_NAME}&cd=1&do=1`)).toMatchObject({ CD: true, Status: 0 });
    expect(await ask(`name=${SIGNED_NAME}&cd=false&do=0`)).toEqual(await ask(`name=${SIGNED_NAME}`));
  });

  test('an extended error is a Comment', async () => {
    expect(await ask('name=loop.home.arpa')).toEqual({
      ...OK,
      Status: 2,
      Question: [{ name: 'loop.home.arpa.', type: 1 }],
      Comment: ['EDE(0): Other Error (a CNAME loop, or too many CNAMEs, in the local zones)'],
    });
  });

  test('what no UDP response could hold comes whole', async () => {
    const said = await ask(`name=${BIG_NAME}&type=TXT`);
    expect(said.TC).toBe(false);
    expect(said.Answer[0].data.match(/"\d+"/g)).toHaveLength(BIG_STRINGS);
  });

  test('spelling and escapes of a name come back', async () => {
    const spelt = await ask('name=nAs.HOME.arpa.');
    expect(spelt.Question).toEqual([{ name: 'nAs.HOME.arpa.', type: 1 }]);
    expect(spelt.Answer[0].name).toBe('nAs.HOME.arpa.');
    expect((await ask('name=a%5C.b.home.arpa')).Answer).toMatchObject([{ name: 'a\\.b.home.arpa.' }]);
  });

  test('neither an Accept field nor HTTP/2 is needed, and HEAD has the fields alone', async () => {
    for (const args of [['--http1.1'], ['--http2'], ['-H', 'accept: text/html']]) {
      const { status, fields, body } = await curl('name=nas.home.arpa&ct=application/dns-json', ...args);
      expect([status, fields['content-type']]).toEqual([200, 'application/dns-json']);
      const head = await curl('name=nas.home.arpa', '--head', ...args);
      expect([head.status, head.body]).toEqual([200, '']);
      expect(head.fields['content-length']).toBe(String(body.length));
    }
  });

  test.each([
    ['name=', 'the parameter name is empty; write it like name=example.com'],
    ['name=a..b', 'the parameter name is no domain name: "a..b" has an empty label'],
    ['name=a&cd=2', 'the parameter cd is "2"; write 1, true, 0 or false'],
    [
      'name=a&type=%1B%22%3Cscript%3E',
      'the parameter type is "\u001b"<script>"; write a record type like AAAA, or its number from 1 to 65535',
    ],
  ])('?%s is a bad request, and JSON says why', async (search, error) => {
    const { status, fields, body } = await curl(search, ...ACCEPT);
    expect([status, fields['content-type']]).toEqual([400, 'application/dns-json']);
    expect(JSON.parse(body)).toEqual({ error });
    expect(body).toMatch(/^[ -~]+\n$/);
  });

  test('the access list holds here too', async () => {
    noonmark.writeConfig({
      upstreams: upstream.upstreams,
      zones: { 'home.arpa': { records: HOUSE_RECORDS } },
      access: { allow: ['10.0.0.0/8'] },
    });
    const reloaded = noonmark.process.waitForLine(/reloaded/);
    noonmark.process.signal('SIGHUP');
    await reloaded;
    expect(await ask('name=nas.home.arpa')).toEqual({
      ...OK,
      Status: 5,
      Question: [{ name: 'nas.home.arpa.', type: 1 }],
      Comment: ['EDE(18): Prohibited (client not allowed)'],
    });
  });
});
