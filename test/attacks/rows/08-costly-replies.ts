// Row 8, replies: many records, compression and options that cost whoever reads them (CVE-2024-8508, CVE-2026-44390): under
// 50 ms each, of processor time, so that a busy machine does not count.

import { cpuMicroseconds } from '../../support/machine-figures.ts';
import { WRONG_MESSAGES } from '../../support/peers/wrongs.ts';
import type { Trial } from '../trial.ts';
import { complaintsOf, complaintsOfSharing, namesFor, withAttacker } from '../wrongs-asked.ts';

const WRONGS = WRONG_MESSAGES.filter(({ row }) => row === 8);
/** The kernel counts in hundredths of a second. */
const TIMES = 5;
const MOST_MS = 50;

export const COSTLY_REPLIES: Trial = {
  row: 8,
  name: 'replies that cost whoever reads them',
  over: ['TCP'],
  attack: (arena) =>
    withAttacker(arena, async (client) => {
      const { pid } = arena.target.process;
      const complaints: string[] = [];
      for (const wrong of WRONGS) {
        const asked = namesFor(Array(TIMES).fill(wrong)).map(({ name }, at) => ({
          wrong,
          name: name.replace('.', `x${at}.`),
        }));
        const before = cpuMicroseconds(pid);
        for (const one of asked) complaints.push(...(await complaintsOf(client, one, wrong.sees)));
        const eachMs = (cpuMicroseconds(pid) - before) / 1_000 / TIMES;
        if (eachMs >= MOST_MS)
          complaints.push(`${wrong.label}: ${Math.round(eachMs)} ms of processor time each`);
        complaints.push(...complaintsOfSharing(arena.world.upstream, asked));
      }
      return complaints;
    }),
};
