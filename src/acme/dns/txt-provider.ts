// Who can put TXT records into a zone for dns-01 (RFC 8555 section 8.4): the zone's own server, the API of a provider, or
// a program of the owner's. Vocabulary only.

export interface TxtRecord {
  /** Where it goes, CNAMEs followed: lower case, without the last dot. */
  readonly name: string;
  /** At most 255 octets of printable ASCII. */
  readonly value: string;
}

export interface TxtProvider {
  /** For people: "Cloudflare", "the DNS server 192.168.1.1:53". */
  readonly name: string;
  /**
   * Adds one record beside those that are there.
   * @throws ChallengeProblem, or the signal's reason
   */
  add(record: TxtRecord, signal: AbortSignal): Promise<void>;
  /** Takes that one away, and no other; fine when it is gone already. @throws ChallengeProblem, or the signal's reason */
  remove(record: TxtRecord, signal: AbortSignal): Promise<void>;
}
