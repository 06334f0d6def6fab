// When an owner is told of certificates that a CA has not issued, or not anew, and when there is nothing to tell yet.

import { describe, expect, it } from 'vitest';
import { certificateDegradations } from '../../../src/status/certificate-degradation.ts';
import type { Facts } from '../../../src/status/degradation.ts';
import type { CertificateReport, IssuanceStatus } from '../../../src/status/status.ts';
import { issued, notIssued, notRenewed, synchronized, untrusted } from '../../support/statuses.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse(synchronized.clock.now!);
const at = (ms: number) => new Date(NOW_MS + ms).toISOString();

const [localCa] = synchronized.certificates as [CertificateReport];
const [served, ownFiles] = issued.certificates as [CertificateReport, CertificateReport];
const [house] = issued.issuances as [IssuanceStatus];
const [missing] = notIssued.issuances as [IssuanceStatus];

function told(
  issuances: readonly IssuanceStatus[],
  certificates: readonly CertificateReport[],
  clock = synchronized.clock,
) {
  const facts = { certificates, issuances, clock, filesProblem: null, furtherProblems: [], uptimeMs: 9e9 };
  return certificateDegradations(facts as unknown as Facts);
}

const fresh: IssuanceStatus = {
  ...missing,
  phase: 'ordering',
  waitsFor: null,
  lastFailure: null,
  wantedForMs: 119_999,
};
const due: IssuanceStatus = { ...house, phase: 'waiting', renewAt: at(-HOUR_MS), waitsFor: 'for a reason' };
const failure = { at: at(-60_000), reason: 'the disk is full' };

describe('nothing is told', () => {
  it.each<[string, readonly IssuanceStatus[], readonly CertificateReport[]]>([
    ['while all is well', [house], [served, ownFiles]],
    ['without a CA', [], [localCa]],
    ['of a first order that is under way', [fresh], [localCa]],
    [
      'of a first order that waits for a moment',
      [{ ...fresh, phase: 'waiting', waitsFor: 'for the time' }],
      [localCa],
    ],
    ['of a renewal that is under way', [{ ...due, phase: 'ordering', waitsFor: null }], [served]],
    [
      'of a renewal that an owner asked for before its time, and that failed',
      [{ ...house, phase: 'waiting', waitsFor: failure.reason, lastFailure: failure }],
      [served],
    ],
    [
      'of one that is refused because the last was issued an hour ago',
      [
        {
          ...house,
          phase: 'waiting',
          waitsFor: 'a certificate for these very names was issued within 24 hours',
        },
      ],
      [served],
    ],
  ])('%s', (_what, issuances, certificates) => {
    expect(told(issuances, certificates)).toEqual([]);
  });

  it('of a renewal while the time is not known: nothing is due then', () => {
    expect(told([{ ...due, lastFailure: failure }], [served], untrusted.clock)).toEqual([]);
  });
});

describe('no certificate of a CA yet', () => {
  it('is told as the page of the story has it', () => {
    expect(told(notIssued.issuances, notIssued.certificates)).toEqual(notIssued.degraded);
  });

  it('is told at once when an order has failed, and after two minutes otherwise', () => {
    expect(
      told([{ ...fresh, phase: 'waiting', wantedForMs: 5, lastFailure: failure }], [localCa]),
    ).toMatchObject([{ sinceMs: 5, evidence: 'the disk is full' }]);
    expect(told([{ ...fresh, wantedForMs: 120_000 }], [localCa])).toMatchObject([
      { sinceMs: 120_000, since: at(-120_000), evidence: 'it is still being ordered' },
    ]);
    const waiting = { ...fresh, wantedForMs: 120_000, phase: 'waiting', waitsFor: 'for the time.' } as const;
    expect(told([waiting], [localCa])).toMatchObject([{ evidence: 'for the time' }]);
  });

  it('is told while the time is not known, without a date', () => {
    const waiting = {
      ...fresh,
      wantedForMs: 120_000,
      phase: 'waiting',
      waitsFor: 'the time is not known',
    } as const;
    expect(told([waiting], [localCa], untrusted.clock)).toMatchObject([
      { since: null, doThis: expect.stringContaining('(next look in 3 min 17 s)') },
    ]);
  });

  it('of a further one says what is shown in its place, and how to ask for that one', () => {
    const further = { ...missing, names: ['*.lab.example'] };
    expect(told([house, further], [served])).toMatchObject([
      {
        what: 'no certificate of acme-v02.api.letsencrypt.org yet: who asks for *.lab.example is shown the first one, and refuses DoT and DoH',
        doThis: expect.stringContaining("`noonmark certificate renew '*.lab.example' --now`"),
      },
    ]);
  });

  it('advises what the failure says to check; where that is nothing, to wait', () => {
    const reason =
      'the CA says: too many (rateLimited); what to check: nothing but the time: wait as the CA says';
    const [one] = told([{ ...missing, waitsFor: reason, lastFailure: { ...failure, reason } }], [localCa]);
    expect(one).toMatchObject({ evidence: 'the CA says: too many (rateLimited)' });
    expect(one!.doThis).toMatch(
      /^nothing but the time: wait as the CA says; it is tried again by itself \(next look/,
    );
    expect(one!.doThis).not.toContain('--now');
  });

  it('of a program that failed advises to try at once, or to read on', () => {
    const [one] = told([{ ...missing, waitsFor: null, lastFailure: failure }], [localCa]);
    expect(one!.doThis).toMatch(
      /^it is tried again .*; `noonmark certificate renew --now` .* docs\/certificates\.md/,
    );
  });
});

describe('a certificate that is not renewed', () => {
  it('is told as the page of the story has it', () => {
    expect(told(notRenewed.issuances.slice(0, 1), notRenewed.certificates)).toEqual(notRenewed.degraded);
  });

  it('is told since it was due, with what is left, also where it failed in an earlier life only', () => {
    const waitsFor = 'the last 3 attempts failed; the next is at 2026-11-03T14:02:11Z';
    expect(told([{ ...due, waitsFor }], [served])).toMatchObject([
      {
        what: 'the certificate is not renewed: 76 d 1 h of its life left',
        sinceMs: HOUR_MS,
        since: at(-HOUR_MS),
        evidence: waitsFor,
      },
    ]);
  });

  it('is told while it is tried again, and that nothing is to be done then', () => {
    const again = { ...due, phase: 'ordering', waitsFor: null, lastFailure: failure } as const;
    expect(told([again], [served])).toMatchObject([
      {
        evidence: expect.stringMatching(/^one is being ordered now; before, /),
        doThis: expect.stringMatching(/^nothing/),
      },
    ]);
  });

  it('of a further one is told by its names', () => {
    const lab = { ...served, names: ['lab.example'] };
    const issuance = { ...due, names: ['lab.example'] };
    expect(told([house, issuance], [served, lab])).toMatchObject([
      { what: expect.stringMatching(/^the certificate for lab\.example is not renewed/) },
    ]);
  });

  it('is something else than a new one that could not be stored', () => {
    const unstored = { ...house, isStored: false, lastSuccess: at(-60_000), waitsFor: 'ENOSPC' };
    expect(told([unstored], [served])).toMatchObject([
      {
        what: expect.stringMatching(/^a new certificate is served, and could not be stored/),
        sinceMs: 60_000,
        evidence: 'ENOSPC',
        doThis: expect.stringContaining('`certs_dir`'),
      },
    ]);
  });
});

describe('a certificate that is over', () => {
  const over = { ...served, notAfter: at(-HOUR_MS), problem: 'it ended on 2026-11-03' };

  it('of a CA is told once, with the failure and when it is tried again', () => {
    expect(told([{ ...due, nextLookMs: 60_000, lastFailure: failure }], [over])).toEqual([
      {
        id: 'certificate dns.home.example',
        what: 'the certificate that DoT and DoH show is not valid now; strict clients refuse it',
        since: at(-HOUR_MS),
        sinceMs: HOUR_MS,
        evidence: 'it ended on 2026-11-03; the last order failed: the disk is full',
        doThis:
          'the CA has to issue a new one; it is tried again by itself (next look at 2026-11-03 08:13:45 UTC); `noonmark certificate renew --now` does it at once, and docs/certificates.md says what can be wrong',
      },
    ]);
  });

  it('of your own is for you to renew', () => {
    const own = { ...ownFiles, notAfter: at(-HOUR_MS), problem: 'it ended' };
    expect(told([house], [served, own])).toMatchObject([
      {
        what: 'the certificate for dns.lab.example is not valid now; strict clients refuse it',
        doThis: 'renew it; it is read again at once (by you: the files are read again when they change)',
      },
    ]);
  });
});

describe('files of a further certificate that cannot be used', () => {
  const problem = { problem: 'none.pem: there is no such file', forMs: 60_000 };
  const tell = (isServed: boolean) =>
    certificateDegradations({
      ...{ certificates: [served], issuances: [], filesProblem: null, uptimeMs: 9e9 },
      clock: synchronized.clock,
      furtherProblems: [{ names: ['files.example'], problem, isServed }],
    } as unknown as Facts);

  it('are told, and what is shown in its place', () => {
    expect(tell(false)).toMatchObject([
      {
        what: 'the certificate for files.example is not served; the first one is shown in its place',
        evidence: problem.problem,
        doThis: expect.stringContaining('`certificate.more`'),
      },
    ]);
    expect(tell(true)[0]!.what).toContain('those read before are served');
  });
});
