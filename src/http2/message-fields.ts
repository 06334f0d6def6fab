// The fields of one message as they are decoded, judged by what holds for requests and responses alike (RFC 9113 section 8). A
// list that is too long is counted on and kept no more; a malformed one is its stream's end (section 8.1.1). Which
// fields a message has is for request-fields.ts and response-fields.ts.

import { contentLength, isRightName, isRightValue } from './field-rules.ts';
import type { FieldJudge } from './header-blocks.ts';
import { FIELD_OVERHEAD_OCTETS, HEADER_FIELDS, HEADER_LIST_OCTETS } from './limits.ts';

const COLON = 0x3a;

export abstract class MessageFields<Head> implements FieldJudge<Head> {
  /** -1: not announced. */
  protected contentLength = -1;
  protected isMalformed = false;
  /** Pseudo-header fields stand before all others (section 8.3). */
  protected isPastPseudo = false;
  #count = 0;
  #octets = 0;

  /** Ready for the next list. */
  begin(): this {
    this.contentLength = -1;
    this.isMalformed = false;
    this.isPastPseudo = false;
    this.#count = 0;
    this.#octets = 0;
    this.clear();
    return this;
  }

  get isTooLong(): boolean {
    return this.#count > HEADER_FIELDS || this.#octets > HEADER_LIST_OCTETS;
  }

  take(name: string, value: string): void {
    this.#count += 1;
    this.#octets += name.length + value.length + FIELD_OVERHEAD_OCTETS;
    if (this.isTooLong || this.isMalformed) return;
    if (!isRightValue(value)) this.isMalformed = true;
    else if (name.charCodeAt(0) === COLON) this.pseudo(name, value);
    else this.#regular(name, value);
  }

  #regular(name: string, value: string): void {
    this.isPastPseudo = true;
    if (!isRightName(name)) this.isMalformed = true;
    else if (name === 'content-length') this.#announce(value);
    else this.regular(name, value);
  }

  #announce(value: string): void {
    this.contentLength = contentLength(value, this.contentLength);
    if (this.contentLength < 0) this.isMalformed = true;
  }

  /** Null: it is malformed. */
  abstract head(): Head | null;

  /** Section 8.1: a list behind the body has no pseudo-header fields. */
  abstract get areTrailers(): boolean;

  /** Forgets what was kept of the list before. */
  protected abstract clear(): void;

  protected abstract pseudo(name: string, value: string): void;

  /** Of a right name, and not content-length. */
  protected abstract regular(name: string, value: string): void;
}
