// A small world with a signed root, for clients that validate from the top down: one unbound behind DNS over TLS that
// has every zone of it. `signed.` is signed; `unsigned.` and home.arpa are delegated without a DS, with proof, as the
// public root and RFC 8375 section 7 have the latter. It asks nobody else.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-ports.ts';
import type { IssuedCertificate } from '../pki.ts';
import { run, start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { IN_THE_FOREGROUND } from './unbound.ts';

export const WORLD = {
  signedName: 'www.signed',
  signedAddress: '192.0.2.80',
  unsignedName: 'www.unsigned',
  unsignedAddress: '192.0.2.81',
  /** Names whose address is this machine, for clients that fetch something from them. */
  signedPage: 'page.signed',
  unsignedPage: 'page.unsigned',
  /** A zone that its parent delegates without a DS: an owner's public domain that is not signed. */
  unsignedChild: 'open.signed',
  /** A zone that its parent says is signed: unsigned answers for it are forged, to whoever validates. */
  signedChild: 'sealed.signed',
} as const;

export interface SignedWorld {
  /** Of DNS over TLS. */
  readonly port: number;
  /** The root's DS record, on one line. */
  readonly rootDs: string;
  stop(): Promise<unknown>;
}

const HEAD = `$TTL 300
@ IN SOA ns.signed. host.signed. 1 3600 600 86400 300
@ IN NS ns.signed.
`;

const hosts = (address: string, page: string) => `www IN A ${address}\npage IN A ${page}\n`;

/** Somebody's DS: no zone stands behind it, and none is needed to be known as signed. */
const SEALED = `sealed IN DS 4711 13 2 ${'ab'.repeat(32)}\n`;

/** @param pageAddress where the server of the pages is */
export async function startSignedWorld(
  certificate: IssuedCertificate,
  pageAddress = '127.0.0.1',
): Promise<SignedWorld> {
  const directory = temporaryDirectory('world');
  const zone = (name: string, text: string) => {
    const file = join(directory, `zone-${name}`);
    writeFileSync(file, `$ORIGIN ${name}\n${HEAD}${text}`);
    return file;
  };
  const signed = await sign(
    directory,
    'signed.',
    zone(
      'signed.',
      `ns IN A 127.0.0.1\n${hosts(WORLD.signedAddress, pageAddress)}open IN NS ns\nsealed IN NS ns\n${SEALED}`,
    ),
  );
  const arpa = await sign(directory, 'arpa.', zone('arpa.', 'home IN NS ns.signed.\n'));
  const delegations = ['signed', 'arpa', 'unsigned'].map((name) => `${name}. IN NS ns.signed.\n`).join('');
  const rootText = `ns.signed. IN A 127.0.0.1\n${delegations}${signed.ds}${arpa.ds}`;
  const root = await sign(directory, '.', zone('.', rootText));
  const unsignedFile = zone('unsigned.', hosts(WORLD.unsignedAddress, pageAddress));

  const port = await freePort();
  const configFile = join(directory, 'unbound.conf');
  writeFileSync(
    configFile,
    `server:
  interface: 127.0.0.1@${port}
  tls-port: ${port}
  tls-service-pem: "${certificate.certificateFile}"
  tls-service-key: "${certificate.keyFile}"
${IN_THE_FOREGROUND}
  module-config: "validator iterator"
  do-not-query-localhost: no
  trust-anchor-file: "${root.keyFile}"
  local-zone: "home.arpa." nodefault
remote-control:
  control-enable: no
${authZone('.', root.file)}${authZone('signed.', signed.file)}${authZone('arpa.', arpa.file)}${authZone('unsigned.', unsignedFile)}`,
  );
  const unbound = start('unbound', ['-d', '-p', '-c', configFile]);
  await unbound.waitForLine(/start of service/);
  return { port, rootDs: root.ds.trim(), stop: unbound.stop };
}

function authZone(name: string, file: string): string {
  return `auth-zone:
  name: "${name}"
  zonefile: "${file}"
  for-downstream: no
  fallback-enabled: no
`;
}

interface Signed {
  readonly file: string;
  readonly keyFile: string;
  readonly ds: string;
}

/** One key signs all, ECDSA P-256, with NSEC; ldns's own dates: from now on for four weeks. */
async function sign(cwd: string, name: string, zoneFile: string): Promise<Signed> {
  const key = (await inDirectory(cwd, 'ldns-keygen', '-k', '-a', 'ECDSAP256SHA256', name)).trim();
  const file = `${zoneFile}.signed`;
  await inDirectory(cwd, 'ldns-signzone', '-f', file, zoneFile, key);
  const read = (extension: string) => readFileSync(join(cwd, `${key}.${extension}`), 'utf8');
  return { file, keyFile: join(cwd, `${key}.key`), ds: read('ds') };
}

async function inDirectory(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd });
  if (code !== 0) throw new Error(`${command} failed: ${stderr}${stdout}`);
  return stdout;
}
