// BIND 9.18: answers over DoT and DoH, but forwards over plain DNS only, so that it takes part where an upstream is not asked.
// One worker thread, no validation.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOH_PATH } from '../upstream.ts';
import { HOUSE_ADDRESS } from '../zone.ts';
import type { Peer, Setting } from './peer.ts';
import { versionOf } from './version.ts';

const OCTETS_A_NAME = 640;

export const NAMED: Peer = {
  name: 'named',
  title: 'BIND',
  packages: { named: 'bind9' },
  doors: ['UDP', 'DoT', 'DoH'],
  forwards: ['plain'],
  version: () => versionOf('named', '-v'),
  command: (file) => ['named', '-g', '-n', '1', '-c', file],
  readyLine: / running$/,
  configuration,
};

function configuration({ home, ports, certificate, upstream, roomForNames }: Setting): string {
  writeFileSync(
    join(home, 'home.zone'),
    `$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\nnas A ${HOUSE_ADDRESS}\n`,
  );
  return `
tls own { cert-file "${certificate.certificateFile}"; key-file "${certificate.keyFile}"; };
http here { endpoints { "${DOH_PATH}"; }; };
options {
  directory "${home}";
  listen-on port ${ports.dns} { 127.0.0.1; };
  listen-on port ${ports.dot} tls own { 127.0.0.1; };
  listen-on port ${ports.doh} tls own http here { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  lock-file none;
  session-keyfile "${join(home, 'session.key')}";
  recursion yes;
  allow-query { 127.0.0.0/8; };
  allow-recursion { 127.0.0.0/8; };
  forwarders { 127.0.0.1 port ${upstream.plain}; };
  forward only;
  dnssec-validation no;
  empty-zones-enable no;
  max-cache-size ${roomForNames * OCTETS_A_NAME};
  tcp-clients 1000;
  tcp-listen-queue 1000;
  http-listener-clients 1000;
  recursive-clients 10000;
};
controls { };
zone "home.arpa" { type primary; file "home.zone"; };
`;
}
