// Texts for properties: any characters, those that often mean something among them, and halves of pairs (lone
// surrogates). fast-check's own `unit: 'binary'` has no such halves, and takes seconds to set up.

import fc from 'fast-check';

/** Ends of lines, a byte order mark, marks of direction, a NUL, and a letter that grows when it is put into upper case. */
const MEANINGFUL = [0, 9, 10, 13, 0x20, 0x7f, 0x85, 0xa0, 0xad, 0xdf, 0x2028, 0x202e, 0xd800, 0xdfff, 0xfeff];

const codePoint = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
  { weight: 2, arbitrary: fc.constantFrom(...MEANINGFUL) },
  { weight: 1, arbitrary: fc.nat(0x10ffff) },
);

const textOf = (most: number): fc.Arbitrary<string> =>
  fc.array(codePoint, { maxLength: most }).map((points) => String.fromCodePoint(...points));

export const anyText = textOf(40);

/** Without halves: what UTF-8 can carry. */
export const wholeText = (most = 40): fc.Arbitrary<string> => textOf(most).map((text) => text.toWellFormed());

/** Pieces of a language one behind the other, `between` them. */
export function piecesOf(
  pieces: readonly string[],
  most: number,
  ...between: readonly string[]
): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(fc.constantFrom(...pieces), { maxLength: most }), fc.constantFrom(...between, ''))
    .map(([some, by]) => some.join(by));
}
