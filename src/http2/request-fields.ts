// The fields of a request as they are decoded, judged by the rules of RFC 9113 section 8, and what a server asks of them as a
// RequestHead. A list that is too long is counted on and kept no more; a malformed one is its stream's end (section 8.1.1).
// It knows the fields that some handler reads; the others are judged and forgotten.

import { contentLength, isRightName, isRightValue } from './field-rules.ts';
import type { FieldJudge } from './header-blocks.ts';
import { FIELD_OVERHEAD_OCTETS, HEADER_FIELDS, HEADER_LIST_OCTETS } from './limits.ts';

export interface RequestHead {
  readonly method: string;
  /** Path and query string; empty for CONNECT. */
  readonly path: string;
  readonly contentType: string | undefined;
  /** -1: not announced. */
  readonly contentLength: number;
}

export class RequestFields implements FieldJudge<RequestHead> {
  #method = '';
  #path = '';
  #scheme = '';
  #authority: string | undefined;
  #host: string | undefined;
  #contentType: string | undefined;
  #contentLength = -1;
  #count = 0;
  #octets = 0;
  #isPastPseudo = false;
  #isMalformed = false;

  /** Ready for the next list. */
  begin(): this {
    this.#method = '';
    this.#path = '';
    this.#scheme = '';
    this.#authority = undefined;
    this.#host = undefined;
    this.#contentType = undefined;
    this.#contentLength = -1;
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
  head(): RequestHead | null {
    if (this.#isMalformed || !this.#isComplete()) return null;
    return {
      method: this.#method,
      path: this.#path,
      contentType: this.#contentType,
      contentLength: this.#contentLength,
    };
  }

  /** Section 8.1: a list behind the body has no pseudo-header fields. */
  get areTrailers(): boolean {
    return !this.#isMalformed && this.#method + this.#path + this.#scheme === '' && !this.#authority;
  }

  /** Sections 8.3.1 and 8.5. */
  #isComplete(): boolean {
    const hasAuthority = (this.#authority ?? this.#host ?? '') !== '';
    if (this.#method === 'CONNECT') return hasAuthority && this.#scheme === '' && this.#path === '';
    const isAsterisk = this.#path === '*' && this.#method === 'OPTIONS';
    const hasPath = this.#path.startsWith('/') || isAsterisk;
    return this.#method !== '' && this.#scheme !== '' && hasPath && hasAuthority;
  }

  /** Each at most once, and before all others. */
  #pseudo(name: string, value: string): void {
    if (this.#isPastPseudo) this.#isMalformed = true;
    else if (name === ':method') this.#method = this.#once(this.#method, value);
    else if (name === ':path') this.#path = this.#once(this.#path, value);
    else if (name === ':scheme') this.#scheme = this.#once(this.#scheme, value);
    else if (name === ':authority') this.#authority = this.#once(this.#authority ?? '', value);
    else this.#isMalformed = true;
  }

  #once(before: string, value: string): string {
    if (before !== '' || value === '') this.#isMalformed = true;
    return value;
  }

  #regular(name: string, value: string): void {
    this.#isPastPseudo = true;
    if (!isRightName(name)) this.#isMalformed = true;
    else if (name === 'te') this.#isMalformed = value !== 'trailers';
    else if (name === 'host') this.#host = value;
    else if (name === 'content-type') this.#contentType = value;
    else if (name === 'content-length') this.#announce(value);
  }

  #announce(value: string): void {
    this.#contentLength = contentLength(value, this.#contentLength);
    if (this.#contentLength < 0) this.#isMalformed = true;
  }
}
