// Which incidents anybody is told of, and under which word of `notify.about`. Trouble with the telling itself is never
// told: it would have to go the way that is broken.

import type { NotifyTopic } from '../config/config.ts';
import type { IncidentKind } from '../history/incident.ts';

/** Null: nobody is told. A start, a sleep and a new certificate are what is meant to happen; the history has them. */
const TOPICS: Readonly<Record<IncidentKind, NotifyTopic | null>> = {
  clock: 'clock',
  stamp: 'clock',
  withdrawn: 'clock',
  upstreams: 'upstreams',
  upstream: 'upstreams',
  forward: 'upstreams',
  certificate: 'certificate',
  renewal: 'certificate',
  address: 'addresses',
  configuration: 'configuration',
  admin: 'configuration',
  other: 'configuration',
  names: 'names',
  list: 'lists',
  notify: null,
  start: null,
  stop: null,
  time: null,
  step: null,
  sleep: null,
  renewed: null,
};

/** Null too for what a file calls a kind and is none. */
export function topicOf(kind: string): NotifyTopic | null {
  return Object.hasOwn(TOPICS, kind) ? TOPICS[kind as IncidentKind] : null;
}
