// The upstream that everybody forwards to: unbound on the core of the loads, with one redirected zone, over plain DNS, DoT
// and DoH. Of all other names it says that they do not exist. It asks nobody and keeps nothing, so that it costs every server
// the same.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IN_THE_FOREGROUND } from '../test/support/peers/unbound.ts';
import type { IssuedCertificate } from '../test/support/pki.ts';
import { type Running, start } from '../test/support/running.ts';
import { LOAD_CORE } from './cores.ts';
import type { UpstreamPorts } from './peers/peer.ts';
import { ZONE } from './zone.ts';

export const UPSTREAM_NAME = 'dns.upstream.example';
export const DOH_PATH = '/dns-query';

export async function startUpstream(
  directory: string,
  certificate: IssuedCertificate,
  { plain, dot, doh }: UpstreamPorts,
): Promise<Running> {
  const file = join(directory, 'upstream.conf');
  writeFileSync(
    file,
    `
server:
  interface: 127.0.0.1@${plain}
  interface: 127.0.0.1@${dot}
  interface: 127.0.0.1@${doh}
  tls-port: ${dot}
  https-port: ${doh}
  tls-service-pem: "${certificate.certificateFile}"
  tls-service-key: "${certificate.keyFile}"
  access-control: 127.0.0.0/8 allow
${IN_THE_FOREGROUND}
  incoming-num-tcp: 1000
  tcp-idle-timeout: 120000
  http-max-streams: 1000
  module-config: "iterator"
  local-zone: "." static
  local-zone: "${ZONE}." redirect
  local-data: "${ZONE}. 86400 A 192.0.2.1"
remote-control:
  control-enable: no
`,
  );
  const running = start('taskset', ['-c', LOAD_CORE, 'unbound', '-d', '-p', '-c', file]);
  await running.waitForLine(/start of service/);
  return running;
}
