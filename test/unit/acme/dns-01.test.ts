// dns-01 between a provider and upstreams that follow a script: where the record goes, how long it is looked for, and that
// whatever was begun is taken away again.

import { beforeEach, describe, expect, it } from 'vitest';
import { type Challenge, ChallengeProblem } from '../../../src/acme/challenge.ts';
import type { TxtProvider, TxtRecord } from '../../../src/acme/dns/txt-provider.ts';
import { Dns01, type Dns01Parts, type TextAnswer } from '../../../src/acme/dns-01.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const PROPAGATION_MS = 60_000;
/** More than the 120 s of a program (exec-provider.ts). */
const REMOVE_WITHIN_MS = 130_000;
const NONE: TextAnswer = { values: [], alias: null };

let clock: SimulatedClock;
let log: RecordedLog;
/** What stands in the zone, as "NAME VALUE". */
let zone: Set<string>;
/** Calls of the provider and of the upstreams, as they came. */
let calls: string[];
let aliases: Record<string, string>;
/** What else the upstreams say to a CNAME query. */
let memory: Record<string, Partial<TextAnswer> | Error>;
/** What the upstreams say to a TXT query; by default what is in the zone. */
let see: (name: string) => Promise<TextAnswer>;
let change: (record: TxtRecord, signal: AbortSignal) => Promise<void>;
let remove: TxtProvider['remove'];
let solver: Dns01;

const keyOf = ({ name, value }: TxtRecord) => `${name} ${value}`;
const inZone = (name: string): TextAnswer => ({
  values: [...zone].filter((key) => key.startsWith(`${name} `)).map((key) => key.split(' ')[1]!),
  alias: null,
});

beforeEach(() => {
  clock = new SimulatedClock();
  log = new RecordedLog();
  zone = new Set(['_acme-challenge.dns.example of-another']);
  calls = [];
  aliases = {};
  memory = {};
  see = async (name) => inZone(name);
  change = async () => {};
  remove = async (record) => void zone.delete(keyOf(record));
  solver = solverWith(PROPAGATION_MS);
});

function solverWith(propagationMs: number): Dns01 {
  return new Dns01(partsWith(propagationMs));
}

function partsWith(propagationMs: number): Dns01Parts {
  const provider: TxtProvider = {
    name: 'a script',
    async add(record, signal) {
      signal.throwIfAborted();
      calls.push(`add ${keyOf(record)}`);
      await change(record, signal);
      zone.add(keyOf(record));
    },
    async remove(record, signal) {
      calls.push(`remove ${keyOf(record)}`);
      await remove(record, signal);
    },
  };
  const ask = async (name: string, type: 'TXT' | 'CNAME') => {
    calls.push(`${type} ${name}`);
    if (type === 'TXT') return see(name);
    const said = memory[name] ?? {};
    if (said instanceof Error) throw said;
    const wildcard = `*${name.replace(/^[^.]*/, '')}`;
    return { values: [], alias: aliases[name] ?? aliases[wildcard] ?? null, ...said };
  };
  return { provider, ask, propagationMs, clock, log };
}

const challenge = (name: string, keyAuthorization: string): Challenge => ({
  name,
  token: 't',
  keyAuthorization,
});
const dnsExample = [challenge('dns.example', 'v1')];
const never = new AbortController().signal;
const added = () => calls.filter((call) => call.startsWith('add '));
const warnings = () => log.lines.map(({ line }) => line);
const turns = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

/** Lets time pass until it has ended, and says how much that was. */
async function timeFor(action: Promise<unknown>): Promise<number> {
  const fromMs = clock.monotonic();
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  action.then(over, over);
  await turns();
  for (let second = 0; !isOver && second < 600; second += 1) {
    clock.advance(1000);
    await turns();
  }
  expect(isOver).toBe(true);
  return clock.monotonic() - fromMs;
}

describe('a record', () => {
  it('goes below the name itself where no CNAME is, and is seen at once', async () => {
    expect(await timeFor(solver.show(dnsExample, never))).toBe(0);
    expect(calls).toEqual([
      'CNAME _acme-challenge.dns.example',
      'add _acme-challenge.dns.example v1',
      'TXT _acme-challenge.dns.example',
    ]);
    await solver.clear();
    expect([...zone]).toEqual(['_acme-challenge.dns.example of-another']);
    expect(log.lines).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes where CNAMEs lead, as far as eight names', async () => {
    aliases['_acme-challenge.dns.example'] = 'c1.example';
    for (let link = 1; link < 8; link += 1) aliases[`c${link}.example`] = `c${link + 1}.example`;
    await solver.show(dnsExample, never);
    expect(added()).toEqual(['add c8.example v1']);
    await solver.clear();
    expect(zone.size).toBe(1);
  });

  it.each<[string, Record<string, string>]>([
    ['to themselves', { '_acme-challenge.dns.example': '_acme-challenge.dns.example' }],
    [
      'in a circle',
      { '_acme-challenge.dns.example': 'a.example', 'a.example': 'b.example', 'b.example': 'a.example' },
    ],
    [
      'further than eight names',
      Object.fromEntries(
        Array.from({ length: 9 }, (_, link) => [
          link === 0 ? '_acme-challenge.dns.example' : `c${link}`,
          `c${link + 1}`,
        ]),
      ),
    ],
  ])('goes nowhere where they lead %s', async (_where, chain) => {
    aliases = chain;
    const shown = solver.show(dnsExample, never);
    await expect(shown).rejects.toThrow(ChallengeProblem);
    await expect(shown).rejects.toThrow(
      'the CNAMEs of _acme-challenge.dns.example lead in a circle, or further',
    );
    expect(added()).toEqual([]);
    expect(new Set(calls).size).toBe(calls.length); // nothing is asked twice
  });

  it('goes nowhere while the upstreams do not answer, and the reason is theirs', async () => {
    memory['_acme-challenge.dns.example'] = new Error('no upstream is there');
    const shown = solver.show(dnsExample, never);
    await expect(shown).rejects.toThrow(ChallengeProblem);
    await expect(shown).rejects.toThrow(
      '_acme-challenge.dns.example cannot be looked up through our upstreams: no upstream is there',
    );
  });

  it('goes to the name itself where they do not answer and are not looked through either, with a warning', async () => {
    memory['_acme-challenge.dns.example'] = new Error('no upstream is there');
    expect(await timeFor(solverWith(0).show(dnsExample, never))).toBe(0);
    expect(added()).toEqual(['add _acme-challenge.dns.example v1']);
    expect(warnings()).toEqual([
      'warn _acme-challenge.dns.example cannot be looked up through our upstreams: no upstream is there; the TXT record is written there, as if no CNAME led elsewhere',
    ]);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'to the name itself where the CNAME is that of a wildcard, as a name that nobody has shows',
      { '*.dns.example': 'me.dyndns.example' },
      '_acme-challenge.dns.example',
    ],
    [
      'where its own CNAME leads beside a wildcard that leads elsewhere',
      { '*.dns.example': 'me.dyndns.example', '_acme-challenge.dns.example': 'a.example' },
      'a.example',
    ],
    [
      'on through a wildcard that is further along, which somebody has named',
      { '_acme-challenge.dns.example': 'a.b.example', '*.b.example': 'c.example' },
      'c.example',
    ],
  ])('goes %s', async (_where, all, at) => {
    aliases = all;
    await timeFor(solver.show([...dnsExample, challenge('dns.example', 'v2')], never));
    expect(added()).toEqual([`add ${at} v1`, `add ${at} v2`]);
    const nobodys = calls.filter((call) => /^CNAME _[0-9a-f]{12}\.dns\.example$/.test(call));
    expect(nobodys).toHaveLength(1); // once for both
  });

  it('goes where its CNAME leads when the name that nobody has is not answered', async () => {
    aliases['_acme-challenge.dns.example'] = 'a.example';
    const { ask, ...parts } = partsWith(PROPAGATION_MS);
    const deaf = (name: string, type: 'TXT' | 'CNAME') =>
      /^_[0-9a-f]{12}\./.test(name) ? Promise.reject(new Error('SERVFAIL')) : ask(name, type);
    await new Dns01({ ...parts, ask: deaf }).show(dnsExample, never);
    expect(added()).toEqual(['add a.example v1']);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a CNAME has led elsewhere',
      { '_acme-challenge.dns.example': 'a.example' },
      'no zone for this name (a.example is where the CNAME of _acme-challenge.dns.example leads)',
    ],
    ['none is', {}, 'no zone for this name'],
  ])('that is refused names the way where %s', async (_what, all, words) => {
    aliases = all;
    change = () => Promise.reject(new ChallengeProblem('no zone for this name'));
    const refusal = await solver.show(dnsExample, never).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(ChallengeProblem);
    expect((refusal as Error).message).toBe(words);
  });

  it('may stand twice at one name, for it and its wildcard, and both are looked for', async () => {
    let looks = 0;
    see = async (name) => {
      looks += 1;
      const { values } = inZone(name);
      return { values: values.slice(0, looks < 3 ? 2 : 3), alias: null };
    };
    expect(await timeFor(solver.show([...dnsExample, challenge('dns.example', 'v2')], never))).toBe(2000);
    expect([...zone]).toHaveLength(3);
    await solver.clear();
    expect([...zone]).toEqual(['_acme-challenge.dns.example of-another']);
  });
});

describe('looking for it', () => {
  it.each<[string, () => Promise<TextAnswer>]>([
    ['nothing there yet', async () => NONE],
    ['the value of another', async () => ({ values: ['of-another'], alias: null })],
    ['no answer', () => Promise.reject(new Error('they are gone'))],
  ])('goes on every two seconds while the upstreams have %s', async (_what, before) => {
    let looks = 0;
    see = async (name) => {
      looks += 1;
      return looks < 6 ? before() : inZone(name);
    };
    expect(await timeFor(solver.show(dnsExample, never))).toBe(10_000);
    expect(looks).toBe(6);
    expect(log.lines).toEqual([]);
  });

  it('asks only for what was not seen yet', async () => {
    see = async (name) => (name.includes('late') && clock.monotonic() < 4000 ? NONE : inZone(name));
    await timeFor(solver.show([challenge('early.example', 'v'), challenge('late.example', 'v')], never));
    expect(calls.filter((call) => call === 'TXT _acme-challenge.early.example')).toHaveLength(1);
    expect(calls.filter((call) => call === 'TXT _acme-challenge.late.example')).toHaveLength(3);
  });

  it('ends with a warning and the CA told all the same', async () => {
    see = async () => NONE;
    expect(await timeFor(solver.show([...dnsExample, challenge('dns.example', 'v2')], never))).toBe(
      PROPAGATION_MS,
    );
    expect(log.lines).toEqual([
      {
        line: expect.stringMatching(/^warn .*the CA is told all the same$/),
        fields: { names: ['_acme-challenge.dns.example'], waitedMs: PROPAGATION_MS },
      },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['an hour', PROPAGATION_MS, 3_600_000],
    ['a millisecond too long', PROPAGATION_MS, PROPAGATION_MS + 7001],
    ['an hour, and little time is given', 5000, 3_600_000],
  ])(
    'is not done where it is remembered %s that there was none, which the log says',
    async (_what, propagationMs, absentForMs) => {
      memory['_acme-challenge.dns.example'] = { absentForMs };
      change = async () => clock.advance(7000); // counted from the last one that was added
      expect(await timeFor(solverWith(propagationMs).show(dnsExample, never))).toBe(propagationMs + 7000);
      expect(calls.filter((call) => call.startsWith('TXT'))).toEqual([]);
      const leftSeconds = Math.ceil((absentForMs - 7000) / 1000);
      const told = `info our upstreams remember for ${leftSeconds} s that there was no TXT record, so the CA is told after ${propagationMs / 1000} s, without that it was seen`;
      expect(log.lines).toEqual([{ line: told, fields: { names: ['_acme-challenge.dns.example'] } }]);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it('begins when they have forgotten that there was none', async () => {
    memory['_acme-challenge.dns.example'] = { absentForMs: 40_000 };
    const looks: number[] = [];
    see = async (name) => {
      looks.push(clock.monotonic());
      return looks.length < 2 ? NONE : inZone(name);
    };
    await timeFor(solver.show(dnsExample, never));
    expect(looks).toEqual([40_000, 42_000]);
    expect(log.lines).toEqual([]);
  });

  it('takes a wildcard’s CNAME for as lasting as it is', async () => {
    aliases['*.dns.example'] = 'me.dyndns.example';
    memory['_acme-challenge.dns.example'] = { aliasForMs: 600_000 };
    expect(await timeFor(solver.show(dnsExample, never))).toBe(PROPAGATION_MS);
    expect(calls.filter((call) => call.startsWith('TXT'))).toEqual([]);
  });

  it('goes on for those that can be seen, whatever another is remembered as', async () => {
    memory['_acme-challenge.dns.example'] = { absentForMs: 3_600_000 };
    see = async (name) => (clock.monotonic() < 30_000 ? NONE : inZone(name));
    const both = [...dnsExample, challenge('other.example', 'v2')];
    expect(await timeFor(solver.show(both, never))).toBe(PROPAGATION_MS);
    expect(calls).toContain('TXT _acme-challenge.other.example');
    expect(calls.filter((call) => call === 'TXT _acme-challenge.dns.example')).toEqual([]);
  });

  it('is not done where propagation is 0', async () => {
    see = async () => NONE;
    const eager = solverWith(0);
    expect(await timeFor(eager.show(dnsExample, never))).toBe(0);
    expect(calls.filter((call) => call.startsWith('TXT'))).toEqual([]);
    expect(log.lines).toEqual([]);
  });

  it('is given up at once when the attempt is, and the record taken away', async () => {
    see = async () => NONE;
    const giveUp = new AbortController();
    const shown = solver.show(dnsExample, giveUp.signal);
    shown.catch(() => {});
    await turns();
    clock.advance(3000);
    giveUp.abort(new Error('the server is being stopped'));
    await expect(shown).rejects.toThrow('the server is being stopped');
    expect(clock.pendingTimers).toBe(0);
    await solver.clear();
    expect([...zone]).toEqual(['_acme-challenge.dns.example of-another']);
  });
});

describe('taking away', () => {
  it('includes the record that was being added when it was given up, for it may be there, and none that was not begun', async () => {
    const giveUp = new AbortController();
    change = async (record) => {
      if (record.value !== 'v2') return;
      zone.add(keyOf(record));
      giveUp.abort(new Error('enough'));
      throw giveUp.signal.reason;
    };
    const three = ['v1', 'v2', 'v3'].map((value) => challenge(`${value}.example`, value));
    await expect(solver.show(three, giveUp.signal)).rejects.toThrow('enough');
    expect(zone.size).toBe(3);
    await solver.clear();
    expect(zone.size).toBe(1);
    expect(calls.filter((call) => call.startsWith('remove'))).toHaveLength(2);
  });

  it('goes on after a record that cannot be, which is one line in the log', async () => {
    remove = async (record) => {
      if (record.value === 'v1') throw new ChallengeProblem('the server refuses');
      zone.delete(keyOf(record));
    };
    await solver.show([...dnsExample, challenge('dns.example', 'v2')], never);
    await solver.clear();
    expect([...zone]).toEqual(['_acme-challenge.dns.example of-another', '_acme-challenge.dns.example v1']);
    expect(warnings()).toEqual([
      'warn the TXT record at _acme-challenge.dns.example could not be taken away: the server refuses',
    ]);
    await solver.clear();
    expect(warnings()).toHaveLength(1);
  });

  it('leaves each record the time that a slow program takes, and no more, whoever hangs', async () => {
    remove = (_record, signal) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    await solver.show([...dnsExample, challenge('other.example', 'v2')], never);
    expect(await timeFor(solver.clear())).toBe(2 * REMOVE_WITHIN_MS);
    expect(warnings()).toEqual([
      'warn the TXT record at _acme-challenge.dns.example could not be taken away: it took too long',
      'warn the TXT record at _acme-challenge.other.example could not be taken away: it took too long',
    ]);
    expect(clock.pendingTimers).toBe(0);
  });
});
