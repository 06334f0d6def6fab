// What holds for every device: whether it can reach this server, whether it trusts its certificate, whether the time is
// known. In words that say what is so now and promise no more.

import type { DeviceCertificate, DeviceFacts, Door } from './facts.ts';
import { type Holding, listed } from './guide.ts';

/** Of all three, what is worth saying to somebody who sets up a device for encrypted DNS. */
export function encryptedHoldings(facts: DeviceFacts): Holding[] {
  return [reachHolding(facts), ...certificateHoldings(facts), ...clockHoldings(facts)];
}

export function reachHolding({ reach, dot, doh, plain }: DeviceFacts): Holding {
  const addresses = listed(addressesOf([plain, dot, doh]));
  if (addresses === '') return { tone: 'bad', text: 'This server takes no queries at this moment.' };
  if (reach === 'host')
    return {
      tone: 'bad',
      text: `This server listens on this machine alone (${addresses}): no other device can reach it. \`config/home.yaml\` shows how it listens on a network.`,
    };
  if (reach === 'house')
    return {
      tone: 'good',
      text: `Devices in the house reach this server at ${addresses}. Outside, these addresses lead nowhere.`,
    };
  return {
    tone: 'good',
    text: `This server has ${addresses}. Whether that can be reached from outside, past firewalls, cannot be seen from here.`,
  };
}

export function certificateHoldings({ certificate, name }: DeviceFacts): Holding[] {
  if (certificate === null)
    return [{ tone: 'bad', text: 'There is no certificate yet; look again in a moment.' }];
  const holdings: Holding[] = [trustHolding(certificate)];
  if (name === null)
    holdings.push({
      tone: 'bad',
      text: 'The certificate carries no name of this server, only addresses perhaps: write a name into `certificate.names`.',
    });
  if (certificate.isStandIn)
    holdings.push({
      tone: 'bad',
      text: 'This certificate stands in for another one that is configured and not there yet. Wait for that one before you set up devices; `noonmark certificate status` says how it stands.',
    });
  if (certificate.dateProblem !== null)
    holdings.push({
      tone: 'bad',
      text: `Devices will refuse the certificate: it is ${certificate.dateProblem}.`,
    });
  return holdings;
}

function trustHolding({ trust, issuer, authority }: DeviceCertificate): Holding {
  switch (trust) {
    case 'local':
      return {
        tone: 'plain',
        text: 'The certificate is from the local CA of this server: a device trusts it once that CA is installed on it.',
      };
    case 'public':
      return {
        tone: 'good',
        text: `The certificate is from a public CA (${issuer}): devices trust it as they are.`,
      };
    case 'private':
      return {
        tone: 'plain',
        text: `The certificate is from a CA that devices do not know (${issuer}): they trust it once that CA is installed on them${authority === null ? ', and its own certificate is not here to be handed out' : ''}.`,
      };
    case 'unknown':
      return {
        tone: 'plain',
        text: `The certificate is from ${issuer}. Whether devices trust that as they are could not be judged on this machine.`,
      };
  }
}

export function clockHoldings({ clockState }: Pick<DeviceFacts, 'clockState'>): Holding[] {
  if (clockState !== 'untrusted') return [];
  return [
    {
      tone: 'bad',
      text: 'This server does not know the time at this moment: names of the house are answered, those of the world are not until it does. `noonmark explain` says why.',
    },
  ];
}

/** All of them once, in order. */
export function addressesOf(doors: readonly (Door | null)[]): string[] {
  return [...new Set(doors.flatMap((door) => door?.addresses ?? []))];
}
