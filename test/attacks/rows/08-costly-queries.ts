// Row 8, queries: as many records, options and pointers as a message has room for. What one costs the server is taken from
// the kernel's account of its process, since a clock on the wall would measure this machine's other work too.

import { makeQuery } from '../../support/dns-message.ts';
import { cpuMicroseconds } from '../../support/machine-figures.ts';
import { INTERNAL_NAME } from '../../support/noonmark.ts';
import { DEAR_QUERIES, withId } from '../../support/peers/hostile-client-queries.ts';
import { type Arena, ATTACKER, type Trial } from '../trial.ts';

const TIMES = 20;
const MOST_MS = 50;
/** Longer than what they may cost together, on a machine with other work. */
const ANSWERED_WITHIN_MS = 6_000;

export const COSTLY_QUERIES: Trial = {
  row: 8,
  name: 'queries that cost their reader much',
  over: ['TCP', 'DoT', 'DoH'],
  async attack(arena) {
    const complaints: string[] = [];
    for (const { kind, wire } of DEAR_QUERIES) {
      const costMs = await costOf(wire, arena);
      if (costMs >= MOST_MS) complaints.push(`${kind}: ${Math.round(costMs)} ms each`);
    }
    return complaints;
  },
};

/** Of the processor, for each; what bystanders ask meanwhile is in it. */
async function costOf(wire: Buffer, { target, transport }: Arena): Promise<number> {
  const client = await target.open(transport, ATTACKER);
  const before = cpuMicroseconds(target.process.pid);
  for (let id = 1; id <= TIMES; id += 1) client.send(withId(wire, id));
  // Answered behind them all, or in vain where the connection was closed over the first of them.
  await client.ask(makeQuery(INTERNAL_NAME, 'A', { id: TIMES + 1 }), ANSWERED_WITHIN_MS);
  client.close();
  return (cpuMicroseconds(target.process.pid) - before) / 1_000 / TIMES;
}
