// `noonmark explain`: its words for a tired person, story by story.

import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/command.ts';
import { explain, explainLines, explanation } from '../../../src/cli/explain.ts';
import { notIssued, oneLiar, synchronized, untrusted } from '../../support/statuses.ts';
import { newPlace, run, serveStatus } from './control-runs.ts';

const text = (status: Parameters<typeof explainLines>[0]) => explainLines(status).join('\n');

describe('the text', () => {
  it('when the time is not known: what, since when, on what evidence, what still works, what to do', () => {
    expect(text(untrusted)).toBe(`\
The time is not known: internal names are answered, names of the world are not.

Names of the world are not answered: the time is not known
   since     for 40 s
   evidence  the system clock says 1970-01-01; no source of 3 answered; there is no stamp
   do this   Set the clock (date -s), or bring one time source back: 192.168.1.13, dns.quad9.net or
             203.0.113.5. Nothing needs a restart.

still works  internal names and the names of this server, on every listener
             the names of time servers and of our own upstreams
             names of the world that are still in the cache
does not     all other names: SERVFAIL with extended error 14 and the reason

Devices that ask 192.168.1.2 and look for encrypted DNS by themselves (DDR) are told of none: the
time is not known, and devices may refuse our certificate.`);
  });

  it('numbers several troubles', () => {
    expect(text(oneLiar)).toContain(
      '\n1. The system clock is 3 h behind\n   since     2026-11-03 06:12:45 UTC, for 2 h\n',
    );
    expect(text(oneLiar)).toContain('\n2. Upstream tls://one.one.one.one does not answer\n');
  });

  it('when nothing is degraded: one sentence, and what a power cut would do', () => {
    expect(text(synchronized)).toBe(`\
All is well: names are answered, and the time is known to within 2 ms.

If the power failed now and the system clock came back wrong, names of the world would be back at
once, on the stamp of 2026-11-03 07:40:02 UTC and for as long as the certificates of the upstreams
hold then; 3 time sources would be asked at once, at least 1 without a look-up.

Devices that ask 192.168.1.2 and look for encrypted DNS by themselves (DDR) are told of
dns.home.example, DoT on port 853 and DoH on port 443; the certificate names that address, so they
verify it where the local CA is installed on them; unverified, some may use it all the same, because
the address is private (RFC 9462 section 4.3).`);
  });

  it('when a CA does not issue: what it says, what to check, and how not to wait', () => {
    expect(text(notIssued)).toContain(`
No certificate of acme-v02.api.letsencrypt.org yet: devices that do not have ca.pem refuse DoT and
DoH
   since     2026-11-03 08:05:53 UTC, for 6 min 52 s
   evidence  dns.home.example was not proven: the CA says: 203.0.113.7: Timeout during connect
             (likely firewall problem) (connection)
   do this   check that each A and AAAA record of the name leads to this house (an AAAA record is
             tried first), that the router forwards port 80 to this server, and that no firewall or
             provider blocks it; then \`noonmark certificate renew --now\`, or wait: it is tried again
             by itself (next look at 2026-11-03 08:16:02 UTC); docs/certificates.md says more
`);
  });

  it('fits into a window', () => {
    for (const status of [untrusted, oneLiar, synchronized, notIssued])
      for (const line of explainLines(status)) expect(line.length).toBeLessThanOrEqual(100);
  });
});

it('--json has the same as values', async () => {
  const place = newPlace();
  await serveStatus(place, () => oneLiar);
  const { code, out } = await run(explain, ['--config', place.configFile, '--json']);
  expect(code).toBe(EXIT.OK);
  expect(JSON.parse(out)).toEqual(explanation(oneLiar));
  expect(JSON.parse(out)).toMatchObject({ degraded: oneLiar.degraded, works: expect.any(Array), waits: [] });
});
