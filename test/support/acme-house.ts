// A house with a CA outside: Noonmark, Pebble behind a front that knows renewal information and profiles, and the zone
// home.example at a real BIND, which the upstream of the house resolves. Pebble's validation asks Noonmark itself.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { FLAG, replyTo, see, soaRecord } from './messages.ts';
import {
  type ConfigTree,
  type Noonmark,
  type NoonmarkOptions,
  type Ports,
  startNoonmark,
} from './noonmark.ts';
import { type AcmeFront, type AcmeFrontOptions, startAcmeFront } from './peers/acme-front.ts';
import { startCloudflareApi } from './peers/cloudflare-api.ts';
import { type Named, startNamed, UPDATED_ZONE } from './peers/named.ts';
import { type Pebble, type PebbleOptions, startPebble } from './peers/pebble.ts';
import { startUnbound, type Unbound } from './peers/unbound.ts';
import type { Pki } from './pki.ts';
import { type PlainScript, startPlainServer } from './plain-server.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { makePki, type UpstreamEntry, upstreamCertificate, upstreamEntry } from './upstreams.ts';

/** What the house's server is called, and what else its certificate may carry. */
export const OWN_NAME = `dns.${UPDATED_ZONE}`;
export const OTHER_NAME = `www.${UPDATED_ZONE}`;
export const WILDCARD = `*.${UPDATED_ZONE}`;
/** Its challenge is a CNAME to that of OWN_NAME, and nobody may write there. */
export const DELEGATED_NAME = `moved.${UPDATED_ZONE}`;
/** A zone of its own, with whoever `cloudflare` starts. */
export const CLOUD_NAME = 'dns.cloud.example';
const CLOUD_ZONE = 'cloud.example';

/** The peers that every test with a CA needs. */
export const ACME_PEERS = ['pebble', 'unbound', 'named'] as const;

export interface AcmeHouseOptions {
  readonly pebble?: Partial<PebbleOptions>;
  readonly front?: Partial<Pick<AcmeFrontOptions, 'profiles' | 'renewalInfo'>>;
}

export interface AcmeHouse extends AsyncDisposable {
  readonly pki: Pki;
  readonly named: Named;
  readonly unbound: Unbound;
  readonly pebble: Pebble;
  readonly front: AcmeFront;
  /** `acme.dns` for the zone of CLOUD_NAME. */
  readonly cloudflare: ConfigTree;
  readonly upstreams: readonly UpstreamEntry[];
  /** Of every server that is started here, one at a time, since Pebble knows where to look. */
  readonly ports: Ports;
  /** What `certificate.acme` needs for this CA; a challenge is to be added. */
  readonly acme: ConfigTree;
  /** `certificate`: that key of the configuration. */
  start(certificate: ConfigTree, options?: Omit<NoonmarkOptions, 'ports'>): Promise<Noonmark>;
}

export async function startAcmeHouse(options: AcmeHouseOptions = {}): Promise<AcmeHouse> {
  await using parts = new AsyncDisposableStack();
  const pki = makePki();
  const named = parts.use(
    await startNamed({
      certificate: pki.issue({ names: ['ns.home.example'] }),
      records: ['_acme-challenge.moved CNAME _acme-challenge.dns'],
    }),
  );
  const cloud = await startCloud(pki);
  parts.defer(cloud.stop);
  const stubs = { [UPDATED_ZONE]: named.port, [CLOUD_ZONE]: cloud.dnsPort };
  const unbound = parts.use(await startUnbound({ ...upstreamCertificate(pki), stubs }));
  const [dns, dot, doh, httpPort] = (await freePorts(4)) as [number, number, number, number];
  const pebble = parts.use(
    await startPebble({ dnsServer: `127.0.0.1:${dns}`, httpPort, tlsPort: doh, ...options.pebble }),
  );
  const front = parts.use(await startAcmeFront({ pebble, pki, ...options.front }));
  const upstreams = [upstreamEntry(unbound.port, pki.rootFile)];
  const moved = parts.move();
  return {
    ...{ pki, named, unbound, pebble, front, upstreams, cloudflare: cloud.config },
    ports: { dns, dot, doh },
    acme: { directory: front.directory, ca_file: front.caFile, agree_tos: 'on', http_port: httpPort },
    start: (certificate, { config, ...more } = {}) =>
      startNoonmark({
        ports: { dns, dot, doh },
        config: { upstreams, certificate, ...config },
        ...more,
      }),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** A stand-in for Cloudflare: its API over HTTPS, and what it holds over DNS. */
async function startCloud(pki: Pki) {
  const token = 'a-token-of-this-house';
  const certificate = pki.issue({ names: ['api.cloud.example'], addresses: ['127.0.0.1'] });
  const api = await startCloudflareApi(certificate, { token, zones: [{ name: CLOUD_ZONE }] });
  const answer: PlainScript = (query) => {
    const [name = '', type] = see(query).question.split(' ');
    const texts = type === 'TXT' ? api.records(name.replace(/\.$/, '').toLowerCase()) : [];
    const answers = texts.map((data) => ({ type: 'TXT' as const, name, ttl: 60, data }));
    const authorities = answers.length === 0 ? [soaRecord(CLOUD_ZONE)] : [];
    return [replyTo(query, { flags: FLAG.AA, answers, authorities })];
  };
  const dns = await startPlainServer({ udp: answer, tcp: answer });
  const tokenFile = join(temporaryDirectory('cloud'), 'cloudflare.token');
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const base = `https://127.0.0.1:${api.port}/client/v4`;
  return {
    config: { cloudflare: { token_file: tokenFile, api: base, ca_file: pki.rootFile } },
    dnsPort: dns.server.port,
    async stop() {
      api.close();
      await dns[Symbol.asyncDispose]();
    },
  };
}

/** `acme.dns` for the house's BIND, in plaintext on this machine or over TLS. */
export function rfc2136({ named, pki }: AcmeHouse, protocol: 'tcp' | 'tls' = 'tcp'): ConfigTree {
  const server = protocol === 'tcp' ? `127.0.0.1:${named.port}` : `tls://ns.home.example:${named.tlsPort}`;
  return {
    rfc2136: { server, key_file: named.keyFile, ...(protocol === 'tls' ? { ca_file: pki.rootFile } : {}) },
  };
}

/** A program with lego's contract that writes to the house's BIND by nsupdate; returns its path. */
export function nsupdateProgram({ named }: AcmeHouse, directory: string): string {
  const program = join(directory, 'dns-hook');
  writeFileSync(
    program,
    `#!/bin/sh -e
case "$1" in
  present) change="add $2 60 TXT \\"$3\\"" ;;
  cleanup) change="delete $2 TXT \\"$3\\"" ;;
  *) exit 64 ;;
esac
printf 'server 127.0.0.1 ${named.port}\\nzone ${named.zone}\\nupdate %s\\nsend\\n' "$change" | nsupdate -k '${named.keyFile}'
`,
    { mode: 0o755 },
  );
  return program;
}
