// DNS cookies and NSID as dig and kdig see them, on every transport; a secret that outlives a restart.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  type Noonmark,
  SERVER_NAME,
  startNoonmark,
} from '../support/noonmark.ts';
import { type Dug, dig, kdig } from '../support/peers/dig.ts';
import { havePeers } from '../support/peers/packages.ts';

const CLIENT_COOKIE = '2464c4abcf10c957';

describe.skipIf(!havePeers('dig', 'kdig'))('EDNS options', () => {
  let noonmark: Noonmark;
  beforeAll(async () => {
    noonmark = await startNoonmark({ ipv6: true });
  });
  afterAll(() => noonmark?.stop());

  /** "COOKIE: 2464… (good)", as dig judges it. */
  const cookieOf = ({ text }: Dug) => /; COOKIE: ([0-9a-f]+) \((\w+)\)/.exec(text)?.slice(1) ?? [text];

  test.each([
    ['UDP', []],
    ['TCP', ['+tcp']],
    ['UDP over IPv6', ['@::1']],
  ])('dig finds our cookie good over %s, and gets the same one back for it', async (_, args) => {
    const asked = [...args, `+cookie=${CLIENT_COOKIE}`, INTERNAL_NAME];
    const first = await dig(noonmark.ports.dns, ...asked);
    const [cookie, verdict] = cookieOf(first);
    expect([verdict, cookie!.length], first.text).toEqual(['good', 48]);
    expect(first.answer[0]).toContain(INTERNAL_ADDRESS);
    const again = await dig(noonmark.ports.dns, ...args, `+cookie=${cookie}`, INTERNAL_NAME);
    expect(cookieOf(again)).toEqual([cookie, 'good']);
  });

  test('a wrong cookie is answered with a right one, and with what was asked', async () => {
    const wrong = `${CLIENT_COOKIE}${'01'.repeat(16)}`;
    const answered = await dig(noonmark.ports.dns, `+cookie=${wrong}`, INTERNAL_NAME);
    const [cookie, verdict] = cookieOf(answered);
    expect([answered.status, verdict], answered.text).toEqual(['NOERROR', 'good']);
    expect(cookie).not.toBe(wrong);
  });

  test('a cookie of a length that none has is FORMERR', async () => {
    const malformed = await dig(noonmark.ports.dns, '+ednsopt=10:0102030405', '+nocookie', INTERNAL_NAME);
    expect(malformed.status, malformed.text).toBe('FORMERR');
  });

  test('a query without a question gets a cookie alone', async () => {
    const alone = await dig(noonmark.ports.dns, '+header-only', `+cookie=${CLIENT_COOKIE}`);
    expect([alone.status, cookieOf(alone)[1]], alone.text).toEqual(['NOERROR', 'good']);
    expect(alone.text).toContain('QUERY: 0, ANSWER: 0');
  });

  test('kdig gets one too, over DoT and DoH as well', async () => {
    const strictly = ['+edns', `+tls-ca=${noonmark.caFile}`, `+tls-hostname=${SERVER_NAME}`];
    const { dns, dot, doh } = noonmark.ports;
    const answers = [
      await kdig(dns, '+edns', `+cookie=${CLIENT_COOKIE}`, INTERNAL_NAME),
      await kdig(dot, ...strictly, `+cookie=${CLIENT_COOKIE}`, INTERNAL_NAME),
      await kdig(doh, '+https', ...strictly, `+cookie=${CLIENT_COOKIE}`, INTERNAL_NAME),
    ];
    for (const { text, answer } of answers) {
      expect(text).toMatch(new RegExp(`COOKIE: ${CLIENT_COOKIE}[0-9A-F]{32}`, 'i'));
      expect(answer[0]).toContain(INTERNAL_ADDRESS);
    }
  });

  test('NSID is the name on our certificate, for who asks and nobody else', async () => {
    const asking = await dig(noonmark.ports.dns, '+nsid', INTERNAL_NAME);
    expect(asking.text).toContain(`("${SERVER_NAME}")`);
    expect((await dig(noonmark.ports.dns, INTERNAL_NAME)).text).not.toContain('NSID');
  });

  test('who sends no cookie gets none', async () => {
    expect((await dig(noonmark.ports.dns, '+nocookie', INTERNAL_NAME)).text).not.toContain('COOKIE');
  });

  test('the secret is for the owner alone, in no log line, and the same after a restart', async () => {
    const file = join(noonmark.directory, 'state/cookie-secret');
    expect(statSync(file)).toMatchObject({ size: 16, mode: 0o100600 });
    const secret = readFileSync(file);
    const log = noonmark.process.lines.join('\n');
    for (const form of ['hex', 'base64', 'latin1'] as const) expect(log).not.toContain(secret.toString(form));
    await using second = await startNoonmark({
      config: { state_dir: join(noonmark.directory, 'state') },
    });
    const [cookie] = cookieOf(await dig(noonmark.ports.dns, `+cookie=${CLIENT_COOKIE}`, INTERNAL_NAME));
    expect(cookieOf(await dig(second.ports.dns, `+cookie=${cookie}`, INTERNAL_NAME))).toEqual([
      cookie,
      'good',
    ]);
  });
});
