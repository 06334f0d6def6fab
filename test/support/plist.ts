// Reads an XML property list, strictly: what a test holds a profile against. By a way of its own, and never by src/devices.

export type Plist = string | number | boolean | Buffer | Plist[] | { [key: string]: Plist };

/** @throws Error for anything that is not exactly such a document */
export function readPlist(text: string): Plist {
  const head =
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<!DOCTYPE plist PUBLIC "-\/\/Apple\/\/DTD PLIST 1\.0\/\/EN" "http:\/\/www\.apple\.com\/DTDs\/PropertyList-1\.0\.dtd">\n<plist version="1\.0">/;
  const found = head.exec(text);
  if (found === null) throw new Error('no head of a property list');
  const reader = new Reader(text.slice(found[0].length));
  const value = reader.value();
  reader.expect('</plist>');
  return value;
}

class Reader {
  #rest: string;

  constructor(text: string) {
    this.#rest = text.trimStart();
  }

  value(): Plist {
    if (this.take('<true/>')) return true;
    if (this.take('<false/>')) return false;
    if (this.take('<array/>')) return [];
    if (this.take('<array>')) return this.#until('</array>', () => this.value());
    if (this.take('<dict>')) {
      const entries = this.#until('</dict>', () => [this.text('key'), this.value()] as const);
      const names = entries.map(([name]) => name);
      if (new Set(names).size !== names.length) throw new Error(`a key twice: ${names}`);
      return Object.fromEntries(entries);
    }
    if (this.#rest.startsWith('<integer>')) return Number(this.text('integer'));
    if (this.#rest.startsWith('<data>')) return Buffer.from(this.text('data'), 'base64');
    return this.text('string');
  }

  text(tag: string): string {
    this.expect(`<${tag}>`, false);
    const end = this.#rest.indexOf('<');
    const content = this.#rest.slice(0, end);
    if (/&(?!(?:amp|lt|gt|quot|#39|#13);)/.test(content)) throw new Error(`a bare & in ${content}`);
    this.#rest = this.#rest.slice(end);
    this.expect(`</${tag}>`);
    return content.replace(/&(amp|lt|gt|quot|#39|#13);/g, (_, name: string) => ENTITIES[name]!);
  }

  expect(token: string, isTrimmed = true): void {
    if (!this.take(token, isTrimmed)) throw new Error(`${token} is expected at ${this.#rest.slice(0, 80)}`);
  }

  take(token: string, isTrimmed = true): boolean {
    if (!this.#rest.startsWith(token)) return false;
    this.#rest = this.#rest.slice(token.length);
    if (isTrimmed) this.#rest = this.#rest.trimStart();
    return true;
  }

  #until<T>(end: string, read: () => T): T[] {
    const all: T[] = [];
    while (!this.take(end)) all.push(read());
    return all;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  '#13': '\r',
};
