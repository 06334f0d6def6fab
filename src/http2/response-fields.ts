// The fields of a response as they are decoded, judged by the rules of RFC 9113 section 8, and what a DoH client asks of them as
// a ResponseHead. A list that is too long is counted on and kept no more. It knows the fields that a DoH response may
// have a meaning in; the others are judged and forgotten.

import { contentLength, isRightName, isRightValue } from './field-rules.ts';
import type { FieldJudge } from './header-blocks.ts';
import { FIELD_OVERHEAD_OCTETS, HEADER_FIELDS, HEADER_LIST_OCTETS } from './limits.ts';

export interface ResponseHead {
  /** 0: there is none, as behind a body. */
  readonly status: number;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** -1: not announced. */
  readonly contentLength: number;
  readonly age: string | undefined;
}

const STATUS = /^[1-9]\d\d$/;
/** RFC 9113 section 8.6: HTTP/2 has no use for it. */
const SWITCHING_PROTOCOLS = 101;

export class ResponseFields implements FieldJudge<ResponseHead> {
  #status = 0;
  #contentType: string | undefined;
  #contentEncoding: string | undefined;
  #contentLength = -1;
  #age: string | undefined;
  #count = 0;
  #octets = 0;
  #isPastPseudo = false;
  #isMalformed = false;

  /** Ready for the next list. */
  begin(): this {
    this.#status = 0;
    this.#contentType = undefined;
    this.#contentEncoding = undefined;
    this.#contentLength = -1;
    this.#age = undefined;
    this.#count = 0;
    this.#octets = 0;
    this.#isPastPseudo = false;
    this.#isMalformed = false;
    return this;
  }

  get isTooLong(): boolean {
    return this.#count > HEADER_FIELDS || this.#octets > HEADER_LIST_OCTETS;
  }

  take(name: string, value: string): void {
    this.#count += 1;
    this.#octets += name.length + value.length + FIELD_OVERHEAD_OCTETS;
    if (this.isTooLong || this.#isMalformed) return;
    if (!isRightValue(value)) this.#isMalformed = true;
    else if (name.charCodeAt(0) === 0x3a) this.#pseudo(name, value);
    else this.#regular(name, value);
  }

  /** Null: it is malformed. */
  head(): ResponseHead | null {
    if (this.#isMalformed) return null;
    return {
      status: this.#status,
      contentType: this.#contentType,
      contentEncoding: this.#contentEncoding,
      contentLength: this.#contentLength,
      age: this.#age,
    };
  }

  /** Section 8.1: a list behind the body has no pseudo-header fields. */
  get areTrailers(): boolean {
    return !this.#isMalformed && this.#status === 0;
  }

  /** Section 8.3.2: one, and before all others. */
  #pseudo(name: string, value: string): void {
    const isStatus = name === ':status' && STATUS.test(value) && Number(value) !== SWITCHING_PROTOCOLS;
    if (this.#isPastPseudo || this.#status !== 0 || !isStatus) this.#isMalformed = true;
    else this.#status = Number(value);
  }

  /** What stands there twice is both values in a list (RFC 9110 section 5.2), and so no right one. */
  #regular(name: string, value: string): void {
    this.#isPastPseudo = true;
    if (!isRightName(name)) this.#isMalformed = true;
    else if (name === 'content-type') this.#contentType = listed(this.#contentType, value);
    else if (name === 'content-encoding') this.#contentEncoding = listed(this.#contentEncoding, value);
    else if (name === 'age') this.#age = listed(this.#age, value);
    else if (name === 'content-length') this.#announce(value);
  }

  #announce(value: string): void {
    this.#contentLength = contentLength(value, this.#contentLength);
    if (this.#contentLength < 0) this.#isMalformed = true;
  }
}

function listed(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
