// The threads beside the main one: how many there are, and what they are told.

import { describe, expect, it, vi } from 'vitest';
import { factsOf, ThreadedUdp, threadCount } from '../../../src/app/threaded-udp.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { loadSystemCalls } from '../../../src/listener/udp/system-calls.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { QueryLog } from '../../../src/observe/query-log.ts';
import { PackedAnswerStore } from '../../../src/resolver/cache/answer-store.ts';
import { ClientRate } from '../../../src/resolver/client-rate.ts';
import { HouseNames } from '../../../src/resolver/local/house-names.ts';
import { NameIndex } from '../../../src/resolver/local/name-index.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { ask } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('how many threads', () => {
  it('are what the owner says, on however many cores', () => {
    expect([threadCount(0, 64), threadCount(3, 1), threadCount(8, 2)]).toEqual([0, 3, 8]);
  });

  it('are none on few cores, and two where there are enough', () => {
    expect([1, 2, 3, 4, 64].map((cores) => threadCount('auto', cores))).toEqual([0, 0, 0, 2, 2]);
  });
});

function scene() {
  const clock = new SimulatedClock();
  const queryLog = new QueryLog(clock);
  const filter = { isIdle: true };
  const access = { ranges: ['local' as const], onLink: ['192.168.1.0/24'] };
  const settings = vi.fn(() => ({
    accessList: { ranges: access },
    zones: { apexes: [nameKey('home.example')] },
    ownNames: { names: [nameKey('dns.own.example')] },
    ...{ designated: { names: [] }, files: { mayHold: () => false } },
  }));
  const parts = {
    ...{ clock, filter, settings: settings as never, seen: { queryLog, include: vi.fn() } },
    ...{ limits: { queryDeadlineMs: 1, udpPayloadOctets: 2, udpQueriesPerClient: 3 } as never },
    ...{ store: new PackedAnswerStore(2 ** 20), files: { sharedHashes: new NameIndex().sharedHashes } },
  };
  return { clock, queryLog, filter, access, settings, parts };
}

describe('what they are told', () => {
  it('is who may ask, what the house has, and the limits of a reply', () => {
    const { access, parts } = scene();
    const { house, ...facts } = factsOf(parts);
    expect(facts).toMatchObject({
      mayAnswer: true,
      access,
      limits: { queryDeadlineMs: 1, udpPayloadOctets: 2 },
    });
    const names = HouseNames.ofShared(house);
    const mayHold = (name: string) => names.mayHold(ask(name).key);
    expect(['a.home.example', 'dns.own.example', 'a.example'].map(mayHold)).toEqual([true, true, false]);
  });

  it('is that they may answer nothing while the filter has something to say', () => {
    const { filter, parts } = scene();
    filter.isIdle = false;
    expect(factsOf(parts).mayAnswer).toBe(false);
  });

  it('is the same while queries are logged', () => {
    const { queryLog, parts } = scene();
    queryLog.become('anonymised');
    expect(factsOf(parts).mayAnswer).toBe(false);
    queryLog.become('off');
    expect(factsOf(parts).mayAnswer).toBe(true);
  });

  it('is the same while no time can be believed', () => {
    const { clock, parts } = scene();
    clock.setState('untrusted');
    expect(factsOf(parts).mayAnswer).toBe(false);
  });

  it.skipIf(loadSystemCalls().calls === null)('is told anew when the cache has other memory', async () => {
    const { clock, parts, settings } = scene();
    const log = new RecordedLog();
    const limitLog = new LimitLog(log, clock);
    const { sockets } = new ThreadedUdp({ ...parts, count: 1, rate: new ClientRate(), log, limitLog });
    await new Promise(setImmediate);
    expect(settings).toHaveBeenCalledTimes(1);
    expect(parts.seen.include).toHaveBeenCalledTimes(1);
    parts.store.clear();
    await new Promise(setImmediate);
    expect(settings).toHaveBeenCalledTimes(2);
    await sockets.end?.();
  });
});
