// A finding for a person: what does not hold, the row for found.ts, and how to see it again.

import type { AnyTarget, Finding } from './target.ts';

/** Lines of a stack that say where. */
const STACK_LINES = 6;

export function findingText(
  { name }: Pick<AnyTarget, 'name'>,
  { input, error, seed, path }: Finding,
): string {
  const exported = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return [
    `${name}: ${error.stack?.split('\n').slice(0, STACK_LINES).join('\n') ?? error.message}`,
    'once it is mended, a row for test/fuzz/found.ts:',
    `  row(${exported}, 'what it broke', ${input}),`,
    `again: npm run fuzz -- --target ${name} --seed ${seed} --path ${path}`,
  ].join('\n');
}
