// The set-up pages' texts: what they say holds, in each situation, and that what is to be copied carries this server's own
// names, addresses and ports.

import { describe, expect, it } from 'vitest';
import type { DeviceFacts } from '../../../src/devices/facts.ts';
import { commandLines, FAMILIES, type Family, type Guide } from '../../../src/devices/guide.ts';
import { GUIDES } from '../../../src/devices/guides.ts';
import { automaticMode, strictMode } from '../../../src/devices/setup-android.ts';
import {
  deviceFactsWith,
  HOUSE_NAME,
  LOCAL_CERTIFICATE,
  PUBLIC_CERTIFICATE,
  publicFactsWith,
  WORLD_NAME,
} from '../../support/device-facts.ts';

const PAGES = 'https://192.168.1.2:8080';
const guide = (family: Family, facts: DeviceFacts, pagesUrl: string | null = PAGES) =>
  GUIDES[family]({ facts, pagesUrl });
const blocks = ({ parts }: Guide) => parts.flatMap(({ steps }) => steps.flatMap((step) => step.blocks ?? []));
const block = (family: Family, facts: DeviceFacts, id: string) =>
  blocks(guide(family, facts))
    .find((one) => one.id === id)
    ?.lines.join('\n');
const holds = (one: Guide) => one.holds.map(({ text }) => text).join('\n');
const allText = (one: Guide) => JSON.stringify(one);

const SITUATIONS: readonly (readonly [string, DeviceFacts])[] = [
  ['a house', deviceFactsWith()],
  ['a public name', publicFactsWith({ reach: 'world' })],
  ['this machine', deviceFactsWith({ reach: 'host', plain: { port: 5300, addresses: ['127.0.0.1'] } })],
  ['nothing encrypted', deviceFactsWith({ dot: null, doh: null })],
  ['nothing at all', deviceFactsWith({ plain: null, dot: null, doh: null, certificate: null, name: null })],
  ['no name', deviceFactsWith({ name: null, certificate: { ...LOCAL_CERTIFICATE, names: [] } })],
  ['an unknown time', deviceFactsWith({ clockState: 'untrusted' })],
];

describe.each(SITUATIONS)('every guide, for a server with %s,', (_, facts) => {
  it.each(FAMILIES)('%s says what holds, in whole sentences, with ids that are unique', (family) => {
    const one = guide(family, facts);
    expect(one.holds.length).toBeGreaterThan(0);
    expect(one.summary).toMatch(/[.\w]$/);
    for (const { text } of one.holds) expect(text).toMatch(/^[A-Z`].*\.$/);
    for (const { steps } of one.parts) for (const { text } of steps) expect(text).toMatch(/[.:?]$/);
    const ids = [...one.parts.map(({ id }) => id), ...blocks(one).map(({ id }) => id)];
    expect(new Set(ids).size).toBe(ids.length);
    expect(allText(one)).not.toMatch(/undefined|null,|\[object/);
  });
});

describe('what holds for every device', () => {
  it('begins with whether it can reach this server', () => {
    expect(holds(guide('curl', deviceFactsWith()))).toContain(
      'in the house reach this server at 192.168.1.2 and fd00::2',
    );
    const here = deviceFactsWith({
      reach: 'host',
      dot: null,
      doh: null,
      plain: { port: 5300, addresses: ['127.0.0.1'] },
    });
    expect(guide('curl', here).holds[0]).toMatchObject({
      tone: 'bad',
      text: expect.stringMatching(/this machine alone/),
    });
    expect(holds(guide('curl', publicFactsWith({ reach: 'world' })))).toContain('cannot be seen from here');
  });

  it.each([
    [LOCAL_CERTIFICATE, 'plain', /local CA of this server: a device trusts it once/],
    [PUBLIC_CERTIFICATE, 'good', /public CA \(C=US, O=Example CA\)/],
    [{ ...PUBLIC_CERTIFICATE, trust: 'private' as const }, 'plain', /do not know.*not here to be handed out/],
    [{ ...PUBLIC_CERTIFICATE, trust: 'unknown' as const }, 'plain', /could not be judged/],
    [{ ...LOCAL_CERTIFICATE, isStandIn: true }, 'bad', /stands in for another one/],
    [{ ...LOCAL_CERTIFICATE, dateProblem: 'expired at noon' }, 'bad', /will refuse.*expired at noon/],
    [null, 'bad', /no certificate yet/],
  ])('says whose the certificate is (%#)', (certificate, tone, text) => {
    const { holds } = guide('browsers', deviceFactsWith({ certificate }));
    expect(holds).toContainEqual({ tone, text: expect.stringMatching(text) });
  });

  it('says that the time is not known', () => {
    for (const family of FAMILIES)
      expect(holds(guide(family, deviceFactsWith({ clockState: 'untrusted' })))).toContain(
        'does not know the time',
      );
  });
});

describe('Android', () => {
  it('has automatic mode where the network can hand out this server, on ports that it knows', () => {
    expect(automaticMode(deviceFactsWith())).toMatchObject({ isPossible: true, holding: { tone: 'good' } });
    const elsewhere = { port: 853, addresses: ['192.168.1.9'] };
    const not: [Partial<DeviceFacts>, RegExp][] = [
      [{ reach: 'host' }, /this machine alone/],
      [{ plain: { port: 5300, addresses: ['192.168.1.2'] } }, /not open on port 53/],
      [{ dot: null }, /plaintext: DNS over TLS is not open/],
      [{ dot: { port: 8530, addresses: ['192.168.1.2'] } }, /plaintext.*8530.*853 alone/],
      [{ dot: elsewhere }, /not open on the address/],
    ];
    for (const [parts, text] of not)
      expect(automaticMode(deviceFactsWith(parts))).toMatchObject({
        ...{ isPossible: false, holding: { tone: 'bad', text: expect.stringMatching(text) } },
      });
  });

  it('has strict mode under a public certificate alone, for a name of the world, on port 853', () => {
    const not: [Partial<DeviceFacts>, RegExp][] = [
      [{ certificate: LOCAL_CERTIFICATE }, /will not work.*public CA.*local CA of this server/],
      [{ certificate: { ...PUBLIC_CERTIFICATE, trust: 'private' } }, /will not work.*Example CA/],
      [{ certificate: null }, /no certificate yet/],
      [{ certificate: { ...PUBLIC_CERTIFICATE, dateProblem: 'expired at noon' } }, /expired at noon/],
      [{ name: null }, /carries no name/],
      [{ name: HOUSE_NAME }, /nobody finds outside/],
      [{ dot: null }, /not open here/],
      [{ dot: { port: 8530, addresses: ['192.168.1.2'] } }, /asks port 853.*8530/],
      [{ reach: 'host' }, /this machine alone/],
    ];
    for (const [parts, text] of not)
      expect(strictMode(publicFactsWith(parts))).toMatchObject({
        ...{ isPossible: false, holding: { tone: 'plain', text: expect.stringMatching(text) } },
      });
  });

  it.each([
    ['a house', deviceFactsWith()],
    ['this machine', deviceFactsWith({ reach: 'host', plain: { port: 5300, addresses: ['127.0.0.1'] } })],
    ['no port 53', deviceFactsWith({ plain: { port: 5300, addresses: ['192.168.1.2'] } })],
  ])('begins with whether it can be reached, and says nothing twice: %s', (_, facts) => {
    const { holds, parts } = guide('android', facts);
    expect(holds[0]!.text).toMatch(/reach/);
    const said = [
      ...holds.map(({ text }) => text),
      ...parts.flatMap(({ note = '', steps }) => [note, ...steps.map(({ text }) => text)]),
    ].filter((text) => text !== '');
    expect(
      said.filter((text, at) => said.some((other, place) => place !== at && other.includes(text))),
    ).toEqual([]);
    expect(said.filter((text) => text.includes('this machine alone')).length).toBe(
      facts.reach === 'host' ? 1 : 0,
    );
  });

  it('promises no more of it than is known', () => {
    const { isPossible, holding } = strictMode(publicFactsWith());
    expect(isPossible).toBe(true);
    expect(holding.text).toMatch(/can work in the house.*neither can be seen from here.*no names at all/);
    const unknown = { ...PUBLIC_CERTIFICATE, trust: 'unknown' as const };
    expect(strictMode(publicFactsWith({ certificate: unknown })).holding).toMatchObject({
      ...{ tone: 'plain', text: expect.stringMatching(/could not be judged/) },
    });
  });

  it('shows the host name as a QR code only where it would work', () => {
    const codes = (facts: DeviceFacts) =>
      guide('android', facts).parts.flatMap(({ steps }) => steps.flatMap(({ qr }) => qr?.text ?? []));
    expect(codes(publicFactsWith())).toEqual([`${PAGES}/devices/android`, WORLD_NAME]);
    expect(codes(deviceFactsWith())).toEqual([`${PAGES}/devices/android`]);
    expect(block('android', publicFactsWith(), 'host-name')).toBe(WORLD_NAME);
    expect(block('android', deviceFactsWith(), 'host-name')).toBeUndefined();
  });
});

describe('Apple', () => {
  it('is asked for its Wi-Fi first, and told why the network by its DNS servers is less sure', () => {
    expect(allText(guide('apple', deviceFactsWith()))).toMatch(
      /Give it the names of your Wi-Fi .* the router hands out itself besides .* may never switch on/,
    );
  });

  it('leads the camera here, where the device can come here', () => {
    expect(allText(guide('apple', deviceFactsWith()))).toContain(`${PAGES}/devices/apple`);
    expect(allText(guide('apple', deviceFactsWith(), null))).toContain('noonmark profile apple --write');
  });

  it('shows full trust step by step, with the CA by its name, and only where there is one to trust', () => {
    const { name, fingerprint } = LOCAL_CERTIFICATE.authority!;
    const local = guide('apple', deviceFactsWith());
    expect(allText(local)).toContain('Certificate Trust Settings');
    expect(allText(local)).toContain(name);
    expect(
      blocks(local)
        .find(({ id }) => id === 'fingerprint')!
        .lines.join(':'),
    ).toBe(fingerprint);
    expect(allText(guide('apple', publicFactsWith()))).not.toContain('Trust Settings');
  });

  it('says when no profile can be had, and why one protocol is missing', () => {
    expect(holds(guide('apple', deviceFactsWith({ dot: null, doh: null })))).toContain(
      'No profile can be made',
    );
    const high = deviceFactsWith({ dot: { port: 8530, addresses: ['fd00::2'] } });
    expect(holds(guide('apple', high))).toMatch(/port 853 and no other, and here it is open on 8530/);
  });
});

describe('the fingerprint of the CA', () => {
  it.each(['apple', 'android', 'windows', 'linux', 'browsers', 'curl'] as const)(
    'is compared at the server, on the page of %s, by what works whoever can reach it',
    (family) => {
      for (const reach of ['house', 'host'] as const) {
        const one = guide(family, deviceFactsWith({ reach }));
        if (blocks(one).every(({ id }) => id !== 'fingerprint')) continue;
        expect(block(family, deviceFactsWith({ reach }), 'fingerprint-there')).toBe(
          'openssl x509 -in certs/ca.pem -noout -fingerprint -sha256',
        );
        expect(allText(one)).not.toContain('profile apple --json');
      }
    },
  );

  it("of a CA of the owner's is with whoever runs that", () => {
    const facts = deviceFactsWith({ certificate: { ...LOCAL_CERTIFICATE, trust: 'private' } });
    expect(block('curl', facts, 'fingerprint-there')).toBeUndefined();
    expect(allText(guide('curl', facts))).toContain('ask whoever runs that CA');
  });
});

describe('what is to be copied', () => {
  it('into a shell is one command, with no option cut off', () => {
    for (const family of ['linux', 'browsers', 'curl'] as const)
      for (const { id, lines } of blocks(guide(family, deviceFactsWith())))
        expect(Math.max(...lines.map(({ length }) => length)), id).toBeLessThanOrEqual(75);
    expect(commandLines('a', 'b')).toEqual(['a b']);
  });

  it('into systemd-resolved has the addresses with the name, and the port where it is another', () => {
    expect(block('linux', deviceFactsWith(), 'resolved-conf')).toBe(
      `[Resolve]\nDNS=192.168.1.2#${HOUSE_NAME} fd00::2#${HOUSE_NAME}\nDomains=~.\nDNSOverTLS=yes`,
    );
    const high = deviceFactsWith({ dot: { port: 8530, addresses: ['192.168.1.2', 'fd00::2'] } });
    expect(block('linux', high, 'resolved-conf')).toContain(
      `DNS=192.168.1.2:8530#${HOUSE_NAME} [fd00::2]:8530#${HOUSE_NAME}`,
    );
  });

  it('into stubby names the CA only where one is needed', () => {
    const stubby = block('linux', deviceFactsWith(), 'stubby-yml');
    expect(stubby).toContain(
      '  - address_data: fd00::2\n    tls_port: 853\n    tls_auth_name: "dns.home.arpa"',
    );
    expect(stubby).toContain('tls_ca_file: "/usr/local/share/ca-certificates/noonmark.crt"');
    expect(block('linux', publicFactsWith(), 'stubby-yml')).not.toContain('tls_ca_file');
  });

  it('for NetworkManager is there only where the certificate carries every address', () => {
    expect(block('linux', deviceFactsWith(), 'nmcli')).toContain(
      'NAME \\\n  ipv4.ignore-auto-dns yes \\\n  ipv4.dns "192.168.1.2" \\\n  ipv6.ignore-auto-dns yes \\\n  ipv6.dns "fd00::2" \\\n  connection.dns-over-tls yes\nnmcli',
    );
    expect(block('linux', publicFactsWith(), 'nmcli')).toBeUndefined();
  });

  it('into Windows is one command an address', () => {
    for (const address of ['192.168.1.2', 'fd00::2'])
      expect(block('windows', deviceFactsWith(), `template-${address}`)).toBe(
        `netsh dns add encryption server=${address} dohtemplate=https://dns.home.arpa/dns-query autoupgrade=yes udpfallback=no`,
      );
    expect(block('windows', publicFactsWith(), 'store')).toBeUndefined();
  });

  it('into Chromium is a policy in JSON', () => {
    expect(JSON.parse(block('browsers', deviceFactsWith(), 'policy')!)).toEqual({
      DnsOverHttpsMode: 'secure',
      DnsOverHttpsTemplates: 'https://dns.home.arpa/dns-query',
    });
  });

  it('into DHCP servers is each family in its own option', () => {
    expect(block('routers', deviceFactsWith(), 'dnsmasq-conf')).toBe(
      'dhcp-option=option:dns-server,192.168.1.2\ndhcp-option=option6:dns-server,[fd00::2]',
    );
    expect(JSON.parse(`{${block('routers', deviceFactsWith(), 'kea-4')}}`)).toEqual({
      'option-data': [{ name: 'domain-name-servers', data: '192.168.1.2' }],
    });
    expect(JSON.parse(`{${block('routers', deviceFactsWith(), 'kea-6')}}`)).toEqual({
      'option-data': [{ name: 'dns-servers', data: 'fd00::2' }],
    });
    expect(block('routers', deviceFactsWith(), 'radvd-conf')).toBe('RDNSS fd00::2 { };');
    const v4 = deviceFactsWith({ plain: { port: 53, addresses: ['192.168.1.2'] } });
    expect(block('routers', v4, 'radvd-conf')).toBeUndefined();
    expect(block('routers', v4, 'kea-6')).toBeUndefined();
  });

  it('is nothing for DHCP where it could send nobody here', () => {
    const high = deviceFactsWith({ plain: { port: 5300, addresses: ['192.168.1.2'] } });
    expect(guide('routers', high).parts).toEqual([]);
    expect(holds(guide('routers', high))).toMatch(/port 5300.*DHCP knows no ports/);
  });

  it('with curl does not verify what is only being fetched, and names where the name leads', () => {
    expect(block('curl', deviceFactsWith(), 'fetch-ca')).toContain(
      `curl -k -o noonmark-ca.crt ${PAGES}/devices/ca.pem\nopenssl x509`,
    );
    expect(block('curl', deviceFactsWith(), 'curl-doh')).toBe(
      'curl \\\n  --cacert noonmark-ca.crt \\\n  --resolve dns.home.arpa:443:192.168.1.2 \\\n  --doh-url https://dns.home.arpa/dns-query \\\n  http://example.com/',
    );
    expect(block('curl', deviceFactsWith(), 'dig')).toBe('dig @192.168.1.2 dns.home.arpa');
    expect(block('curl', deviceFactsWith(), 'kdig-https')).toMatch(/^kdig @192\.168\.1\.2 \+https \\\n/);
    expect(block('curl', publicFactsWith(), 'curl-doh')).not.toContain('--cacert');
  });
});
