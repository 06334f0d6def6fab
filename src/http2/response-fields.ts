// The fields of a response as they are decoded, judged by the rules of RFC 9113 section 8 (those that requests have too are in
// message-fields.ts), and what a DoH client asks of them as a ResponseHead. It knows the fields that a DoH response may
// have a meaning in; the others are judged and forgotten.

import { MessageFields } from './message-fields.ts';

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

export class ResponseFields extends MessageFields<ResponseHead> {
  #status = 0;
  #contentType: string | undefined;
  #contentEncoding: string | undefined;
  #age: string | undefined;

  protected override clear(): void {
    this.#status = 0;
    this.#contentType = undefined;
    this.#contentEncoding = undefined;
    this.#age = undefined;
  }

  override head(): ResponseHead | null {
    if (this.isMalformed) return null;
    return {
      status: this.#status,
      contentType: this.#contentType,
      contentEncoding: this.#contentEncoding,
      contentLength: this.contentLength,
      age: this.#age,
    };
  }

  override get areTrailers(): boolean {
    return !this.isMalformed && this.#status === 0;
  }

  /** Section 8.3.2: one, and before all others. */
  protected override pseudo(name: string, value: string): void {
    const isStatus = name === ':status' && STATUS.test(value) && Number(value) !== SWITCHING_PROTOCOLS;
    if (this.isPastPseudo || this.#status !== 0 || !isStatus) this.isMalformed = true;
    else this.#status = Number(value);
  }

  /** What stands there twice is both values in a list (RFC 9110 section 5.2), and so no right one. */
  protected override regular(name: string, value: string): void {
    if (name === 'content-type') this.#contentType = listed(this.#contentType, value);
    else if (name === 'content-encoding') this.#contentEncoding = listed(this.#contentEncoding, value);
    else if (name === 'age') this.#age = listed(this.#age, value);
  }
}

function listed(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
