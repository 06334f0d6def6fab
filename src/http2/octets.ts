// Short runs of octets, copied and compared one by one: a call into V8's own copying costs more than some ten or hundred of
// them. http2 knows no DNS, so that dns/wire.ts has its own.

const BY_HAND_OCTETS = 96;

export function copyOctets(source: Buffer, start: number, target: Buffer, to: number, octets: number): void {
  if (octets > BY_HAND_OCTETS) target.set(source.subarray(start, start + octets), to);
  else for (let at = 0; at < octets; at += 1) target[to + at] = source[start + at]!;
}

/** Are those from `start` to `end` all of `known`? */
export function areOctets(known: Buffer, octets: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at += 1) if (known[at] !== octets[start + at]) return false;
  return true;
}
