// What is to be improved before the power fails, and whether the control was one.

import { describe, expect, it } from 'vitest';
import { type AdviceInputs, clockDoubt, rehearsalAdvice } from '../../../src/cli/rehearsal-advice.ts';
import { filesOnDisk } from '../../../src/config/named-files.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import type { Status } from '../../../src/status/status.ts';
import { oneLiar, synchronized, untrusted } from '../../support/statuses.ts';

const YAML = `
listen: {dns: ["127.0.0.1:5300"]}
state_dir: /var/lib/noonmark
time: {sources: [{url: "ntp://192.168.1.13"}]}
upstreams:
  - {url: "https://dns.quad9.net/dns-query", addresses: [9.9.9.9]}
  - {url: "tls://one.one.one.one", addresses: [1.1.1.1]}
`;
const { config } = parseConfig(YAML, { file: '/noonmark.yaml', files: filesOnDisk });

function adviceOn(inputs: Partial<AdviceInputs>): string[] {
  return rehearsalAdvice({
    config,
    circles: [],
    control: synchronized,
    verificationProblem: null,
    ...inputs,
  });
}

function withClock(status: Status, clock: Partial<Status['clock']>): Status {
  return { ...status, clock: { ...status.clock, ...clock } };
}

describe('advice', () => {
  it('is none where there is nothing to improve', () => {
    expect(adviceOn({})).toEqual([]);
  });

  it('passes circular dependencies on, as sentences', () => {
    const circles = [
      { path: 'time.sources', line: 0, message: 'every time source is a name; add an address' },
    ];
    expect(adviceOn({ circles })).toEqual(['Every time source is a name; add an address.']);
  });

  it('says when there is no stamp, or none that can be read', () => {
    const stampless = (problem: string | null) =>
      withClock(synchronized, { stamp: { at: null, problem, problemForMs: null } });
    expect(adviceOn({ control: stampless(null) })[0]).toMatch(
      /^There is no stamp in \/var\/lib\/noonmark yet/,
    );
    expect(adviceOn({ control: stampless('it cannot be read (EACCES)') })).toEqual([
      'It cannot be read (EACCES).',
    ]);
    const sourceless = { ...config, time: { sources: [] } };
    expect(adviceOn({ config: sourceless, control: stampless(null) })).toEqual([]); // there will never be one
  });

  it('names sources that are silent or not counted, and upstreams that do not work', () => {
    const [gps, ...others] = oneLiar.clock.sources;
    const silent = { ...gps!, lastAgoMs: null, kept: false, reason: 'no answer within 1.5 s' };
    expect(adviceOn({ control: withClock(oneLiar, { sources: [silent, ...others] }) })).toEqual([
      'The time source ntp://192.168.1.13 does not answer (no answer within 1.5 s): mend or replace it.',
      'The time source ntp://198.51.100.7 is not counted: says a time that 3 others contradict.',
      'The upstream tls://one.one.one.one does not work: no connection: refused at 1.1.1.1.',
    ]);
  });

  it('speaks of the built-in sources only when none of them answers', () => {
    const builtIn = { ...config, time: { sources: null } };
    const [gps, ...others] = synchronized.clock.sources.map((one) => ({ ...one, lastAgoMs: null }));
    const some = withClock(synchronized, { sources: [...others, { ...gps!, lastAgoMs: 1 }] });
    expect(adviceOn({ config: builtIn, control: some })).toEqual([]);
    const none = withClock(synchronized, { sources: [gps!, ...others] });
    expect(adviceOn({ config: builtIn, control: none })[0]).toMatch(
      /^None of the built-in time sources answers;/,
    );
  });

  it('says that one upstream is few, and none too few', () => {
    const [first] = config.upstreams;
    expect(adviceOn({ config: { ...config, upstreams: [first!] } })[0]).toMatch(
      /^There is but one upstream, dns\.quad9\.net: /,
    );
    expect(adviceOn({ config: { ...config, upstreams: [] } })).toEqual([
      'No upstream is configured: names of the world are never answered.',
    ]);
  });

  it('blames no upstream for an untrusted clock', () => {
    const control = withClock(untrusted, { stamp: synchronized.clock.stamp, sources: [] });
    expect(adviceOn({ control })).toEqual([]);
  });

  it('says first that a rehearsal cannot tell, where Node judges certificates', () => {
    expect(adviceOn({ verificationProblem: 'libcrypto is hidden' })[0]).toMatch(
      /^Certificates are judged here by Node at the system clock \(libcrypto is hidden\)/,
    );
  });
});

describe('the system clock, taken for the truth, is', () => {
  it('not doubted where the sources agree with it', () => {
    expect(clockDoubt(synchronized)).toBeNull();
  });

  it('doubted where a synchronized time denies it', () => {
    expect(clockDoubt(oneLiar)).toMatch(/^This machine's own clock is 3 h behind, say its time sources\. /);
  });

  it('doubted where it is believed for want of enough sources, and the one that answers denies it', () => {
    const [gps] = synchronized.clock.sources;
    const sources = [{ ...gps!, offsetMs: 3_600_000 }];
    const doubtful = withClock(synchronized, { state: 'provisional', basis: 'system-clock', sources });
    expect(clockDoubt(doubtful)).toMatch(/^This machine's own clock is 1 h behind, say its time sources\./);
    const split = withClock(doubtful, { sources: [...sources, gps!] });
    expect(clockDoubt(split)).toBeNull();
  });

  it('doubted where only a stamp denies it, and where nothing else is known', () => {
    const stamped = withClock(synchronized, {
      basis: 'stamp',
      sources: [],
      systemClockOffsetMs: -86_400_000,
    });
    expect(clockDoubt(stamped)).toMatch(/^This machine's own clock is 1 d behind, as the evidence has it \(/);
    expect(clockDoubt(withClock(untrusted, { sources: [] }))).toMatch(
      /^This machine's own clock cannot be right, .*: the system clock says 1970-01-01/,
    );
  });
});
