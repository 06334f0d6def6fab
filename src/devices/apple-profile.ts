// A configuration profile for iPhone, iPad, Mac and Vision Pro that sets up encrypted DNS: the payloads
// com.apple.dnsSettings.managed and, where the certificate is the local CA's, com.apple.security.root, with the keys that
// Apple documents (developer.apple.com, Device Management: DNSSettings, CertificateRoot, TopLevel, CommonPayloadKeys).
// It is not signed, and not tried on each device. ProhibitDisablement is left out: it needs a supervised device.

import { type DeviceFacts, type Door, dohTemplate, isDotUsual, verifiedHost } from './facts.ts';
import { canBeXml, type PlistDictionary, writePlist } from './plist.ts';
import { uuidOf } from './uuid.ts';

export type ProfileProtocol = 'tls' | 'https';
export type ProfilePlace = 'home' | 'everywhere';

export interface ProfileWish {
  readonly protocol: ProfileProtocol;
  /** At home alone, where the server is sure to be; or on mobile networks too. */
  readonly where: ProfilePlace;
  /** Names of the Wi-Fi networks of the house; empty: it is known by its DNS server. */
  readonly ssids: readonly string[];
}

/** What was asked for cannot be made; the message says why, and what to do. */
export class ProfileImpossible extends Error {
  readonly code = 'profile-impossible';
}

/** IEEE 802.11 section 9.4.2.2. */
export const SSID_MAX_OCTETS = 32;
/** A house has a few; the URL that carries them is short. */
export const SSIDS_MAX = 8;

/** The one first that says soonest what is wrong: DoT has a port of its own. Empty: no profile can be made. */
export function possibleProtocols(facts: DeviceFacts): ProfileProtocol[] {
  if (facts.reach === 'host') return [];
  const overTls = isDotUsual(facts) && facts.name !== null;
  return [
    ...(overTls ? (['tls'] as const) : []),
    ...(dohTemplate(facts) === null ? [] : (['https'] as const)),
  ];
}

export interface AppleProfile {
  /** The file: XML, to be named .mobileconfig. */
  readonly text: string;
  /** Whom the device asks, and verifies. */
  readonly host: string;
  /** Of DoH; null for DoT. */
  readonly url: string | null;
  readonly addresses: readonly string[];
  readonly rules: readonly PlistDictionary[];
}

/** @throws ProfileImpossible */
export function appleProfile(facts: DeviceFacts, { protocol, where, ssids }: ProfileWish): AppleProfile {
  const { host, door, url } = serverFor(facts, protocol);
  const identifier = identifierOf(host);
  const rules = onDemandRules(facts, door, { where, ssids });
  const dns = dnsPayload({ identifier, protocol, host, door, url, rules });
  const authority = authorityPayload(facts, identifier);
  const content = authority === null ? [dns] : [authority, dns];
  const profile = {
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: uuidOf(identifier, content),
    // A Mac has no user's channel for dnsSettings: since macOS 26.1 it refuses a profile that does not say so.
    PayloadScope: 'System',
    PayloadDisplayName: `Noonmark: DNS of ${host}`,
    PayloadDescription: description(host, authority !== null),
    PayloadRemovalDisallowed: false,
    PayloadContent: content,
  };
  return { text: writePlist(profile), host, url, addresses: door.addresses, rules };
}

/** A network that is not named cannot be matched. @throws ProfileImpossible for a name that is none */
export function readSsids(given: readonly string[]): readonly string[] {
  const ssids = [...new Set(given.filter((ssid) => ssid !== ''))];
  if (ssids.length > SSIDS_MAX)
    throw new ProfileImpossible(`${ssids.length} Wi-Fi names are more than ${SSIDS_MAX}; leave some out`);
  for (const ssid of ssids) {
    if (Buffer.byteLength(ssid) > SSID_MAX_OCTETS)
      throw new ProfileImpossible(
        `the Wi-Fi name "${ssid}" has more than ${SSID_MAX_OCTETS} octets; write it as the network shows it`,
      );
    if (!canBeXml(ssid))
      throw new ProfileImpossible(
        'a Wi-Fi name has a control character, which a profile cannot carry; leave it out',
      );
  }
  return ssids;
}

interface Server {
  readonly host: string;
  readonly door: Door;
  /** Of DoH; null for DoT. */
  readonly url: string | null;
}

function serverFor(facts: DeviceFacts, protocol: ProfileProtocol): Server {
  const { dot, doh } = facts;
  const host = verifiedHost(facts);
  if (facts.reach === 'host')
    throw new ProfileImpossible(
      'this server listens on this machine alone, and a device with the profile would have no names; let it listen on the network (`config/home.yaml`)',
    );
  if (host === null)
    throw new ProfileImpossible(
      'the certificate carries neither a name nor an address of this server; write a name into `certificate.names`',
    );
  if (protocol === 'https') {
    const url = dohTemplate(facts);
    if (doh === null || url === null)
      throw new ProfileImpossible(
        `DNS over HTTPS is not open here; open it with \`listen.doh\`${dot === null ? '' : ', or take `tls`'}`,
      );
    return { host, door: doh, url };
  }
  if (dot === null)
    throw new ProfileImpossible(
      `DNS over TLS is not open here; open it with \`listen.dot\`${doh === null ? '' : ', or take `https`'}`,
    );
  if (facts.name === null)
    throw new ProfileImpossible(
      'the certificate carries no name of this server, by which Apple devices verify DNS over TLS; write one into `certificate.names`',
    );
  if (!isDotUsual(facts)) {
    const instead =
      doh === null
        ? 'open it there, or DNS over HTTPS'
        : 'open it there, or take `https`, which works on any port';
    // NEDNSOverTLSSettings: "The server will be accessed over TCP port 853".
    throw new ProfileImpossible(
      `Apple devices ask DNS over TLS on port 853 and no other, and here it is open on ${dot.port}; ${instead}`,
    );
  }
  return { host, door: dot, url: null };
}

interface DnsParts extends Server {
  readonly identifier: string;
  readonly protocol: ProfileProtocol;
  readonly rules: readonly PlistDictionary[];
}

function dnsPayload({ identifier, protocol, host, door, url, rules }: DnsParts): PlistDictionary {
  const settings: PlistDictionary = {
    DNSProtocol: protocol === 'tls' ? 'TLS' : 'HTTPS',
    ServerAddresses: door.addresses,
    ...(url === null ? { ServerName: host } : { ServerURL: url }),
  };
  const content = {
    DNSSettings: settings,
    ...(rules.length === 0 ? {} : { OnDemandRules: rules }),
  };
  return {
    ...payload('com.apple.dnsSettings.managed', `${identifier}.dns`, content),
    PayloadDisplayName: `DNS over ${settings.DNSProtocol} by ${host}`,
    ...content,
  };
}

function authorityPayload({ certificate }: DeviceFacts, identifier: string): PlistDictionary | null {
  const authority = certificate?.authority ?? null;
  if (authority === null) return null;
  const content = { PayloadCertificateFileName: 'noonmark-ca.cer', PayloadContent: authority.der };
  return {
    ...payload('com.apple.security.root', `${identifier}.ca`, content),
    PayloadDisplayName: authority.name,
    PayloadDescription: `SHA-256 ${authority.fingerprint}`,
    ...content,
  };
}

function payload(type: string, identifier: string, content: PlistDictionary): PlistDictionary {
  return {
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: uuidOf(identifier, content),
  };
}

/**
 * Where the settings hold; the first rule that matches counts, and none at all means everywhere. Elsewhere they are off: a
 * device that cannot reach the server would be left without names.
 * @throws ProfileImpossible for a wish that would do just that
 */
export function onDemandRules(
  { reach, plain }: Pick<DeviceFacts, 'reach' | 'plain'>,
  { addresses }: Door,
  { where, ssids }: Pick<ProfileWish, 'where' | 'ssids'>,
): PlistDictionary[] {
  if (where === 'everywhere') {
    if (ssids.length > 0)
      throw new ProfileImpossible('either Wi-Fi names or everywhere; leave one of them out');
    if (reach !== 'world')
      throw new ProfileImpossible(
        'everywhere needs a public address: those of this server lead nowhere outside the house, where the device would have no names',
      );
    return [];
  }
  // All of ours: "any of the network's DNS servers" (Device Management) may be "each of" them (NEOnDemandRule) in fact.
  const byServer = { DNSServerAddressMatch: [...new Set([...addresses, ...(plain?.addresses ?? [])])] };
  const rules =
    ssids.length === 0
      ? [{ ...byServer, Action: 'Connect' }]
      : [
          { InterfaceTypeMatch: 'WiFi', SSIDMatch: ssids, Action: 'Connect' },
          { InterfaceTypeMatch: 'Ethernet', ...byServer, Action: 'Connect' }, // a Mac on a cable
        ];
  return [...rules, { Action: 'Disconnect' }];
}

/** In reverse order, as identifiers are; one a server, so that a new profile takes the place of the old one. */
function identifierOf(host: string): string {
  const isAddress = host.includes(':') || /^[\d.]+$/.test(host);
  const labels = isAddress ? [host.replace(/[.:]/g, '-')] : host.split('.').reverse();
  return [...labels, 'noonmark'].join('.');
}

function description(host: string, hasAuthority: boolean): string {
  const asks = `Lets this device ask ${host} for names, encrypted.`;
  return hasAuthority
    ? `${asks} It brings the CA of that server, which must be trusted besides, under Settings, General, About, Certificate Trust Settings.`
    : asks;
}
