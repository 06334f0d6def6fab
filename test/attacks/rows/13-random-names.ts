// Row 13: names that nobody asks twice, far more of them than a cache has room for (water torture). Memory stays at its limit,
// and what is asked often stays in the cache.

import { makeQuery } from '../../support/dns-message.ts';
import { rssMegabytes } from '../../support/machine-figures.ts';
import { WILD_ZONE } from '../../support/peers/unbound.ts';
import { BYSTANDER } from '../bystanders.ts';
import { answersBig } from '../door.ts';
import { ATTACKER, type Trial } from '../trial.ts';

const HOT = 50;
/** With 30 kB each, 90 MB for a cache of one. */
const FLOOD = 3_000;
/** Random names in flight; then the hot ones are asked once. */
const AT_A_TIME = 100;
/** Of the questions for hot names, in the second half of the flood. */
const LEAST_HITS = 0.95;
/** In the second half of the flood, half of what would be kept without a limit. */
const MOST_GROWN_MB = 30;

export const RANDOM_NAMES: Trial = {
  row: 13,
  name: 'far more random names than the cache holds',
  over: ['DoT'],
  config: { cache: { max_bytes: '1MiB' } },
  async attack({ target, world, transport }) {
    world.upstream.behaviour = { reply: answersBig };
    const attacker = await target.open(transport, ATTACKER);
    const household = await target.open('UDP', BYSTANDER);
    const hot = Array.from({ length: HOT }, (_, at) => `hot${at}.${WILD_ZONE}`);
    const askHot = () =>
      Promise.all(hot.map((name, at) => household.ask(makeQuery(name, 'A', { id: at + 1 }))));
    await askHot();
    await askHot(); // whatever is asked once only is no different from the flood
    let halfMb = 0;
    let [asked, missed] = [0, 0];
    for (let at = 0; at < FLOOD; at += AT_A_TIME) {
      if (halfMb === 0 && at >= FLOOD / 2) halfMb = rssMegabytes(target.process.pid);
      await Promise.all(
        Array.from({ length: AT_A_TIME }, (_, id) =>
          attacker.ask(makeQuery(`r${at + id}.${WILD_ZONE}`, 'TXT', { id: id + 1 })),
        ),
      );
      const before = hotOnes(world.upstream.names);
      await askHot();
      if (at < FLOOD / 2) continue;
      asked += HOT;
      missed += hotOnes(world.upstream.names) - before;
    }
    attacker.close();
    household.close();
    const grownMb = rssMegabytes(target.process.pid) - halfMb;
    return [
      ...(missed <= (1 - LEAST_HITS) * asked
        ? []
        : [`${missed} of ${asked} questions for hot names were no hits`]),
      ...(grownMb <= MOST_GROWN_MB ? [] : [`it grew by ${Math.round(grownMb)} MB after the cache was full`]),
    ];
  },
};

function hotOnes(names: readonly string[]): number {
  return names.filter((name) => name.startsWith('hot')).length;
}
