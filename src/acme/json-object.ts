// Whether what came out of JSON (RFC 8259) is an object: what a CA, a provider's API or a file says is one only once it
// was looked at. Pure; what must be in it is its reader's business.

/** Neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
