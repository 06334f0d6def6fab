// The profile for Apple's devices: only keys that Apple documents, the CA where it is needed, rules that never leave a
// device without names, and Wi-Fi names of every kind.

import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  appleProfile,
  ProfileImpossible,
  type ProfileWish,
  possibleProtocols,
  readSsids,
} from '../../../src/devices/apple-profile.ts';
import type { DeviceFacts } from '../../../src/devices/facts.ts';
import { profileViolations } from '../../support/apple-keys.ts';
import {
  deviceFactsWith,
  HOUSE_NAME,
  LOCAL_CERTIFICATE,
  publicFactsWith,
  WORLD_NAME,
} from '../../support/device-facts.ts';
import { type Plist, readPlist } from '../../support/plist.ts';

const WISH: ProfileWish = { protocol: 'tls', where: 'home', ssids: [] };
type Dictionary = Record<string, Plist>;

function profileOf(facts: DeviceFacts, wish: Partial<ProfileWish> = {}): Dictionary {
  const profile = readPlist(appleProfile(facts, { ...WISH, ...wish }).text);
  expect(profileViolations(profile)).toEqual([]);
  return profile as Dictionary;
}

function payloadOf(profile: Dictionary, type: string): Dictionary | undefined {
  return (profile.PayloadContent as Dictionary[]).find(({ PayloadType }) => PayloadType === type);
}

const dnsOf = (profile: Dictionary) => payloadOf(profile, 'com.apple.dnsSettings.managed')!;
const rulesOf = (profile: Dictionary) => dnsOf(profile).OnDemandRules as Dictionary[] | undefined;
const why = (facts: DeviceFacts, wish: Partial<ProfileWish> = {}) => {
  try {
    appleProfile(facts, { ...WISH, ...wish });
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ProfileImpossible);
    return (error as Error).message;
  }
};

describe('the settings', () => {
  it('of DNS over TLS have name and addresses', () => {
    expect(dnsOf(profileOf(deviceFactsWith())).DNSSettings).toEqual({
      DNSProtocol: 'TLS',
      ServerName: HOUSE_NAME,
      ServerAddresses: ['192.168.1.2', 'fd00::2'],
    });
  });

  it('of DNS over HTTPS have a URL, with its port where that is not 443', () => {
    const settings = (facts: DeviceFacts) => dnsOf(profileOf(facts, { protocol: 'https' })).DNSSettings;
    expect(settings(deviceFactsWith())).toMatchObject({ ServerURL: `https://${HOUSE_NAME}/dns-query` });
    const elsewhere = deviceFactsWith({ doh: { port: 8443, addresses: ['fd00::2'] } });
    expect(settings(elsewhere)).toEqual({
      DNSProtocol: 'HTTPS',
      ServerURL: `https://${HOUSE_NAME}:8443/dns-query`,
      ServerAddresses: ['fd00::2'],
    });
    const nameless = deviceFactsWith({ name: null, doh: { port: 443, addresses: ['fd00::2'] } });
    expect(settings(nameless)).toMatchObject({ ServerURL: 'https://[fd00::2]/dns-query' });
  });

  it('come with the CA where the certificate is the local one', () => {
    const root = payloadOf(profileOf(deviceFactsWith()), 'com.apple.security.root')!;
    const certificate = new X509Certificate(root.PayloadContent as Buffer);
    expect(certificate.fingerprint256).toBe(LOCAL_CERTIFICATE.authority!.fingerprint);
    expect(root.PayloadDescription).toContain(certificate.fingerprint256);
  });

  it('come without one where devices know its issuer', () => {
    const profile = profileOf(publicFactsWith());
    expect(profile.PayloadContent).toHaveLength(1);
    expect(profile.PayloadDescription).not.toContain('CA');
  });
});

it('is of the whole device: a Mac installs it in no other scope', () => {
  expect(profileOf(deviceFactsWith()).PayloadScope).toBe('System');
});

describe('where they hold', () => {
  const atHome = { DNSServerAddressMatch: ['192.168.1.2', 'fd00::2'], Action: 'Connect' };
  const off = { Action: 'Disconnect' };

  it('is where the network hands out this server, and nowhere else', () => {
    expect(rulesOf(profileOf(deviceFactsWith()))).toEqual([atHome, off]);
    // A global IPv6 address behind a firewall is the rule in a house, and no reason to hold outside.
    expect(rulesOf(profileOf(deviceFactsWith({ reach: 'world' })))).toEqual([atHome, off]);
  });

  it('knows each address of this server that the network may hand out, those of plain DNS too', () => {
    const facts = deviceFactsWith({ dot: { port: 853, addresses: ['fd00::2'] } });
    const addresses = ['fd00::2', '192.168.1.2'];
    expect(rulesOf(profileOf(facts))).toEqual([{ ...atHome, DNSServerAddressMatch: addresses }, off]);
    expect(dnsOf(profileOf(facts)).DNSSettings).toMatchObject({ ServerAddresses: ['fd00::2'] });
    expect(rulesOf(profileOf({ ...facts, plain: null }))![0]).toMatchObject({
      DNSServerAddressMatch: ['fd00::2'],
    });
  });

  it('is the Wi-Fi networks that are named, and the cable', () => {
    expect(rulesOf(profileOf(deviceFactsWith(), { ssids: ['Our house', 'Our garden'] }))).toEqual([
      { InterfaceTypeMatch: 'WiFi', SSIDMatch: ['Our house', 'Our garden'], Action: 'Connect' },
      { InterfaceTypeMatch: 'Ethernet', ...atHome },
      off,
    ]);
  });

  it('is everywhere for who wants it, where there is a public address', () => {
    const facts = publicFactsWith({ reach: 'world' });
    expect(rulesOf(profileOf(facts, { where: 'everywhere' }))).toBeUndefined();
    expect(why(publicFactsWith(), { where: 'everywhere' })).toMatch(/needs a public address/);
    expect(why(facts, { where: 'everywhere', ssids: ['a'] })).toMatch(/leave one of them out/);
  });
});

describe('Wi-Fi names', () => {
  it.each([
    `<&">'`,
    '</string></array><key>Action</key><string>Connect</string>',
    '📶 Küche',
    ' space',
    '-',
    '*',
  ])('such as %j come through as they are', (ssid) => {
    const [rule] = rulesOf(profileOf(deviceFactsWith(), { ssids: [ssid] }))!;
    expect(rule!.SSIDMatch).toEqual([ssid]);
  });

  it('that are empty or twice there are left out', () => {
    expect(readSsids(['', 'a', 'b', 'a', ''])).toEqual(['a', 'b']);
  });

  it.each([
    ['longer than 32 octets', ['🏠'.repeat(9)], /more than 32 octets/],
    ['with a control character', ['a\u0007'], /control character/],
    ['too many', 'abcdefghi'.split(''), /more than 8/],
  ])('%s are refused in a sentence', (_, ssids, message) => {
    expect(() => readSsids(ssids)).toThrow(ProfileImpossible);
    expect(() => readSsids(ssids)).toThrow(message);
    expect(readSsids(['🏠'.repeat(8)])).toHaveLength(1);
  });
});

describe('the UUIDs', () => {
  const uuids = (profile: Dictionary) => ({
    profile: profile.PayloadUUID,
    ca: payloadOf(profile, 'com.apple.security.root')?.PayloadUUID,
    dns: dnsOf(profile).PayloadUUID,
  });

  it('are the same for the same, and of version 8 (RFC 9562)', () => {
    const once = uuids(profileOf(deviceFactsWith()));
    expect(uuids(profileOf(deviceFactsWith()))).toEqual(once);
    expect(new Set(Object.values(once)).size).toBe(3);
    for (const uuid of Object.values(once)) expect(uuid).toMatch(/^.{8}-.{4}-8.{3}-[89AB].{3}-.{12}$/);
  });

  it('follow what they name: another address is another setting, and the same CA', () => {
    const once = uuids(profileOf(deviceFactsWith()));
    const moved = uuids(profileOf(deviceFactsWith({ dot: { port: 853, addresses: ['192.168.1.3'] } })));
    expect(moved.dns).not.toBe(once.dns);
    expect(moved.profile).not.toBe(once.profile);
    expect(moved.ca).toBe(once.ca);
  });

  it('stand beside one identifier a server, so that a new profile replaces the old one', () => {
    const identifier = (facts: DeviceFacts, wish = {}) => profileOf(facts, wish).PayloadIdentifier;
    expect(identifier(deviceFactsWith())).toBe('arpa.home.dns.noonmark');
    expect(identifier(deviceFactsWith(), { protocol: 'https', ssids: ['x'] })).toBe('arpa.home.dns.noonmark');
    expect(identifier(publicFactsWith())).toBe('com.example.dns.noonmark');
  });
});

describe('what cannot be made', () => {
  it.each<[string, Partial<DeviceFacts>, Partial<ProfileWish>, RegExp]>([
    ['this machine alone', { reach: 'host' }, {}, /this machine alone/],
    [
      'DoT elsewhere',
      { dot: { port: 8530, addresses: ['fd00::2'] } },
      {},
      /port 853 and no other.*8530.*`https`/,
    ],
    ['no DoT', { dot: null }, {}, /`listen.dot`, or take `https`/],
    ['neither', { dot: null, doh: null }, {}, /`listen.dot`$/],
    ['no DoH', { doh: null }, { protocol: 'https' }, /`listen.doh`, or take `tls`/],
    ['DoT without a name', { name: null }, {}, /carries no name/],
    ['nothing to verify', { name: null, certificate: null }, { protocol: 'https' }, /`certificate.names`/],
  ])('%s is said', (_, parts, wish, message) => {
    expect(why(deviceFactsWith(parts), wish)).toMatch(message);
  });

  it('is not offered', () => {
    expect(possibleProtocols(deviceFactsWith())).toEqual(['tls', 'https']);
    expect(possibleProtocols(deviceFactsWith({ dot: { port: 8530, addresses: ['fd00::2'] } }))).toEqual([
      'https',
    ]);
    expect(possibleProtocols(deviceFactsWith({ name: null }))).toEqual(['https']);
    expect(possibleProtocols(deviceFactsWith({ doh: null }))).toEqual(['tls']);
    expect(possibleProtocols(deviceFactsWith({ reach: 'host' }))).toEqual([]);
    expect(possibleProtocols(publicFactsWith({ name: WORLD_NAME }))).toEqual(['tls', 'https']);
  });
});
