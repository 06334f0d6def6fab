// The keys that Apple documents for the payloads that a profile of ours has, with their types and values, copied from the
// descriptions in github.com/apple/device-management, mdm/profiles: TopLevel.yaml, CommonPayloadKeys.yaml,
// com.apple.dnsSettings.managed.yaml, com.apple.security.root.yaml; as they stood in November 2026. Keys that need a
// supervised device are left out on purpose: nobody's phone at home is one.

import type { Plist } from './plist.ts';

interface Key {
  readonly type: 'string' | 'integer' | 'boolean' | 'data' | 'strings' | 'dictionary' | 'dictionaries';
  readonly isRequired?: true;
  readonly values?: readonly (string | number | boolean)[];
  readonly keys?: Keys;
}
type Keys = Readonly<Record<string, Key>>;

const COMMON: Keys = {
  PayloadIdentifier: { type: 'string', isRequired: true },
  PayloadUUID: { type: 'string', isRequired: true },
  PayloadType: { type: 'string', isRequired: true },
  PayloadVersion: { type: 'integer', isRequired: true, values: [1] },
  PayloadDescription: { type: 'string' },
  PayloadDisplayName: { type: 'string' },
  PayloadOrganization: { type: 'string' },
};

const TOP_LEVEL: Keys = {
  ...COMMON,
  PayloadType: { type: 'string', isRequired: true, values: ['Configuration'] },
  PayloadContent: { type: 'dictionaries', isRequired: true },
  // Optional, and 'User' unless given; but com.apple.dnsSettings.managed has `userchannel: false` on macOS.
  PayloadScope: { type: 'string', isRequired: true, values: ['System'] },
  // Needs a supervised device only where it is true.
  PayloadRemovalDisallowed: { type: 'boolean', values: [false] },
};

const DNS_SETTINGS: Keys = {
  DNSProtocol: { type: 'string', isRequired: true, values: ['HTTPS', 'TLS'] },
  ServerURL: { type: 'string' },
  ServerName: { type: 'string' },
  ServerAddresses: { type: 'strings' },
  AllowFailover: { type: 'boolean' },
  SupplementalMatchDomains: { type: 'strings' },
};

const ON_DEMAND_RULE: Keys = {
  Action: { type: 'string', isRequired: true, values: ['Connect', 'Disconnect', 'EvaluateConnection'] },
  DNSDomainMatch: { type: 'strings' },
  DNSServerAddressMatch: { type: 'strings' },
  InterfaceTypeMatch: { type: 'string', values: ['Ethernet', 'WiFi', 'Cellular'] },
  SSIDMatch: { type: 'strings' },
  URLStringProbe: { type: 'string' },
};

const PAYLOADS: Readonly<Record<string, Keys>> = {
  'com.apple.dnsSettings.managed': {
    ...COMMON,
    DNSSettings: { type: 'dictionary', isRequired: true, keys: DNS_SETTINGS },
    OnDemandRules: { type: 'dictionaries', keys: ON_DEMAND_RULE },
  },
  'com.apple.security.root': {
    ...COMMON,
    PayloadCertificateFileName: { type: 'string' },
    PayloadContent: { type: 'data', isRequired: true },
  },
};

/** Everything that Apple's documentation does not have, or has otherwise, one sentence each. */
export function profileViolations(profile: Plist): string[] {
  const top = violations('profile', profile, TOP_LEVEL);
  if (top.length > 0) return top;
  const payloads = (profile as { PayloadContent: Plist[] }).PayloadContent;
  return payloads.flatMap((payload, at) => {
    const type = (payload as { PayloadType: string }).PayloadType;
    const keys = PAYLOADS[type];
    if (keys === undefined) return [`payload ${at}: ${type} is not known`];
    return [...violations(type, payload, keys), ...dnsViolations(payload)];
  });
}

/** "Required if DNSProtocol is HTTPS"; "must be present only if the DNSProtocol is TLS". */
function dnsViolations(payload: Plist): string[] {
  const { DNSSettings: settings } = payload as { DNSSettings?: Record<string, Plist> };
  if (settings === undefined) return [];
  const isHttps = settings.DNSProtocol === 'HTTPS';
  return [
    ...(isHttps && !/^https:\/\//.test(String(settings.ServerURL))
      ? ['HTTPS without an https:// ServerURL']
      : []),
    ...(isHttps && settings.ServerName !== undefined ? ['HTTPS with a ServerName'] : []),
    ...(!isHttps && settings.ServerName === undefined ? ['TLS without a ServerName'] : []),
  ];
}

const UUID = /^[\dA-F]{8}-[\dA-F]{4}-[\dA-F]{4}-[\dA-F]{4}-[\dA-F]{12}$/;

function violations(where: string, value: Plist, keys: Keys): string[] {
  const found = value as Record<string, Plist>;
  const missing = Object.keys(keys).filter((key) => keys[key]!.isRequired && !Object.hasOwn(found, key));
  return [
    ...missing.map((key) => `${where}: ${key} is missing`),
    ...Object.entries(found).flatMap(([key, one]) => {
      const place = `${where}.${key}`;
      const known = Object.hasOwn(keys, key) ? keys[key]! : undefined;
      if (known === undefined) return [`${place} is not documented`];
      if (!isOf(known.type, one)) return [`${place} is no ${known.type}`];
      if (known.values !== undefined && !known.values.includes(one as string)) return [`${place} is ${one}`];
      if (key === 'PayloadUUID' && !UUID.test(one as string)) return [`${place} is no UUID: ${one}`];
      if (known.keys === undefined) return [];
      return [one].flat().flatMap((inner, at) => violations(`${place}[${at}]`, inner as Plist, known.keys!));
    }),
  ];
}

function isOf(type: Key['type'], value: Plist): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'data':
      return Buffer.isBuffer(value);
    case 'strings':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    case 'dictionaries':
      return Array.isArray(value) && value.every((one) => typeof one === 'object');
    case 'dictionary':
      return typeof value === 'object' && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
