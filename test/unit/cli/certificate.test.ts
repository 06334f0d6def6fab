// `noonmark certificate`: how certificates are shown, what the server is asked, what comes of it, and command lines that
// mean nothing.

import { writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { RenewalOutcome, RenewalWish } from '../../../src/admin/renewals.ts';
import { certificate } from '../../../src/cli/certificate.ts';
import { certificateLines } from '../../../src/cli/certificate-lines.ts';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import type { Status } from '../../../src/status/status.ts';
import * as statuses from '../../support/statuses.ts';
import { issued, notIssued, notRenewed, synchronized, untrusted } from '../../support/statuses.ts';
import { newPlace, run, serveStatus, serveSubject } from './control-runs.ts';

const text = (status: Status) => certificateLines(status).join('\n');

describe('the text', () => {
  it('of what a CA has issued, and of a further one from files', () => {
    expect(text(issued)).toBe(`\
dns.home.example, home.example
  shown to     everybody who asks for no other name
  life         2026-10-20 09:00:00 UTC to 2027-01-18 08:59:59 UTC: 76 d 1 h left, 15 % over
  issuer       C=US, O=Let's Encrypt, CN=E7
  from         acme-v02.api.letsencrypt.org, proven by dns-01
  next one     is due on 2026-12-19 08:12:00 UTC, drawn from the CA's window
  CA's window  2026-12-18 06:00:00 UTC to 2026-12-20 06:00:00 UTC

dns.lab.example
  shown to  who asks for these names
  life      2026-06-01 00:00:00 UTC to 2027-06-01 00:00:00 UTC: 209 d 16 h left, 42 % over
  issuer    CN=Lab CA
  from      your files
  renewal   by you: the files are read again when they change`);
  });

  it('of what a CA has not issued, with the failure in words', () => {
    expect(text(notIssued)).toBe(`\
dns.home.example, 192.168.1.2
  shown to  everybody who asks for no other name
  life      2026-10-20 09:00:00 UTC to 2026-12-04 09:00:00 UTC: 31 d 1 h left, 31 % over
  issuer    CN=Noonmark local CA
  from      the local CA, until there is one of acme-v02.api.letsencrypt.org
  renewal   by itself, 30 days before its end

dns.home.example: not issued yet
  meanwhile     the certificate of the local CA
  from          acme-v02.api.letsencrypt.org, proven by http-01
  first one     is due, and the last order failed (next look at 2026-11-03 08:16:02 UTC)
  last failure  2026-11-03 08:11:02 UTC, 1 min 43 s ago: dns.home.example was not proven: the CA
                says: 203.0.113.7: Timeout during connect (likely firewall problem) (connection);
                what to check: that each A and AAAA record of the name leads to this house (an AAAA
                record is tried first), that the router forwards port 80 to this server, and that no
                firewall or provider blocks it`);
  });

  it('of one that waits, and of one that is being ordered', () => {
    expect(text(notRenewed)).toMatch(/^ {2}waits for {5}the last 9 attempts failed; the next is at 2026-/m);
    expect(text(notRenewed)).toMatch(/^\*\.lab\.example: not issued yet$/m);
    expect(text(notRenewed)).toMatch(/^ {2}meanwhile {2}the first certificate, which lacks these names$/m);
    expect(text(notRenewed)).toMatch(/^ {2}first one {2}is being ordered now$/m);
  });

  it('says that no life can be judged while the time is not known, and shows no date of ours', () => {
    expect(text(untrusted)).toContain('UTC: where in it we are is not known\n');
    expect(text(untrusted)).toMatch(
      /\n\nThe time is not known: no life can be judged, and nothing is ordered\.$/,
    );
    const failed = { ...notIssued, clock: untrusted.clock };
    expect(text(failed)).toContain('the last order failed (next look in 3 min 17 s)');
    expect(text(failed)).toContain('  last failure  2026-11-03 08:11:02 UTC: dns.home.example');
  });

  it('has what is wrong with files and dates, and when the CA last issued', () => {
    const [one] = issued.certificates;
    const [issuance] = issued.issuances;
    const found = {
      ...issued,
      certificates: [{ ...one!, problem: 'it ended on 2026-11-02', filesProblem: 'key.pem: gone' }],
      issuances: [
        {
          ...issuance!,
          lastSuccess: '2026-11-03T08:12:00.000Z',
          window: { ...issuance!.window!, explanation: 'https://ca.example/why' },
        },
      ],
    };
    expect(text(found)).toMatch(/^ {2}problem {7}it ended on 2026-11-02\n {2}problem {7}key\.pem: gone$/m);
    expect(text(found)).toMatch(/^ {2}last success {2}2026-11-03 08:12:00 UTC, 45 s ago$/m);
    expect(text(found)).toContain('2026-12-20 06:00:00 UTC (https://ca.example/why)');
  });

  it('says when there is none', () => {
    expect(text({ ...synchronized, certificates: [] })).toBe(
      'No certificate is served yet, and none is wanted of a CA.',
    );
  });

  it.each(Object.entries(statuses))('fits into a window: %s', (_story, status) => {
    for (const line of certificateLines(status)) expect(line.length).toBeLessThanOrEqual(100);
  });
});

async function ask(args: readonly string[], status: Status = issued) {
  const place = newPlace();
  await serveStatus(place, () => status);
  return run(certificate, [...args, '--config', place.configFile]);
}

describe('certificate status', () => {
  it('gives the text, or with --json both lists', async () => {
    expect(await ask(['status'])).toEqual({ code: EXIT.OK, err: '', out: `${text(issued)}\n` });
    const { out } = await ask(['status', '--json']);
    expect(JSON.parse(out)).toEqual({ certificates: issued.certificates, issuances: issued.issuances });
  });

  it('prints nothing that moves the cursor', async () => {
    const [issuance] = notIssued.issuances;
    const evil = {
      ...issuance!,
      lastFailure: { at: issuance!.lastFailure!.at, reason: 'evil\u001b[2J\nline' },
    };
    const { out } = await ask(['status'], { ...notIssued, issuances: [evil] });
    expect(out).toContain('evil\\u001b[2J\\u000aline');
    expect(out).not.toContain('\u001b');
  });
});

describe('certificate renew', () => {
  it('alone says when it is due and how to have it now, and asks for nothing', async () => {
    const wild = { ...notIssued.issuances[0]!, names: ['*.lab.example'] };
    const { code, out } = await ask(['renew'], { ...issued, issuances: [...issued.issuances, wild] });
    expect(code).toBe(EXIT.OK);
    expect(out).toContain('\n  next one     is due on 2026-12-19 08:12:00 UTC, drawn from the CA');
    expect(out).toContain('\n  do it now    noonmark certificate renew dns.home.example --now\n');
    expect(out).toContain('\n  rehearse it  noonmark certificate renew dns.home.example --dry-run\n');
    expect(out).toMatch(/\n\n\*\.lab\.example: not issued yet\n/);
    expect(out).toContain("\n  do it now    noonmark certificate renew '*.lab.example' --now\n");
    expect((await ask(['renew', 'HOME.example.'])).out).toMatch(
      /^dns\.home\.example, home\.example: 76 d 1 h left/,
    );
    expect(JSON.parse((await ask(['renew', '--json'])).out)).toEqual({ issuances: issued.issuances });
  });

  it('alone says so where no certificate is wanted of a CA, or none of that name, and ends with 1', async () => {
    expect(await ask(['renew'], synchronized)).toMatchObject({
      code: EXIT.FAILED,
      out: 'No certificate is ordered from a CA: there is no `acme` in its configuration.\n',
    });
    expect(await ask(['renew', 'x.example'])).toMatchObject({
      code: EXIT.FAILED,
      out: 'No certificate with the name x.example is ordered from a CA: those that are begin with dns.home.example.\n',
    });
  });

  const done = { ok: true, sentence: 'A new certificate is served, by CN=E7.' };
  const refused = { ok: false, sentence: 'No new certificate: evil\u001b[2J.' };

  it.each<[readonly string[], RenewalWish, RenewalOutcome, number]>([
    [['--now'], { name: null, isDryRun: false }, done, EXIT.OK],
    [['Home.Example.', '--now'], { name: 'home.example', isDryRun: false }, refused, EXIT.FAILED],
    [['--dry-run'], { name: null, isDryRun: true }, done, EXIT.OK],
    [['*.lab.example', '--dry-run'], { name: '*.lab.example', isDryRun: true }, refused, EXIT.FAILED],
    [['2001:DB8:0::1', '--now'], { name: '2001:db8::1', isDryRun: false }, done, EXIT.OK],
  ])('%j asks the server, and prints what came of it', async (args, wish, outcome, exit) => {
    const place = newPlace();
    const renewCertificate = vi.fn(async () => outcome);
    await serveSubject(place, { status: () => issued, renewCertificate });
    const words = ['renew', ...args, '--config', place.configFile];
    const { code, out } = await run(certificate, words);
    expect(code).toBe(exit);
    expect(out).toBe(`${outcome.sentence.replace('\u001b', '\\u001b')}\n`);
    expect(renewCertificate).toHaveBeenCalledExactlyOnceWith(wish);
    const json = await run(certificate, [...words, '--json']);
    expect(json.code).toBe(exit);
    expect(JSON.parse(json.out)).toEqual({ name: wish.name, dryRun: wish.isDryRun, ...outcome });
  });
});

describe('without a server', () => {
  it.each([[['status']], [['renew']], [['renew', '--now']], [['renew', 'a.example', '--dry-run']]])(
    '%j exits with 69, and with 78 where the configuration is bad',
    async (args) => {
      const { configFile } = newPlace();
      const absent = await run(certificate, [...args, '--config', configFile]);
      expect(absent).toMatchObject({ code: EXIT.UNAVAILABLE, out: '' });
      expect(absent.err).toContain('no server answers');
      writeFileSync(configFile, 'listen: 7');
      expect(await run(certificate, [...args, '--config', configFile])).toMatchObject({ code: EXIT.CONFIG });
    },
  );
});

it.each([
  [[], 'what can be done with certificates is `status` and `renew`'],
  [['renwe'], 'what can be done with certificates is `status` and `renew`'],
  [['status', 'a.example'], '`certificate status` takes no name, and shows all'],
  [['status', '--now'], '--now and --dry-run belong to `certificate renew`'],
  [['renew', '--now', '--dry-run'], '--now and --dry-run exclude each other'],
  [['renew', 'a..b'], '"a..b" has an empty label'],
  [['renew', 'a', 'b'], '"b" is one word too many'],
])('%j is a wrong command line', async (args, message) => {
  await expect(run(certificate, args)).rejects.toThrow(new UsageError(message));
});
