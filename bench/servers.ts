// The two servers that are compared and the upstream that both forward to, all real processes on loopback.
// The compared ones run on core 0; the upstream and the load generators run on core 1.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../test/support/free-ports.ts';
import { MAIN_FILE, NODE } from '../test/support/noonmark.ts';
import { forwardingOverTls, IN_THE_FOREGROUND } from '../test/support/peers/unbound.ts';
import type { IssuedCertificate } from '../test/support/pki.ts';
import { type Running, start } from '../test/support/running.ts';

export const SERVER_CORE = '0';
export const LOAD_CORE = '1';
/** Every name below it has an address. */
export const ZONE = 'bench.example';
const UPSTREAM_NAME = 'dns.upstream.example';

export interface Ports {
  readonly dns: number;
  readonly dot: number;
  readonly doh: number;
}

/** A server under test. */
export interface Server {
  readonly name: string;
  readonly ports: Ports;
  readonly running: Running;
}

export interface Material {
  /** A directory for configurations and state. */
  readonly directory: string;
  readonly rootFile: string;
  readonly certificate: IssuedCertificate;
  readonly upstreamPort: number;
}

export function startUpstream(
  directory: string,
  certificate: IssuedCertificate,
  port: number,
): Promise<Running> {
  return startUnbound(
    directory,
    'upstream',
    LOAD_CORE,
    `
  interface: 127.0.0.1@${port}
  tls-port: ${port}
  tls-service-pem: "${certificate.certificateFile}"
  tls-service-key: "${certificate.keyFile}"
  local-zone: "${ZONE}." redirect
  local-data: "${ZONE}. 86400 A 192.0.2.1"
  tcp-idle-timeout: 120000`,
  );
}

/** unbound as a household would run it for the same job: one thread, caching, forwarding over verified DoT. */
export async function startUnboundPeer({
  directory,
  rootFile,
  certificate,
  upstreamPort,
}: Material): Promise<Server> {
  const ports = await threePorts();
  const running = await startUnbound(
    directory,
    'peer',
    SERVER_CORE,
    `
  interface: 127.0.0.1@${ports.dns}
  interface: 127.0.0.1@${ports.dot}
  interface: 127.0.0.1@${ports.doh}
  tls-port: ${ports.dot}
  https-port: ${ports.doh}
  tls-service-pem: "${certificate.certificateFile}"
  tls-service-key: "${certificate.keyFile}"
  tls-cert-bundle: "${rootFile}"
  do-not-query-localhost: no
  msg-cache-size: 64m
  rrset-cache-size: 128m
  outgoing-num-tcp: 50`,
    `\n${forwardingOverTls(upstreamPort, UPSTREAM_NAME)}`,
  );
  return { name: 'unbound', ports, running };
}

export async function startNoonmark(material: Material): Promise<Server> {
  const ports = await threePorts();
  const home = join(material.directory, `noonmark-${ports.dns}`);
  mkdirSync(home);
  const file = join(home, 'noonmark.yaml');
  writeFileSync(file, stringify(noonmarkConfig(home, ports, material)));
  const running = start('taskset', ['-c', SERVER_CORE, NODE, MAIN_FILE, 'serve', '--config', file]);
  await running.waitForLine(/ready/);
  return { name: 'noonmark', ports, running };
}

export function noonmarkConfig(
  home: string,
  ports: Ports,
  { rootFile, certificate, upstreamPort }: Material,
) {
  const at = (port: number) => [`127.0.0.1:${port}`];
  return {
    listen: { dns: at(ports.dns), dot: at(ports.dot), doh: at(ports.doh) },
    time: { sources: [] },
    upstreams: [
      { url: `tls://${UPSTREAM_NAME}:${upstreamPort}`, addresses: ['127.0.0.1'], ca_file: rootFile },
    ],
    zones: { 'home.arpa': { records: ['nas A 192.168.1.20'] } },
    certificate: { files: { certificate: certificate.certificateFile, key: certificate.keyFile } },
    limits: {
      connections_per_client: 1000,
      pending_queries_per_client: 10_000,
      queries_per_connection: 1000,
    },
    certs_dir: join(home, 'certs'),
    state_dir: join(home, 'state'),
    log: { level: 'info' },
  };
}

export async function threePorts(): Promise<Ports> {
  const [dns, dot, doh] = (await freePorts(3)) as [number, number, number];
  return { dns, dot, doh };
}

async function startUnbound(
  directory: string,
  name: string,
  core: string,
  server: string,
  rest = '',
): Promise<Running> {
  const file = join(directory, `${name}.conf`);
  writeFileSync(
    file,
    `
server:
  access-control: 127.0.0.0/8 allow
${IN_THE_FOREGROUND}
  incoming-num-tcp: 1000
  module-config: "iterator"${server}
remote-control:
  control-enable: no${rest}
`,
  );
  const running = start('taskset', ['-c', core, 'unbound', '-d', '-p', '-c', file]);
  await running.waitForLine(/start of service/);
  return running;
}
