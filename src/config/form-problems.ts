// What the schema refuses, in sentences: the wrong kind of value, a missing key, an unknown one, too long a list.
// Sentences about the content of a value are made where it is read and come through here unchanged.

import type { z } from 'zod';
import type { Path, Report } from './problems.ts';
import { configSchema } from './schema.ts';
import { describeValue } from './schema-forms.ts';
import { unknownKeySentence } from './schema-keys.ts';
import { quote } from './value-error.ts';

/** Reports everything about the forms in `file` that does not fit the schema. */
export function reportForms(file: unknown, report: Report): void {
  const result = configSchema.safeParse(file, { error: sentence });
  for (const issue of result.error?.issues ?? []) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) report.keyError(path, key, unknownKeySentence(path, key));
    } else {
      report.error(path, issue.message);
    }
  }
}

function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  if (issue.code === 'too_big') return `the list has more than ${issue.maximum} entries; write fewer`;
  if (issue.code !== 'invalid_type') return undefined;
  if (input === undefined) {
    const key = issue.path?.at(-1);
    return typeof key === 'number'
      ? 'this entry is empty; write a value or delete the line'
      : 'this key is missing; write it, or delete the keys around it';
  }
  switch (issue.expected) {
    case 'array':
      return typeof input === 'string'
        ? `a list belongs here, not ${describeValue(input)}; write [${quote(input)}]`
        : `a list belongs here, not ${describeValue(input)}; begin each entry with "- "`;
    case 'object':
    case 'record':
      return `keys with values belong here, not ${describeValue(input)}; see docs/configuration.md`;
    case 'string':
      return `a text belongs here, not ${describeValue(input)}`;
    default:
      return undefined;
  }
}
