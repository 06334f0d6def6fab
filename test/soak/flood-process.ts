// Everything that is thrown at the server during the soak, in a process of its own, so that what the honest clients measure is
// the server and not this. How much of it there is, is set from outside, again and again, by `{ intensity }`.

import { createFloods, type FloodTarget } from './floods.ts';

/** Actions begin this often. */
const TICK_MS = 50;
const TICKS_PER_SECOND = 1000 / TICK_MS;

const floods = createFloods(JSON.parse(process.argv[2]!) as FloodTarget);
const owed = floods.map(() => 0);
const underWay = floods.map(() => 0);
let intensity = 0;
let actions = 0;

process.on('message', (told: { readonly intensity: number }) => {
  intensity = told.intensity;
});
process.once('disconnect', () => process.exit());
process.send?.('ready');

setInterval(() => {
  floods.forEach(({ perSecond, most, act }, at) => {
    owed[at] = Math.min(owed[at]! + (perSecond * intensity) / TICKS_PER_SECOND, most);
    for (; owed[at]! >= 1 && underWay[at]! < most; owed[at]! -= 1) {
      underWay[at]! += 1;
      actions += 1;
      void act()
        .catch(() => {}) // being cut off is what it is for
        .finally(() => (underWay[at]! -= 1));
    }
  });
}, TICK_MS);
setInterval(() => {
  process.send?.({ actionsPerSecond: actions });
  actions = 0;
}, 1000);
