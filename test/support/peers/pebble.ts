// A real ACME CA for tests: Let's Encrypt's Pebble 2.4.0, strict, whose validation asks the DNS server that it is told.
// Its API is HTTPS under a CA made here. It keeps everything in memory: a new start is a new CA that knows no account.
// It knows neither renewal information (RFC 9773) nor profiles: acme-front.ts adds them.

import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePorts } from '../free-ports.ts';
import { createPki } from '../pki.ts';
import { type Running, start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

/** What the API's certificates are for, here and at the front, next to 127.0.0.1. */
export const ACME_NAME = 'acme.test';
const ACME_ADDRESS = '127.0.0.1';
/** Pebble's own default is 5; enough that a client without a retry fails within a few orders. */
const NONCE_REJECT_PERCENT = 10;
/** What Let's Encrypt's default profile has in 2026. */
const VALIDITY_SECONDS = 90 * 86_400;

export interface PebbleOptions {
  /** Where its validation looks names up: "127.0.0.1:5353". */
  readonly dnsServer: string;
  /** Where its validation knocks for http-01; in the world 80. Default: a free port, where nobody listens. */
  readonly httpPort?: number;
  /** The same for tls-alpn-01; in the world 443. */
  readonly tlsPort?: number;
  readonly validitySeconds?: number;
  /** Share of good nonces refused as bad. Default 10. */
  readonly nonceRejectPercent?: number;
  /** Default true; false: each validation sleeps before it looks. */
  readonly noSleep?: boolean;
  /** The longest such sleep; Pebble's default is 5. */
  readonly validationSleepMaxSeconds?: number;
  /** Accounts must be bound to this one (RFC 8555 section 7.3.4); the key is base64url. */
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  /** Default: a free one. The one of a Pebble that was stopped makes this its forgetful successor. */
  readonly port?: number;
}

export interface Pebble extends AsyncDisposable {
  /** URL of the directory, by address. */
  readonly directory: string;
  readonly port: number;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** PEM of the root below which it issues. */
  readonly rootFile: string;
  /** PEM of the CA of the API's own certificate. */
  readonly apiCaFile: string;
  readonly process: Running;
  /** Serial numbers of the certificates issued so far, as X509Certificate.serialNumber has them; the log lags a bit. */
  issued(): string[];
  stop(): Promise<unknown>;
}

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const directory = temporaryDirectory('pebble');
  const [freeApi, management, freeHttp, freeTls] = await freePorts(4);
  const [port, httpPort, tlsPort] = [
    options.port ?? freeApi!,
    options.httpPort ?? freeHttp!,
    options.tlsPort ?? freeTls!,
  ];
  const pki = createPki(directory);
  const api = pki.issue({ names: [ACME_NAME], addresses: [ACME_ADDRESS] });
  const configFile = join(directory, 'pebble.json');
  const { kid, hmacKey } = options.eab ?? {};
  const pebbleConfig = {
    listenAddress: `${ACME_ADDRESS}:${port}`,
    managementListenAddress: `${ACME_ADDRESS}:${management}`,
    certificate: api.certificateFile,
    privateKey: api.keyFile,
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    certificateValidityPeriod: options.validitySeconds ?? VALIDITY_SECONDS,
    externalAccountBindingRequired: kid !== undefined,
    externalAccountMACKeys: kid === undefined ? {} : { [kid]: hmacKey },
  };
  writeFileSync(configFile, JSON.stringify({ pebble: pebbleConfig }));
  const pebble = start('pebble', ['-config', configFile, '-strict', '-dnsserver', options.dnsServer], {
    env: { ...process.env, PATH: undefined, ...environmentOf(options) },
  });
  const rootFile = join(directory, 'root.pem');
  try {
    await pebble.waitForLine(/Root CA certificate available at/);
    // The line comes before the listener of the API.
    const fetched = (onPort: number, path: string) =>
      eventually(() => fetchText(onPort, path, pki.rootFile), { what: `Pebble's ${path}` });
    writeFileSync(rootFile, await fetched(management!, '/roots/0'));
    await fetched(port, '/dir');
  } catch (error) {
    await pebble.stop();
    throw error;
  }
  return {
    directory: `https://${ACME_ADDRESS}:${port}/dir`,
    port,
    httpPort,
    tlsPort,
    rootFile,
    apiCaFile: pki.rootFile,
    process: pebble,
    issued: () => issuedBy(pebble),
    stop: pebble.stop,
    [Symbol.asyncDispose]: async () => void (await pebble.stop()),
  };
}

function environmentOf(options: PebbleOptions): NodeJS.ProcessEnv {
  const sleepMax = options.validationSleepMaxSeconds;
  return {
    PEBBLE_VA_NOSLEEP: (options.noSleep ?? true) ? '1' : '0',
    ...(sleepMax === undefined ? {} : { PEBBLE_VA_SLEEPTIME: String(sleepMax) }),
    PEBBLE_WFE_NONCEREJECT: String(options.nonceRejectPercent ?? NONCE_REJECT_PERCENT),
    // Every order is validated anew; otherwise half of them would not be.
    PEBBLE_AUTHZREUSE: '0',
  };
}

/** "Pebble 2026/10/01 12:00:00 Issued certificate serial 001d0aa6 for order x" */
function issuedBy(pebble: Running): string[] {
  return pebble.lines.flatMap((line) => {
    const [, serial] = /Issued certificate serial ([\da-f]+) for/.exec(line) ?? [];
    return serial?.replace(/^(?:00)+/, '').toUpperCase() ?? [];
  });
}

function fetchText(port: number, path: string, caFile: string): Promise<string> {
  const where = { host: ACME_ADDRESS, port, path, ca: readFileSync(caFile) };
  return new Promise((resolve, reject) => {
    get(where, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode === 200 ? text : ''));
    }).on('error', reject);
  });
}
