// Which certificate of an earlier life is served until there is a new one: the stored one, that of another client, or what
// was issued for other names.

import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { findHeld, type HeldPlaces, heldOf, isWorse } from '../../../src/acme/held.ts';
import { MemoryStorage } from '../../../src/acme/memory-storage.ts';
import type { StoredPair } from '../../../src/acme/storage.ts';
import { storageIdOf } from '../../../src/acme/storage-id.ts';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { createPki, type IssuedCertificate } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const DAY_MS = 86_400_000;
const CA = 'https://ca.example/directory';
const STAGING = 'https://staging.example/directory';
const NAMES = ['a.example', 'b.example'];

const pki = createPki(temporaryDirectory('held'));
/** The simulated clock shows the 30th day after the floor. */
const issue = (days: number, names: readonly string[] = NAMES) =>
  pki.issue({ names, notBefore: new Date('2026-01-01'), notAfter: new Date(HARD_FLOOR_MS + days * DAY_MS) });
const pairOf = (issued: IssuedCertificate, directory?: string): StoredPair => ({
  chainPem: readFileSync(issued.certificateFile, 'utf8'),
  keyPem: readFileSync(issued.keyFile, 'utf8'),
  ...(directory === undefined ? {} : { origin: { directory, profile: null } }),
});

const files = { good: issue(50), ended: issue(10), longAgo: issue(-5) };
const lineage = temporaryDirectory('held-lineage');
const lineageOf = (kind: keyof typeof files) => {
  const directory = join(lineage, kind);
  mkdirSync(join(directory, 'live/a'), { recursive: true });
  copyFileSync(files[kind].certificateFile, join(directory, 'live/a/fullchain.pem'));
  copyFileSync(files[kind].keyFile, join(directory, 'live/a/privkey.pem'));
  return directory;
};
const takeOver = { good: lineageOf('good'), ended: lineageOf('ended') };

const stored = {
  own: pairOf(issue(40), CA),
  trial: pairOf(issue(40), STAGING),
  ended: pairOf(issue(10), CA),
  longAgo: pairOf(issue(-5), CA),
  unknown: pairOf(issue(40)),
};
const before = {
  own: pairOf(issue(40, ['a.example']), CA),
  ended: pairOf(issue(10, ['a.example']), CA),
};

let clock: SimulatedClock;
let log: RecordedLog;
beforeEach(() => {
  clock = new SimulatedClock({ state: 'synchronized' });
  log = new RecordedLog();
});

async function placesWith(where: {
  readonly stored?: StoredPair | undefined;
  readonly takeOver?: string | undefined;
  readonly before?: StoredPair | undefined;
}): Promise<HeldPlaces> {
  const storage = new MemoryStorage();
  const id = storageIdOf(NAMES);
  if (where.before !== undefined) await storage.writeCertificate(storageIdOf(['a.example']), where.before);
  if (where.stored !== undefined) await storage.writeCertificate(id, where.stored);
  return {
    ...{ id, names: NAMES, storage, clock, log },
    config: { directory: CA, takeOver: where.takeOver ?? null },
  };
}

type Find = 'stored' | 'takeOver' | 'before';
test.each<
  [keyof typeof stored | null, keyof typeof takeOver | null, keyof typeof before | null, Find | null]
>([
  [null, null, null, null],
  ['own', 'good', 'own', 'stored'],
  ['unknown', 'good', 'own', 'stored'],
  [null, 'good', 'own', 'takeOver'],
  [null, null, 'ended', 'before'],
  ['ended', 'good', 'own', 'takeOver'],
  ['ended', null, 'own', 'before'],
  ['ended', 'ended', 'own', 'before'],
  ['ended', 'ended', 'ended', 'stored'],
  ['trial', 'good', 'own', 'takeOver'],
  ['trial', null, 'own', 'before'],
  ['trial', 'ended', 'ended', 'stored'],
  [null, 'ended', 'own', 'before'],
  [null, 'ended', 'ended', 'takeOver'],
])(
  'of what is stored (%s), taken over (%s) and was issued before (%s) it is %s',
  async (one, two, three, expected) => {
    const pairs = {
      stored: one === null ? undefined : stored[one],
      takeOver: two === null ? undefined : pairOf(files[two]),
      before: three === null ? undefined : before[three],
    };
    const places = await placesWith({ ...pairs, takeOver: two === null ? undefined : takeOver[two] });
    const held = await findHeld(places);
    expect(held?.pair.chainPem).toBe(expected === null ? undefined : pairs[expected]!.chainPem);
    const told =
      expected === 'takeOver' ? [expect.stringMatching(/^info a certificate of another client/)] : [];
    expect(log.lines.map(({ line }) => line)).toEqual(told);
  },
);

test.each(['ended', 'longAgo'] as const)(
  'while the time is not known, one has ended only where that is certain: %s',
  async (which) => {
    clock.setState('untrusted', null, 'it may be 1970');
    const held = await findHeld(await placesWith({ stored: stored[which], takeOver: takeOver.good }));
    const expected = which === 'longAgo' ? pairOf(files.good) : stored.ended;
    expect(held?.pair.chainPem).toBe(expected.chainPem);
  },
);

test('is worse than one that has not ended, or is of the wanted CA, and never worse than none or itself', async () => {
  const places = await placesWith({});
  const [own, trial, ended] = [stored.own, stored.trial, stored.ended].map((pair) => heldOf(pair)!);
  const verdicts = [
    [trial, own],
    [ended, trial],
    [own, trial],
    [own, own],
    [ended, null],
  ].map(([one, other]) => isWorse(one!, other ?? null, places));
  expect(verdicts).toEqual([true, true, false, false, false]);
});
