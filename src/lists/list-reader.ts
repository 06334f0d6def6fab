// A list as it comes in, octets in pieces of any length, to a table of its names. Lines end in LF or CRLF; a byte order
// mark and a last line without an end are fine. Lines outside ASCII are UTF-8.
// It judges what is no list at all: a page of HTML, a text without one name.

import { nextTurn } from '../clock/next-turn.ts';
import { NamesRefused, type NameTable, NameTableBuilder } from './name-table.ts';
import { readRule } from './rules.ts';

/** Rules are names of at most 253 characters, and hosts lines have some of them; what is longer is no rule. */
const LINE_OCTETS_MAX = 4096;
/** Read before queries have their turn: 150 lines, which take 0.2 ms, and 1 ms where each is put into IDNA form. */
const SLICE_OCTETS = 4096;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const NOT_ASCII = /[\u0080-\u00ff]/;

export interface ReadList {
  readonly table: NameTable;
  /** Lines that are no comment and no rule that is understood. */
  readonly unread: number;
  /** The number of the first of them, from 1; 0: there is none. */
  readonly firstUnread: number;
}

export class ListReader {
  readonly #builder = new NameTableBuilder();
  #line = 0;
  #unread = 0;
  #firstUnread = 0;
  #rest = '';
  #isSkipping = false;
  #isFirst = true;

  /** `octets` must stay as they are until it resolves. @throws NamesRefused (by rejection) */
  async push(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length; at += SLICE_OCTETS) {
      if (at > 0) await nextTurn();
      this.#take(octets.subarray(at, at + SLICE_OCTETS));
    }
  }

  #take(octets: Uint8Array): void {
    let text = this.#rest + Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
    if (this.#isFirst) {
      if (text.length < BYTE_ORDER_MARK.length) {
        this.#rest = text;
        return;
      }
      text = this.#open(text);
    }
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#read(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length <= LINE_OCTETS_MAX) return;
    if (!this.#isSkipping) this.#skip(this.#line + 1);
    this.#isSkipping = true;
    this.#rest = '';
  }

  /** @throws NamesRefused (by rejection) */
  async finish(): Promise<ReadList> {
    this.#read(this.#isFirst ? this.#open(this.#rest) : this.#rest);
    return { table: await this.#builder.finish(), unread: this.#unread, firstUnread: this.#firstUnread };
  }

  #open(text: string): string {
    this.#isFirst = false;
    const bare = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
    if (/^\s*</.test(bare)) throw new NamesRefused('it is a page of HTML or XML');
    return bare;
  }

  #read(line: string): void {
    this.#line += 1;
    if (this.#isSkipping) {
      this.#isSkipping = false;
      return;
    }
    const rule = line.length > LINE_OCTETS_MAX ? 'unread' : readRule(decoded(line));
    if (rule === null) return;
    if (rule === 'unread') this.#skip(this.#line);
    else for (const name of rule.names) this.#builder.add(name, rule.marks);
  }

  #skip(line: number): void {
    this.#unread += 1;
    if (this.#firstUnread === 0) this.#firstUnread = line;
  }
}

function decoded(line: string): string {
  return NOT_ASCII.test(line) ? Buffer.from(line, 'latin1').toString('utf8') : line;
}
