// Setting up iPhone, iPad and Mac: a configuration profile, and full trust for the CA that came in it.
// Steps as Apple documents them ("DNSSettings" in Device Management; support.apple.com, "Trust manually installed
// certificate profiles in iOS and iPadOS").

import { possibleProtocols } from './apple-profile.ts';
import { authorityOf, fingerprintBlocks, whatToCompare } from './authority-steps.ts';
import type { DeviceFacts } from './facts.ts';
import { type Guide, type GuideInputs, type GuidePart, type Holding, steps } from './guide.ts';
import { encryptedHoldings } from './holdings.ts';

export const APPLE_PATH = '/devices/apple';
export const PROFILE_PATH = '/devices/noonmark.mobileconfig';

export function appleGuide(inputs: GuideInputs): Guide {
  const { facts } = inputs;
  const isPossible = hasProfile(facts);
  const inside = authorityOf(facts) === null ? 'a profile' : 'a profile with the CA inside';
  return {
    title: 'iPhone, iPad, Mac',
    summary: isPossible ? `Encrypted by ${inside}.` : 'No profile can be made at this moment.',
    holds: [...encryptedHoldings(facts), profileHolding(facts)],
    parts: isPossible
      ? [profilePart(inputs), ...trustParts(facts), awayPart(facts)]
      : facts.reach === 'host'
        ? []
        : [plainPart()],
  };
}

function hasProfile(facts: DeviceFacts): boolean {
  return possibleProtocols(facts).length > 0;
}

function profileHolding(facts: DeviceFacts): Holding {
  const protocols = possibleProtocols(facts);
  if (protocols.length === 2)
    return {
      tone: 'good',
      text: 'The profile can be for DNS over TLS or for DNS over HTTPS. Either is as good in a house.',
    };
  switch (protocols[0]) {
    case 'tls':
      return { tone: 'good', text: 'The profile is for DNS over TLS; DNS over HTTPS is not open here.' };
    case 'https':
      return { tone: 'plain', text: `The profile is for DNS over HTTPS. ${whyNotTls(facts)}` };
    default:
      return {
        tone: 'bad',
        text: 'No profile can be made: it needs DNS over HTTPS (`listen.doh`), or DNS over TLS on port 853 (`listen.dot`), on the network, and a certificate with a name.',
      };
  }
}

function whyNotTls({ dot, name }: DeviceFacts): string {
  if (dot === null) return 'DNS over TLS is not open here.';
  if (name === null) return 'For DNS over TLS the certificate has to carry a name of this server.';
  return `Apple devices ask DNS over TLS on port 853 and no other, and here it is open on ${dot.port}.`;
}

function profilePart({ facts, pagesUrl }: GuideInputs): GuidePart {
  const authority = authorityOf(facts);
  const isWarned = authority !== null && pagesUrl?.startsWith('https:') === true;
  const open =
    pagesUrl === null
      ? {
          text: 'The device cannot open this page where it is open now. On this machine `noonmark profile apple --write noonmark.mobileconfig` writes the same profile into a file: send it by AirDrop or mail, and go on with the third step.',
        }
      : {
          text: `Open this page on the device, on an iPhone or iPad in Safari: the code leads here.${isWarned ? ' It will warn that it does not trust the certificate, and is right: not yet.' : ''}`,
          qr: { text: `${pagesUrl}${APPLE_PATH}`, label: 'This page, for the camera of the device' },
        };
  const check =
    authority === null
      ? ''
      : ` Among its details is the CA, "${authority.name}": where the device shows its SHA-256 fingerprint, it is the one below. ${whatToCompare(facts)}`;
  return {
    id: 'profile',
    title: 'Install the profile',
    note: 'Needs iOS 14, iPadOS 14 or macOS 11, or newer.',
    steps: steps(
      open,
      {
        text: 'Have the profile made, and let the device download it. Give it the names of your Wi-Fi networks: it holds on those. Without them, and for a Mac on a cable, it goes by the DNS servers of the network, which is less sure: private addresses are the same in many houses, and where the router hands out itself besides this server, as many do over IPv6, the profile may never switch on.',
        form: 'apple-profile',
      },
      {
        text: `Install it. iPhone, iPad: Settings, "Profile Downloaded" near the top (or General, "VPN & Device Management"), Install. Mac: System Settings, General, Device Management, and open it there. It is shown as not signed, which is so.${check}`,
        blocks: fingerprintBlocks(facts),
      },
    ),
  };
}

function trustParts(facts: DeviceFacts): GuidePart[] {
  const authority = authorityOf(facts);
  if (authority === null) return [];
  return [
    {
      id: 'trust',
      title: 'Trust the CA',
      note: 'Until this is done the device has no names on the networks where the profile holds: it refuses the certificate, as it should.',
      steps: steps(
        {
          text: `iPhone, iPad: Settings, General, About, at the very end "Certificate Trust Settings". Under "Enable full trust for root certificates" switch "${authority.name}" on, and confirm.`,
        },
        {
          text: `Mac: Keychain Access, System, Certificates, "${authority.name}". Where it is not trusted yet, open it and set "When using this certificate" to "Always Trust".`,
        },
      ),
    },
  ];
}

function awayPart(facts: DeviceFacts): GuidePart {
  const outside =
    'Away from home the profile switches itself off, and the device asks whatever the network there gives it.';
  const everywhere =
    facts.reach === 'world'
      ? ' With "everywhere" it stays on, and where this server cannot be reached the device has no names: try it before you rely on it.'
      : '';
  return {
    id: 'away',
    title: 'Away from home, and back',
    steps: steps(
      { text: outside + everywhere },
      {
        text: 'Settings, General, "VPN & Device Management", DNS shows which one is in use, and has "Automatic" for none; a Mac has it under System Settings, Network. Removing the profile takes all of it away, the CA too.',
      },
    ),
  };
}

/** For who can only have it in plaintext. */
function plainPart(): GuidePart {
  return {
    id: 'plain',
    title: 'In plaintext meanwhile',
    steps: [
      {
        text: 'Plain DNS works with nothing installed, where the router hands out this server.',
        links: [{ href: '/devices/routers', text: 'Routers' }],
      },
    ],
  };
}
