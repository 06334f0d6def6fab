// A filter for tests, whose lists are files: it reaches no network and keeps nothing.

import type { FilterConfig } from '../../src/config/config.ts';
import { Filter, type FilterParts } from '../../src/lists/filter.ts';

const NOTHING: FilterConfig = { blocked: { kind: 'nxdomain' }, lists: [], rewrites: [], groups: [] };

export function createFilter(
  { clock, log }: Pick<FilterParts, 'clock' | 'log'>,
  config: FilterConfig = NOTHING,
): Filter {
  const tls = { connect: () => Promise.reject(new Error('no network here')) };
  return new Filter({ config, clock, log, tls, stateDir: null, lookup: async () => [] });
}
