// The refusal of one written value, and how such a value is quoted back to the person who wrote it.
// Every reader of a scalar in this folder throws it; parse.ts adds file, line and path.

/** One sentence, without a full stop: what is wrong with the value, and what to write. */
export class ValueError extends Error {
  readonly code = 'config-value';
}

const QUOTED_CHARACTERS_MAX = 80;

/** `text` in double quotes, cut at 80 characters, secrets of a URL left out, control characters escaped: a line stays a line. */
export function quote(written: string): string {
  const urlAt = written.search(SCHEME);
  const text = urlAt === -1 ? written : written.slice(0, urlAt) + maskedUrl(written.slice(urlAt));
  const short = text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}…` : text;
  return `"${printable(short)}"`;
}

const SCHEME = /[a-z][a-z0-9+.-]*:\/\//i;
const HOST_AND_PORT = /^(\[[^\]@]*\]|[^:@]*)(:\d*)?$/;

/**
 * A URL as it may be shown to others and logged: without user and password, and without the query and the fragment, where
 * the keys to lists stand. "{?dns}" of a DoH template (RFC 6570) is none. Whatever may be a password is taken for one.
 */
export function maskedUrl(text: string): string {
  const scheme = text.search(SCHEME) === 0 ? SCHEME.exec(text)![0] : '';
  const [, before = '', query = ''] = /^(.*?)((?!(?<=\{)\?[\w,]+\})[?#].*)?$/s.exec(
    text.slice(scheme.length),
  )!;
  const tail = query === '' ? '' : `${query[0]}…`;
  const authority = before.split('/', 1)[0]!;
  if (!text.includes('@') || HOST_AND_PORT.test(authority)) return scheme + before + tail;
  const at = before.lastIndexOf('@');
  return at === -1 ? `${scheme}…@…` : `${scheme}…${before.slice(at)}${tail}`;
}

/** Control characters (C0, DEL, C1) and the Unicode line separators and direction marks, made visible. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
