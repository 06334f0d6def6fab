// A resource record as local zones hold it: owner, type, TTL and the RDATA octets, ready for the wire.
// Class is always IN: no other class is served here.

/** RFC 1035 section 3.2.1, class IN. */
export interface ResourceRecord {
  /** Owner in wire form, case as written, one character per octet; "\x01*" leads a wildcard (RFC 4592). */
  readonly owner: string;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Uncompressed RDATA. */
  readonly rdata: Uint8Array;
}
