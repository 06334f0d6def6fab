// Ranges of `access.allow` that are allowed and probably not meant: everybody, or nobody.
// Both are warnings: the owner may have a reason.

import type { AccessRange } from './config.ts';
import type { Report } from './problems.ts';

export function checkAccess(allow: readonly AccessRange[], report: Report): void {
  if (allow.length === 0) {
    report.warning(
      ['access', 'allow'],
      'the list is empty, so every query is refused; delete the key for the default',
    );
  }
  for (const [position, range] of allow.entries()) {
    if (typeof range === 'object' && range.cidr.endsWith('/0')) {
      report.warning(
        ['access', 'allow', position],
        `${range.cidr} makes this an open resolver, which attacks on others are sent through; write the networks that are yours`,
      );
    }
  }
}
