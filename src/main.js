#!/usr/bin/env node
// Where the process begins: the compile cache first, then the command line. Plain JavaScript, because what is loaded
// before the cache is on has its types stripped at every start, and the stripper takes 35 ms and 18 MB for good.
// `main.ts`, the name that it is started by, is a link to this file.

import './require-node.js';
import module from 'node:module';

module.enableCompileCache(); // types stripped and code compiled once, not at every start: a power cut ends sooner
const { commandLine } = await import('./cli/command-line.ts');
process.exit(await commandLine(process.argv.slice(2)));
