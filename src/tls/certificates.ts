// Where our own certificates come from: what a CA has issued (src/acme gets it), the owner's files, or else the local CA,
// behind one store. Files that cannot be used, and a CA that has not issued yet, never keep a listener from starting: the
// local CA serves until then. Once a better certificate has been served, the local CA comes back only for a configuration
// that wants neither files nor a CA.

import { isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import type { AlpnChallenges } from './alpn-challenges.ts';
import { CertificateFiles, type FilesProblem } from './certificate-files.ts';
import { CertificateStore, canonicalAddress, type ServedCertificate } from './certificate-store.ts';
import { FurtherCertificates, type FurtherInputs, type FurtherProblem } from './further-certificates.ts';
import { LocalCa } from './local-ca.ts';

export interface CertificateInputs {
  /** Names that clients will ask for; an address is welcome too. */
  readonly names: readonly string[];
  /** Addresses with which those names are answered. */
  readonly addresses: readonly string[];
  /** Absolute paths; null: the local CA. */
  readonly files: { readonly certificate: string; readonly key: string } | null;
  /** What a CA has issued; 'awaited': nothing yet; null: none is asked. */
  readonly issued: ServedCertificate | 'awaited' | null;
  /** Further certificates, for clients that ask for a name of theirs (SNI). */
  readonly more: readonly FurtherInputs[];
  /** Absolute path. */
  readonly certsDir: string;
  /** Without ports; a wildcard means every address that the host has when the certificate is checked. */
  readonly listenAddresses: readonly string[];
  readonly hostName: string;
}

export interface Certificates {
  readonly store: CertificateStore;
  /** Why the files that the owner named are not what is served, as they are now; null: they are, or none are named. */
  readonly filesProblem: FilesProblem | null;
  /** The same of the further ones. */
  readonly furtherProblems: readonly FurtherProblem[];
  /** A CA has issued a better one: for `names` among the further ones, or the first one where they are not. */
  serveIssued(names: readonly string[], certificate: ServedCertificate): void;
  /** Reads everything again (SIGHUP), with new inputs where the configuration has changed; what works stays. */
  reload(inputs?: CertificateInputs): Promise<void>;
  close(): void;
}

export interface CertificateParts extends CertificateInputs {
  readonly clock: Clock;
  readonly log: Log;
  /** What CAs look for at the DoH listener; none unless given. */
  readonly challenges?: AlpnChallenges;
}

/** Opens the source that the configuration asks for; the store is never empty, whatever the files are like. */
export async function openCertificates(parts: CertificateParts): Promise<Certificates> {
  const { clock, log } = parts;
  let inputs: CertificateInputs = parts;
  let store: CertificateStore | null = null;
  let files: CertificateFiles | null = null;
  let localCa: LocalCa | null = null;

  let overLimit = false;
  const namesWithinLimit = (): string[] => {
    const names = wantedNames(inputs, networkInterfaces);
    const over = names.length > MAX_NAMES;
    if (over && !overLimit) {
      log.warn(
        `the certificate carries the first ${MAX_NAMES} of ${names.length} names; listen on named addresses`,
      );
    }
    overLimit = over;
    return names.slice(0, MAX_NAMES);
  };

  const serve = (certificate: ServedCertificate): void => {
    const { names, issuer, source } = certificate;
    log.info('serving a certificate', { source, names, issuer });
    if (store === null) {
      store = new CertificateStore(certificate, parts.challenges);
      return;
    }
    try {
      store.replace(certificate);
    } catch (error) {
      for (const cause of (error as AggregateError).errors)
        log.error(`a listener kept its certificate: ${cause}`);
    }
  };

  const serveInPlaceOfLocalCa = (certificate: ServedCertificate): void => {
    localCa?.close();
    localCa = null;
    if (certificate !== store?.current()) serve(certificate);
  };

  const settle = async (previous: CertificateInputs | null): Promise<void> => {
    if (!sameFiles(previous?.files ?? null, inputs.files)) {
      files?.close();
      const paths = inputs.files;
      files =
        paths === null ? null : new CertificateFiles({ paths, clock, log, serve: serveInPlaceOfLocalCa });
    }
    const { issued } = inputs;
    if (issued !== null && issued !== 'awaited') {
      serveInPlaceOfLocalCa(issued);
      return;
    }
    if (files !== null && (await files.load())) return;
    const isWanted = files === null && issued === null;
    if (!isWanted && store !== null && store.current().source !== 'local-ca') return;
    if (files !== null)
      log.error('the local CA serves until the certificate files are repaired; devices may not trust it');
    if (previous !== null && previous.certsDir !== inputs.certsDir) {
      localCa?.close();
      localCa = null;
    }
    localCa ??= new LocalCa({
      directory: inputs.certsDir,
      hostName: inputs.hostName,
      wantedNames: namesWithinLimit,
      clock,
      log,
      serve,
    });
    await localCa.refresh();
  };

  await settle(null);
  const further = new FurtherCertificates({ store: store!, clock, log });
  await further.become(inputs.more);
  return {
    store: store!,
    get furtherProblems() {
      return further.problems;
    },
    get filesProblem() {
      return files?.problem ?? null;
    },
    serveIssued(names, certificate) {
      if (names.join() === inputs.names.join()) serveInPlaceOfLocalCa(certificate);
      else further.serveIssued(names, certificate);
    },
    async reload(next = inputs) {
      const previous = inputs;
      inputs = next;
      await settle(previous);
      await further.become(inputs.more);
    },
    close() {
      files?.close();
      localCa?.close();
      further.close();
    },
  };
}

function sameFiles(a: CertificateInputs['files'], b: CertificateInputs['files']): boolean {
  return a?.certificate === b?.certificate && a?.key === b?.key;
}

/** Names in one certificate: every handshake carries them all. */
const MAX_NAMES = 100;

const WILDCARD_ADDRESSES = ['0.0.0.0', '::'];

/** RFC 1123 section 2.1 with the underscore that hosts do have, and a wildcard as the first label. */
const DNS_NAME =
  /^(?=.{1,253}$)(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * What a certificate of ours must be good for, in canonical form and without repetition.
 * Configured names come first, so that a host with more addresses than fit loses only some of those.
 */
export function wantedNames(
  inputs: Pick<CertificateInputs, 'names' | 'addresses' | 'listenAddresses' | 'hostName'>,
  interfaces: () => NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, 'address'>[]>,
): string[] {
  const { names, addresses, listenAddresses, hostName } = inputs;
  const listening = listenAddresses.map(canonicalAddress);
  const named = listening.filter((address) => !WILDCARD_ADDRESSES.includes(address));
  const held =
    named.length === listening.length
      ? []
      : Object.values(interfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  const wanted = [...names, 'localhost', hostName, ...addresses, ...named, ...held]
    .map((name) => canonicalAddress(name.toLowerCase().replace(/\.$/, '')))
    .filter((name) => isIP(name) !== 0 || DNS_NAME.test(name));
  return [...new Set(wanted)];
}
