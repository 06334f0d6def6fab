// Files of state_dir: the clock stamp, the addresses of upstreams (src/timesync/stamp.ts, upstream/address-file.ts), what
// waits to be told (src/notify/outbox-file.ts) and the cache file (src/resolver/cache/cache-frames.ts, dns/packed-answer.ts).
// Whatever stands in them is refused in words or sound: an answer out of a forged cache file is rendered as a message that
// dns-packet reads.

import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { Answer } from '../../../src/dns/answer.ts';
import { ageAt, lendAnswer, lifetimeAt, packAnswer } from '../../../src/dns/packed-answer.ts';
import { Query } from '../../../src/dns/query.ts';
import { layoutOf } from '../../../src/dns/wire.ts';
import { noticeMessage } from '../../../src/notify/message.ts';
import { boxesText, parseBoxes } from '../../../src/notify/outbox-file.ts';
import { DamagedFile, readFrames } from '../../../src/resolver/cache/cache-disk.ts';
import {
  FIRST_LINE,
  frame,
  LAST_FRAME,
  readEntries,
  writeEntry,
} from '../../../src/resolver/cache/cache-frames.ts';
import { readStamp, stampFile } from '../../../src/timesync/stamp.ts';
import { readAddresses } from '../../../src/upstream/address-file.ts';
import { anyText, piecesOf } from '../../support/arbitrary-texts.ts';
import { DOT_LIMITS, render } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { mutatedMessage } from '../mutated-messages.ts';
import { mustAnswer } from '../oracle.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface StateFiles {
  readonly stamp: string;
  readonly addresses: string;
  readonly outbox: string;
  readonly message: Buffer;
  readonly changes: readonly (readonly [at: number, octet: number])[];
}

const FETCHED_MS = 1000;
const MONTH_SECONDS = 30 * 86_400;
const DIRECTORY = temporaryDirectory('fuzz');
const CACHE_FILE = join(DIRECTORY, 'cache');
const STAMP_HEAD = 'noonmark clock stamp 1\n';

const CLOCK = new SimulatedClock();
const orAnything = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 9, arbitrary: value }, fc.jsonValue());
const date = orAnything(fc.constantFrom('2026-11-22T10:00:00.000Z', null));
const item = fc.record({
  incident: orAnything(fc.nat()),
  kind: orAnything(fc.constantFrom('clock', 'upstream', 'withdrawn', 'notify', '__proto__')),
  ...{ subject: orAnything(fc.string()), what: orAnything(fc.string()), evidence: orAnything(fc.string()) },
  ...{
    doThis: orAnything(fc.string()),
    lastedMs: orAnything(fc.constantFrom(null, 5)),
    times: orAnything(fc.nat()),
  },
  ...{ began: date, ended: date, isOver: fc.boolean(), isMoment: fc.boolean(), isUrgent: fc.boolean() },
  ...{ isBeganSure: orAnything(fc.boolean()), isEndedSure: orAnything(fc.boolean()) },
});
const box = fc.record({
  waiting: orAnything(
    fc.record({
      id: orAnything(fc.string()),
      ...{ madeAt: date, isMadeAtSure: orAnything(fc.boolean()) },
      items: orAnything(fc.array(item, { maxLength: 3 })),
    }),
  ),
  told: orAnything(fc.array(item, { maxLength: 3 })),
});

export const stateFiles: FuzzTarget<StateFiles> = {
  name: 'state-files',
  oracle: 'refusals in words, node:net, and dns-packet',
  runs: 300,
  input: fc.record({
    stamp: fc.oneof(
      piecesOf([STAMP_HEAD, '2026-11-22T10:00:00.000Z', '\n', 'sha256 ', '0'.repeat(64), '\0'], 8),
      anyText,
    ),
    addresses: fc.oneof(
      fc.json(),
      fc
        .dictionary(fc.string(), fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), { maxKeys: 4 })
        .map((value) => JSON.stringify(value)),
      anyText,
    ),
    outbox: fc.oneof(
      fc.json(),
      fc
        .record({ version: fc.constant(1), channels: fc.dictionary(fc.string(), box, { maxKeys: 9 }) })
        .map((value) => JSON.stringify(value)),
      anyText,
    ),
    message: mutatedMessage,
    changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
  }),
  async holds({ stamp, addresses, outbox, message, changes }) {
    writeFileSync(stampFile(DIRECTORY), stamp, 'latin1');
    const found = readStamp(DIRECTORY);
    must(found.epochMs === null && found.problem !== null, 'nobody makes a stamp by chance');
    writeFileSync(join(DIRECTORY, 'upstream-addresses.json'), addresses);
    for (const list of readAddresses(DIRECTORY).addresses.values())
      must(
        list.length > 0 && list.length <= 16 && list.every((one) => isIP(one) !== 0),
        'addresses of an upstream',
      );
    mustBeSoundOutbox(outbox);
    await mustBeSoundCache(message, changes);
  },
};

/** What can be read can be put into words, and is read back as itself. */
function mustBeSoundOutbox(text: string): void {
  const boxes = parseBoxes(text, CLOCK);
  if (boxes === null) return;
  const circumstances = {
    ...{ server: 'dns', version: '1', works: { works: [], waits: [] }, degraded: [] },
    ...{ isStanding: () => true, clock: CLOCK },
  };
  for (const { waiting } of boxes.values())
    if (waiting !== null)
      must(noticeMessage(waiting, circumstances).text.length > 0, 'a message out of a file');
  const written = boxesText(boxes, CLOCK);
  mustEqual(boxesText(parseBoxes(written, CLOCK)!, CLOCK), written, 'an outbox read back');
}

async function mustBeSoundCache(message: Buffer, changes: StateFiles['changes']): Promise<void> {
  const answer = Answer.fromMessage(message);
  const questionEnd = layoutOf(message)?.questionEnd ?? 0;
  const asked = Buffer.concat([
    Buffer.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    message.subarray(12, questionEnd),
  ]);
  if (answer === null || new Query(asked).questionEnd !== asked.length) return;
  const key = new Query(asked).cacheKey;
  const packed = packAnswer(answer, FETCHED_MS);
  const entry = writeEntry({ key, packed, isPopular: true });
  if (answer.lifetimeSeconds > 0 && answer.rcode <= 3)
    mustEqual([...readEntries(entry)], [{ key, packed, isPopular: true }], 'an entry read back');
  for (const [at, octet] of changes) entry[at % entry.length] = octet;
  for (const kept of readEntries(entry)) {
    if (ageAt(kept.packed, 0, FETCHED_MS) >= lifetimeAt(kept.packed, 0) + MONTH_SECONDS) continue;
    const answer = Answer.toBeLent();
    lendAnswer(answer, kept.packed, 0, kept.packed.length, ageAt(kept.packed, 0, FETCHED_MS));
    const query = questionOf(kept.key);
    mustAnswer(render(answer, new Query(query), DOT_LIMITS), query, query.length);
  }
  await mustBeReadOrDamaged(entry, changes);
}

/** As a client would ask for what is kept under this key (Query.cacheKey). */
function questionOf(key: string): Buffer {
  const head = Buffer.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  return Buffer.concat([head, Buffer.from(key.slice(5) + key.slice(1, 5), 'latin1')]);
}

async function mustBeReadOrDamaged(payload: Buffer, changes: StateFiles['changes']): Promise<void> {
  const file = Buffer.concat([Buffer.from(FIRST_LINE), frame(payload), LAST_FRAME]);
  for (const [at, octet] of changes) file[at % file.length] = octet;
  writeFileSync(CACHE_FILE, file);
  try {
    for await (const frame of readFrames(CACHE_FILE))
      mustEqual(frame.toString('hex'), payload.toString('hex'), 'a frame');
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
  }
}
