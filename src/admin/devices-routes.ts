// Setting up devices: the pages, the profile for Apple's, the CA, and the test. Open to anybody who reaches the door, since
// a phone has no password and these tell nothing that a client of this server does not know.

import { isIP } from 'node:net';
import { isLoopback } from '../config/own-sockets.ts';
import {
  appleProfile,
  ProfileImpossible,
  type ProfileProtocol,
  possibleProtocols,
  readSsids,
} from '../devices/apple-profile.ts';
import { CA_DER_PATH, CA_FILE, CA_PEM_PATH } from '../devices/authority-steps.ts';
import { type DeviceFacts, inUrl } from '../devices/facts.ts';
import { FACTS_API_PATH, factsJson } from '../devices/facts-json.ts';
import { FAMILIES, type Family, type GuideInputs } from '../devices/guide.ts';
import { GUIDES } from '../devices/guides.ts';
import { PROFILE_PATH } from '../devices/setup-apple.ts';
import { type SeenWay, type TestVerdict, testVerdict } from '../devices/test-verdict.ts';
import { TEST_API_PATH, TEST_RESULT_PATH, testResultPage } from '../web/device-test-section.ts';
import { devicesPage } from '../web/devices-page.ts';
import { type ProfileChoice, setupPage } from '../web/setup-page.ts';
import { type AdminAnswer, jsonAnswer, textAnswer } from './admin-answer.ts';
import type { AdminPages, AdminRoute, AdminRoutes, AdminVisit } from './route.ts';

export interface DevicesSubject {
  /** As a device sees it that came in at `localAddress`; undefined: on the control socket. */
  readonly deviceFacts: (localAddress: string | undefined) => DeviceFacts;
  readonly deviceProbe: {
    issue(): { readonly nonce: string; readonly name: string };
    /** Null for what was not issued in this life of the server. */
    nameOf(nonce: string): string | null;
    sightings(nonce: string): readonly (SeenWay & { readonly agoMs: number })[];
  };
  readonly isThisHost: (address: string) => boolean;
}

const PROFILE_TYPE = 'application/x-apple-aspen-config';
const CERTIFICATE_TYPE = 'application/x-x509-ca-cert';
const PROTOCOL_NAMES: Readonly<Record<ProfileProtocol, string>> = {
  tls: 'DNS over TLS',
  https: 'DNS over HTTPS',
};

export function devicesPages(subject: DevicesSubject): AdminPages {
  const inputsOf = (visit: AdminVisit): GuideInputs => {
    const facts = subject.deviceFacts(visit.localAddress);
    return { facts, pagesUrl: pagesUrl(visit, facts) };
  };
  const overview = (visit: AdminVisit) => {
    const inputs = inputsOf(visit);
    const guides = Object.fromEntries(FAMILIES.map((family) => [family, GUIDES[family](inputs)]));
    return devicesPage({
      ...inputs,
      guides: guides as Record<Family, ReturnType<(typeof GUIDES)[Family]>>,
      test: subject.deviceProbe.issue(),
    });
  };
  const family = (name: Family) => (visit: AdminVisit) => {
    const inputs = inputsOf(visit);
    const guide = GUIDES[name](inputs);
    return setupPage({ guide, test: subject.deviceProbe.issue(), profile: profileChoice(inputs.facts) });
  };
  const open = (page: AdminPages[string]['page']) => ({ access: 'anybody', page }) as const;
  return {
    '/devices': open(overview),
    ...Object.fromEntries(FAMILIES.map((name) => [`/devices/${name}`, open(family(name))])),
    [TEST_RESULT_PATH]: open((visit) => testResultPage(verdictFor(visit, subject))),
  };
}

export function devicesRoutes(subject: DevicesSubject): AdminRoutes {
  const get = (answer: (visit: AdminVisit) => AdminAnswer): AdminRoute => ({
    ...{ method: 'GET', doors: 'both', access: 'anybody' },
    answer,
  });
  const authority = (
    write: (ca: NonNullable<NonNullable<DeviceFacts['certificate']>['authority']>) => string | Uint8Array,
    file: string,
  ) =>
    get(({ localAddress }) => {
      const found = subject.deviceFacts(localAddress).certificate?.authority ?? null;
      if (found === null) return textAnswer(404, NO_AUTHORITY);
      return { status: 200, type: CERTIFICATE_TYPE, body: write(found), fields: asFile(file) };
    });
  return {
    [PROFILE_PATH]: get((visit) => profileAnswer(visit, subject)),
    [CA_PEM_PATH]: authority(({ pem }) => pem, CA_FILE),
    [CA_DER_PATH]: authority(({ der }) => der, 'noonmark-ca.cer'),
    [TEST_API_PATH]: get((visit) => testAnswer(visit, subject)),
    [FACTS_API_PATH]: {
      ...get(({ localAddress }) => jsonAnswer(factsJson(subject.deviceFacts(localAddress)))),
      access: 'admitted', // for programs, which have a token
    },
  };
}

const NO_AUTHORITY =
  'there is no CA to install: the certificate is from one that devices know, or that has to be had from whoever runs it';

function asFile(name: string): Readonly<Record<string, string>> {
  return { 'content-disposition': `attachment; filename="${name}"` };
}

/** `protocol` (`tls` or `https`; the likelier one unless given), `where` (`home` unless `everywhere`), and any number of `ssid`. */
function profileAnswer({ query, localAddress }: AdminVisit, { deviceFacts }: DevicesSubject): AdminAnswer {
  const facts = deviceFacts(localAddress);
  const asked = query.get('protocol') ?? possibleProtocols(facts)[0] ?? 'tls';
  const protocol = (['tls', 'https'] as const).find((one) => one === asked);
  if (protocol === undefined) return textAnswer(400, '`protocol` is `tls` or `https`');
  const where = query.get('where') ?? 'home';
  if (where !== 'home' && where !== 'everywhere') return textAnswer(400, '`where` is `home` or `everywhere`');
  try {
    const { text: body } = appleProfile(facts, { protocol, where, ssids: readSsids(query.getAll('ssid')) });
    return { status: 200, type: PROFILE_TYPE, body, fields: asFile('noonmark.mobileconfig') };
  } catch (error) {
    if (error instanceof ProfileImpossible) return textAnswer(400, error.message);
    throw error;
  }
}

function profileChoice(facts: DeviceFacts): ProfileChoice {
  return {
    canBeEverywhere: facts.reach === 'world',
    protocols: possibleProtocols(facts).map((value) => ({ value, text: PROTOCOL_NAMES[value] })),
  };
}

/** Without a nonce: a fresh one, and the name to be looked up. */
function testAnswer(visit: AdminVisit, subject: DevicesSubject): AdminAnswer {
  if (!visit.query.has('nonce')) return jsonAnswer(subject.deviceProbe.issue());
  const verdict = verdictFor(visit, subject);
  return verdict === null ? textAnswer(404, 'that test is not known here; begin anew') : jsonAnswer(verdict);
}

function verdictFor(
  { query, client, isForwarded }: AdminVisit,
  subject: DevicesSubject,
): (TestVerdict & { readonly agoMs: number | null }) | null {
  const { deviceProbe, isThisHost } = subject;
  const nonce = query.get('nonce') ?? '';
  const name = deviceProbe.nameOf(nonce);
  if (name === null) return null;
  const seen = deviceProbe.sightings(nonce);
  const verdict = testVerdict({ seen, asker: client, isForwarded, isThisHost, name });
  return { ...verdict, agoMs: seen[0] === undefined ? null : Math.round(seen[0].agoMs) };
}

/** Where another device can open these pages: as this one did, unless that is this machine's own name for itself. */
export function pagesUrl(
  { host, isEncrypted, isForwarded, isControl }: AdminVisit,
  facts: DeviceFacts,
): string | null {
  if (!isControl && !isOfThisMachine(host))
    return `${isEncrypted || isForwarded ? 'https' : 'http'}://${host}`;
  const { pages, name, certificate } = facts;
  const [address] = pages?.addresses ?? [];
  if (pages === null || address === undefined || isLoopback(address)) return null;
  // A public certificate names no address, and a phone of the house finds the name here.
  const where = certificate?.trust === 'public' && name !== null ? name : inUrl(address);
  return `https://${where}:${pages.port}`;
}

/** Of "localhost:8080", "127.0.0.1", "[::1]:8080". */
function isOfThisMachine(host: string): boolean {
  const bare = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || (isIP(bare) !== 0 && isLoopback(bare));
}
