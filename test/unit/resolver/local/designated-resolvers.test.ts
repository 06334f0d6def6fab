// What devices that look for encrypted DNS by themselves are told (RFC 9462), and when they are told nothing.

import { describe, expect, it } from 'vitest';
import { TYPE } from '../../../../src/dns/codes.ts';
import { nameKey } from '../../../../src/dns/names.ts';
import { formatRdata } from '../../../../src/dns/rdata-text.ts';
import { parseRecordText } from '../../../../src/dns/record-text.ts';
import { DOH_PATH } from '../../../../src/listener/doh-request.ts';
import {
  DesignatedResolvers,
  type DesignatedResolversParts,
  type OpenDoors,
} from '../../../../src/resolver/local/designated-resolvers.ts';
import { OwnNames } from '../../../../src/resolver/local/own-names.ts';
import { createZones } from '../../../../src/resolver/local/zone.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

const ASKED = '192.168.1.2';
const LAN = [ASKED, 'fd00::2', 'fe80::2%eth0'];
const BY_ADDRESS = nameKey('_dns.resolver.arpa.');
const BY_NAME = nameKey('_dns.dns.home.example.');

interface Place extends Partial<DesignatedResolversParts> {
  readonly certificateAddresses?: readonly string[];
  readonly records?: readonly string[];
  readonly zone?: string;
}

const at = (port: number, ...addresses: string[]) => addresses.map((address) => ({ address, port }));
const USUAL: OpenDoors = { dot: at(853, ASKED, 'fd00::2'), doh: at(443, ASKED, 'fd00::2') };

function designated({ certificateAddresses = [], records = [], zone, ...parts }: Place = {}) {
  const names = parts.names ?? ['dns.home.example'];
  const apex = nameKey(zone ?? 'home.example.');
  const zones = createZones(
    zone === undefined && records.length === 0
      ? []
      : [{ name: apex, records: records.map((text) => parseRecordText(text, apex)) }],
  );
  const ownNames = new OwnNames({ names, addresses: certificateAddresses, neighboursOf: () => LAN });
  return new DesignatedResolvers({
    names,
    recordsOf: (key, type, localAddress) => {
      const found = zones.lookup(key, type);
      return found.kind === 'answer' ? found.records : (ownNames.answer(key, type, localAddress) ?? []);
    },
    isOwned: (key) => zones.holds(key),
    doors: () => USUAL,
    certificateNames: () => ['dns.home.example', ASKED, 'fd00::2'],
    clock: new SimulatedClock({ state: 'synchronized' }),
    ...parts,
  });
}

function told(place: Place = {}, key = BY_ADDRESS, asked = ASKED): string[] | null {
  return (
    designated(place)
      .answer(key, TYPE.SVCB, asked)
      ?.map(({ rdata, type, owner, ttlSeconds }) => {
        expect([owner, type, ttlSeconds]).toEqual([key, TYPE.SVCB, 300]);
        return formatRdata(type, rdata);
      }) ?? null
  );
}

const HINTS = 'ipv4hint=192.168.1.2 ipv6hint=fd00::2';

describe('whoever asks our address is told', () => {
  it('the name, both doors, and the addresses at which they are', () => {
    expect(told()).toEqual([
      `1 dns.home.example. alpn=dot ${HINTS}`,
      `1 dns.home.example. alpn=h2 ${HINTS} dohpath="${DOH_PATH}{?dns}"`,
    ]);
  });

  it('the same over IPv6', () => {
    expect(told({}, BY_ADDRESS, 'fd00::2')).toEqual([
      `1 dns.home.example. alpn=dot ${HINTS}`,
      expect.stringContaining('alpn=h2'),
    ]);
  });

  it('the port that is really open, where it is another one', () => {
    const doors = { dot: at(8530, '0.0.0.0'), doh: at(8443, '127.0.0.1', ASKED) };
    expect(told({ doors: () => doors })).toEqual([
      '1 dns.home.example. alpn=dot port=8530 ipv4hint=192.168.1.2',
      '1 dns.home.example. alpn=h2 port=8443 ipv4hint=192.168.1.2 dohpath="/dns-query{?dns}"',
    ]);
  });

  it('no door of another address, and each port once', () => {
    const doors = { dot: at(853, '10.0.0.1', '::'), doh: [...at(443, ASKED, '0.0.0.0'), ...at(8443, ASKED)] };
    expect(told({ doors: () => doors })).toEqual([
      expect.stringMatching(/alpn=h2 ipv4hint=192.168.1.2 /),
      expect.stringMatching(/alpn=h2 port=8443 ipv4hint=192.168.1.2 /),
    ]);
  });

  it('of several names the first one that leads here', () => {
    const names = ['*.home.example', ASKED, 'elsewhere.home.example', 'dns.home.example'];
    const records = ['elsewhere A 192.168.1.99', 'elsewhere AAAA fd00::99'];
    expect(told({ names, records })).toEqual([
      expect.stringMatching(/^1 dns\.home\.example\. alpn=dot/),
      expect.stringMatching(/^1 dns\.home\.example\. alpn=h2/),
    ]);
  });

  it('of DoH alone where the certificate does not name the address that was asked', () => {
    expect(told({ certificateNames: () => ['dns.home.example'] })).toEqual([
      expect.stringContaining('alpn=h2'),
    ]);
  });
});

describe('whoever knows our name', () => {
  it('is told the same at _dns.NAME, DoT whatever addresses the certificate has', () => {
    expect(told({ certificateNames: () => ['dns.home.example'] }, BY_NAME)).toEqual([
      `1 dns.home.example. alpn=dot ${HINTS}`,
      expect.stringContaining('alpn=h2'),
    ]);
  });

  it('is not told about another name', () => {
    expect(told({}, nameKey('_dns.other.example.'))).toBeNull();
    expect(told({}, nameKey('_dns.www.dns.home.example.'))).toBeNull();
  });
});

describe('nobody is told anything', () => {
  it.each<[string, Place, RegExp]>([
    ['without a name', { names: [] }, /no name is configured/],
    ['with wildcards and addresses for names', { names: ['*.home.example', ASKED] }, /no name is configured/],
    ['while no door is open', { doors: () => ({ dot: [], doh: [] }) }, /neither DoT nor DoH is open/],
    [
      'where only DoT is open and the certificate does not name the address',
      { doors: () => ({ dot: USUAL.dot, doh: [] }), certificateNames: () => [] },
      /does not name it/,
    ],
    ['where the name has other addresses', { certificateAddresses: ['10.0.0.9'] }, /has another address/],
    [
      'where a zone gives the name another address',
      { records: ['dns A 192.168.1.99', 'dns AAAA fd00::99'] },
      /has another address/,
    ],
    ['where a zone of the owner holds resolver.arpa', { zone: 'resolver.arpa.' }, /zone of your own/],
    [
      'while the time is not known',
      { clock: new SimulatedClock({ state: 'untrusted' }) },
      /the time is not known/,
    ],
  ])('%s', (_when, place, reason) => {
    expect(told(place)).toBeNull();
    expect(designated(place).designate(ASKED)).toEqual({ silence: expect.stringMatching(reason) });
  });

  it('at a link-local address, which nobody else can use, or when the peer has gone', () => {
    expect(told({}, BY_ADDRESS, 'fe80::2%eth0')).toBeNull();
    expect(told({}, BY_ADDRESS, '')).toBeNull();
  });

  it('about other types and other names of resolver.arpa', () => {
    for (const type of [TYPE.A, TYPE.HTTPS, TYPE.TXT])
      expect(designated().answer(BY_ADDRESS, type, ASKED)).toBeNull();
    expect(told({}, nameKey('resolver.arpa.'))).toBeNull();
  });

  it('any more at once when the time is lost, and again when it is back', () => {
    const clock = new SimulatedClock({ state: 'synchronized' });
    const resolvers = designated({ clock });
    const count = () => resolvers.answer(BY_ADDRESS, TYPE.SVCB, ASKED)?.length;
    expect(count()).toBe(2);
    clock.setState('untrusted');
    expect(count()).toBeUndefined();
    clock.setState('provisional');
    expect(count()).toBe(2);
  });
});
