// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short messages, 64 bits of it. Cookies are made with it
// (RFC 9018 section 4.4). In halves of 32 bits, because BigInt takes twenty times as long and a client that sends
// cookies sends one with every query.

export const SIPHASH_KEY_OCTETS = 16;
const SIPHASH_OCTETS = 8;

/** Rounds after each eight octets, and at the end: what "2-4" says. */
const ROUNDS = 2;
const LAST_ROUNDS = 4;
/** "somepseudorandomlygeneratedbytes" in four words, each its low half and its high half. */
const INITIAL = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
] as const;
const [V0, V1, V2, V3] = [0, 2, 4, 6] as const;

/** Four words, each its low half and then its high half; only ever used within one call. */
const state = new Uint32Array(8);

/** The hash of `message` as eight octets, in the order of the reference implementation. `key` has 16 octets. */
export function sipHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  for (let half = 0; half < 8; half += 1) state[half] = INITIAL[half]! ^ littleEndian(key, (half % 4) * 4);
  const wholeOctets = message.length - (message.length % 8);
  for (let at = 0; at < wholeOctets; at += 8)
    absorb(littleEndian(message, at), littleEndian(message, at + 4));
  absorb(
    littleEndian(message, wholeOctets),
    (littleEndian(message, wholeOctets + 4) & 0xffffff) | (message.length << 24),
  );
  state[V2]! ^= 0xff;
  for (let round = 0; round < LAST_ROUNDS; round += 1) sipRound();
  const hash = Buffer.alloc(SIPHASH_OCTETS);
  hash.writeUInt32LE((state[V0]! ^ state[V1]! ^ state[V2]! ^ state[V3]!) >>> 0, 0);
  hash.writeUInt32LE((state[V0 + 1]! ^ state[V1 + 1]! ^ state[V2 + 1]! ^ state[V3 + 1]!) >>> 0, 4);
  return hash;
}

/** Four octets as a number; those behind the end count as 0. */
function littleEndian(octets: Uint8Array, at: number): number {
  return (
    (octets[at] ?? 0) |
    ((octets[at + 1] ?? 0) << 8) |
    ((octets[at + 2] ?? 0) << 16) |
    ((octets[at + 3] ?? 0) << 24)
  );
}

function absorb(low: number, high: number): void {
  state[V3]! ^= low;
  state[V3 + 1]! ^= high;
  for (let round = 0; round < ROUNDS; round += 1) sipRound();
  state[V0]! ^= low;
  state[V0 + 1]! ^= high;
}

function sipRound(): void {
  mix(V0, V1, 13);
  swapHalves(V0);
  mix(V2, V3, 16);
  mix(V0, V3, 21);
  mix(V2, V1, 17);
  swapHalves(V2);
}

/** a += b; b = (b rotated left by `bits`, fewer than 32) ^ a */
function mix(a: number, b: number, bits: number): void {
  const low = state[a]! + state[b]!;
  state[a] = low;
  state[a + 1]! += state[b + 1]! + (low > 0xffffffff ? 1 : 0);
  const bLow = state[b]!;
  const bHigh = state[b + 1]!;
  state[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ state[a]!;
  state[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ state[a + 1]!;
}

/** Rotation by 32 bits. */
function swapHalves(word: number): void {
  const low = state[word]!;
  state[word] = state[word + 1]!;
  state[word + 1] = low;
}
