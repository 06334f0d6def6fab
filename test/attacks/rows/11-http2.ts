// Row 11: what HTTP/2 lets a client do to a server. Streams, floods and breaches have files of their own; this is all of
// them as trials.

import type { Trial } from '../trial.ts';
import { http2Trial } from './11-http2-attack.ts';
import { BREACHES } from './11-http2-breaches.ts';
import { FLOODS } from './11-http2-floods.ts';
import { STREAMS } from './11-http2-streams.ts';

export const HTTP2: readonly Trial[] = [
  ...STREAMS.map((attack) => http2Trial(attack.name, [attack])),
  http2Trial(`${FLOODS.length} floods at once`, FLOODS, true),
  ...BREACHES,
];
