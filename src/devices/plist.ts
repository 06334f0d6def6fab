// An XML property list (plist(5) of macOS, the DTD that it names), written from typed values: what a configuration profile
// is made of. It writes no dates, no reals and no binary form.

export type PlistValue =
  | string
  /** Whole numbers alone. */
  | number
  | boolean
  | Uint8Array
  | readonly PlistValue[]
  | PlistDictionary;

export interface PlistDictionary {
  readonly [key: string]: PlistValue;
}

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`;

/** A whole document. @throws RangeError for a text that XML cannot carry, see canBeXml, and for a broken number */
export function writePlist(root: PlistDictionary): string {
  return `${HEAD}${element(root, '')}\n</plist>\n`;
}

function element(value: PlistValue, indent: string): string {
  const deeper = `${indent}\t`;
  if (typeof value === 'string') return `${indent}<string>${escaped(value)}</string>`;
  if (typeof value === 'boolean') return `${indent}<${value}/>`;
  if (typeof value === 'number') return `${indent}<integer>${whole(value)}</integer>`;
  if (value instanceof Uint8Array) return `${indent}<data>${Buffer.from(value).toString('base64')}</data>`;
  if (Array.isArray(value))
    return enclosed(
      'array',
      (value as PlistValue[]).map((one) => element(one, deeper)),
      indent,
    );
  const entries = Object.entries(value as PlistDictionary).flatMap(([key, one]) => [
    `${deeper}<key>${escaped(key)}</key>`,
    element(one, deeper),
  ]);
  return enclosed('dict', entries, indent);
}

function enclosed(tag: string, lines: readonly string[], indent: string): string {
  return lines.length === 0
    ? `${indent}<${tag}/>`
    : [`${indent}<${tag}>`, ...lines, `${indent}</${tag}>`].join('\n');
}

/** Characters that XML 1.0 does not let into a document, however they are written (its section 2.2). */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

export function canBeXml(text: string): boolean {
  return !NOT_XML.test(text);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\r': '&#13;', // a reader makes a line feed of a bare one (section 2.11)
};

function escaped(text: string): string {
  if (!canBeXml(text)) throw new RangeError('there is a character in the text that XML cannot carry');
  return text.replace(/[&<>"'\r]/g, (character) => ENTITIES[character]!);
}

function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return String(value);
}
