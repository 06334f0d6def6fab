// Inputs that once broke something, each with what that was; `npm test` replays them all. A crash becomes a row: `npm
// run fuzz` prints it so that it can be pasted here.

import type { AnyTarget, FuzzTarget } from './target.ts';
import { config } from './targets/config.ts';
import { configValues } from './targets/config-values.ts';

export interface Found {
  readonly target: AnyTarget;
  /** What was wrong, before it was mended. */
  readonly broke: string;
  readonly input: unknown;
}

function row<Input>(target: FuzzTarget<Input>, broke: string, input: Input): Found {
  return { target, broke, input };
}

export const FOUND: readonly Found[] = [
  row(
    configValues,
    'a URL with "{?key=SECRET" in it was shown whole, "{?" being taken for a template of DoH',
    '{',
  ),
  row(configValues, 'the name in --server came back with its control characters', 'tls://tls\u0001'),
  row(
    config,
    'a thousand open brackets took 19 s, for each error looked at all of them',
    '{a: '.repeat(1000),
  ),
  row(config, 'too many brackets were "not YAML: Maximum call stack size exceeded"', '['.repeat(5000)),
];
