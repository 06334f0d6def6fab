// Short runs of octets, copied and compared one by one: a call into V8's own copying costs more than some ten or hundred of
// them. It knows no protocol.

/** More are copied by V8. */
const BY_HAND_OCTETS = 96;

export function copyOctets(
  source: Uint8Array,
  start: number,
  target: Uint8Array,
  to: number,
  octets: number,
): void {
  if (octets > BY_HAND_OCTETS) target.set(source.subarray(start, start + octets), to);
  else for (let at = 0; at < octets; at += 1) target[to + at] = source[start + at]!;
}

/** Are those from `start` to `end` all of `known`? */
export function areOctets(known: Uint8Array, octets: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at += 1) if (known[at] !== octets[start + at]) return false;
  return true;
}
