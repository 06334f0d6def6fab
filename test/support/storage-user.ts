// A process that uses the storage of certificates as a second server on the same directory would. Arguments: what it does,
// certs_dir, and more:
//   hold                takes the lock, says "held" and keeps it until it is killed
//   count FILE ROUNDS   adds one to the number in FILE, ROUNDS times, each time with the lock, and reads and writes apart
//   write FILE          writes certificate, order, account and ledger without end; FILE is JSON, a list of pairs.
//                       It says "writing" once a first round is done.

import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { FileStorage } from '../../src/acme/file-storage.ts';
import { EMPTY_LEDGER, identifiersOf, type Ledger, record } from '../../src/acme/ledger.ts';
import type { StoredPair } from '../../src/acme/storage.ts';
import { storageIdOf } from '../../src/acme/storage-id.ts';
import { TrueClock } from '../../src/clock/true-clock.ts';
import { createLog } from '../../src/observe/log.ts';
import { pause } from './eventually.ts';

const WITHIN_MS = 60_000;
/** A step of somebody else fits in between. */
const STEP_MS = 5;

const [what, certsDir, file, rounds] = process.argv.slice(2) as [string, string, string, string];
const clock = new TrueClock();
const log = createLog(clock, { level: 'warn', format: 'text' });
const storage = new FileStorage({ certsDir, clock, log });

switch (what) {
  case 'hold':
    await hold();
    break;
  case 'count':
    for (let round = 0; round < Number(rounds); round += 1) await storage.exclusively(addOne, WITHIN_MS);
    break;
  default:
    await writeForEver(JSON.parse(readFileSync(file, 'utf8')));
}

/** By an action that nothing refers to any more, like one that hangs: the garbage collector must not let go for it. */
async function hold(): Promise<void> {
  const entered = Promise.withResolvers<void>();
  const forEver = () => {
    entered.resolve();
    return new Promise<never>(() => {});
  };
  void storage.exclusively(forEver, WITHIN_MS);
  await entered.promise;
  for (let time = 0; time < 5; time += 1) {
    globalThis.gc?.();
    await setImmediate();
  }
  process.stdout.write('held\n');
  clock.every(WITHIN_MS, () => {});
}

async function addOne(): Promise<void> {
  const number = Number(readFileSync(file, 'utf8'));
  await pause(STEP_MS);
  writeFileSync(file, String(number + 1));
}

async function writeForEver(pairs: readonly StoredPair[]): Promise<void> {
  const names = ['dns.example'];
  const [id, directory] = [storageIdOf(names), 'https://ca.example/directory'];
  let ledger: Ledger = EMPTY_LEDGER;
  for (let round = 0; ; round += 1) {
    const pair = pairs[round % pairs.length]!;
    const url = `${directory}/${round}`;
    ledger = record(ledger, { atMs: round, identifiers: identifiersOf(names), directory, kind: 'failed' });
    await storage.writeAccount(directory, { url, keyPem: pair.keyPem });
    const kind = { profile: null, keyType: 'P-256' };
    await storage.writeOrder(id, { directory, ...kind, url, names, keyPem: pair.keyPem });
    await storage.writeLedger(ledger);
    await storage.writeCertificate(id, pair);
    if (round === 0) process.stdout.write('writing\n');
    await setImmediate();
  }
}
