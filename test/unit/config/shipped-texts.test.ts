// The JSON Schema that ships and docs/configuration.md, held to the schema in src/config.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/config/limits.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { jsonSchema } from '../../../src/config/schema.ts';
import { allKeyPaths } from '../../../src/config/schema-keys.ts';
import { formatDuration } from '../../../src/config/units.ts';
import { jsonSchemaText } from '../../../src/config/write-json-schema.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('config/noonmark.schema.json is what schema.ts says; if not, run node src/config/write-json-schema.ts', () => {
  expect(read('config/noonmark.schema.json')).toBe(jsonSchemaText());
});

test('every key says what it is', () => {
  const silent: string[] = [];
  const visit = (schema: object, at: string) => {
    for (const [key, inner] of Object.entries((schema as { properties?: object }).properties ?? {})) {
      if (!('description' in inner)) silent.push(`${at}${key}`);
      visit(inner, `${at}${key}.`);
      visit(inner.items ?? {}, `${at}${key}[].`);
      visit(
        typeof inner.additionalProperties === 'object' ? inner.additionalProperties : {},
        `${at}${key}.*.`,
      );
    }
  };
  visit(jsonSchema(), '');
  expect(silent).toEqual([]);
});

/** Sections whose keys are those of another once more: one line in the docs says so. */
const REPEATED = [
  ['certificate.more[].files', 'certificate.files'],
  ['certificate.more[].acme', 'certificate.acme'],
] as const;

test('docs/configuration.md has every key that can be written, and none that cannot', () => {
  const documented = new Set(
    [...read('docs/configuration.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key!),
  );
  for (const [section, original] of REPEATED) {
    expect(documented).toContain(section);
    for (const key of [...documented])
      if (key.startsWith(`${original}.`)) documented.add(section + key.slice(original.length));
  }
  const paths = allKeyPaths();
  const isSection = (path: string) =>
    paths.some(
      (other) => other !== path && /^(\[\])?(\.|$)/.test(other.slice(path.length)) && other.startsWith(path),
    );
  expect(paths.filter((path) => !isSection(path) && !documented.has(path))).toEqual([]);
  expect([...documented].filter((path) => !paths.includes(path))).toEqual([]);
});

test('docs/configuration.md has the default and the bounds of every limit', () => {
  const docs = read('docs/configuration.md');
  for (const row of Object.values(LIMITS)) {
    const format = row.kind === 'duration' ? formatDuration : String;
    const cells = `| \`limits.${row.key}\` | \`${format(row.default)}\` | ${format(row.min)} | ${format(row.max)} |`;
    expect(docs).toContain(cells);
  }
});

test.for(['quickstart.yaml', 'home.yaml'])('config/%s names its schema for editors', (name) => {
  expect(read(`config/${name}`).split('\n')[0]).toBe(
    '# yaml-language-server: $schema=./noonmark.schema.json',
  );
});

const EXAMPLES = [...read('docs/configuration.md').matchAll(/^```yaml\n(.*?)^```$/gms)];

test.for(EXAMPLES.map(([, yaml], at) => ({ at, yaml: yaml! })))(
  'example $at of docs/configuration.md can be written as it stands',
  ({ yaml }) => {
    const upstreams = /^upstreams:/m.test(yaml) ? '' : 'upstreams: [{url: tls://9.9.9.9}]\n';
    expect(parseConfig(upstreams + yaml, { file: 'home.yaml' }).warnings).toEqual([]);
  },
);
