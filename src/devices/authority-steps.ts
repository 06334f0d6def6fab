// How the CA comes onto a device, as steps: where it is to be had, the fingerprint to compare, and where each system keeps
// what it trusts (certs/README.md has the same for who reads files).

import type { Authority } from './authority.ts';
import type { DeviceFacts } from './facts.ts';
import { type CodeBlock, commandLines, type GuideInputs, type Step, TERMINAL } from './guide.ts';

/** Files as the pages hand them out. */
export const CA_PEM_PATH = '/devices/ca.pem';
export const CA_DER_PATH = '/devices/ca.der';
export const CA_FILE = 'noonmark-ca.crt';

/** What the steps below are about; null where nothing has to be installed, or nothing can be handed out. */
export function authorityOf({ certificate }: DeviceFacts): Authority | null {
  return certificate?.authority ?? null;
}

/** Null where no CA is needed. */
export function downloadStep({ facts }: Pick<GuideInputs, 'facts'>): Step | null {
  const authority = authorityOf(facts);
  if (authority === null) return null;
  return {
    text: `Get the CA, "${authority.name}", and compare its SHA-256 fingerprint with the one that stands here. ${whatToCompare(facts)}`,
    links: [{ href: CA_PEM_PATH, text: CA_FILE }],
    blocks: fingerprintBlocks(facts),
  };
}

/** How far the fingerprint of a page is to be believed. */
export function whatToCompare({ certificate }: DeviceFacts): string {
  const better =
    certificate?.trust === 'local' ? 'look at the server itself' : 'ask whoever runs that CA for it';
  return `Who can change this page on its way can change both, so on a network of strangers ${better}.`;
}

/** The fingerprint, and where it is this server's own CA the command that shows it there, whatever the pages are open on. */
export function fingerprintBlocks(facts: DeviceFacts): CodeBlock[] {
  const authority = authorityOf(facts);
  if (authority === null) return [];
  const shown = fingerprintBlock(authority);
  if (facts.certificate?.trust !== 'local') return [shown];
  const label = `${TERMINAL}, at the server; certs is its certs_dir`;
  return [shown, { id: 'fingerprint-there', label, lines: [fingerprintCommand('certs/ca.pem')] }];
}

/** In rows of eight octets, which an eye can follow. */
function fingerprintBlock({ fingerprint }: Authority): CodeBlock {
  const lines = fingerprint.match(/(?:[\dA-F]{2}:?){1,8}/g)!.map((row) => row.replace(/:$/, ''));
  return { id: 'fingerprint', label: 'SHA-256 fingerprint', lines, copied: fingerprint };
}

function fingerprintCommand(file: string): string {
  return `openssl x509 -in ${file} -noout -fingerprint -sha256`;
}

/** For a machine that the page itself is not open on. */
export function fetchBlock({ facts, pagesUrl }: GuideInputs): readonly CodeBlock[] {
  const authority = authorityOf(facts);
  if (authority === null || pagesUrl === null) return [];
  const lines = [
    // Nothing is trusted yet: that is what the second command is for.
    ...commandLines(
      `curl ${pagesUrl.startsWith('https:') ? '-k ' : ''}-o ${CA_FILE}`,
      `${pagesUrl}${CA_PEM_PATH}`,
    ),
    fingerprintCommand(CA_FILE),
  ];
  return [{ id: 'fetch-ca', label: TERMINAL, lines }];
}

/** In the store that systemd-resolved, curl and most programs of a Linux machine go by. */
export const LINUX_CA_FILE = '/usr/local/share/ca-certificates/noonmark.crt';

export function linuxStoreStep(inputs: GuideInputs): Step | null {
  if (authorityOf(inputs.facts) === null) return null;
  return {
    text: 'Install the CA in the store of the system:',
    blocks: [
      {
        id: 'store-debian',
        label: `${TERMINAL}, on Debian, Ubuntu, Raspberry Pi OS`,
        lines: [`sudo cp ${CA_FILE} ${LINUX_CA_FILE}`, 'sudo update-ca-certificates'],
      },
      {
        id: 'store-fedora',
        label: `${TERMINAL}, on Fedora`,
        lines: [`sudo cp ${CA_FILE} /etc/pki/ca-trust/source/anchors/`, 'sudo update-ca-trust'],
      },
    ],
  };
}
