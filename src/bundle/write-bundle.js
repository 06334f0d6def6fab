// Writes the bundle: what a start loads in a handful of files instead of some 400, which halves the time to the first answer.
// It runs as `npm run build` and before `npm start`, the suites and the bench. Where there is no bundler (`npm ci --omit=dev`)
// or no leave to write, it says so, and the sources run. The bundle is made where it runs and given to nobody, so licences
// of the packages within stay where they are, in node_modules.

import '../require-node.js';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { freshBundle, LIST_FILE, listed } from './fresh-bundle.js';

const ROOT = join(import.meta.dirname, '../..');
/** In turn: a server that runs still loads from the one that it was started with. */
const FOLDERS = ['dist/a', 'dist/b'];
const COMMANDS = join(ROOT, 'src/cli/command-line.ts');
const THREAD = join(ROOT, 'src/listener/threads/udp-thread.ts');
const SERVER = [join(ROOT, 'src/cli/serve.ts'), join(ROOT, 'src/app/lean-memory.ts')];
/** Native, or loaded by those alone who need them. */
const OUTSIDE = ['koffi', 'undici', 'acme-client', '@peculiar/x509', 'reflect-metadata'];
/** What decides besides the modules in it. */
const BESIDES = [
  'package.json',
  'package-lock.json',
  'src/bundle/write-bundle.js',
  'src/bundle/fresh-bundle.js',
];
/** Of a failed build: that it has failed, where, and why. */
const REASON_LINES = 3;

try {
  if (freshBundle(ROOT) === null) await writeBundle();
} catch (error) {
  say(`No bundle, so a start takes twice as long: ${reasonOf(error)}`);
}

async function writeBundle() {
  const { rolldown } = await import('rolldown');
  const folder = FOLDERS.find((other) => other !== lastFolder());
  rmSync(join(ROOT, folder), { recursive: true, force: true });
  mkdirSync(join(ROOT, folder), { recursive: true });
  const { ctimeMs: beganMs } = statSync(join(ROOT, folder)); // by the clock of the file system, which files are dated by

  const modules = new Set();
  const transform = (code, id) => {
    if (!isAbsolute(id)) return code; // the bundler's own
    modules.add(id);
    return withOwnUrls(code, id, folder);
  };
  const bundler = await rolldown({
    ...{ cwd: ROOT, platform: 'node', tsconfig: false, external: OUTSIDE, input: [COMMANDS, THREAD] },
    plugins: [{ name: 'modules', transform, renderChunk: withPlainBuiltIns }],
  });
  const { output } = await bundler.generate({
    ...{ entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    codeSplitting: { groups: [chunk('both', 2, [THREAD]), chunk('start', 1, SERVER)] },
  });
  await bundler.close();

  const sources = [...BESIDES, ...[...modules].map((id) => relative(ROOT, id))].map((path) =>
    listed(ROOT, path),
  );
  const changed = sources.find(([, , , changedMs]) => changedMs >= beganMs);
  if (changed !== undefined) throw new Error(`${changed[0]} has just been changed`);
  const chunks = output.map(({ fileName, code }) => writeWhole(`${folder}/${fileName}`, code));
  writeWhole(`${LIST_FILE}.draft`, JSON.stringify({ folder, files: [...chunks, ...sources] }));
  renameSync(join(ROOT, `${LIST_FILE}.draft`), join(ROOT, LIST_FILE));
  say(`Wrote ${folder}, so that starts take half as long.`);
}

/** All that some modules need, in one chunk, unless one of a higher priority has it. The rest is divided as its users are. */
function chunk(name, priority, from) {
  let needed;
  const nameFor = (id, graph) => {
    needed ??= reached(from, graph);
    return needed.has(id) && id !== THREAD ? name : null; // a thread's own file runs as soon as it is loaded
  };
  return { name: nameFor, debugName: name, priority };
}

/** Some modules and all that they import, and those import. */
function reached(from, graph) {
  const found = new Set(from);
  for (const id of found)
    for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}

/** A module finds files beside itself as before, and a thread its program beside the chunk. */
function withOwnUrls(code, id, folder) {
  const own = `new URL('${relative(join(ROOT, folder), id)}', import.meta.url).href`;
  return code.replace(
    /new URL\('[^']*?([\w-]+)\.ts', import\.meta\.url\)|import\.meta\.(\w+)/g,
    (all, program, what) => {
      if (program !== undefined) return `new URL('./${program}.js', import.meta.url)`;
      if (what !== 'url') throw new Error(`${id} has ${all}: a bundle knows import.meta.url alone`);
      return own;
    },
  );
}

/**
 * Parts of Node are had without their faces as ECMAScript modules: for such a face Node makes a module for each and looks
 * at all that it exports, which loads more parts that nobody asks for. Some 10 ms of a start.
 */
function withPlainBuiltIns(code) {
  return code.replace(/^import (.+) from "(node:[\w/]+)";$/gm, (all, names, part) => {
    if (!/^(\w+|\{[^{}]*\})$/.test(names)) throw new Error(`this form of import is not known: ${all}`);
    return `const ${names.replaceAll(' as ', ': ')} = process.getBuiltinModule("${part}");`;
  });
}

/** On the disk before the list is: a power cut must not leave an empty chunk to a start that trusts in it. */
function writeWhole(path, text) {
  writeFileSync(join(ROOT, path), text, { flush: true });
  return listed(ROOT, path, text); // and not what another writer may have put there
}

/** That of the bundle that there is. */
function lastFolder() {
  try {
    return JSON.parse(readFileSync(join(ROOT, LIST_FILE), 'utf8')).folder;
  } catch {
    return undefined;
  }
}

/** In one line, where a bundler has many. */
function reasonOf({ code, message }) {
  if (code === 'ERR_MODULE_NOT_FOUND') return 'the bundler is not installed (a development dependency)';
  return message
    .trim()
    .split(/\s*\n\s*/)
    .slice(0, REASON_LINES)
    .join(' ');
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
