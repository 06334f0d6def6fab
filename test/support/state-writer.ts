// A process that does nothing but write state: the cache file and the stamp, round after round, with the classes that the
// server has. It is there to be killed in the middle. Arguments: config file, names to keep.
// It says "writing" once a first round is done.

import { setImmediate } from 'node:timers/promises';
import { thisMachine } from '../../src/clock/machine.ts';
import { TrueClock } from '../../src/clock/true-clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import { Answer } from '../../src/dns/answer.ts';
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
file.start();
await file.loaded;
for (let round = 0; ; round += 1) {
  for (let at = 0; at < Number(count); at += 1) learn(`k${at}.kept.example`);
  await Promise.all([file.save(), writeStamp(config.stateDir, clock.now().epochMs)]);
  if (round === 0) process.stdout.write('writing\n');
  await setImmediate();
}

function learn(name: string): void {
  const query = ask(name);
  const reply = replyTo(query.bytes, { answers: [aRecord(name, '192.0.2.77', TTL_SECONDS)] });
  store.set(query.cacheKey, Answer.fromMessage(reply)!, clock.monotonic());
}
