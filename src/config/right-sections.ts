// What of a written file has a right form, so that the rules between keys judge it though something else is wrong.
// A section counts as a whole, but for those whose entries stand each for itself: of these the right entries count, and of
// `certificate` the right keys.
// A list keeps its positions, with holes where an entry is wrong: forEach, map and flatMap pass over them, entries() does not.

import type { z } from 'zod';
import { ENTRIES_MAX } from './limits.ts';
import { configSchema } from './schema.ts';

export type Sections = z.output<typeof configSchema>;

/** As many entries as any list may have are judged; that there are more has been said. */
const JUDGED_MAX = Math.max(...Object.values(ENTRIES_MAX));

/** The top-level keys whose values fit the schema, and of some others what fits. */
export function rightSections(written: unknown): Sections {
  const fitting: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(configSchema.shape)) {
    const value = (written as Record<string, unknown>)[key];
    const result = schema.safeParse(value);
    if (result.success) fitting[key] = result.data;
    else if (Object.hasOwn(IN_PARTS, key)) fitting[key] = IN_PARTS[key]!(value);
  }
  return fitting as Sections;
}

const { forward, hosts, leases, filter, certificate, notify } = configSchema.shape;

const IN_PARTS: Readonly<Record<string, (written: unknown) => unknown>> = {
  forward: (written) =>
    mapValues(written, (servers) => rightItems(servers, forward.unwrap().valueType.unwrap().element)),
  hosts: (written) => rightItems(written, hosts.unwrap().element),
  leases: (written) => rightItems(written, leases.unwrap().element),
  filter: rightFilter,
  certificate: rightCertificate,
  notify: (written) => rightItems(written, notify.unwrap().element),
};

/** The rules ask whether a key that they miss is one that is wrong (Report.hasErrorIn). */
function rightCertificate(written: unknown): unknown {
  const { shape } = certificate.unwrap();
  const acmeShape = shape.acme.unwrap().shape;
  const entryShape = shape.more.unwrap().element.shape;
  const rightEntry = (value: unknown, keys: Readonly<Record<string, z.ZodType>>) => {
    const { acme } = mapValues(value, (inner) => inner);
    return { ...rightKeys(value, keys), ...(isMapping(acme) && { acme: rightKeys(acme, acmeShape) }) };
  };
  const { more } = mapValues(written, (value) => value);
  const entries = Array.isArray(more) ? more.slice(0, JUDGED_MAX) : [];
  const right = new Array<unknown>(entries.length);
  for (const [position, entry] of entries.entries())
    if (isMapping(entry)) right[position] = rightEntry(entry, entryShape);
  return { ...rightEntry(written, shape), more: right };
}

function rightKeys(written: unknown, schemas: Readonly<Record<string, z.ZodType>>): Record<string, unknown> {
  const known = Object.entries(mapValues(written, (value) => value)).filter(([key]) =>
    Object.hasOwn(schemas, key),
  );
  const results = known.map(([key, value]) => [key, schemas[key]!.safeParse(value)] as const);
  return Object.fromEntries(results.flatMap(([key, result]) => (result.success ? [[key, result.data]] : [])));
}

/** Groups name lists: they are judged only where it is known which lists there are. */
function rightFilter(written: unknown): unknown {
  const { shape } = filter.unwrap();
  const { answer, lists = [], rewrites, groups = [], ...unknown } = mapValues(written, (value) => value);
  const areListsKnown = filter.safeParse({ lists, ...unknown }).success;
  return {
    lists: rightItems(lists, shape.lists.unwrap().element),
    rewrites: rightValues(rewrites, shape.rewrites.unwrap().valueType),
    groups: areListsKnown ? rightItems(groups, shape.groups.unwrap().element) : [],
  };
}

function rightItems(written: unknown, schema: z.ZodType): unknown[] {
  const items = Array.isArray(written) ? written.slice(0, JUDGED_MAX) : [undefined];
  const right = new Array<unknown>(items.length);
  for (const [position, item] of items.entries()) {
    const result = schema.safeParse(item);
    if (result.success) right[position] = result.data;
  }
  return right;
}

function rightValues(written: unknown, schema: z.ZodType): Record<string, unknown> {
  const results = Object.entries(mapValues(written, (value) => schema.safeParse(value)));
  return Object.fromEntries(results.flatMap(([key, result]) => (result.success ? [[key, result.data]] : [])));
}

function mapValues<T>(written: unknown, map: (value: unknown) => T): Record<string, T> {
  if (!isMapping(written)) return {};
  return Object.fromEntries(Object.entries(written).map(([key, value]) => [key, map(value)]));
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
