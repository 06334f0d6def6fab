// Pairs of certbot's, lego's and Caddy's, in directories as each of them leaves them.

import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findTakenOver } from '../../../src/acme/taken-over.ts';
import { createPki, type IssuedCertificate, type Pki } from '../../support/pki.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const DAY_MS = 86_400_000;
const NAMES = ['dns.example.com', '*.example.com'];

let pki: Pki;
let both: IssuedCertificate;
let single: IssuedCertificate;
let later: IssuedCertificate;
beforeAll(() => {
  pki = createPki(temporaryDirectory('taken-pki'));
  both = pki.issue({ names: NAMES });
  single = pki.issue({ names: ['dns.example.com'] });
  later = pki.issue({ names: NAMES, notAfter: new Date(Date.now() + 200 * DAY_MS) });
});

let directory: string;
const at = (path: string) => join(directory, path);
beforeEach(() => {
  directory = temporaryDirectory('taken');
});

function put({ certificateFile, keyFile }: IssuedCertificate, certificate: string, key: string): void {
  mkdirSync(dirname(at(certificate)), { recursive: true });
  copyFileSync(certificateFile, at(certificate));
  copyFileSync(keyFile, at(key));
}

/** certbot: the newest in archive/, and links to it in live/. */
function putLineage(lineage: string, issued: IssuedCertificate): void {
  put(issued, `archive/${lineage}/fullchain1.pem`, `archive/${lineage}/privkey1.pem`);
  mkdirSync(at(`live/${lineage}`), { recursive: true });
  for (const half of ['fullchain', 'privkey'])
    symlinkSync(`../../archive/${lineage}/${half}1.pem`, at(`live/${lineage}/${half}.pem`));
  writeFileSync(at('live/README'), 'This directory contains your keys and certificates.');
}

const CADDY = 'certificates/acme-v02.api.letsencrypt.org-directory';
const pem = (issued: IssuedCertificate) => ({
  chainPem: readFileSync(issued.certificateFile, 'utf8'),
  keyPem: readFileSync(issued.keyFile, 'utf8'),
});

describe('a pair is found', () => {
  it.each<[string, () => void, string, string]>([
    [
      "in certbot's directory",
      () => putLineage('dns.example.com', both),
      '',
      'live/dns.example.com/fullchain.pem',
    ],
    [
      "in certbot's live/",
      () => putLineage('dns.example.com', both),
      'live',
      'live/dns.example.com/fullchain.pem',
    ],
    [
      'in a second lineage',
      () => putLineage('dns.example.com-0001', both),
      '',
      'live/dns.example.com-0001/fullchain.pem',
    ],
    [
      "in lego's directory",
      () => put(both, 'certificates/dns.example.com.crt', 'certificates/dns.example.com.key'),
      '',
      'certificates/dns.example.com.crt',
    ],
    [
      "in lego's certificates/, of a wildcard",
      () => put(both, 'certificates/_.example.com.crt', 'certificates/_.example.com.key'),
      'certificates',
      'certificates/_.example.com.crt',
    ],
    [
      "in Caddy's directory",
      () =>
        put(
          both,
          `${CADDY}/dns.example.com/dns.example.com.crt`,
          `${CADDY}/dns.example.com/dns.example.com.key`,
        ),
      '',
      `${CADDY}/dns.example.com/dns.example.com.crt`,
    ],
    [
      "in Caddy's certificates/, of a wildcard",
      () => {
        const stem = `${CADDY}/wildcard_.example.com/wildcard_.example.com`;
        put(both, `${stem}.crt`, `${stem}.key`);
      },
      'certificates',
      `${CADDY}/wildcard_.example.com/wildcard_.example.com.crt`,
    ],
  ])('%s', async (_what, prepare, named, file) => {
    prepare();
    expect(await findTakenOver(at(named), NAMES)).toEqual({ pair: pem(both), file: at(file) });
  });

  it('by names in any order and case, and for some of its names', async () => {
    putLineage('dns.example.com', both);
    for (const names of [['*.EXAMPLE.com', 'dns.example.com'], ['dns.example.com']])
      expect(await findTakenOver(directory, names)).toMatchObject({ pair: pem(both) });
  });

  it('that ends last, among several and beside broken ones', async () => {
    putLineage('a', single);
    putLineage('b', both);
    putLineage('c', later);
    putLineage('d', both);
    writeFileSync(at('archive/d/privkey1.pem'), 'no key');
    expect(await findTakenOver(directory, NAMES)).toMatchObject({ file: at('live/c/fullchain.pem') });
  });

  it("with what issued it, where lego's is not bundled", async () => {
    put(both, 'certificates/x.crt', 'certificates/x.key');
    const blocks = pem(both).chainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
    writeFileSync(at('certificates/x.crt'), blocks[0]!);
    writeFileSync(at('certificates/x.issuer.crt'), blocks[1]!);
    expect(await findTakenOver(directory, NAMES)).toEqual({
      pair: pem(both),
      file: at('certificates/x.crt'),
    });
  });

  it('of an address, however it is written', async () => {
    const issued = pki.issue({ names: ['dns.example.com'], addresses: ['2001:db8::1'] });
    putLineage('a', issued);
    const found = await findTakenOver(directory, ['dns.example.com', '2001:DB8:0::1']);
    expect(found).toMatchObject({ pair: pem(issued) });
  });
});

describe('there is a problem in words', () => {
  it.each<[string, () => void, RegExp]>([
    ['no such directory', () => rmSync(directory, { recursive: true }), /there is no such directory/],
    [
      'a file in its place',
      () => {
        rmSync(directory, { recursive: true });
        writeFileSync(directory, '');
      },
      /no such directory/,
    ],
    ['nothing in it', () => {}, /holds no certificate where certbot .* keep theirs/],
    [
      'a certificate without its key',
      () => {
        put(both, 'x.crt', 'x.key');
        rmSync(at('x.key'));
      },
      /keep theirs/,
    ],
    [
      'a name that is missing',
      () => putLineage('a', single),
      /live\/a\/fullchain\.pem lacks \*\.example\.com/,
    ],
    [
      'a key of another',
      () => {
        putLineage('a', both);
        copyFileSync(single.keyFile, at('archive/a/privkey1.pem'));
      },
      /live\/a\/privkey\.pem: the key does not belong to the certificate/,
    ],
    [
      'a key that everybody may read',
      () => {
        putLineage('a', both);
        chmodSync(at('archive/a/privkey1.pem'), 0o644);
      },
      /live\/a\/privkey\.pem: .*chmod 600/,
    ],
    [
      'a torn certificate',
      () => {
        putLineage('a', both);
        writeFileSync(at('archive/a/fullchain1.pem'), '-----BEG');
      },
      /no certificate in it/,
    ],
    [
      'a link to nothing',
      () => {
        putLineage('a', both);
        rmSync(at('archive/a/fullchain1.pem'));
      },
      /there is no such file/,
    ],
    [
      'many that do not fit',
      () => ['a', 'b', 'c', 'd', 'e'].map((lineage) => putLineage(lineage, single)),
      /live\/c\/fullchain\.pem lacks \*\.example\.com; and 2 more$/,
    ],
  ])('for %s', async (_what, prepare, words) => {
    prepare();
    const found = await findTakenOver(directory, NAMES);
    expect(found).toEqual({ problem: expect.stringMatching(words) });
    expect((found as { problem: string }).problem).toContain(directory);
    expect(JSON.stringify(found)).not.toContain('PRIVATE');
  });

  it.skipIf(process.getuid?.() === 0)('for a directory that may not be listed', async () => {
    putLineage('a', both);
    chmodSync(at('live'), 0);
    expect(await findTakenOver(directory, NAMES)).toEqual({ problem: expect.stringMatching(/live: EACCES/) });
    chmodSync(at('live'), 0o700);
  });

  it('for a directory of far too much, which is not walked to its end', { timeout: 30_000 }, async () => {
    for (let outer = 0; outer < 80; outer += 1)
      for (let inner = 0; inner < 80; inner += 1) mkdirSync(at(`${outer}/${inner}`), { recursive: true });
    const last = readdirSync(directory).at(-1)!;
    put(both, `${last}/x/x.crt`, `${last}/x/x.key`);
    expect(await findTakenOver(directory, NAMES)).toEqual({
      problem: expect.stringMatching(/more than 5000/),
    });
  });
});
