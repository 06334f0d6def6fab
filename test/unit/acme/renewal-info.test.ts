// Renewal information: the identifier of RFC 9773's own example and of certificates by openssl's command, and the objects
// that a CA may and may not send.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certificateIdOf,
  nextCheckMs,
  parseRenewalInfo,
  RENEWAL_INFO_OCTETS_MAX,
  RenewalInfoUnusable,
} from '../../../src/acme/renewal-info.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** RFC 9773 appendix A. */
const EXAMPLE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;

const directory = temporaryDirectory('renewal-info');
const openssl = (...args: string[]) =>
  execFileSync('openssl', args, { cwd: directory, stdio: 'pipe', encoding: 'utf8' });
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A certificate of openssl's command with a serial and a line of configuration for its key identifiers. */
function made(serial: string, extensions: string): string {
  const config = `[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[v3]\n${extensions}\n`;
  writeFileSync(join(directory, 'made.cnf'), config);
  const options = ['-config', 'made.cnf', '-extensions', 'v3', '-set_serial', serial, '-days', '2'];
  return openssl('req', '-x509', ...EC, '-keyout', 'made.key', ...options);
}

describe('the identifier of a certificate', () => {
  it('is that of the RFC for its example, also at the head of a chain', () => {
    expect(certificateIdOf(EXAMPLE)).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
    const chain = EXAMPLE + made('0x01', 'subjectKeyIdentifier=hash');
    expect(certificateIdOf(chain)).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  });

  it.each([
    ['0x01', '01'],
    ['0x7f', '7f'],
    ['0x80', '0080'],
    ['0x00ff', '00ff'],
    ['0x0123456789abcdef0123456789abcdef01234567', '0123456789abcdef0123456789abcdef01234567'],
    ['0x9123456789abcdef0123456789abcdef01234567', '009123456789abcdef0123456789abcdef01234567'],
  ])('has the serial number %s as the octets %s', (serial, octets) => {
    const pem = made(serial, 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always,issuer:always');
    const [authority, own] = certificateIdOf(pem).split('.') as [string, string];
    writeFileSync(join(directory, 'made.pem'), pem);
    const text = openssl('x509', '-in', 'made.pem', '-noout', '-ext', 'subjectKeyIdentifier');
    const keyId = text
      .match(/(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/)![0]
      .replaceAll(':', '')
      .toLowerCase();
    expect(Buffer.from(authority, 'base64url').toString('hex')).toBe(keyId);
    expect(Buffer.from(own, 'base64url').toString('hex')).toBe(octets);
  });

  it('is found in an extension that is marked critical, behind others', () => {
    const critical = 'basicConstraints=CA:TRUE\nauthorityKeyIdentifier=critical,keyid:always';
    const pem = made('0x05', `subjectKeyIdentifier=0102030405\n${critical}`);
    expect(certificateIdOf(pem)).toBe(`${Buffer.of(1, 2, 3, 4, 5).toString('base64url')}.BQ`);
  });

  it.each([
    ['without the extension', () => made('0x05', 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=none')],
    ['with its issuer alone in it', () => made('0x05', 'authorityKeyIdentifier=issuer:always')],
    [
      'without any extension',
      () => {
        openssl('req', '-new', ...EC, '-keyout', 'old.key', '-out', 'old.csr', '-subj', '/CN=old');
        return openssl('x509', '-req', '-in', 'old.csr', '-signkey', 'old.key', '-days', '2');
      },
    ],
  ])('is none for one %s', (_what, make) => {
    expect(() => certificateIdOf(make())).toThrow(/does not name the key of its issuer/);
  });

  it.each(['', 'no PEM', EXAMPLE.replace(/\n.{60}/, '\n')])('is none for what is no certificate', (text) => {
    expect(() => certificateIdOf(text)).toThrow(RenewalInfoUnusable);
  });
});

const START = '2026-12-29T00:00:00Z';
const END = '2026-12-31T00:00:00Z';
const octets = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const info = (change: object) => octets({ suggestedWindow: { start: START, end: END }, ...change });

describe('a RenewalInfo object', () => {
  it('is read, with its page', () => {
    const explanationURL = 'https://acme.example.com/docs/ari';
    expect(parseRenewalInfo(info({ explanationURL, more: 1 }))).toEqual({
      startMs: Date.UTC(2026, 11, 29),
      endMs: Date.UTC(2026, 11, 31),
      explanationUrl: explanationURL,
    });
  });

  it.each([
    undefined,
    null,
    7,
    '',
    'a page',
    'javascript:alert(1)',
    'https://a b/',
    'https://x/\u001b[2J',
    `https://x/${'y'.repeat(500)}`,
  ])('keeps its window where its page is none: %j', (explanationURL) => {
    expect(parseRenewalInfo(info({ explanationURL }))).toMatchObject({ explanationUrl: null });
  });

  it.each([
    ['no JSON object', ''],
    ['no JSON object', 'null'],
    ['no JSON object', '[]'],
    ['no JSON object', '<html>'],
    ['no "suggestedWindow"', '{}'],
    ['no "suggestedWindow"', { suggestedWindow: [START, END] }],
    ['"start" of its window is no date', { suggestedWindow: { end: END } }],
    ['"end" of its window is no date', { suggestedWindow: { start: START, end: 1_800_000_000 } }],
    ['"end" of its window is no date', { suggestedWindow: { start: START, end: '2027-02-29T00:00:00Z' } }],
    ['does not end after it begins', { suggestedWindow: { start: END, end: START } }],
    ['does not end after it begins', { suggestedWindow: { start: START, end: START } }],
    ['longer than', `{${' '.repeat(RENEWAL_INFO_OCTETS_MAX)}}`],
  ])('is refused: %s', (why, value) => {
    expect(() => parseRenewalInfo(octets(value))).toThrow(RenewalInfoUnusable);
    expect(() => parseRenewalInfo(octets(value))).toThrow(why);
  });

  it('is refused where it is not UTF-8', () => {
    const latin1 = Buffer.concat([octets('{"x":"'), Buffer.of(0xe9), octets('",'), info({}).subarray(1)]);
    expect(() => parseRenewalInfo(latin1)).toThrow('no JSON object');
  });

  it('of random octets throws nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(octets)), (body) => {
        expect(() => parseRenewalInfo(body)).toThrow(RenewalInfoUnusable);
      }),
    );
  });
});

describe('it is asked for again', () => {
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  it.each([
    ['what Retry-After says', 3 * HOUR, 0, 3 * HOUR],
    ['not within a minute', 0, 0, MINUTE],
    ['not within a minute of a date in the past', -5 * HOUR, 0, MINUTE],
    ['after a day at the latest', 1000 * HOUR, 0, 24 * HOUR],
    ['after a day at the latest', Number.POSITIVE_INFINITY, 0, 24 * HOUR],
    ['after six hours where nothing was said', null, 0, 6 * HOUR],
    ['after six hours where nonsense was said', Number.NaN, 0, 6 * HOUR],
    ['after six hours when it failed', null, 1, 6 * HOUR],
    ['after six hours when it failed, though sooner was asked for', MINUTE, 1, 6 * HOUR],
    ['later when it failed and asked for that', 9 * HOUR, 1, 9 * HOUR],
  ])('%s (%s ms, %s failures)', (_what, retryAfterMs, failures, expected) => {
    expect(nextCheckMs(retryAfterMs, failures)).toBe(expected);
  });
});
