// What decides which answers may be in the cache, as one short text: a cache file that was written under another
// configuration is not used, because other upstreams, a filtering one say, would have answered otherwise.

import { createHash } from 'node:crypto';
import type { Config } from '../../config/config.ts';

/** Equal for configurations under which equal questions get equal answers. */
export function cacheConfigKey({ upstreams, forward, rebinding }: Config): string {
  const parts = {
    upstreams: upstreams.map(({ url, caFile, pins }) => ({ url, caFile, pins })),
    forward,
    rebinding,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
