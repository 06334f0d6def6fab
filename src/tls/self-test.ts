// Before OpenSSL's functions are trusted with a peer, they must tell a good chain from a foreign, an old and a
// misnamed one, with exactly the verdicts below. Run once at start; a library that fails is not used at all.

import { loadOpenSsl, type OpenSsl, type OpenSslResult } from './openssl.ts';
import { TrustAnchors } from './trust-anchors.ts';
import type { Verdict } from './verdict.ts';
import { verifyChain } from './verify.ts';

/** OpenSSL's functions, loaded and proven, or why not. */
export function loadProvenOpenSsl(load: () => OpenSslResult = loadOpenSsl): OpenSslResult {
  const loaded = load();
  if (loaded.openssl === null) return loaded;
  const problem = selfTest(loaded.openssl);
  return problem === null ? loaded : { openssl: null, reason: problem };
}

/** Null when every verdict is the right one, else which was not. */
export function selfTest(openssl: OpenSsl): string | null {
  try {
    const anchors = TrustAnchors.fromPem(`-----BEGIN CERTIFICATE-----\n${ROOT}\n-----END CERTIFICATE-----\n`);
    const wrong = CASES.find(({ certificate, name, at, verdict }) => {
      const chain = [Buffer.from(certificate, 'base64')];
      return outline(verifyChain(openssl, { chain, name, anchors, at })) !== verdict;
    });
    return wrong ? `OpenSSL's functions misjudged ${wrong.what} in the self-test` : null;
  } catch (error) {
    return `OpenSSL's functions failed in the self-test: ${error instanceof Error ? error.message : error}`;
  }
}

/** The findings that hold: "identity chain dates" when all do. */
function outline(verdict: Verdict): string {
  const aspects = ['identity', 'chain', 'dates'] as const;
  return aspects.filter((aspect) => verdict[aspect].ok).join(' ');
}

// Made by test/support/pki.ts with keys that were never written down:
//   const year = (y) => new Date(Date.UTC(y, 0, 1));
//   const root = () => authority({ subject: 'Noonmark Self-Test', issuer: 'self', notBefore: year(2020), notAfter: year(2040) });
//   const leaf = (issuer, y) => issue({ names: ['dns.example'], issuer, notBefore: year(y), notAfter: year(y + 1) });
// ROOT is root(), GOOD leaf(ROOT, 2026), EXPIRED leaf(ROOT, 2025), and FOREIGN leaf(root(), 2026): another key, the same name.

const ROOT =
  'MIIBmzCCAUGgAwIBAgIQAfm4Aj/g/zWP9h3QHOmizDAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJOb29ubWFyayBTZWxmLVRlc3Qw' +
  'HhcNMjAwMTAxMDAwMDAwWhcNNDAwMTAxMDAwMDAwWjAdMRswGQYDVQQDDBJOb29ubWFyayBTZWxmLVRlc3QwWTATBgcqhkjOPQIB' +
  'BggqhkjOPQMBBwNCAAREJ82FsaE3ZhU5aukql6hnAV78lMmnAaKM254sQhxLd8xVh7xPUuutl0ZFxE07GoNSOpJzbPrhRAbdlGSm' +
  '8C4oo2MwYTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUT4rXU+n7/0nL3U5eIJfI04yVO9gwHwYD' +
  'VR0jBBgwFoAUT4rXU+n7/0nL3U5eIJfI04yVO9gwCgYIKoZIzj0EAwIDSAAwRQIhAO0BtzXeiPePBvfxzX9UQphjVy7X5ilD8mdS' +
  'vLhc2Dl3AiBmBnvzGMArIVo1+y8pHxq4TwkNi56MfUbsk/jErpciUQ==';

const GOOD =
  'MIIBwDCCAWagAwIBAgIQAfjxMDk/WviZioddc5zS7jAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJOb29ubWFyayBTZWxmLVRlc3Qw' +
  'HhcNMjYwMTAxMDAwMDAwWhcNMjcwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtkbnMuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49' +
  'AwEHA0IABNiwVATL64iwwHv6yb0VoTSf0/IBfllBcbqoPmvwCeo4pXXrvSRS1hdZ1F2PIZO+fSThnbNGwyXbcFQOOp9/DIWjgY4w' +
  'gYswDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFGJ28m3AOQoRHDnI' +
  'AfA4HO6E2pWGMB8GA1UdIwQYMBaAFE+K11Pp+/9Jy91OXiCXyNOMlTvYMBYGA1UdEQQPMA2CC2Rucy5leGFtcGxlMAoGCCqGSM49' +
  'BAMCA0gAMEUCIQDdByIkUIWWt5RgplhJzr5GwC7X5uYL6T/3L+xryTQ1eAIgIZn5Vy3FLhoqh49H+DWM4s300Z76cyVJwf9XYfj7' +
  'xBs=';

const EXPIRED =
  'MIIBwDCCAWagAwIBAgIQAaooX2faA4OIZdPKLooAADAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJOb29ubWFyayBTZWxmLVRlc3Qw' +
  'HhcNMjUwMTAxMDAwMDAwWhcNMjYwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtkbnMuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49' +
  'AwEHA0IABJyEhflxX9tVwCOuN8ZNn+++GFDoACWSbRTj5iwEIWnxjVczMCXSmUULGOy5K3R6Hh/3PF8flKOJ/kitGP2KuhujgY4w' +
  'gYswDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFJvGlPmy1VQxy7tO' +
  '6TwBIG9qy0a3MB8GA1UdIwQYMBaAFE+K11Pp+/9Jy91OXiCXyNOMlTvYMBYGA1UdEQQPMA2CC2Rucy5leGFtcGxlMAoGCCqGSM49' +
  'BAMCA0gAMEUCIDQsBwLsoKjG/odU1EaJz+r13q2/gIKYLatkSUlz/n/JAiEAnfp2pXi260RetNRfHc+Cc4bU4HJ8WDg+VjokZ4Hu' +
  'W6A=';

const FOREIGN =
  'MIIBwTCCAWagAwIBAgIQAZ4HOOAGF57m14fxBupFOTAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJOb29ubWFyayBTZWxmLVRlc3Qw' +
  'HhcNMjYwMTAxMDAwMDAwWhcNMjcwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtkbnMuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49' +
  'AwEHA0IABEWAUjhWE71aedR+YrnnQ5U9x9jTBAX0hQWtpL+8QoOZ2hyFD86kCQo06RZxNYaERWlFnd24/o0xq8Wj346QMgKjgY4w' +
  'gYswDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFOdWM/y3SNVoRY/Q' +
  'nYBIfMhFhLIqMB8GA1UdIwQYMBaAFHDM5IHaddwUbxRbvymN66LZA0m/MBYGA1UdEQQPMA2CC2Rucy5leGFtcGxlMAoGCCqGSM49' +
  'BAMCA0kAMEYCIQDcyRS+0VHLQYV6Y9xgODE27jbBJr+MCqm95Xe8M7/gtwIhAKtuHtYTRSPTzkGE0FDtH/SMntAw6NE2h2ouxN7n' +
  'jQJj';

const IN_2026 = Date.UTC(2026, 6, 1);
const IN_2030 = Date.UTC(2030, 6, 1);

const CASES = [
  {
    what: 'a good chain',
    certificate: GOOD,
    name: 'dns.example',
    at: IN_2026,
    verdict: 'identity chain dates',
  },
  { what: 'a wrong name', certificate: GOOD, name: 'other.example', at: IN_2026, verdict: 'chain dates' },
  {
    what: 'an expired chain',
    certificate: EXPIRED,
    name: 'dns.example',
    at: IN_2026,
    verdict: 'identity chain',
  },
  {
    what: 'a foreign chain',
    certificate: FOREIGN,
    name: 'dns.example',
    at: IN_2026,
    verdict: 'identity dates',
  },
  // A foreign chain that a wrong date must not hide.
  {
    what: 'a foreign, expired chain',
    certificate: FOREIGN,
    name: 'dns.example',
    at: IN_2030,
    verdict: 'identity',
  },
];
