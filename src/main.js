#!/usr/bin/env node
// Where the process begins: the compile cache first, then the command line, out of the bundle if there is one of these very
// sources. Plain JavaScript, because what is loaded before the cache is on has its types stripped at every start, and the
// stripper takes 35 ms and 18 MB for good. `main.ts`, the name that it is started by, is a link to this file.

import './require-node.js';
import module from 'node:module';
import { join } from 'node:path';
import { freshBundle } from './bundle/fresh-bundle.js';

module.enableCompileCache(); // types stripped and code compiled once, not at every start: a power cut ends sooner
const bundle = freshBundle(join(import.meta.dirname, '..'));
const { commandLine } = await import(bundle === null ? './cli/command-line.ts' : `${bundle}/command-line.js`);
process.exit(await commandLine(process.argv.slice(2)));
