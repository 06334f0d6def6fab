// The lines of a text one after the other, without a second copy of all of it. Pure: what they say is the business of
// the readers of hosts files and lease files beside it.

/** A long line of Kea's is some hundred characters; what is longer than this would take long to read. */
const CHARACTERS_MAX = 4096;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its end; null where it is too long to be read. */
  readonly text: string | null;
  /** False for a last line that has no end: its writer may not be done with it. */
  readonly isWhole: boolean;
}

export function* linesOf(text: string): Generator<Line> {
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at);
    const end = found === -1 ? text.length : found;
    number += 1;
    const line = text.slice(at, text[end - 1] === '\r' ? end - 1 : end);
    yield { number, text: line.length > CHARACTERS_MAX ? null : line, isWhole: found !== -1 };
    at = end + 1;
  }
}
