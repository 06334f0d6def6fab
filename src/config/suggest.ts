// The nearest of several right words to a wrong one, for "did you mean".
// Two slips at most (optimal string alignment: a swap of neighbours is one slip), or one word beginning the other.

const SLIPS_MAX = 2;
const PREFIX_CHARACTERS_MIN = 3;

/** The candidate that `word` was probably meant to be; undefined when none is near. Case does not count. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, slips: slipsBetween(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.slips - b.slips);
  const best = ranked[0];
  // A word of three letters with two slips in it is another word.
  if (best && best.slips <= Math.min(SLIPS_MAX, Math.floor(best.candidate.length / 2))) return best.candidate;
  return candidates.find((candidate) => isPrefixOfOther(wanted, candidate.toLowerCase()));
}

function isPrefixOfOther(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= PREFIX_CHARACTERS_MIN && (a.startsWith(b) || b.startsWith(a));
}

/** Edit distance, or a number above SLIPS_MAX where the lengths alone say that it is too far. */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > SLIPS_MAX) return SLIPS_MAX + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const differs = a[row - 1] === b[column - 1] ? 0 : 1;
      let slips = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + differs);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        slips = Math.min(slips, beforeLast[column - 2]! + 1);
      }
      current.push(slips);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
