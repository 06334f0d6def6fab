// Which keys fit where, read off the JSON Schema: for "did you mean" and for the test that holds the docs complete.
// A key of a map with free names, a zone say, stands for itself.

import type { Path } from './problems.ts';
import { type JsonSchema, jsonSchema } from './schema.ts';
import { suggest } from './suggest.ts';

let made: JsonSchema | undefined;
/** Made on first use: only a file with an unknown key needs it. */
const schema = () => {
  made ??= jsonSchema();
  return made;
};

/** A key that fits in more places than these says nothing about the one that was meant. */
const PLACES_MAX = 2;
/** Its keys are those of `certificate` once more. */
const REPEATING = 'certificate.more[].';

/** ``unknown key `upstream`; did you mean `upstreams`?``, or where the key belongs, or which keys there are. */
export function unknownKeySentence(parent: Path, key: string): string {
  const known = Object.keys(schemaAt(parent)?.properties ?? {});
  const near = suggest(key, known);
  if (near) return `unknown key \`${key}\`; did you mean \`${near}\`?`;
  const elsewhere = allKeyPaths().filter((path) => path.endsWith(`.${key}`) && !path.startsWith(REPEATING));
  if (elsewhere.length > 0 && elsewhere.length <= PLACES_MAX)
    return `unknown key \`${key}\` here; it is written as ${elsewhere.map((path) => `\`${path}\``).join(' or ')}`;
  return `unknown key \`${key}\`; the keys here are ${known.map((name) => `\`${name}\``).join(', ')}`;
}

/** Every key of the file as docs/configuration.md writes it: "upstreams[].url", "zones.*.records". */
export function allKeyPaths(): string[] {
  return keyPathsOf(schema(), '');
}

function keyPathsOf({ properties, additionalProperties: free, items }: JsonSchema, at: string): string[] {
  const named = Object.entries(properties ?? {}).flatMap(([key, inner]) => {
    const path = at === '' ? key : `${at}.${key}`;
    return [path, ...keyPathsOf(inner, path)];
  });
  const anyKey = typeof free === 'object' ? keyPathsOf(free, `${at}.*`) : [];
  return [...named, ...anyKey, ...(items ? keyPathsOf(items, `${at}[]`) : [])];
}

function schemaAt(path: Path): JsonSchema | undefined {
  let here: JsonSchema | undefined = schema();
  for (const step of path) {
    const free: JsonSchema | boolean | undefined = here?.additionalProperties;
    const named: JsonSchema | undefined = here?.properties?.[step];
    here = typeof step === 'number' ? here?.items : (named ?? (typeof free === 'object' ? free : undefined));
  }
  return here;
}
