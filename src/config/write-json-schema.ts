// Writes config/noonmark.schema.json from schema.ts, for editors: node src/config/write-json-schema.ts
// A test fails while the file is older than the schema.

import { writeFileSync } from 'node:fs';
import { jsonSchema } from './schema.ts';

/** The text of config/noonmark.schema.json; lists of texts on one line. */
export function jsonSchemaText(): string {
  const text = JSON.stringify(jsonSchema(), null, 2);
  return `${text.replace(/\[\n((?: +"[^\n]*\n)+) +\]/g, (_, lines: string) => `[${lines.trim().replace(/\n +/g, ' ')}]`)}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL('../../config/noonmark.schema.json', import.meta.url), jsonSchemaText());
}
