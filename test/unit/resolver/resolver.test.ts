// The fold of links into one resolver.

import { expect, it } from 'vitest';
import { DROP } from '../../../src/dns/answer.ts';
import { chain, type Link } from '../../../src/resolver/resolver.ts';
import { ask, contextAt } from '../../support/messages.ts';

it('a chain is walked from its first link to its end, and folded once', () => {
  const seen: string[] = [];
  const link =
    (name: string): Link =>
    (next) => {
      seen.push(`fold ${name}`);
      return {
        resolve: (query, context) => {
          seen.push(name);
          return next.resolve(query, context);
        },
      };
    };
  const resolver = chain(link('first'), link('second'))({ resolve: () => DROP });
  expect(resolver.resolve(ask('www.example'), contextAt(0))).toBe(DROP);
  resolver.resolve(ask('www.example'), contextAt(0));
  expect(seen).toEqual(['fold second', 'fold first', 'first', 'second', 'first', 'second']);
});
