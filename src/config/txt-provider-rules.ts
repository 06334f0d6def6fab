// Who puts the TXT records of dns-01 into their zone, from what is written: one of the three, nothing in plaintext into the
// world, nothing to this server itself. Files with secrets, and the program, are read and started at each use, so that
// what is wrong with them today is no error.

import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { z } from 'zod';
import { type acme, CLOUDFLARE_API } from './acme-schema.ts';
import type { Config, TxtProviderConfig } from './config.ts';
import type { NamedFiles } from './named-files.ts';
import { isOwnSocket } from './own-sockets.ts';
import { isPrivateAddress } from './private-address.ts';
import type { Path } from './problems.ts';
import { formatSocketAddress } from './socket-address.ts';
import { quote } from './value-error.ts';

type WrittenDns = NonNullable<z.output<typeof acme>['dns']>;
type WrittenRfc2136 = NonNullable<WrittenDns['rfc2136']>;

/** Says what is wrong, at a path below `acme`. */
export type Tell = (severity: 'error' | 'warning', at: Path, message: string) => void;

export interface AcmeContext {
  /** Makes a written path absolute. */
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
  /** Our own listeners; all empty where it is not known what they are. */
  readonly listen: Config['listen'];
}

export function readProvider(
  written: WrittenDns | undefined,
  context: AcmeContext,
  tell: Tell,
): TxtProviderConfig | null {
  const { rfc2136, cloudflare, exec } = written ?? {};
  const { absolute, files } = context;
  if ([rfc2136, cloudflare, exec].filter((provider) => provider !== undefined).length > 1) {
    tell(
      'error',
      ['dns'],
      'rfc2136, cloudflare and exec exclude each other; keep the one that your zone is at',
    );
    return null;
  }
  if (rfc2136 !== undefined) return readRfc2136(rfc2136, context, tell);
  if (cloudflare !== undefined) {
    const at: Path = ['dns', 'cloudflare'];
    const { token_file: tokenFile, api = CLOUDFLARE_API, ca_file: caFile } = cloudflare;
    return {
      ...{ kind: 'cloudflare', api },
      tokenFile: secretAt(tokenFile, [...at, 'token_file'], context, tell),
      caFile: caFileAt(caFile, [...at, 'ca_file'], context, tell),
    };
  }
  if (exec === undefined) return null;
  const program = absolute(exec.program);
  const problem = files.programProblem(program);
  if (problem !== null)
    tell(
      'warning',
      ['dns', 'exec', 'program'],
      `${problem}; until that is mended, no certificate is ordered`,
    );
  return { kind: 'exec', program };
}

function readRfc2136(written: WrittenRfc2136, context: AcmeContext, tell: Tell): TxtProviderConfig {
  const at: Path = ['dns', 'rfc2136'];
  const { server, key_file: keyFile, zone = null, ca_file: caFile } = written;
  const { protocol, host, port } = server;
  checkServer(written, context, (message) => tell('error', [...at, 'server'], message));
  if (protocol === 'tcp' && caFile !== undefined)
    tell(
      'error',
      [...at, 'ca_file'],
      'a server that is asked without TLS shows no certificate; delete `ca_file`, or write the server as tls://HOST',
    );
  return {
    ...{ kind: 'rfc2136', protocol, host, port, zone },
    keyFile: keyFile === undefined ? null : secretAt(keyFile, [...at, 'key_file'], context, tell),
    caFile: caFileAt(caFile, [...at, 'ca_file'], context, tell),
  };
}

function checkServer(
  { server }: WrittenRfc2136,
  { listen }: AcmeContext,
  refuse: (message: string) => void,
): void {
  const { written, protocol, host, isAddress, port } = server;
  if (!isAddress) return;
  const key = protocol === 'tcp' ? 'dns' : 'dot';
  if (isOwnSocket(listen[key], host, port)) {
    const socket = formatSocketAddress({ address: host, port, family: isIPv6(host) ? 6 : 4 });
    refuse(
      `${socket} is where this server itself listens (listen.${key}), and it takes no updates; write the server that the zone is on`,
    );
  } else if (protocol === 'tcp' && !isPrivateAddress(ipaddr.parse(host.split('%', 1)[0]!)))
    refuse(
      `${quote(written)} is an address of the world, and updates would go there in plaintext; write tls:// and the name in its certificate`,
    );
}

function secretAt(file: string, at: Path, { absolute, files }: AcmeContext, tell: Tell): string {
  const path = absolute(file);
  const problem = files.secretProblem(path);
  if (problem !== null) tell('warning', at, `${problem}; until that is mended, no certificate is ordered`);
  return path;
}

/** Null: the public roots. */
export function caFileAt(
  file: string | undefined,
  at: Path,
  { absolute, files }: Pick<AcmeContext, 'absolute' | 'files'>,
  tell: Tell,
): string | null {
  if (file === undefined) return null;
  const problem = files.caProblem(absolute(file));
  if (problem !== null) tell('error', at, problem);
  return absolute(file);
}
