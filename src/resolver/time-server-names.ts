// Names of time servers, which are looked up even while the clock is untrusted (docs/time.md): without their addresses
// nobody in the house, this server included, finds the way back to the right time.
// A literal list, because whoever holds a stolen and expired certificate of an upstream could answer for these names
// in that state, and for no others. What is on it: what systems and devices ask unless told otherwise, and public
// servers that are listed as open to everybody. Others are known by being configured as time sources.

import { isAtOrBelow, type NameKey, nameKey } from '../dns/names.ts';

/** Names where everything below is a time server too. */
const ZONES: readonly NameKey[] = [
  'pool.ntp.org', // the NTP Pool, with countries and vendors: debian, fedora, openwrt, freebsd, android, amazon, …
  'ntp.ubuntu.com', // Ubuntu; 1 to 4 below it speak NTS
  'ntp.se', // Netnod, Sweden: anycast at the name itself, cities below
  'nts.netnod.se', // the same with NTS
  'roughtime.netnod.se',
  'time.system76.com', // Pop!_OS; one name a region
].map((name) => nameKey(name));

const NAMES: ReadonlySet<NameKey> = new Set(
  [
    // Google: ChromeOS, Android, and systemd-timesyncd as it comes (time1 to time4)
    'time.google.com',
    ...numbered((number) => `time${number}.google.com`, 4),
    'time.android.com',
    // Apple: macOS, iOS and their regions
    'time.apple.com',
    'time-macos.apple.com',
    'time-ios.apple.com',
    'time.euro.apple.com',
    'time.asia.apple.com',
    ...numbered((number) => `time${number}.apple.com`, 7),
    'time.windows.com', // Windows and Xbox
    'ntp-bootstrap.ubuntu.com', // Ubuntu without a clock of its own: NTS under a certificate of its own
    'time.grapheneos.org', // GrapheneOS
    'time.xtracloud.net', // Qualcomm's positioning, in many phones
    // Clouds that let everybody ask
    'time.cloudflare.com', // NTS too
    'time.aws.com',
    'time.facebook.com',
    ...numbered((number) => `time${number}.facebook.com`, 5),
    // National laboratories
    'time.nist.gov', // United States; and its single servers in Gaithersburg, Boulder and Fort Collins
    ...['a', 'b', 'c', 'd', 'e'].flatMap((letter) =>
      ['g', 'b', 'wwv'].map((site) => `time-${letter}-${site}.nist.gov`),
    ),
    ...numbered((number) => `ptbtime${number}.ptb.de`, 4), // Germany; NTS too
    'time.nrc.ca', // Canada
    'time.chu.nrc.ca',
    'ntp.nict.jp', // Japan
    // Exchanges and registries
    'ntp.torix.ca', // Toronto
    ...numbered((number) => `time${number}.mbix.ca`, 3), // Manitoba; NTS too
    'ntp.time.nl', // SIDN, Netherlands; NTS at the pool's names
    ...numbered((number) => `ntppool${number}.time.nl`, 2),
    'gps.ntp.br', // NIC.br, Brazil; NTS too
    ...['a', 'b', 'c', 'd'].map((letter) => `${letter}.st1.ntp.br`),
    // Roughtime
    'roughtime.cloudflare.com',
    'roughtime.se',
    'roughtime.int08h.com',
    'rough.time.nl',
    'time.txryan.com',
  ].map((name) => nameKey(name)),
);

/** @param configured the names among the configured time sources */
export function isTimeServerName(key: NameKey, configured: ReadonlySet<NameKey>): boolean {
  return configured.has(key) || NAMES.has(key) || ZONES.some((zone) => isAtOrBelow(key, zone));
}

/** Names numbered from 1. */
function numbered(name: (number: number) => string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => name(index + 1));
}
