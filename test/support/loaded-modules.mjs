// Loaded before a server (--import): writes the names of all modules that are loaded, in their order, to the file that
// LOADED_MODULES names; at the end, those parts of Node itself that were loaded besides. Plain JavaScript, for any Node.

import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const file = process.env.LOADED_MODULES;
registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(file, `${url}\n`);
    return nextLoad(url, context);
  },
});
process.on('exit', () => appendFileSync(file, `${process.moduleLoadList.join('\n')}\n`));
