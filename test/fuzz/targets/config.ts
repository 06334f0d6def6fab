// Configurations (src/config/parse.ts): any tree of YAML and any text is a frozen Config, or problems, each a printable
// line with a place in the file. Trees follow the JSON Schema, with values of the right form, of a wrong one, and of
// none.

import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigProblems } from '../../../src/config/problems.ts';
import { jsonSchema } from '../../../src/config/schema.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must } from '../target.ts';

const FOLDER = resolve(import.meta.dirname, '../../../config');
const FILE = '/etc/noonmark/home.yaml';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

const ODD_TEXTS = [
  ...[
    '',
    ' ',
    '@',
    '*',
    '.',
    'x',
    '127.0.0.1',
    '[::1]:853',
    '::1',
    '10.0.0.0/8',
    '192.168.178.0/24',
    'home.arpa',
    '*.home.arpa',
  ],
  ...[
    'tls://9.9.9.9',
    'https://dns.example/dns-query',
    'tls://u:p@x',
    'https://[::1',
    'ntp://time.example',
    'https://x/{?dns}',
    'nas A 10.0.0.1',
  ],
  ...[
    'nas CNAME nas',
    '@ SOA a b 1 2 3 4 5',
    '500ms',
    '7d',
    '1GB',
    '0',
    '-1',
    '9'.repeat(20),
    'on',
    'off',
    'null',
    'sha256/AAAA',
    '\u0000',
    '\u202e',
    'ü',
  ],
  ...[
    'dns.home.arpa',
    'letsencrypt',
    'http-01',
    'dns-01',
    'file.txt',
    '/dev/null',
    '../..',
    '__proto__',
    'constructor',
    'a'.repeat(300),
  ],
];
const oddText = fc.constantFrom(...ODD_TEXTS);
const anything = fc.oneof(
  oddText,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A value that the schema may take; one in eight is anything. */
function valueFor(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 7, arbitrary: formOf(schema) }, { weight: 1, arbitrary: anything });
}

function formOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(formOf));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'array') return fc.array(valueFor(schema.items ?? {}), { maxLength: 3 });
  if (schema.type === 'integer' || schema.type === 'number')
    return fc.oneof(fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 100 }), fc.integer());
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.properties) {
    const keys = Object.entries(schema.properties).map(([key, inner]) => [key, valueFor(inner)]);
    return fc.record(Object.fromEntries(keys), { requiredKeys: [], noNullPrototype: true });
  }
  if (schema.type === 'object') {
    const inner = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
    return fc.dictionary(oddText, valueFor(inner), { maxKeys: 3, noNullPrototype: true });
  }
  const examples = schema.examples ?? [];
  return examples.length === 0 ? oddText : fc.oneof(fc.constantFrom(...examples), oddText);
}

const examples = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(resolve(FOLDER, name), 'utf8'));
/** What was commented out is a part of it too. */
const uncommented = examples.map((text) => text.replace(/^# (?=[a-z ]+:| {2})/gm, ''));
const PIECES = [
  '\n',
  '  ',
  '\t',
  '- ',
  ': ',
  '#',
  '"',
  "'",
  '[',
  ']',
  '{',
  '}',
  '*a',
  '&a ',
  '<<: *a',
  '|',
  '>',
  '---\n',
  '!!binary ',
  '? ',
  ...ODD_TEXTS,
];
const changedExample = fc
  .tuple(
    fc.constantFrom(...examples, ...uncommented),
    fc.array(fc.tuple(fc.nat(0xffff), fc.nat(40), fc.constantFrom('', ...PIECES)), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([text, changes]) =>
    changes.reduce((whole, [at, cut, piece]) => {
      const place = at % whole.length;
      return whole.slice(0, place) + piece + whole.slice(place + (cut > 20 ? 0 : cut));
    }, text),
  );
/** Deeper than anybody writes, and than a stack is. */
const nested = fc
  .tuple(
    fc.constantFrom('[', '{a: ', '- ', '? ', '[[{a: '),
    fc.constantFrom(25, 400, 1000, 2500, 5000, 20_000),
  )
  .map(([opening, times]) => opening.repeat(times));
const tree = formOf(jsonSchema() as Schema);

export const config: FuzzTarget<string> = {
  name: 'config',
  oracle: 'problems with a place in the file, and a frozen Config',
  runs: 250,
  input: fc.oneof(
    { weight: 16, arbitrary: tree.map((value) => stringify(value)) },
    { weight: 4, arbitrary: tree.map((value) => JSON.stringify(value)) },
    { weight: 8, arbitrary: changedExample },
    {
      weight: 4,
      arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((some) => some.join('')),
    },
    { weight: 4, arbitrary: anyText },
    { weight: 1, arbitrary: nested },
  ),
  holds(text) {
    try {
      const { config: read, warnings } = parseConfig(text, { file: FILE });
      mustBeFrozen(read);
      for (const { line, message } of warnings) mustHavePlace(line, message, text);
    } catch (error) {
      if (!(error instanceof ConfigProblems)) throw error;
      must(error.problems.length > 0, 'there is a problem');
      for (const { line, message } of error.problems) mustHavePlace(line, message, text);
      must(
        !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/.test(error.message),
        'what is printed is printable',
      );
      must(!error.message.includes('call stack'), 'a sentence is for the owner of the file');
      must(error.message.split('\n').length <= error.problems.length + 1, 'a problem is one line');
    }
  },
};

function mustHavePlace(line: number, message: string, text: string): void {
  must(line >= 0 && line <= text.split(/\r\n|\r|\n/).length, `line ${line} is one of the file`);
  must(message.length > 0 && message.length < 3000, 'a sentence has an end');
}

function mustBeFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  must(Object.isFrozen(value), 'a Config is frozen');
  for (const inner of Object.values(value)) mustBeFrozen(inner);
}
