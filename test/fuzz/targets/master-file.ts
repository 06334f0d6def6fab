// Master files (src/dns/master-file.ts): records written with any blanks, parentheses, comments, directives and
// left-out owners are read back; and any text gives records and problems, each with a line of it, and nothing else.

import fc from 'fast-check';
import { readMasterFile } from '../../../src/dns/master-file.ts';
import { formatName, ROOT } from '../../../src/dns/names.ts';
import type { ResourceRecord } from '../../../src/dns/records.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';
import { mustBeSound, recordTexts, shown, written, ZONE, zoneRecord } from './record-text.ts';

export interface MasterTexts {
  readonly records: readonly StyledRecord[];
  readonly text: string;
}

interface StyledRecord {
  readonly record: ResourceRecord;
  readonly style: number;
}

const FILE = 'home.zone';
const RECORDS_MAX = 50;
const PROBLEMS_MAX = 100;
const DIRECTIVES = [
  ...[
    '$ORIGIN lab',
    '$ORIGIN .',
    '$ORIGIN',
    '$TTL 1h',
    '$TTL x',
    '$INCLUDE a',
    '$INCLUDE b x',
    '$INCLUDE none',
    '$GENERATE 1-2',
  ],
  ...[
    '$nothing',
    ' A 10.0.0.1',
    '\tTXT x',
    '(',
    ')',
    '"',
    '\\',
    ';',
    '',
    '@ SOA a b 1 2 3 4 5',
    'nas A 10.0.0.1',
  ],
];
const INCLUDED: Readonly<Record<string, string>> = {
  a: 'x A 10.0.0.1\n$INCLUDE b\n',
  b: ' A 10.0.0.2\n(\n',
  itself: '$INCLUDE itself',
};

const zoneText = fc
  .tuple(
    fc.array(fc.oneof(fc.constantFrom(...DIRECTIVES, '$INCLUDE itself'), recordTexts), { maxLength: 12 }),
    fc.constantFrom('\n', '\r\n', '\n\n', '\r'),
  )
  .map(([lines, end]) => lines.join(end));

export const masterFile: FuzzTarget<MasterTexts> = {
  name: 'master-file',
  oracle: 'reading back what is written, and a line for every problem',
  runs: 1500,
  input: fc.record({
    records: fc.array(fc.record({ record: zoneRecord, style: fc.nat(0xff) }), { maxLength: 8 }),
    text: fc.oneof(zoneText, anyText),
  }),
  holds({ records, text }) {
    const styled = `; all of it\n${linesOf(records)}`;
    const mine = read(styled);
    mustEqual(mine.problems, [], 'problems of what was written');
    mustEqual(
      mine.records.map(({ record }) => shown(record)),
      records.map(({ record }) => shown(record)),
      'records',
    );
    mustHaveLines(read(text), text);
  },
};

function read(text: string): ReturnType<typeof readMasterFile> {
  return readMasterFile({
    ...{ file: FILE, text, zone: ZONE, recordsMax: RECORDS_MAX },
    include: (name) =>
      Object.hasOwn(INCLUDED, name)
        ? { file: name, text: INCLUDED[name]! }
        : { problem: `"${name}" is not there` },
  });
}

function mustHaveLines({ records, problems }: ReturnType<typeof read>, text: string): void {
  for (const { record } of records) mustBeSound(record);
  must(records.length <= RECORDS_MAX && problems.length <= PROBLEMS_MAX + 1, 'bounded');
  for (const { file, line, message } of [...records, ...problems].map((one) => ({ message: 'x', ...one }))) {
    const whole = file === FILE ? text : INCLUDED[file]!;
    must(line >= 1 && line <= whole.split('\n').length, `line ${line} is one of ${file}`);
    must(message !== '', 'a problem has words');
  }
}

/** Each record by itself, in one of many ways to write it. */
function linesOf(records: readonly StyledRecord[]): string {
  let owner = ROOT;
  const lines = records.map(({ record, style }) => {
    const text = written(record);
    const name = formatName(record.owner);
    const rest = text.slice(name.length);
    const repeats = record.owner === owner && (style & 1) !== 0;
    owner = record.owner;
    const before = (style & 2) === 0 ? '' : '$ORIGIN nowhere.example.\n\n';
    // A name may begin with "$", which would be a directive.
    const first = repeats ? '' : name.startsWith('$') ? `\\${name}` : name;
    const body = (style & 4) === 0 ? `${first}${rest}` : `${first} (${rest.replace(' ', '\n ')}\n)`;
    const comment = (style & 8) === 0 ? '' : ' ; "a comment (';
    return `${before}${body}${comment}${(style & 16) === 0 ? '\n' : '\r\n'}`;
  });
  return lines.join('');
}
