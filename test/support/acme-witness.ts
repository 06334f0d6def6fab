// What must hold whatever a CA does: the certificate that clients are shown, what lies on disk and who may read it, and
// that nothing secret is said. Looked at all along, from outside, by the ACME tests that break things.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FileStorage } from '../../src/acme/file-storage.ts';
import type { CertificateStorage } from '../../src/acme/storage.ts';
import { storageIdOf } from '../../src/acme/storage-id.ts';
import { TrueClock } from '../../src/clock/true-clock.ts';
import { createLog } from '../../src/observe/log.ts';
import { type Client, openDot } from './dns-client.ts';
import { makeQuery, readReply } from './dns-message.ts';
import { pause } from './eventually.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, type Noonmark } from './noonmark.ts';
import type { Pki } from './pki.ts';
import { servedCertificate } from './served-certificate.ts';

const DAY_MS = 86_400_000;
const LOOK_EVERY_MS = 40;
/** Words of a PEM file that are shared by all keys of a kind are shorter. */
const SECRET_CHARACTERS_MIN = 40;

/** The storage of a server, as that server sees it. */
export function storageIn(certsDir: string): CertificateStorage {
  const clock = new TrueClock();
  return new FileStorage({ certsDir, clock, log: createLog(clock, { level: 'error', format: 'text' }) });
}

/** How far a certificate is when the test begins: two thirds of the life of one that is `due` are over. */
export type Age = 'fresh' | 'due';

/** Puts a certificate of the test's own CA where one of a real CA would be; returns its pin. */
export async function storeOld(
  certsDir: string,
  pki: Pki,
  names: readonly string[],
  age: Age,
): Promise<string> {
  const now = Date.now();
  const dates =
    age === 'due' ? { notBefore: new Date(now - 80 * DAY_MS), notAfter: new Date(now + 10 * DAY_MS) } : {};
  const { certificateFile, keyFile, pin } = pki.issue({ names, ...dates });
  await storageIn(certsDir).writeCertificate(storageIdOf(names), {
    chainPem: readFileSync(certificateFile, 'utf8'),
    keyPem: readFileSync(keyFile, 'utf8'),
  });
  return pin;
}

export interface RenewalTold {
  readonly ok: boolean;
  readonly sentence: string;
}

/** What `noonmark certificate renew NAME --now` asks for, without the start of a process. */
export function renew(stateDir: string, name: string): Promise<RenewalTold> {
  const path = `/control/renew-certificate?${new URLSearchParams({ name })}`;
  const where = { socketPath: join(stateDir, 'noonmark.sock'), host: 'localhost', path, method: 'POST' };
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    asked.on('error', reject).end();
  });
}

export interface ShownPins extends AsyncDisposable {
  /** Each change of the SPKI pin that a new client of DoT sees under the name, oldest first. */
  readonly pins: readonly string[];
  /** Answers that the connection held from the beginning has given; every one of them was right. */
  readonly answers: number;
  /** One more look, then the end; resolves with `pins`. */
  stop(): Promise<readonly string[]>;
}

/** Shakes hands again and again, and asks over one connection that is held; a handshake or a question lost is an error. */
export async function watchPins(
  noonmark: Pick<Noonmark, 'endpoint'>,
  name: string,
  trust: { readonly caFile: string; readonly name: string },
): Promise<ShownPins> {
  const endpoint = noonmark.endpoint('DoT');
  const held: Client = await openDot(endpoint, { ca: readFileSync(trust.caFile, 'utf8'), name: trust.name });
  const pins: string[] = [];
  let answers = 0;
  let isOver = false;
  const look = async () => {
    const { pin } = await servedCertificate(endpoint, name);
    if (pins.at(-1) !== pin) pins.push(pin);
    const reply = await held.ask(makeQuery(INTERNAL_NAME));
    expect(reply && readReply(reply).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
    answers += 1;
  };
  await look();
  const looking = (async () => {
    for (; !isOver; await pause(LOOK_EVERY_MS)) await look();
  })();
  looking.catch(() => {}); // stop() has it
  const stop = async () => {
    isOver = true;
    await looking;
    await look();
    held.close();
    return pins;
  };
  return {
    pins,
    get answers() {
      return answers;
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await looking.catch(() => {});
      held.close();
    },
  };
}

/** Looks at the files of a storage as often as it is told to, and knows afterwards what was secret in them. */
export class StorageInspector {
  readonly #directory: string;
  readonly #secrets = new Set<string>();
  looks = 0;

  constructor(certsDir: string) {
    this.#directory = join(certsDir, 'acme');
  }

  /** Throws unless every file is its owner's alone; may be called while the server writes. */
  look(): void {
    this.looks += 1;
    for (const entry of readdirSync(this.#directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue; // a draft that has found its place
      const wanted = stats.isDirectory() ? 0o700 : 0o600;
      expect([path, (stats.mode & 0o777).toString(8)]).toEqual([path, wanted.toString(8)]);
      if (stats.isFile()) this.#learn(path);
    }
  }

  /** Every line of every private key that was ever seen. */
  get secrets(): readonly string[] {
    return [...this.#secrets];
  }

  #learn(path: string): void {
    let text: string;
    try {
      text = readFileSync(path, 'utf8').replaceAll('\\n', '\n');
    } catch {
      return;
    }
    for (const [, body] of text.matchAll(
      /-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)-----END [A-Z ]*PRIVATE KEY-----/g,
    )) {
      for (const line of body!.split('\n')) if (line.length >= SECRET_CHARACTERS_MIN) this.#secrets.add(line);
    }
  }
}

/** No line holds any of the secrets. */
export function expectNothingSecret(lines: readonly string[], secrets: readonly string[]): void {
  expect(secrets.length).toBeGreaterThan(0);
  const text = lines.join('\n');
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  expect(text).not.toMatch(/PRIVATE KEY/);
}
