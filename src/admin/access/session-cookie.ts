// The cookie that carries a session (RFC 6265): over TLS with the prefix __Host-, which ties it to this very host and to TLS
// (draft-ietf-httpbis-rfc6265bis section 4.1.3.2), always HttpOnly and SameSite=Strict. Over plain HTTP, which this server
// speaks on loopback alone, there is no such prefix, and another name: neither is ever taken for the other.

const ENCRYPTED = { name: '__Host-noonmark', fields: 'Path=/; Secure; HttpOnly; SameSite=Strict' } as const;
const PLAIN = { name: 'noonmark', fields: 'Path=/; HttpOnly; SameSite=Strict' } as const;

/** What an id looks like: 32 octets as base64url. */
const ID = /^[\w-]{43}$/;

/** Without an end, so that it goes with the browser; when the session ends is the server's business. */
export function setCookie(id: string, isEncrypted: boolean): string {
  const { name, fields } = isEncrypted ? ENCRYPTED : PLAIN;
  return `${name}=${id}; ${fields}`;
}

export function clearCookie(isEncrypted: boolean): string {
  const { name, fields } = isEncrypted ? ENCRYPTED : PLAIN;
  return `${name}=; Max-Age=0; ${fields}`;
}

/**
 * The id in a Cookie field; null: there is none. Two of our name are none either: another server on this host (cookies know no
 * ports) has set one of them.
 */
export function sessionIdIn(cookie: string, isEncrypted: boolean): string | null {
  const { name } = isEncrypted ? ENCRYPTED : PLAIN;
  const values = cookie.split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at !== -1 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return values.length === 1 && ID.test(values[0]!) ? values[0]! : null;
}
