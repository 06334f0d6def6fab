// A rehearsal as text: all well, and all that can go wrong.

import { describe, expect, it } from 'vitest';
import { type RehearsalReport, rehearsalLines } from '../../../src/cli/rehearsal-report.ts';
import type { Outcome } from '../../../src/cli/rehearsal-scenarios.ts';

const fine: Outcome = {
  id: 'right',
  title: 'the clock is right',
  isStepped: false,
  works: true,
  internal: { afterMs: 38, asked: 3, lost: 0 },
  world: { afterMs: 412, told: ['SERVFAIL, extended error 14 (Not Ready): too early'] },
  clock: { state: 'synchronized', basis: null, reason: '3 of 3 sources agree', errorMs: 2 },
};
const dark: Outcome = {
  ...fine,
  id: '1970',
  title: 'power cut: it wakes in 1970',
  works: false,
  world: { afterMs: null, told: ['SERVFAIL', 'SERVFAIL, extended error 14 (Not Ready): 1970'] },
  clock: { state: 'untrusted', basis: null, reason: 'nothing says the time', errorMs: null },
};

const report: RehearsalReport = {
  ready: true,
  trueTime: '2026-11-22T18:56:21.000Z',
  doubt: null,
  scenarios: [fine],
  improve: [],
};

/** What a household notices of one outcome, on one line. */
function noticed(outcome: Partial<Outcome>, more: Partial<RehearsalReport> = {}): string {
  const lines = rehearsalLines({ ...report, scenarios: [{ ...fine, ...outcome }], ...more });
  const start = lines.indexOf('What a household would notice') + 1;
  const text = lines.slice(start, lines.indexOf('', start)).map((line) => line.trim());
  return text.join(' ').replace(fine.title, '').trim();
}

describe('the text', () => {
  it('says that all is well in a few lines', () => {
    expect(rehearsalLines(report).join('\n')).toBe(`\
Ready: in all 1 scenarios names are answered within 5 s.

    scenario            internal names  the world  the clock at the end
ok  the clock is right  0.04 s          0.41 s     synchronized

What a household would notice
  the clock is right  Nothing.

There is nothing to improve.

Taken for the true time: this machine's own clock, 2026-11-22 18:56:21 UTC at the beginning. Seconds
count from the start of the server, or from the step.`);
  });

  it('says first what is doubtful, then what is not good enough, what clients read, and what to improve', () => {
    const again = { ...dark, title: 'power cut, and the stamp is lost' };
    const late = { ...dark, title: '2045', world: { afterMs: 6200, told: [] } };
    const lines = rehearsalLines({
      ...report,
      ready: false,
      doubt: 'The clock is wrong.',
      scenarios: [fine, dark, again, late],
      improve: ['Add a time source.', 'Add an upstream.'],
    });
    expect(lines.slice(0, -3).join('\n')).toBe(`\
The clock is wrong.

Not ready: in 3 of 4 scenarios names are not answered within 5 s.

    scenario                          internal names  the world  the clock at the end
ok  the clock is right                0.04 s          0.41 s     synchronized
NO  power cut: it wakes in 1970       0.04 s          never      untrusted
NO  power cut, and the stamp is lost  0.04 s          never      untrusted
NO  2045                              0.04 s          6.20 s     untrusted

What a household would notice
  the clock is right                Nothing.
  power cut: it wakes in 1970       Internal names work, pages do not load, until a time source
                                    answers or somebody sets the clock.
  power cut, and the stamp is lost  Internal names work, pages do not load, until a time source
                                    answers or somebody sets the clock.
  2045                              Pages do not load until 6.2 s after the start; internal names
                                    work.

What clients are told meanwhile
  power cut: it wakes in 1970       SERVFAIL, extended error 14 (Not Ready): 1970
  power cut, and the stamp is lost  the same
  2045                              nothing: their queries get no answer

What to improve
  1.  Add a time source.
  2.  Add an upstream.`);
  });

  it('does not call it ready where it cannot tell', () => {
    expect(rehearsalLines({ ...report, ready: false })[0]).toMatch(/^Not ready: this rehearsal cannot tell/);
  });
});

describe('a household notices', () => {
  const stepped = { isStepped: true } as const;
  const sure = fine.clock;

  it.each<[string, Partial<Outcome>]>([
    ['Nothing.', { ...stepped, world: { afterMs: 0, told: [] } }],
    ['Pages load a moment late, until 2.1 s after the start.', { world: { afterMs: 2100, told: [] } }],
    [
      'Pages load a moment late, until 2.1 s after the step.',
      { ...stepped, world: { afterMs: 2100, told: [] } },
    ],
    ['Internal names work; there are no others.', { world: null }],
    ['2 internal answers of 80 got lost.', { internal: { afterMs: 9, asked: 80, lost: 2 } }],
    [
      'Internal names work, pages do not load: no upstream can be used at the time that the server goes by.',
      { world: { afterMs: null, told: [] } },
    ],
    [
      'Nothing. The server goes by a time 4 h behind the true one, and judges certificates by it.',
      { clock: { ...sure, state: 'provisional', basis: 'stamp', errorMs: -14_400_000 } },
    ],
  ])('%s', (sentence, outcome) => {
    expect(noticed(outcome)).toBe(sentence);
  });

  it('that nothing works where internal names are not answered', () => {
    const outcome = { internal: { afterMs: null, asked: 0, lost: 0 }, world: { afterMs: null, told: [] } };
    expect(noticed(outcome)).toBe(
      'Nothing in the house has a name any more: neither internal names nor others are answered.',
    );
  });

  it('is not told how wrong our own time is where the true one is not known', () => {
    expect(noticed({ clock: { ...sure, errorMs: 1e9 } }, { doubt: 'The clock is wrong.' })).toBe('Nothing.');
  });

  it('shows a step by what was lost, not by seconds', () => {
    const row = (outcome: Partial<Outcome>) =>
      rehearsalLines({ ...report, scenarios: [{ ...fine, ...stepped, ...outcome }] })[3];
    expect(row({ world: { afterMs: 0, told: [] } })).toMatch(/ none lost +never stops +synchronized$/);
    expect(row({ internal: { afterMs: 9, asked: 80, lost: 2 } })).toMatch(/ 2 of 80 lost /);
  });
});
