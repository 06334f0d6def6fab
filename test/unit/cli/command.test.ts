// What is said about a command line that no command understands.

import { describe, expect, it } from 'vitest';
import { readArgs, UsageError } from '../../../src/cli/command.ts';

const OPTIONS = {
  config: { type: 'string' },
  json: { type: 'boolean' },
  reverse: { type: 'boolean', short: 'x' },
} as const;

describe('a command line', () => {
  it('is read: options with their values, and as many operands as there may be', () => {
    const { values, positionals } = readArgs(['a', '--config=-', '-x', '--', '--json'], OPTIONS, 2);
    expect({ ...values }).toEqual({ config: '-', reverse: true });
    expect(positionals).toEqual(['a', '--json']);
  });

  it.each<[args: string[], message: string]>([
    [['--jsn'], 'unknown option --jsn; did you mean --json?'],
    [['--confg', 'x'], 'unknown option --confg; did you mean --config?'],
    [['--cofnig=x'], 'unknown option --cofnig; did you mean --config?'],
    [['-config', 'x'], 'unknown option -config; did you mean --config?'],
    [['--xyzzy'], 'unknown option --xyzzy'],
    [['--toString'], 'unknown option --toString'],
    [['-z'], 'unknown option -z'],
    [['--config'], '--config needs a value behind it'],
    [['--config', '--json'], '--config needs a value behind it'],
    [['--json=yes'], '--json takes no value'],
    [['noonmark.yaml'], '"noonmark.yaml" is one word too many; write --config noonmark.yaml'],
    [['/etc/noonmark'], '"/etc/noonmark" is one word too many; write --config /etc/noonmark'],
    [['json'], '"json" is one word too many'],
    [['my config.yaml'], '"my config.yaml" is one word too many'],
  ])('%j is refused', (args, message) => {
    expect(() => readArgs(args, OPTIONS)).toThrow(new UsageError(message));
  });

  it('of a command without --config is not advised to write one', () => {
    const refused = () => readArgs(['home.yaml'], { json: { type: 'boolean' } });
    expect(refused).toThrow(new UsageError('"home.yaml" is one word too many'));
  });
});
