// Whether a browser may make this request to the admin listener, judged by what it says of the page behind it: Fetch Metadata
// (https://www.w3.org/TR/fetch-metadata/) and Origin (RFC 6454). A page of another place may lead somebody here, and do nothing
// else: neither send a form, nor load, embed or read anything. Programs that are no browsers send none of these fields.
// Pure. That Origin and Host fit together is admin-request.ts.

import { isPagePath } from './route.ts';

export interface FetchFields {
  readonly method: string;
  readonly path: string;
  readonly isEncrypted: boolean;
  readonly origin: string | undefined;
  /** Sec-Fetch-Site, -Mode and -Dest, as they were sent. */
  readonly site: string | undefined;
  readonly mode: string | undefined;
  readonly dest: string | undefined;
}

const FOREIGN: ReadonlySet<string> = new Set(['cross-site', 'same-site']);

/** Why it is refused (403), as a sentence; null: it is not. */
export function judgeFetch(fields: FetchFields): string | null {
  const { method, path, isEncrypted, origin, site, mode, dest } = fields;
  // A page that somebody on the path has put in our place, without TLS, at this very host and port.
  if (isEncrypted && origin !== undefined && !/^https:/i.test(origin))
    return 'pages without TLS may not ask here';
  if (site === undefined || !FOREIGN.has(site.toLowerCase())) return null;
  const isLink = method === 'GET' && mode === 'navigate' && dest === 'document' && isPagePath(path);
  return isLink ? null : 'pages of other places may lead here, and nothing else';
}
