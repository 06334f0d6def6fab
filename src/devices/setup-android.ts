// Setting up Android: "Private DNS" in its two modes. Automatic asks the network's own server over TLS and does not verify
// it; a host name (strict) means that server and no other, under a certificate of a CA that Android ships.
// As the Android developers' blog has it (13 April 2018); CAs of the user's own do not count for it.

import { downloadStep } from './authority-steps.ts';
import { type DeviceFacts, isDotUsual, isHouseName, isPlainUsual } from './facts.ts';
import {
  type Guide,
  type GuideInputs,
  type GuidePart,
  type Holding,
  listed,
  steps,
  TERMINAL,
} from './guide.ts';
import { addressesOf, clockHoldings, reachHolding } from './holdings.ts';

const ANDROID_PATH = '/devices/android';

export function androidGuide(inputs: GuideInputs): Guide {
  const { facts } = inputs;
  const [automatic, strict] = [automaticMode(facts), strictMode(facts)];
  return {
    title: 'Android',
    summary: `${automatic.isPossible ? 'Automatic mode works at once, unverified' : 'Automatic mode asks in plaintext'}; strict mode ${strict.isPossible ? 'can work' : 'will not'}.`,
    holds: [
      reachHolding(facts),
      ...(facts.reach === 'host' ? [] : [automatic.holding]),
      strict.holding,
      ...clockHoldings(facts),
    ],
    parts:
      facts.reach === 'host'
        ? [strictPart(facts, strict)]
        : [...automaticParts(inputs), strictPart(facts, strict), browsersPart(inputs)],
  };
}

/** What a mode can be said to do now. */
export interface Mode {
  readonly isPossible: boolean;
  readonly holding: Holding;
}

export function automaticMode(facts: DeviceFacts): Mode {
  const impossible = (text: string): Mode => ({ isPossible: false, holding: { tone: 'bad', text } });
  const { dot, reach } = facts;
  const plaintext = 'Automatic mode asks in plaintext';
  if (reach === 'host')
    return impossible('No phone can reach this server, which listens on this machine alone.');
  if (!isPlainUsual(facts))
    return impossible(
      'DHCP cannot send a phone here: plain DNS is not open on port 53, and it knows no other.',
    );
  if (dot === null) return impossible(`${plaintext}: DNS over TLS is not open here.`);
  if (!isDotUsual(facts))
    return impossible(
      `${plaintext}: DNS over TLS is open here on port ${dot.port}, and Android tries 853 alone.`,
    );
  if (!facts.plain!.addresses.some((address) => dot.addresses.includes(address)))
    return impossible(`${plaintext}: DNS over TLS is not open on the address that DHCP hands out.`);
  return {
    isPossible: true,
    holding: {
      tone: 'good',
      text: 'Automatic mode works at once where the network hands out this server: the phone asks it over TLS. It does not verify the certificate, so this keeps out who listens, and not an impostor.',
    },
  };
}

export function strictMode(facts: DeviceFacts): Mode {
  // Phones do not come with it, so nothing is amiss.
  const impossible = (text: string): Mode => ({ isPossible: false, holding: { tone: 'plain', text } });
  const { name, dot, certificate, reach } = facts;
  const not = 'Strict mode, with a host name, will not work';
  if (certificate === null) return impossible(`${not}: there is no certificate yet.`);
  const { trust, issuer, dateProblem } = certificate;
  if (trust === 'local')
    return impossible(
      `${not}: Android asks for a certificate of a public CA, and this one is from the local CA of this server.`,
    );
  if (trust === 'private')
    return impossible(
      `${not}: Android asks for a certificate of a public CA, and this one is from ${issuer}.`,
    );
  if (name === null) return impossible(`${not}: the certificate carries no name of this server.`);
  if (isHouseName(name))
    return impossible(`${not}: \`${name}\` is a name that nobody finds outside the house.`);
  if (dot === null) return impossible(`${not}: DNS over TLS is not open here.`);
  if (!isDotUsual(facts))
    return impossible(`${not}: Android asks port 853, and DNS over TLS is open here on ${dot.port}.`);
  if (reach === 'host')
    return impossible(`${not}: no phone can reach this server, which listens on this machine alone.`);
  if (dateProblem !== null) return impossible(`${not}: the certificate is ${dateProblem}.`);
  const where = reach === 'house' ? 'whose addresses are those of the house' : 'from where the phone is';
  const doubt =
    trust === 'unknown'
      ? ` Whether ${issuer} is a CA that Android knows could not be judged on this machine.`
      : '';
  return {
    isPossible: true,
    holding: {
      tone: trust === 'unknown' ? 'plain' : 'good',
      text: `Strict mode can work in the house, with \`${name}\`. Away from it that takes a public DNS that knows the name, and a way to port 853 of this server, ${where}: neither can be seen from here. Where one is missing the phone has no names at all.${doubt}`,
    },
  };
}

/** Nothing where DHCP can send no phone here. */
function automaticParts({ facts, pagesUrl }: GuideInputs): GuidePart[] {
  if (!isPlainUsual(facts)) return [];
  const addresses = addressesOf([facts.plain]);
  const part: GuidePart = {
    id: 'automatic',
    title: 'Automatic mode',
    note: 'What Android comes with. It needs nothing installed.',
    steps: steps(
      {
        text: `Let the router hand out ${listed(addresses)} as DNS server, and no other: a phone that is given a second one asks that too, and prefers it if it alone speaks TLS.`,
        links: [{ href: '/devices/routers', text: 'Routers' }],
      },
      {
        text: 'Settings, Network & internet, Private DNS: "Automatic". On some phones it is under Connections, More connection settings.',
      },
      pagesUrl === null
        ? null
        : {
            text: 'Join the network anew, open this page on the phone, and look at the end of it.',
            qr: { text: `${pagesUrl}${ANDROID_PATH}`, label: 'This page, for the camera of the phone' },
          },
    ),
  };
  return [part];
}

function strictPart({ name }: DeviceFacts, { isPossible }: Mode): GuidePart {
  if (!isPossible || name === null)
    return {
      id: 'strict',
      title: 'Strict mode',
      steps: [
        {
          text: "What it takes: a certificate of a public CA, which Noonmark gets from Let's Encrypt by itself, behind NAT too (`docs/certificates.md` of the project), for a name that the phone can look up wherever it is; and DNS over TLS on port 853.",
        },
      ],
    };
  return {
    id: 'strict',
    title: 'Strict mode',
    note: 'The phone then asks this server and no other, everywhere, and verifies it.',
    steps: steps(
      {
        text: 'See what the public DNS says of the name. Without an address there, the phone has no names outside the house.',
        blocks: [{ id: 'public-lookup', label: TERMINAL, lines: [`dig @9.9.9.9 ${name}`] }],
      },
      {
        text: 'Settings, Network & internet, Private DNS: "Private DNS provider hostname", and this name. The code holds the name alone, to be copied on the phone.',
        blocks: [{ id: 'host-name', label: 'Host name', lines: [name] }],
        qr: { text: name, label: `The host name ${name}` },
      },
      {
        text: 'Save. "Couldn\'t connect" means that the phone does not reach port 853 there, or does not trust the certificate.',
      },
    ),
  };
}

function browsersPart(inputs: GuideInputs): GuidePart {
  return {
    id: 'browsers',
    title: 'A browser alone',
    steps: steps(
      downloadStep(inputs),
      downloadStep(inputs) === null
        ? null
        : {
            text: 'Settings, Security, "Install a certificate", "CA certificate", and the file. Android warns, and rightly: install it only if it is yours.',
          },
      {
        text: 'Then DNS over HTTPS in the browser.',
        links: [{ href: '/devices/browsers', text: 'Browsers' }],
      },
    ),
  };
}
