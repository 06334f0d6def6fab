// What devices have to know of a server that does not run at this moment: as its configuration and its certificate files
// have it, and as it would be on this host now. Which certificate of a CA would be served only the server knows.

import { X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { certificateInputs, hostAddresses } from '../app/this-host.ts';
import type { Config } from '../config/config.ts';
import { type DeviceFacts, deviceFacts, type ServedFacts } from '../devices/facts.ts';
import { readPem } from '../tls/certificate-files.ts';
import { readableName, subjectNames } from '../tls/certificate-store.ts';
import { wantedNames } from '../tls/certificates.ts';
import { PublicTrust } from '../tls/public-trust.ts';

/** The files do not tell it; the message says what to do. */
export class FilesSilent extends Error {
  readonly code = 'files-silent';
}

/** @throws FilesSilent */
export async function factsFromFiles(config: Config): Promise<DeviceFacts> {
  const { listen, certificate } = config;
  return deviceFacts({
    configuredNames: certificate.names,
    configuredAddresses: certificate.addresses,
    bound: listen,
    hostAddresses: hostAddresses(),
    nearAddresses: [],
    served: await servedByFiles(config),
    clockState: 'synchronized', // nothing is said of the time
  });
}

async function servedByFiles(config: Config): Promise<ServedFacts> {
  const { acme, files } = config.certificate;
  if (acme !== null)
    throw new FilesSilent(
      'no server runs, and only it knows which certificate of the CA is served; start it, and ask again',
    );
  const path = files?.certificate ?? join(config.certsDir, 'ca.pem');
  const chainPem = await readPem(path).catch((error: Error) => {
    const instead = files === null ? 'start the server once, which makes its CA' : 'see `noonmark check`';
    throw new FilesSilent(`no server runs, and ${error.message}; ${instead}`);
  });
  const first = readCertificate(path, chainPem);
  const known = { chainPem, isStandIn: false, dateProblem: null } as const;
  if (files === null) {
    // What the local CA signs at the next start.
    const names = wantedNames(certificateInputs(config, new Map()), networkInterfaces);
    return { ...known, names, issuer: readableName(first.subject), source: 'local-ca', isPublic: false };
  }
  const isPublic = new PublicTrust().of(chainPem);
  return {
    ...known,
    names: subjectNames(first),
    issuer: readableName(first.issuer),
    source: 'files',
    isPublic,
  };
}

function readCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new FilesSilent(`${path} cannot be read as a certificate; see \`noonmark check\``);
  }
}
