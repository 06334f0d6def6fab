// Is there a bundle that is made of exactly the sources that stand here now? Each of its files and of theirs must be as it
// was when it was written: size and both times, or else its octets. (Times can be set, but not the one of the last change;
// a copy, an image of a container and a touched file have other times and the same octets.) In doubt there is none.
// Plain JavaScript, because it is read at every start: it must not need the type stripper.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Written last, so that what it lists is there. */
export const LIST_FILE = 'dist/bundle.json';

/**
 * @param {string} root the folder of package.json
 * @returns {string | null} the bundle's folder; null: run the sources
 */
export function freshBundle(root) {
  try {
    const { folder, files } = JSON.parse(readFileSync(join(root, LIST_FILE), 'utf8'));
    for (const file of files) if (!isAsItWas(root, file)) return null;
    return files.length > 0 ? join(root, folder) : null;
  } catch {
    return null; // no bundle, or none that can be read
  }
}

/**
 * A file as the list has it.
 * @param {string} root
 * @param {string} path from there
 * @param {string | Uint8Array} content
 * @returns {[path: string, octets: number, modifiedMs: number, changedMs: number, digest: string]}
 */
export function listed(root, path, content = readFileSync(join(root, path))) {
  const { size, mtimeMs, ctimeMs } = statSync(join(root, path));
  return [path, size, mtimeMs, ctimeMs, digestOf(content)];
}

/** Runs cold and some 800 times: neither pattern nor closure in it. */
function isAsItWas(root, file) {
  const path = `${root}/${file[0]}`;
  const now = statSync(path);
  if (now.size !== file[1]) return false;
  return (now.mtimeMs === file[2] && now.ctimeMs === file[3]) || digestOf(readFileSync(path)) === file[4];
}

function digestOf(content) {
  const { hash } = process.getBuiltinModule('node:crypto'); // not imported: seldom needed, and it takes some milliseconds
  return hash('sha256', content);
}
