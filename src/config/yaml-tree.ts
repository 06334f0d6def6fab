// YAML text to plain values, with the line of every path; or the syntax errors, each with its line and what to do.
// YAML 1.2 core schema: `on` and `off` are texts. Aliases are followed and bounded, custom tags refused.
// It does not know which keys exist; that is schema.ts.

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import { type ConfigProblem, formatPath, type Path } from './problems.ts';
import { quote } from './value-error.ts';
import { NESTED_TOO_DEEPLY, syntaxProblems } from './yaml-syntax.ts';

const ALIASES_MAX = 100;
const DEPTH_MAX = 20;
/** Counted with aliases followed, so that a few lines cannot unfold into billions. */
const NODES_MAX = 100_000;

export interface YamlTree {
  /** Objects without a prototype, arrays and scalars; a key without a value is undefined. Undefined: an empty file. */
  readonly value: unknown;
  /** Line of the entry at `path`, or of the nearest one above it that exists; 0 where there is none. */
  readonly lineOf: (path: Path) => number;
  /** Duplicate keys and the like. With `broken`, the tree means nothing and these are all there is to say. */
  readonly problems: readonly ConfigProblem[];
  readonly broken: boolean;
}

export function readYaml(text: string): YamlTree {
  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    // uniqueKeys compares each key with all before it; the check in TreeBuilder is linear.
    document = parseDocument(text, {
      version: '1.2',
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the stack, on a file of brackets
    return broken([{ path: '', line: 1, message: NESTED_TOO_DEEPLY }]);
  }
  const syntax = syntaxProblems(text, document, lines);
  if (syntax.length > 0) return broken(syntax);
  const builder = new TreeBuilder(document, lines);
  const value = builder.plain(document.contents, [], 0);
  return { value, lineOf: builder.lineOf, problems: builder.problems, broken: builder.broken };
}

function broken(problems: readonly ConfigProblem[]): YamlTree {
  return { value: undefined, lineOf: () => 0, problems, broken: true };
}

class TreeBuilder {
  readonly problems: ConfigProblem[] = [];
  broken = false;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #lineAtPath = new Map<string, number>();
  #nodes = 0;
  #aliases = 0;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  plain(node: ParsedNode | null, path: Path, depth: number): unknown {
    this.#nodes += 1;
    if (this.broken) return undefined;
    if (depth > DEPTH_MAX) return this.#stop(node, `the file is nested over ${DEPTH_MAX} levels deep here`);
    if (this.#nodes > NODES_MAX) return this.#stop(node, `the file holds over ${NODES_MAX} values`);
    if (isAlias(node)) return this.#alias(node, path, depth);
    if (isMap<ParsedNode, ParsedNode | null>(node)) return this.#map(node.items, path, depth);
    if (isSeq<ParsedNode>(node))
      return node.items.map((item, at) => this.#entry(item, item, [...path, at], depth));
    return isScalar(node) ? (node.value ?? undefined) : undefined;
  }

  /** The value of one key or list entry; its line is that of `head`. */
  #entry(head: ParsedNode, value: ParsedNode | null, path: Path, depth: number): unknown {
    this.#lineAtPath.set(pathId(path), this.#lineAt(head));
    return this.plain(value, path, depth + 1);
  }

  #map(
    pairs: readonly { key: ParsedNode; value: ParsedNode | null }[],
    path: Path,
    depth: number,
  ): Record<string, unknown> {
    const object: Record<string, unknown> = Object.create(null);
    for (const { key, value } of pairs) {
      const name = keyText(key);
      if (name === undefined) {
        this.#problem(
          key,
          path,
          'a key must be a plain text; an address in brackets needs quotes, such as "[::1]:53"',
        );
      } else if (name === '__proto__') {
        // Record types of the schema library skip it without a word.
        this.#problem(key, path, 'the key `__proto__` cannot be used');
      } else if (Object.hasOwn(object, name)) {
        const message = `the key ${quote(name)} stands here twice; keep one`;
        this.#problem(key, path, message);
      } else {
        object[name] = this.#entry(key, value, [...path, name], depth);
      }
    }
    return object;
  }

  #alias(node: Alias.Parsed, path: Path, depth: number): unknown {
    this.#aliases += 1;
    if (this.#aliases > ALIASES_MAX)
      return this.#stop(node, `the file holds over ${ALIASES_MAX} aliases (*name)`);
    const target = node.resolve(this.#document) as ParsedNode | undefined;
    if (target) return this.plain(target, path, depth + 1);
    const text = quote(`*${node.source}`);
    this.#problem(
      node,
      path,
      `${text} repeats an anchor that is not there; a text that begins with * needs quotes`,
    );
    return undefined;
  }

  #problem(node: ParsedNode, path: Path, message: string): void {
    this.problems.push({ path: formatPath(path), line: this.#lineAt(node), message });
  }

  /** The tree cannot be gone on with: nothing else about it would be true. */
  #stop(node: ParsedNode | null, message: string): undefined {
    this.broken = true;
    this.problems.push({ path: '', line: node ? this.#lineAt(node) : 0, message });
    return undefined;
  }

  #lineAt(node: ParsedNode): number {
    return this.#lines.linePos(node.range[0]).line;
  }

  readonly lineOf = (path: Path): number => {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lineAtPath.get(pathId(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 0;
  };
}

/** A path as one text; no key has a NUL in it that a file can be written with. */
function pathId(path: Path): string {
  return path.join('\0');
}

/** A key as it was written: `10.in-addr.arpa` and `10` alike are texts. */
function keyText(key: ParsedNode): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}
