// Files on disk: those that cannot be read, CA files, and the configurations that ship.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigProblems, formatProblem } from '../../../src/config/problems.ts';
import { createPki } from '../../support/pki.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'noonmark-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const shipped = (name: string) => fileURLToPath(new URL(`../../../config/${name}`, import.meta.url));

function write(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const sentences = (path: string) => sentencesOf(() => loadConfig(path));

function sentencesOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigProblems) return error.message.replaceAll(directory, '').split('\n');
    throw error;
  }
  throw new Error('the file was taken without a problem');
}

test.for(['quickstart.yaml', 'home.yaml'])('the shipped %s has neither problems nor warnings', (name) => {
  const { config, warnings } = loadConfig(shipped(name));
  expect(warnings).toEqual([]);
  expect(config.upstreams.map(({ serverName }) => serverName)).toEqual(['one.one.one.one', 'dns.quad9.net']);
  expect(config.zones).toHaveLength(1);
});

test('the quick start touches loopback and high ports only', () => {
  const { dns, dot, doh, admin } = loadConfig(shipped('quickstart.yaml')).config.listen;
  expect([...dns, ...dot, ...doh, ...admin]).toEqual([
    { address: '127.0.0.1', port: 5300, family: 4 },
    { address: '127.0.0.1', port: 8530, family: 4 },
    { address: '127.0.0.1', port: 8443, family: 4 },
    { address: '127.0.0.1', port: 8080, family: 4 },
  ]);
});

test('the home network is listened on by address, never by wildcard', () => {
  const { dns, dot, doh } = loadConfig(shipped('home.yaml')).config.listen;
  const addresses = [...dns, ...dot, ...doh].map(({ address }) => address);
  expect(addresses).not.toContain('0.0.0.0');
  expect(addresses).not.toContain('::');
  expect([...dns, ...dot, ...doh].map(({ port }) => port)).toEqual([53, 53, 53, 53, 853, 853, 443, 443]);
});

test('the certificate that home.yaml suggests has no problems, and warns of a token that is still to come', () => {
  const home = readFileSync(shipped('home.yaml'), 'utf8');
  const [suggested] = /^ {2}# acme:\n( {2}# {3}.*\n)+/m.exec(home)!;
  const uncommented = `certificate:\n  names: [dns.example.com]\n${suggested.replace(/^ {2}# /gm, '  ')}`;
  const { config, warnings } = loadConfig(
    write('suggested.yaml', `upstreams: [{url: tls://192.0.2.1}]\n${uncommented}`),
  );
  expect(config.certificate.acme).toMatchObject({
    challenge: 'dns-01',
    dns: { kind: 'cloudflare', tokenFile: '/etc/noonmark/cloudflare-token' },
  });
  expect(warnings.map(({ path }) => path)).toEqual(['certificate.acme.dns.cloudflare.token_file']);
});

test('a file that is not there is named', () => {
  expect(sentences(join(directory, 'absent.yaml'))).toEqual([
    '/absent.yaml: there is no such file; name a file that can be read with --config FILE',
  ]);
});

test('a directory is not a file', () => {
  mkdirSync(join(directory, 'folder'));
  expect(sentences(join(directory, 'folder'))).toEqual([
    '/folder: it is a directory; name a file that can be read with --config FILE',
  ]);
});

test('a path that leads nowhere for another reason says which', () => {
  const loop = join(directory, 'loop.yaml');
  symlinkSync(loop, loop);
  expect(sentences(loop)).toEqual([
    '/loop.yaml: the file cannot be read (ELOOP); name a file that can be read with --config FILE',
  ]);
});

test('a file of 1 MiB is read, one octet more is refused', () => {
  const text = `# ${'x'.repeat(2 ** 20 - 2)}`;
  expect(loadConfig(write('large.yaml', text)).config.zones).toEqual([]);
  expect(sentences(write('too-large.yaml', `${text}x`))).toEqual([
    '/too-large.yaml: the file is over 1 MiB, which no configuration needs',
  ]);
});

test('an endless device is read only so far', () => {
  expect(sentences('/dev/zero')).toEqual(['/dev/zero: the file is over 1 MiB, which no configuration needs']);
});

test('other encodings than UTF-8 are refused, a byte order mark is not', () => {
  expect(sentences(write('latin1.yaml', Buffer.from('# Küche', 'latin1')))).toEqual([
    '/latin1.yaml: the file is not UTF-8 text; save it as UTF-8',
  ]);
  expect(loadConfig(write('bom.yaml', '\ufefflog: {level: warn}')).config.log.level).toBe('warn');
});

test('a CA file is looked for beside the configuration and must hold a certificate', () => {
  write('ca.pem', '-----BEGIN CERTIFICATE-----\n');
  write('key.pem', '-----BEGIN PRIVATE KEY-----\n');
  const upstream = (file: string) => `upstreams:\n  - url: tls://192.0.2.1\n    ca_file: ${file}\n`;
  const { config } = loadConfig(write('good.yaml', upstream('ca.pem')));
  expect(config.upstreams[0]!.caFile).toBe(join(directory, 'ca.pem'));
  expect(sentences(write('no-ca.yaml', upstream('absent.pem')))).toEqual([
    '/no-ca.yaml:3: upstreams[0].ca_file: "/absent.pem" cannot be used as a CA: there is no such file',
  ]);
  expect(sentences(write('key-ca.yaml', upstream('key.pem')))).toEqual([
    '/key-ca.yaml:3: upstreams[0].ca_file: "/key.pem" holds no certificate in PEM form; name a file that begins with -----BEGIN CERTIFICATE-----',
  ]);
});

test('a certificate of the owner and its key are looked at: what keeps them from being served is a warning', () => {
  const folder = mkdtempSync(join(directory, 'own-'));
  const pki = createPki(folder);
  const [good, other] = [pki.issue({ names: ['dns.example'] }), pki.issue({ names: ['other.example'] })];
  const keyOf = (name: string, mode: number) => {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(good.keyFile));
    chmodSync(path, mode);
    return path;
  };
  chmodSync(other.keyFile, 0o600);
  const key = keyOf('key.pem', 0o600);
  const text = write('text.pem', 'no certificate');
  const warned = (certificate: string, keyFile: string) => {
    const files = `certificate:\n  files:\n    certificate: ${certificate}\n    key: ${keyFile}\n`;
    const path = write('own.yaml', `upstreams: [{url: tls://192.0.2.1}]\n${files}`);
    const { warnings } = loadConfig(path);
    return warnings.map((warning) => formatProblem('', warning).replace(/; until that is mended.*/, ''));
  };
  const [atCertificate, atKey] = [':4: certificate.files.certificate: ', ':5: certificate.files.key: '];
  expect(warned(good.certificateFile, key)).toEqual([]);
  expect(warned('absent.pem', key)).toEqual([`${atCertificate}"absent.pem": there is no such file`]);
  expect(warned(text, key)).toEqual([`${atCertificate}"${text}": it holds no certificate in PEM form`]);
  expect(warned(good.certificateFile, 'absent.key')).toEqual([`${atKey}"absent.key": there is no such file`]);
  expect(warned(good.certificateFile, other.keyFile)).toEqual([
    `${atKey}"${other.keyFile}": it is not the key of that certificate`,
  ]);
  chmodSync(text, 0o600);
  expect(warned(good.certificateFile, text)).toEqual([
    `${atKey}"${text}": it holds no private key without a passphrase in PEM form`,
  ]);
  const open = keyOf('open.pem', 0o644);
  expect(warned(good.certificateFile, open)).toEqual([
    `${atKey}"${open}": it can be read by every user here; take that away with chmod o-r`,
  ]);
});

test('a keyfile is looked for beside the configuration and must have the key, of the same type', () => {
  const keyfile = '# keys\n1 MD5 old\n 20  sha1 HEX:00FF\n3 bare\n';
  writeFileSync(join(directory, 'ntp.key'), keyfile, { mode: 0o600 });
  const withKey = (id: number, type: string, file = 'ntp.key') =>
    write(
      'key.yaml',
      `upstreams: [{url: tls://192.0.2.1}]\ntime: {sources: [{url: ntp://192.0.2.1, key: {id: ${id}, type: ${type}, file: ${file}}}]}`,
    );
  for (const [id, type] of [
    [1, 'md5'],
    [20, 'SHA1'],
    [3, 'MD5'],
  ] as const)
    expect(loadConfig(withKey(id, type)).warnings).toEqual([]);
  const at = '/key.yaml:2: time.sources[0].key.file: ';
  expect(sentences(withKey(2, 'MD5'))).toEqual([
    `${at}"/ntp.key" has no key 2; write a line such as "2 MD5 HEX:…" into it, or the number of a key that it has`,
  ]);
  expect(sentences(withKey(20, 'AES128'))).toEqual([
    `${at}"/ntp.key" has key 20 as "SHA1", not AES128; write the same type here as there`,
  ]);
  expect(sentences(withKey(1, 'MD5', 'absent.key'))).toEqual([
    `${at}"/absent.key" cannot be used as a keyfile: there is no such file`,
  ]);
});

describe('what ACME needs is looked at, and of what is read at each use a warning says what it costs:', () => {
  const COST = '; until that is mended, no certificate is ordered';
  const OPEN = `can be read by every user here; take that away with chmod o-r${COST}`;
  const load = (keys: string) => {
    const acme = `{directory: letsencrypt, agree_tos: on, ${keys}}`;
    const path = write(
      'acme.yaml',
      `upstreams: [{url: tls://192.0.2.1}]\ncertificate: {names: [a.example], acme: ${acme}}`,
    );
    return loadConfig(path);
  };
  const warned = (keys: string) =>
    load(keys).warnings.map((warning) => formatProblem('', warning).replaceAll(directory, ''));
  beforeAll(() => {
    mkdirSync(join(directory, 'acme'));
    for (const [name, mode] of [
      ['secret', 0o600],
      ['shared', 0o640],
      ['open', 0o644],
      ['program', 0o700],
    ] as const) {
      write(`acme/${name}`, 'text');
      chmodSync(join(directory, 'acme', name), mode);
    }
  });

  const provider = {
    token_file: (file: string) => `dns: {cloudflare: {token_file: ${file}}}`,
    key_file: (file: string) => `dns: {rfc2136: {server: 192.168.1.1, key_file: ${file}}}`,
    program: (file: string) => `dns: {exec: {program: ${file}}}`,
  };
  const place = {
    token_file: 'cloudflare.token_file',
    key_file: 'rfc2136.key_file',
    program: 'exec.program',
  };

  test.for([
    ...(['token_file', 'key_file'] as const).flatMap(
      (key) =>
        [
          [key, 'acme/secret', null],
          [key, 'acme/shared', null],
          [key, 'acme/open', `"/acme/open" ${OPEN}`],
          [key, 'acme/absent', `"/acme/absent" cannot be used: there is no such file${COST}`],
          [key, 'acme', `"/acme" is not a plain file; write one that holds the secret${COST}`],
        ] as const,
    ),
    ['program', 'acme/program', null],
    ['program', 'acme/shared', `"/acme/shared" is not executable; make it so with chmod +x${COST}`],
    ['program', 'acme/absent', `"/acme/absent" cannot be started: there is no such file${COST}`],
    ['program', 'acme', `"/acme" is not a plain file; write a program${COST}`],
  ] as const)('%s %s', ([key, file, problem]) => {
    const expected = problem === null ? [] : [`:2: certificate.acme.dns.${place[key]}: ${problem}`];
    expect(warned(provider[key](file))).toEqual(expected);
  });

  test('what is taken over is warned of once, and what is written again, again', () => {
    const warnedOf = (further: string) => {
      const first = `{directory: letsencrypt, agree_tos: on, ${provider.token_file('acme/open')}}`;
      const certificate = `{names: [a.example], acme: ${first}, more: [{names: [b.example], acme: {${further}}}]}`;
      const path = write('more.yaml', `upstreams: [{url: tls://192.0.2.1}]\ncertificate: ${certificate}`);
      return loadConfig(path).warnings.map((warning) => warning.path);
    };
    const first = 'certificate.acme.dns.cloudflare.token_file';
    expect(warnedOf('')).toEqual([first]);
    expect(warnedOf(provider.key_file('acme/open'))).toEqual([
      first,
      'certificate.more[0].acme.dns.rfc2136.key_file',
    ]);
  });

  test('CA files, which are an error', () => {
    expect(
      sentencesOf(() =>
        load('ca_file: acme/none, dns: {cloudflare: {token_file: acme/secret, ca_file: acme/secret}}'),
      ),
    ).toEqual([
      '/acme.yaml:2: certificate.acme.ca_file: "/acme/none" cannot be used as a CA: there is no such file',
      '/acme.yaml:2: certificate.acme.dns.cloudflare.ca_file: "/acme/secret" holds no certificate in PEM form; name a file that begins with -----BEGIN CERTIFICATE-----',
    ]);
  });

  test('of these, a change of CA files alone reads the configuration again', () => {
    write('acme/ca.pem', '-----BEGIN CERTIFICATE-----\n');
    const { files } = load(
      'ca_file: acme/ca.pem, take_over: acme, dns: {cloudflare: {token_file: acme/secret, ca_file: acme/ca.pem}}',
    );
    expect(files).toEqual([join(directory, 'acme.yaml'), join(directory, 'acme/ca.pem')]);
  });
});

test('CA files and keyfiles are among the files that it was read from, also where they are what is wrong', () => {
  const inDirectory = (...names: string[]) => names.map((name) => join(directory, name));
  write('ca.pem', '-----BEGIN CERTIFICATE-----\n');
  writeFileSync(join(directory, 'ntp.key'), '1 MD5 secret\n', { mode: 0o600 });
  const text = (ca: string) => `
upstreams: [{url: tls://192.0.2.1, ca_file: ${ca}}]
time: {sources: [{url: ntp://192.0.2.1, key: {id: 1, type: MD5, file: ntp.key}}]}
filter: {lists: [{name: a, url: "https://a.example/", ca_file: ca.pem}]}`;
  const { files } = loadConfig(write('files.yaml', text('ca.pem')));
  expect(new Set(files)).toEqual(new Set(inDirectory('files.yaml', 'ca.pem', 'ntp.key')));
  expect(files).toHaveLength(3);
  const wrong = write('files.yaml', text('gone.pem'));
  const expected = { files: expect.arrayContaining(inDirectory('files.yaml', 'gone.pem', 'ntp.key')) };
  expect(() => loadConfig(wrong)).toThrow(expect.objectContaining(expected));
});

test('a keyfile that every user can read is a warning that says what it costs', () => {
  const keyfile = join(directory, 'open.key');
  writeFileSync(keyfile, '1 MD5 secret\n');
  chmodSync(keyfile, 0o644);
  const key = '{id: 1, type: MD5, file: open.key}';
  const yaml = `upstreams: [{url: tls://192.0.2.1}]\ntime: {sources: [{url: ntp://192.0.2.1, key: ${key}}]}`;
  const { warnings } = loadConfig(write('open.yaml', yaml));
  expect(warnings.map(({ path, message }) => [path, message.replaceAll(directory, '')])).toEqual([
    [
      'time.sources[0].key.file',
      '"/open.key" can be read by every user here, and until that is changed this source is not asked; take that away with chmod o-r',
    ],
  ]);
});

test('the CA file of a time source is looked at like that of an upstream', () => {
  const source = '{url: https://time.example, ca_file: none.pem}';
  expect(sentences(write('time-ca.yaml', `time: {sources: [${source}]}`))).toEqual([
    '/time-ca.yaml:1: time.sources[0].ca_file: "/none.pem" cannot be used as a CA: there is no such file',
  ]);
});
