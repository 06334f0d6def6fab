// Noonmark out of its sources, also where there is a bundle of them: what src/main.js does without one.

import module from 'node:module';

module.enableCompileCache();
const { commandLine } = await import('../src/cli/command-line.ts');
process.exit(await commandLine(process.argv.slice(2)));
