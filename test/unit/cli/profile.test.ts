// `noonmark profile`: what it prints, from a server that runs and from the files of one that does not, and command lines
// that mean nothing.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import { profile } from '../../../src/cli/profile.ts';
import { profileViolations } from '../../support/apple-keys.ts';
import {
  deviceFactsWith,
  LOCAL_CERTIFICATE,
  publicFactsWith,
  WORLD_NAME,
} from '../../support/device-facts.ts';
import { createPki } from '../../support/pki.ts';
import { readPlist } from '../../support/plist.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { newPlace, run, serveSubject } from './control-runs.ts';

async function serving(facts = deviceFactsWith()) {
  const place = newPlace();
  await serveSubject(place, { deviceFacts: () => facts });
  return (...args: string[]) => run(profile, [...args, '--config', place.configFile]);
}

/** A configuration of a server that does not run. */
function standing(certificate: object, caPem: string | null = LOCAL_CERTIFICATE.authority!.pem) {
  const directory = temporaryDirectory('profile');
  const file = join(directory, 'noonmark.yaml');
  mkdirSync(join(directory, 'certs'));
  if (caPem !== null) writeFileSync(join(directory, 'certs/ca.pem'), caPem);
  const listen = { dns: ['192.168.1.2'], dot: ['192.168.1.2'], doh: ['192.168.1.2:8443'] };
  const places = { certs_dir: join(directory, 'certs'), state_dir: join(directory, 'state') };
  writeFileSync(file, stringify({ listen, certificate, ...places, time: { sources: [] } }));
  return (...args: string[]) => run(profile, [...args, '--config', file]);
}

describe('profile apple', () => {
  it('prints the profile alone on stdout, and what holds beside it', async () => {
    const { code, out, err } = await (await serving())('apple', '--ssid', 'A&B', '--ssid', '📶');
    expect(code).toBe(EXIT.OK);
    expect(profileViolations(readPlist(out))).toEqual([]);
    expect(out).toContain('<string>A&amp;B</string>');
    expect(err).toContain('local CA of this server');
    expect(err.replaceAll('\n', ' ')).toContain(LOCAL_CERTIFICATE.authority!.fingerprint);
  });

  it('writes it into a file', async () => {
    const file = join(temporaryDirectory('profile'), 'x.mobileconfig');
    const noonmark = await serving();
    const { code, out } = await noonmark('apple', '--protocol', 'https', '--write', file);
    expect([code, out]).toEqual([EXIT.OK, `${file}: DNS over HTTPS by dns.home.arpa.\n`]);
    expect(profileViolations(readPlist(readFileSync(file, 'utf8')))).toEqual([]);
    const nowhere = await noonmark('apple', '--write', join(file, 'below'));
    expect(nowhere).toMatchObject({
      code: EXIT.FAILED,
      err: expect.stringMatching(/below cannot be written/),
    });
  });

  it('tells all of it as JSON', async () => {
    const { out } = await (await serving())('apple', '--json');
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      ...{ protocol: 'tls', host: 'dns.home.arpa', url: null, file: null },
      authority: { fingerprint: LOCAL_CERTIFICATE.authority!.fingerprint },
    });
    expect(profileViolations(readPlist(told.profile))).toEqual([]);
  });

  it('says why there is none', async () => {
    const { code, out, err } = await (await serving(deviceFactsWith({ reach: 'host' })))('apple');
    expect([code, out]).toEqual([EXIT.FAILED, '']);
    expect(err).toMatch(/^no profile: this server listens on this machine alone/);
  });

  it('holds everywhere for who says so', async () => {
    const noonmark = await serving(publicFactsWith({ reach: 'world' }));
    expect((await noonmark('apple')).out).toContain('OnDemandRules');
    expect((await noonmark('apple', '--everywhere')).out).not.toContain('OnDemandRules');
  });
});

describe('profile android', () => {
  it('says what holds, and shows the host name only where it would work', async () => {
    const local = await (await serving())('android');
    expect(local.code).toBe(EXIT.OK);
    expect(local.out).toContain('Strict mode, with a host name, will not work');
    expect(local.out).not.toContain('█');
    const known = await (await serving(publicFactsWith()))('android');
    expect(known.out).toMatch(new RegExp(`█.*\n\nPrivate DNS provider hostname: ${WORLD_NAME}\n$`, 's'));
  });

  it('tells it as JSON', async () => {
    const { out } = await (await serving(publicFactsWith()))('android', '--json');
    expect(JSON.parse(out)).toMatchObject({
      ...{ hostName: WORLD_NAME, automatic: { isPossible: true }, strict: { isPossible: true } },
    });
  });
});

describe('of a server that does not run', () => {
  it('is made of the configuration and the local CA', async () => {
    const { code, out, err } = await standing({ names: ['dns.home.arpa'] })('apple', '--protocol', 'https');
    expect(code).toBe(EXIT.OK);
    expect(err).toMatch(/^No server runs with \S+\/noonmark\.yaml: /);
    expect(err).not.toContain('--config');
    expect(out).toContain('<string>https://dns.home.arpa:8443/dns-query</string>');
    expect(out).toContain('com.apple.security.root');
    expect(profileViolations(readPlist(out))).toEqual([]);
  });

  it("is made of the owner's own files", async () => {
    const issued = createPki(temporaryDirectory('profile')).issue({ names: ['dns.house.example'] });
    const files = { certificate: issued.certificateFile, key: issued.keyFile };
    const { out, err } = await standing({ names: ['dns.house.example'], files }, null)('apple');
    expect(out).toContain('<string>dns.house.example</string>');
    expect(out).not.toContain('com.apple.security.root');
    expect(err).toContain('a CA that devices do not know');
  });

  it('is of the quick start unless another configuration is named, and says so', async () => {
    const before = process.cwd();
    const directory = temporaryDirectory('profile');
    process.chdir(directory); // what the quick start keeps is there
    try {
      const bare = await run(profile, ['apple']);
      expect(bare).toMatchObject({ code: EXIT.UNAVAILABLE, out: '' });
      mkdirSync(join(directory, 'certs'));
      writeFileSync(join(directory, 'certs/ca.pem'), LOCAL_CERTIFICATE.authority!.pem);
      const withCa = await run(profile, ['apple']);
      expect(withCa).toMatchObject({ code: EXIT.FAILED, out: '' });
      expect(withCa.err).toMatch(/no profile: this server listens on this machine alone/);
      for (const { err } of [bare, withCa])
        expect(err).toMatch(/config\/quickstart\.yaml: .*--config FILE for the server that you mean/s);
    } finally {
      process.chdir(before);
    }
  });

  it('cannot be made before there is a CA, nor where only the server knows the certificate', async () => {
    expect(await standing({ names: ['dns.home.arpa'] }, null)('apple')).toMatchObject({
      ...{ code: EXIT.UNAVAILABLE, err: expect.stringMatching(/start the server once/) },
    });
    const acme = { directory: 'letsencrypt', agree_tos: true, challenge: 'http-01' };
    expect(await standing({ names: ['dns.example.com'], acme })('apple')).toMatchObject({
      ...{ code: EXIT.UNAVAILABLE, err: expect.stringMatching(/only it knows/) },
    });
  });
});

describe('a command line', () => {
  it.each([
    [[], /there is `profile apple`/],
    [['windows'], /there is `profile apple`/],
    [['apple', '--protocol', 'quic'], /tls or https/],
    [['apple', '--ssid', 'x'.repeat(33)], /more than 32 octets/],
    [['android', '--ssid', 'a'], /belong to `profile apple`/],
  ])('%j means nothing', async (args, message) => {
    await expect(profile.run(args)).rejects.toThrow(UsageError);
    await expect(profile.run(args)).rejects.toThrow(message);
  });
});
