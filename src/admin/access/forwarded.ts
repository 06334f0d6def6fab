// Did somebody else than its sender bring us this request? A reverse proxy on this host connects from loopback, and whoever
// reaches it would then count as this host. What proxies add, or how they speak, gives them away; one that hides all of it cannot be
// told from a program of this host (docs/api.md says what to do).

/** Forwarded (RFC 7239), Via (RFC 9110 section 7.6.3), and what was used before there were those. */
const MARKS =
  /^(?:forwarded|via|x-real-ip|x-forwarded(?:-.+)?|x-original-forwarded-for|(?:.+-)?(?:client|connecting)-ip)$/;

export interface Carried {
  /** "1.1". */
  readonly httpVersion: string;
  /** Names of all header fields, in lower case. */
  readonly fieldNames: readonly string[];
}

/** nginx has spoken HTTP/1.0 to the servers behind it for twenty years, and no browser or scraper does. */
export function isForwarded({ httpVersion, fieldNames }: Carried): boolean {
  return httpVersion !== '1.1' || fieldNames.some((name) => MARKS.test(name));
}
