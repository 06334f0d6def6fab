// The refusal of one written value, and how such a value is quoted back to the person who wrote it.
// Every reader of a scalar in this folder throws it; parse.ts adds file, line and path.

/** One sentence, without a full stop: what is wrong with the value, and what to write. */
export class ValueError extends Error {
  readonly code = 'config-value';
}

const QUOTED_CHARACTERS_MAX = 80;

/** `text` in double quotes, cut at 80 characters; control characters are escaped, so that a line stays a line. */
export function quote(text: string): string {
  const short = text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}…` : text;
  return `"${printable(short)}"`;
}

/** Control characters (C0, DEL, C1) and the Unicode line separators and direction marks, made visible. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
