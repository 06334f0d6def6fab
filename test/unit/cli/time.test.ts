// `noonmark time`: the vote as a table, and the stamp forgotten with and without a running server.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { EXIT } from '../../../src/cli/command.ts';
import { time } from '../../../src/cli/time.ts';
import { timeLines } from '../../../src/cli/time-lines.ts';
import { readStamp, stampFile, writeStamp } from '../../../src/timesync/stamp.ts';
import { holdover, oneLiar, synchronized, untrusted } from '../../support/statuses.ts';
import { newPlace, run, serveStatus } from './control-runs.ts';

const NOON_MS = Date.parse('2026-11-03T12:00:00Z');

describe('the text', () => {
  it('shows the vote, the witnesses and what bounds the time', () => {
    expect(timeLines(oneLiar.clock).join('\n')).toBe(`\
2026-11-03 08:12:45 UTC ± 1.04 ms, synchronized since 2026-10-31 17:40:02 UTC, for 2 d 15 h.
3 sources of 4 agree, 2 of them authenticated.

   source                                                      offset      bound      delay    auth  operator       verdict
*  ntp://192.168.1.13                                          +41 µs      ± 920 µs   310 µs   yes   192.168.1.13   used: agrees
+  https://dns.quad9.net/dns-query (dns.quad9.net at 9.9.9.9)  +212 ms     ± 514 ms   27.4 ms  yes   dns.quad9.net  kept: agrees
+  ntp://ntp.example.net (203.0.113.5:123)                     -1.84 ms    ± 14.2 ms  18.1 ms  no    203.0.113.5    kept: agrees
-  ntp://198.51.100.7                                          +1.0 years  ± 14.2 ms  18.1 ms  no    198.51.100.7   rejected: says a time that 3 others contradict

   witness          certificate holds         at our own time  seen
+  dns.quad9.net    2026-09-14 to 2026-12-21  holds            12 s ago
+  one.one.one.one  2026-08-02 to 2027-01-02  holds            1 min 35 s ago

system clock  2026-11-03 05:12:40 UTC, 3 h behind
last round    3 of 3 sources answered and agree, 6 min 25 s ago
agreed on     -880 µs to +960 µs of our own time
next round    in 10 min 39 s
not before    2026-11-03 07:40:02 UTC: the stamp of the last agreement
not after     2046-10-01 00:00:00 UTC
stamp         2026-11-03 07:40:02 UTC
incidents     2 h ago: the system clock was moved by 3 h; our own time was not`);
  });

  it('does without a time, without sources, without witnesses', () => {
    const lines = timeLines({ ...untrusted.clock, sources: [], witnesses: [] });
    expect(lines[0]).toBe('The time is not known (untrusted for 40 s).');
    expect(lines).toContain('No time source is configured (docs/time.md).');
    expect(lines).toContain('stamp         none: there is no stamp in the state directory');
    expect(lines.join('\n')).not.toContain('witness');
  });

  it('says who is silent, who vetoes and who may decide alone', () => {
    const silent = timeLines(holdover.clock).filter((line) => line.startsWith('?'));
    expect(silent).toHaveLength(3);
    const [source] = synchronized.clock.sources;
    const [witness] = synchronized.clock.witnesses;
    const lines = timeLines({
      ...synchronized.clock,
      sources: [{ ...source!, trusted: true }],
      witnesses: [{ ...witness!, agrees: false }],
    });
    expect(lines.find((line) => line.startsWith('*'))).toContain('(trusted: it alone may decide)');
    expect(lines.find((line) => line.startsWith('-'))).toMatch(/^- {2}dns\.quad9\.net .* does not hold/);
  });
});

it('--json has the clock', async () => {
  const place = newPlace();
  await serveStatus(place, () => oneLiar);
  const { code, out } = await run(time, ['--config', place.configFile, '--json']);
  expect(code).toBe(EXIT.OK);
  expect(JSON.parse(out)).toEqual(oneLiar.clock);
});

describe('--forget-stamp', () => {
  it('asks the running server, and leaves the file to it', async () => {
    const place = newPlace();
    await writeStamp(place.stateDir, NOON_MS);
    const forget = vi.fn(async () => 'The stamp of noon is forgotten.');
    await serveStatus(place, () => synchronized, forget);
    const { code, out } = await run(time, ['--forget-stamp', '--config', place.configFile]);
    expect({ code, out }).toEqual({ code: EXIT.OK, out: 'The stamp of noon is forgotten.\n' });
    expect(forget).toHaveBeenCalledOnce();
    expect(readStamp(place.stateDir).epochMs).toBe(NOON_MS);
  });

  it('deletes the file where no server runs, and says what that means', async () => {
    const { configFile, stateDir } = newPlace();
    await writeStamp(stateDir, NOON_MS);
    const { code, out } = await run(time, ['--forget-stamp', '--config', configFile]);
    expect(code).toBe(EXIT.OK);
    expect(out).toContain(`${stampFile(stateDir)} is deleted. The next start has no time to stand on`);
    expect(existsSync(stampFile(stateDir))).toBe(false);
  });

  it('is content when there is none', async () => {
    const { configFile } = newPlace();
    const { code, out } = await run(time, ['--forget-stamp', '--config', configFile]);
    expect({ code, out }).toMatchObject({ code: EXIT.OK, out: expect.stringContaining('there is no stamp') });
  });

  it('leaves the file alone when a server runs that cannot do it', async () => {
    const place = newPlace();
    await writeStamp(place.stateDir, NOON_MS);
    await serveStatus(
      place,
      () => synchronized,
      async () => {
        throw new Error('disk');
      },
    );
    const { code } = await run(time, ['--forget-stamp', '--config', place.configFile]);
    expect(code).toBe(EXIT.UNAVAILABLE);
    expect(existsSync(stampFile(place.stateDir))).toBe(true);
  });

  it('says in words when the file cannot be deleted', async () => {
    const { configFile, stateDir } = newPlace();
    mkdirSync(join(stampFile(stateDir)), { recursive: true });
    writeFileSync(join(stampFile(stateDir), 'inside'), '');
    const { code, err } = await run(time, ['--forget-stamp', '--config', configFile]);
    expect(code).toBe(EXIT.FAILED);
    expect(err).toContain('cannot be deleted');
  });
});
