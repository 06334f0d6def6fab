// What we think of a TLS peer: its identity, its chain and its dates, judged apart.
// Apart, because "expired but genuine" asks for another remedy than "somebody else", and because only the first
// says anything about a clock. Vocabulary only: verify.ts finds the verdict, connect.ts acts on it.

/** One of the three judgements; `reason` is a part of a sentence, for a person, free of control characters. */
export type Finding = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface Verdict {
  /** The peer's certificate names the host that was asked for, and its key fits the pins, if any (RFC 9525). */
  readonly identity: Finding;
  /** It descends from a trust anchor by an unbroken chain that is fit for a server (RFC 5280 section 6). */
  readonly chain: Finding;
  /** Every certificate of that chain is valid at the instant of the judgement. */
  readonly dates: Finding;
}

export const holds: Finding = { ok: true };

export const fails = (reason: string): Finding => ({ ok: false, reason });

/** For a chain that could not even be read. */
export function nothingHolds(reason: string): Verdict {
  return { identity: fails(reason), chain: fails(reason), dates: fails(reason) };
}

/** All three hold; nothing less is trusted. */
export function isTrusted(verdict: Verdict): boolean {
  return verdict.identity.ok && verdict.chain.ok && verdict.dates.ok;
}

/** Which of the three failed, and why: "dates: the certificate ended on …"; several are joined by "; ". */
export function describeVerdict(verdict: Verdict): string {
  const aspectsByReason = new Map<string, string[]>();
  for (const aspect of ['identity', 'chain', 'dates'] as const) {
    const finding = verdict[aspect];
    if (!finding.ok)
      aspectsByReason.set(finding.reason, [...(aspectsByReason.get(finding.reason) ?? []), aspect]);
  }
  if (aspectsByReason.size === 0) return 'identity, chain and dates hold';
  return [...aspectsByReason].map(([reason, aspects]) => `${aspects.join(', ')}: ${reason}`).join('; ');
}

/** The peer answered, and is not to be talked to. Nothing but the handshake was sent. */
export class PeerUntrusted extends Error {
  override readonly name = 'PeerUntrusted';
  readonly code = 'peer-untrusted';
  readonly verdict: Verdict;

  /** `peer` says who, for a person: "dns.example at 192.0.2.1 port 853". */
  constructor(peer: string, verdict: Verdict) {
    super(`${peer} is not trusted: ${describeVerdict(verdict)}`);
    this.verdict = verdict;
  }
}
