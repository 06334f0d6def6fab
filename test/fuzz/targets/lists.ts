// Lists of names (src/lists): a list in pieces is what its lines are one by one, a rule's text means that rule, and no
// line is more than valid names.

import fc from 'fast-check';
import { nameKey } from '../../../src/dns/names.ts';
import { ListReader } from '../../../src/lists/list-reader.ts';
import { AskedName, NamesRefused } from '../../../src/lists/name-table.ts';
import { readRule, ruleText } from '../../../src/lists/rules.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface ListStory {
  readonly lines: readonly string[];
  readonly end: string;
  readonly cuts: readonly number[];
}

const NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
const LINE_OCTETS_MAX = 4096;
const words = fc.constantFrom(
  ...[
    '0.0.0.0',
    '127.0.0.1',
    '::1',
    '::',
    '10.0.0.1',
    '1.2',
    'ads.example',
    'A.Example.',
    'bücher.example',
    'localhost',
    'x',
    '*.',
  ],
  ...[
    '||',
    '|',
    '@@',
    '^',
    '$',
    'important',
    '$important',
    '$third-party',
    '#',
    '!',
    ';',
    '##',
    '[Adblock]',
    '/',
    '*',
    '-',
    '_x.y',
  ],
  ...[
    ' ',
    '  ',
    '\t',
    '\u00a0',
    '\0',
    '\r',
    '.',
    '..',
    '..example',
    `${'a'.repeat(64)}.b`,
    'x'.repeat(5000),
    '<',
    '\ufeff',
    'ü',
    '1.2.3.4',
  ],
);
const line = fc.oneof(
  fc.array(words, { maxLength: 8 }).map((some) => some.join('')),
  fc
    .tuple(
      fc.constantFrom('0.0.0.0 ', '||', '@@||', '|', '*.', ''),
      fc.domain(),
      fc.constantFrom('', '^', '^$important'),
    )
    .map((all) => all.join('')),
  anyText,
);

export const lists: FuzzTarget<ListStory> = {
  name: 'lists',
  oracle: 'each line read by itself, and reading back what a rule says',
  runs: 800,
  input: fc.record({
    lines: fc.array(line, { maxLength: 10 }),
    end: fc.constantFrom('\n', '\r\n'),
    cuts: fc.array(fc.nat(3000), { maxLength: 6 }),
  }),
  async holds({ lines, end, cuts }) {
    const text = Buffer.from(lines.join(end)).toString();
    const wanted = readPlainly(text);
    const found = await readInPieces(Buffer.from(text), cuts);
    if (found === null) {
      must(/^\ufeff?\s*</.test(text), 'a list is refused where it is a page of HTML');
      return;
    }
    mustEqual([found.entries, found.unread], [wanted.marks.size, wanted.unread], 'names and unread lines');
    for (const [name, marks] of wanted.marks) mustEqual(found.marksOf(name), marks, `the marks of ${name}`);
  },
};

function readPlainly(text: string): { marks: Map<string, number>; unread: number } {
  const marks = new Map<string, number>();
  let unread = 0;
  for (const line of text.replace(/^\ufeff/, '').split('\n')) {
    const rule = Buffer.byteLength(line) > LINE_OCTETS_MAX ? 'unread' : readRule(line);
    if (rule === 'unread') unread += 1;
    if (rule === null || rule === 'unread') continue;
    for (const name of rule.names) {
      must(NAME.test(name), `${JSON.stringify(name)} is a name`);
      marks.set(name, (marks.get(name) ?? 0) | rule.marks);
      if (rule.names.length === 1 && name.includes('.')) mustMeanTheSame(name, rule.marks);
    }
  }
  return { marks, unread };
}

function mustMeanTheSame(name: string, marks: number): void {
  mustEqual(readRule(ruleText(name, marks)), { names: [name], marks }, `what ${ruleText(name, marks)} means`);
}

/** Null where it is refused. */
async function readInPieces(octets: Buffer, cuts: readonly number[]) {
  const reader = new ListReader();
  const edges = [0, ...cuts.map((cut) => Math.min(cut, octets.length)).sort((a, b) => a - b), octets.length];
  try {
    for (const [at, edge] of edges.slice(1).entries()) await reader.push(octets.subarray(edges[at], edge));
    const { table, unread } = await reader.finish();
    const marksOf = (name: string) => table.marksAt(new AskedName().set(nameKey(name)), 0);
    return { entries: table.entries, unread, marksOf };
  } catch (error) {
    if (error instanceof NamesRefused) return null;
    throw error;
  }
}
