// Stubby, the DoT forwarder of the getdns people, in strict mode: it stands between `dig` and us
// as a router or a laptop would, and answers nothing when it does not trust our certificate. With a configuration that
// somebody else has written it runs in a network, and with a store of CAs, of its own; that needs root.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-ports.ts';
import { start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

export interface StubbyOptions {
  /** The DoT server that it forwards to. */
  readonly port: number;
  readonly name: string;
  readonly caFile: string;
}

export async function startStubby(
  options: StubbyOptions,
): Promise<{ port: number; stop(): Promise<unknown> }> {
  const directory = temporaryDirectory('stubby');
  const port = await freePort();
  const configFile = join(directory, 'stubby.yml');
  writeFileSync(
    configFile,
    `resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list:
  - GETDNS_TRANSPORT_TLS
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_ca_file: "${options.caFile}"
tls_query_padding_blocksize: 128
idle_timeout: 10000
appdata_dir: "${directory}"
listen_addresses:
  - 127.0.0.1@${port}
upstream_recursive_servers:
  - address_data: 127.0.0.1
    tls_port: ${options.port}
    tls_auth_name: "${options.name}"
`,
  );
  const stubby = start('stubby', ['-C', configFile, '-l']);
  await stubby.waitForLine(/Starting DAEMON|Read config|Privacy Usage/i);
  return { port, stop: stubby.stop };
}

export interface WrittenStubbyOptions {
  /** Its stubby.yml, whole. */
  readonly configuration: string;
  /** What the system's directory of own CAs has, as noonmark.crt and nothing else. */
  readonly caFile: string;
  /** File of the network namespace that it runs in. */
  readonly network: string;
}

export async function startWrittenStubby(options: WrittenStubbyOptions): Promise<AsyncDisposable> {
  const directory = temporaryDirectory('stubby');
  const configFile = join(directory, 'stubby.yml');
  writeFileSync(configFile, options.configuration);
  const script = `mount -t tmpfs none /usr/local/share/ca-certificates
cp "$1" /usr/local/share/ca-certificates/noonmark.crt
exec stubby -C "$2" -l`;
  const shell = ['unshare', '-m', 'sh', '-ec', script, 'sh', options.caFile, configFile];
  const env = { ...process.env, HOME: directory };
  const stubby = start('nsenter', [`--net=${options.network}`, ...shell], { env });
  await stubby.waitForLine(/Starting DAEMON|Read config|Privacy Usage/i);
  return { [Symbol.asyncDispose]: async () => void (await stubby.stop()) };
}
