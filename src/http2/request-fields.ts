// The fields of a request as they are decoded, judged by the rules of RFC 9113 section 8 (those that responses have too are in
// message-fields.ts), and what a server asks of them as a RequestHead. It knows the fields that some handler reads; the
// others are judged and forgotten.

import { MessageFields } from './message-fields.ts';

export interface RequestHead {
  readonly method: string;
  /** Path and query string; empty for CONNECT. */
  readonly path: string;
  readonly contentType: string | undefined;
  /** -1: not announced. */
  readonly contentLength: number;
}

export class RequestFields extends MessageFields<RequestHead> {
  #method = '';
  #path = '';
  #scheme = '';
  #authority: string | undefined;
  #host: string | undefined;
  #contentType: string | undefined;

  protected override clear(): void {
    this.#method = '';
    this.#path = '';
    this.#scheme = '';
    this.#authority = undefined;
    this.#host = undefined;
    this.#contentType = undefined;
  }

  override head(): RequestHead | null {
    if (this.isMalformed || !this.#isComplete()) return null;
    return {
      method: this.#method,
      path: this.#path,
      contentType: this.#contentType,
      contentLength: this.contentLength,
    };
  }

  override get areTrailers(): boolean {
    return !this.isMalformed && this.#method + this.#path + this.#scheme === '' && !this.#authority;
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
  protected override pseudo(name: string, value: string): void {
    if (this.isPastPseudo) this.isMalformed = true;
    else if (name === ':method') this.#method = this.#once(this.#method, value);
    else if (name === ':path') this.#path = this.#once(this.#path, value);
    else if (name === ':scheme') this.#scheme = this.#once(this.#scheme, value);
    else if (name === ':authority') this.#authority = this.#once(this.#authority ?? '', value);
    else this.isMalformed = true;
  }

  #once(before: string, value: string): string {
    if (before !== '' || value === '') this.isMalformed = true;
    return value;
  }

  protected override regular(name: string, value: string): void {
    if (name === 'te') this.isMalformed = value !== 'trailers';
    else if (name === 'host') this.#host = value;
    else if (name === 'content-type') this.#contentType = value;
  }
}
