// A process that does nothing but write state: the cache file, the stamp and the history, round after round, with the classes that the
// server has. It is there to be killed in the middle. Arguments: config file, names to keep.
// It says "writing" once a first round is done.

import * as sqlite from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { thisMachine } from '../../src/clock/machine.ts';
import { TrueClock } from '../../src/clock/true-clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import { Answer } from '../../src/dns/answer.ts';
import { HistoryFile } from '../../src/history/history-file.ts';
import { valuesBy } from '../../src/history/point.ts';
import { SqliteHistory } from '../../src/history/sqlite-store.ts';
import { SPANS } from '../../src/history/store.ts';
import { createLog } from '../../src/observe/log.ts';
import { PackedAnswerStore } from '../../src/resolver/cache/answer-store.ts';
import { cacheConfigKey } from '../../src/resolver/cache/cache-config-key.ts';
import { CacheFile } from '../../src/resolver/cache/cache-file.ts';
import { writeStamp } from '../../src/timesync/stamp.ts';
import { aRecord, ask, replyTo } from './messages.ts';

const TTL_SECONDS = 86_400;
const [configFile, count] = process.argv.slice(2) as [string, string];

const { config } = loadConfig(configFile);
const clock = new TrueClock();
const base = { epochMs: thisMachine.systemClock(), uncertaintyMs: 0, atMs: clock.monotonic() };
clock.set({ state: 'provisional', basis: 'system-clock', reason: 'a test says so', base });
const store = new PackedAnswerStore(config.cache.maxBytes);
const file = new CacheFile({
  ...{ store, stateDir: config.stateDir, clock, log: createLog(clock, config.log) },
  isOn: () => true,
  configKey: () => cacheConfigKey(config),
});
const history = new SqliteHistory(sqlite, null);
for (let key = 0; key < SPANS.minutes.points; key += 1)
  history.putPoint('minutes', { key, values: valuesBy((_, at) => at) });
file.start();
await file.loaded;
for (let round = 0; ; round += 1) {
  for (let at = 0; at < Number(count); at += 1) learn(`k${at}.kept.example`);
  await Promise.all([file.save(), writeStamp(config.stateDir, clock.now().epochMs), writeHistory()]);
  if (round === 0) process.stdout.write('writing\n');
  await setImmediate();
}

/** A day of points, as the running server writes them. */
async function writeHistory(): Promise<void> {
  const { stateDir } = config;
  const historyFile = new HistoryFile({ stateDir, clock, log: createLog(clock, config.log) });
  historyFile.keep(() => history.image);
  await historyFile.close();
}

function learn(name: string): void {
  const query = ask(name);
  const reply = replyTo(query.bytes, { answers: [aRecord(name, '192.0.2.77', TTL_SECONDS)] });
  store.set(query.key, Answer.fromMessage(reply)!, clock.monotonic());
}
