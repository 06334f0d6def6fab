// A real named (BIND 9.18) as the primary server of zones that are updated: one dynamic zone whose TSIG keys may change
// TXT records at `_acme-challenge` names and nothing else, perhaps a second zone that nobody may change, and perhaps DNS
// over TLS. Authoritative only, so that a resolver of a test can stub to it. It asks nobody and tells nobody.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../free-ports.ts';
import { run, start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

export const UPDATED_ZONE = 'home.example';
/** Of the one key that there is unless a test wants others. */
export const UPDATE_KEY = 'acme-key';

export interface NamedOptions {
  /** Default UPDATED_ZONE. */
  readonly zone?: string;
  /** A zone that it serves and that no key may change. */
  readonly fixedZone?: string;
  /** Names below which `_acme-challenge` may be changed; default: the zone, and dns., www. and nas. in it. */
  readonly names?: readonly string[];
  /** More records of the zone: "dns 60 A 127.0.0.1". */
  readonly records?: readonly string[];
  /** Key files of makeTsigKey, all with the same rights; default: one of its own. */
  readonly keyFiles?: readonly string[];
  /** For DNS over TLS. */
  readonly certificate?: { readonly certificateFile: string; readonly keyFile: string };
  /** Default: a free one. */
  readonly port?: number;
}

export interface Named extends AsyncDisposable {
  /** At 127.0.0.1, UDP and TCP. */
  readonly port: number;
  /** DNS over TLS at 127.0.0.1, where there is a certificate. */
  readonly tlsPort: number;
  /** TSIG key that may change the zone. */
  readonly keyFile: string;
  readonly zone: string;
  readonly pid: number;
  /** Its log so far. */
  readonly lines: readonly string[];
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<unknown>;
}

export async function startNamed(options: NamedOptions = {}): Promise<Named> {
  const directory = temporaryDirectory('named');
  const [freeOne, tlsPort] = (await freePorts(2)) as [number, number];
  const port = options.port ?? freeOne;
  const zone = options.zone ?? UPDATED_ZONE;
  const keyFiles = options.keyFiles ?? [await makeTsigKey(directory, UPDATE_KEY)];
  writeFileSync(join(directory, `${zone}.zone`), zoneText(options.records ?? []));
  writeFileSync(join(directory, 'fixed.zone'), zoneText([]));
  const configFile = join(directory, 'named.conf');
  writeFileSync(configFile, configuration({ options, directory, port, tlsPort, zone, keyFiles }));
  const named = start('named', ['-g', '-n', '1', '-c', configFile]);
  await named.waitForLine(/ running$/);
  return {
    ...{ port, tlsPort, zone },
    keyFile: keyFiles[0]!,
    pid: named.pid,
    lines: named.lines,
    signal: named.signal,
    stop: named.stop,
    [Symbol.asyncDispose]: async () => void (await named.stop()),
  };
}

/** A new key as `tsig-keygen` writes it, for its owner alone; returns its path. */
export async function makeTsigKey(
  directory: string,
  name: string,
  algorithm = 'hmac-sha256',
): Promise<string> {
  const { stdout, stderr, code } = await run('tsig-keygen', ['-a', algorithm, name]);
  if (code !== 0) throw new Error(`tsig-keygen: ${stderr}`);
  const file = join(directory, `${name}-${algorithm}.key`);
  writeFileSync(file, stdout, { mode: 0o600 });
  return file;
}

interface Place {
  readonly options: NamedOptions;
  readonly directory: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly zone: string;
  readonly keyFiles: readonly string[];
}

function configuration({ options, directory, port, tlsPort, zone, keyFiles }: Place): string {
  const { certificate, fixedZone } = options;
  const names = options.names ?? [zone, `dns.${zone}`, `www.${zone}`, `nas.${zone}`];
  const keyNames = keyFiles.map((file) => /key "([^"]+)"/.exec(readFileSync(file, 'latin1'))![1]!);
  const grants = keyNames.flatMap((key) =>
    names.map((name) => `grant ${key} name _acme-challenge.${name}. TXT;`),
  );
  return `
${keyFiles.map((file) => `include "${file}";`).join('\n')}
${
  certificate === undefined
    ? ''
    : `tls own { cert-file "${certificate.certificateFile}"; key-file "${certificate.keyFile}"; };`
}
options {
  directory "${directory}";
  listen-on port ${port} { 127.0.0.1; };
  ${certificate === undefined ? '' : `listen-on port ${tlsPort} tls own { 127.0.0.1; };`}
  listen-on-v6 { none; };
  pid-file none;
  lock-file none;
  session-keyfile "${join(directory, 'session.key')}";
  recursion no;
  allow-query { any; };
  allow-transfer { none; };
  notify no;
  dnssec-validation no;
  empty-zones-enable no;
};
controls { };
zone "${zone}" {
  type primary;
  file "${zone}.zone";
  update-policy {
    ${grants.join('\n    ')}
  };
};
${fixedZone === undefined ? '' : `zone "${fixedZone}" { type primary; file "fixed.zone"; };`}
`;
}

/** Relative to whatever zone it is loaded as. */
function zoneText(records: readonly string[]): string {
  return `$TTL 60
@ SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
${records.join('\n')}
`;
}
