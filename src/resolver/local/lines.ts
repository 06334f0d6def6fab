// The lines of a text one after the other, without a second copy of all of it. Pure: what they say is the business of
// the readers of hosts files and lease files beside it.

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its end. */
  readonly text: string;
  /** False for a last line that has no end: its writer may not be done with it. */
  readonly isWhole: boolean;
}

export function* linesOf(text: string): Generator<Line> {
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at);
    const end = found === -1 ? text.length : found;
    number += 1;
    yield { number, text: text.slice(at, text[end - 1] === '\r' ? end - 1 : end), isWhole: found !== -1 };
    at = end + 1;
  }
}
